//! Tells callers what is left of their limits.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue};
use svara_service::{Caller, callers::Remaining};

const REQUESTS: HeaderName = HeaderName::from_static("x-ratelimit-remaining-requests");
const STREAMS: HeaderName = HeaderName::from_static("x-ratelimit-remaining-streams");
const CHARACTERS: HeaderName = HeaderName::from_static("x-ratelimit-remaining-characters");
/// Stands for no limit.
const UNBOUNDED: i64 = -1;

/// Middleware: adds what is left once the request is answered; a streamed answer is a stream in use.
pub(crate) async fn tell_remaining(request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Caller>().cloned();
    let mut response = next.run(request).await;
    if let Some(caller) = caller {
        let Remaining { requests, streams, characters } = caller.remaining();
        let headers = response.headers_mut();
        headers.insert(REQUESTS, requests.map_or(HeaderValue::from(UNBOUNDED), HeaderValue::from));
        headers.insert(STREAMS, streams.map_or(HeaderValue::from(UNBOUNDED), HeaderValue::from));
        headers.insert(CHARACTERS, characters.map_or(HeaderValue::from(UNBOUNDED), HeaderValue::from));
    }
    response
}
