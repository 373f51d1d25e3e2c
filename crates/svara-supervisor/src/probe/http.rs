//! Plain HTTP requests: one connection each, bounded in time and size. No TLS: probes stay on this machine.

use std::{io, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD as STANDARD};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::task::JoinSet;

use super::resolve::{Purpose, connect};
use crate::uri::without_user;

/// Longest body to read; vLLM's `/metrics` has about 60 KB.
const MAX_BODY_BYTES: usize = 4 << 20;

/// What is read of a body that nobody looks at, and for how long.
const POLITE_BODY_BYTES: usize = 10 << 10;
const POLITE_WAIT: Duration = Duration::from_millis(100);

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The URL lacks a host.
    #[error("the URL has no host")]
    NoHost,
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
    within(timeout, async {
        let answer = ask(Method::GET, uri, &[], Bytes::new(), Purpose::Probe).await?;
        let status = answer.head.status();
        let body = Limited::new(answer.head.into_body(), MAX_BODY_BYTES).collect().await;
        Ok((status, body.map_err(HttpError::Body)?.to_bytes()))
    })
    .await
}

/// Sends a GET request and returns the status, whatever body follows.
///
/// # Errors
/// When none arrives within `timeout`.
pub async fn status_of(uri: &Uri, timeout: Duration) -> Result<StatusCode, HttpError> {
    within(timeout, async {
        Ok(ask(Method::GET, uri, &[], Bytes::new(), Purpose::Probe).await?.status().await)
    })
    .await
}

/// Sends a POST request with a JSON body, and these headers besides those of any request; returns the status once the whole
/// answer is there.
///
/// # Errors
/// As for [`get`].
pub async fn post_json(
    uri: &Uri,
    headers: &[(HeaderName, HeaderValue)],
    body: String,
    timeout: Duration,
) -> Result<StatusCode, HttpError> {
    within(timeout, async {
        let answer = ask(Method::POST, uri, headers, Bytes::from(body), Purpose::Probe).await?;
        let status = answer.head.status();
        let body = Limited::new(answer.head.into_body(), MAX_BODY_BYTES).collect().await;
        body.map(|_| status).map_err(HttpError::Body)
    })
    .await
}

/// Sends a POST request with a JSON body to a webhook; returns the status, whatever body follows.
///
/// # Errors
/// As for [`status_of`].
pub async fn notify(uri: &Uri, body: String, timeout: Duration) -> Result<StatusCode, HttpError> {
    within(timeout, async {
        Ok(ask(Method::POST, uri, &[], Bytes::from(body), Purpose::Alert).await?.status().await)
    })
    .await
}

async fn within<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, HttpError>>,
) -> Result<T, HttpError> {
    tokio::time::timeout(timeout, answer).await.unwrap_or(Err(HttpError::Timeout(timeout)))
}

/// The head of an answer; its body may still come.
struct Answer {
    head: Response<Incoming>,
    /// Dropped with this, so that a timeout also closes the connection.
    _driver: JoinSet<hyper::Result<()>>,
}

impl Answer {
    /// The status. A short body is taken, so that whoever sends it isn't cut off.
    async fn status(self) -> StatusCode {
        let status = self.head.status();
        let body = Limited::new(self.head.into_body(), POLITE_BODY_BYTES).collect();
        // However that ends, the status has come.
        let _ = tokio::time::timeout(POLITE_WAIT, body).await;
        status
    }
}

async fn ask(
    method: Method,
    uri: &Uri,
    headers: &[(HeaderName, HeaderValue)],
    body: Bytes,
    purpose: Purpose,
) -> Result<Answer, HttpError> {
    let host = uri.host().ok_or(HttpError::NoHost)?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = connect(bare, uri.port_u16().unwrap_or(80), purpose).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut driver = JoinSet::new();
    driver.spawn_local(connection);
    let authority = uri.authority().map_or(host, |authority| without_user(authority.as_str()));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, authority)
        .header(CONNECTION, "close")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(body))?;
    if let Some(value) = credentials(uri) {
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    for (name, value) in headers {
        request.headers_mut().insert(name, value.clone());
    }
    let head = sender.send_request(request).await?;
    Ok(Answer { head, _driver: driver })
}

/// The user in a URL, for a server with basic authentication.
fn credentials(uri: &Uri) -> Option<HeaderValue> {
    let (user, _) = uri.authority()?.as_str().rsplit_once('@')?;
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    let pair = [decoded(name), decoded(password)].join(&b':');
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_becomes_a_header_and_no_part_of_the_host() {
        let of = |url: &str| {
            let uri: Uri = url.parse().unwrap();
            let place = without_user(uri.authority().unwrap().as_str()).to_owned();
            (credentials(&uri).map(|value| value.to_str().unwrap().to_owned()), place)
        };
        let basic = |text: &str| Some(format!("Basic {text}"));
        assert_eq!(of("http://user:pass@h:80/x"), (basic("dXNlcjpwYXNz"), "h:80".into()));
        assert_eq!(of("http://user@[::1]:80/"), (basic("dXNlcjo="), "[::1]:80".into()));
        assert_eq!(of("http://a%40b:c%3Ad@h/"), (basic("YUBiOmM6ZA=="), "h".into()));
        assert_eq!(of("http://h/@"), (None, "h".into()));
    }
}
