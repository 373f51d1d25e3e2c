//! Headers of every response that keep browsers from guessing, from storing, and from going back to plain HTTP.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS},
};
use svara_config::ServerConfig;

/// How long browsers ask this host over HTTPS only; `None` without TLS.
#[derive(Clone, Debug)]
pub(crate) struct OverHttps(Option<HeaderValue>);

impl OverHttps {
    pub(crate) fn new(config: &ServerConfig) -> Self {
        let max_age = config.hsts_seconds;
        let sent = config.tls_files().is_some() && max_age > 0;
        Self(sent.then(|| HeaderValue::try_from(format!("max-age={max_age}")).ok()).flatten())
    }
}

/// Middleware: the media type is what the server says, nobody stores an answer that doesn't allow it itself, and a browser that
/// has come over TLS once does so again.
pub(crate) async fn set_headers(
    State(OverHttps(over_https)): State<OverHttps>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Some(max_age) = over_https {
        headers.insert(STRICT_TRANSPORT_SECURITY, max_age);
    }
    response
}
