//! Plain HTTP requests: one connection each, bounded in time and size. No TLS: probes stay on this machine.

use std::{io, time::Duration};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, StatusCode, Uri,
    header::{CONNECTION, CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;

use super::resolve::{Purpose, connect};

/// Longest body to read; vLLM's `/metrics` has about 60 KB.
const MAX_BODY_BYTES: usize = 4 << 20;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The URL lacks a host.
    #[error("`{0}` has no host")]
    NoHost(Uri),
    /// The connection failed.
    #[error("{}", io_words(.0))]
    Connect(#[from] io::Error),
    /// The connection broke, or the answer wasn't HTTP.
    #[error("{0}")]
    Http(#[from] hyper::Error),
    /// The body was cut off or is too long.
    #[error("body: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// The URL doesn't make a valid request.
    #[error("{0}")]
    Request(#[from] http::Error),
    /// No complete answer in time.
    #[error("no answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
}

/// Sends a GET request.
///
/// # Errors
/// When no complete answer arrives within `timeout`. Any status is an answer, even 400 and above.
pub async fn get(uri: &Uri, timeout: Duration) -> Result<(StatusCode, Bytes), HttpError> {
    within(timeout, request(Method::GET, uri, &[], Bytes::new(), Purpose::Probe)).await
}

/// Sends a POST request with a JSON body, and these headers besides those of any request.
///
/// # Errors
/// As for [`get`].
pub async fn post_json(
    uri: &Uri,
    headers: &[(HeaderName, HeaderValue)],
    body: String,
    timeout: Duration,
    purpose: Purpose,
) -> Result<(StatusCode, Bytes), HttpError> {
    within(timeout, request(Method::POST, uri, headers, Bytes::from(body), purpose)).await
}

async fn within<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, HttpError>>,
) -> Result<T, HttpError> {
    tokio::time::timeout(timeout, answer).await.unwrap_or(Err(HttpError::Timeout(timeout)))
}

async fn request(
    method: Method,
    uri: &Uri,
    headers: &[(HeaderName, HeaderValue)],
    body: Bytes,
    purpose: Purpose,
) -> Result<(StatusCode, Bytes), HttpError> {
    let host = uri.host().ok_or_else(|| HttpError::NoHost(uri.clone()))?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = connect(bare, uri.port_u16().unwrap_or(80), purpose).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Dropped with this future, so a timeout also closes the connection.
    let mut driver = JoinSet::new();
    driver.spawn_local(connection);
    let authority = uri.authority().map_or(host, |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, authority)
        .header(CONNECTION, "close")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(body))?;
    request.headers_mut().extend(headers.iter().cloned());
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), MAX_BODY_BYTES).collect().await.map_err(HttpError::Body)?;
    Ok((status, body.to_bytes()))
}

fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => error.to_string(),
    }
}
