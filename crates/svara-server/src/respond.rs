//! Audio as an HTTP response.

use axum::{body::Body, response::Response};
use http::{
    HeaderName, HeaderValue,
    header::{CONTENT_TYPE, ETAG},
};
use svara_audio::EncoderSpec;
use svara_service::{Spoken, SpokenBody};

const SAMPLE_RATE: HeaderName = HeaderName::from_static("x-sample-rate");
const CHANNELS: HeaderName = HeaderName::from_static("x-channels");
const FINISH_REASON: HeaderName = HeaderName::from_static("x-finish-reason");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
pub(crate) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// The response with a speech. An error of a streamed body aborts the connection, so that no client mistakes a part
/// for the whole.
pub(crate) fn audio(spoken: Spoken) -> Response {
    let Spoken { spec, timing, finish, cache, body } = spoken;
    let mut response = Response::new(match body {
        SpokenBody::Whole(bytes) => Body::from(bytes),
        SpokenBody::Streamed(chunks) => Body::from_stream(chunks),
    });
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(spec.format().content_type()));
    let cached = || cache.map(|(result, _)| format!("cache;desc={}", result.name()));
    describe(&mut response, spec, timing.or_else(cached).unwrap_or_default());
    let headers = response.headers_mut();
    let finish = finish.and_then(|finish| HeaderValue::try_from(finish).ok());
    headers.extend(finish.map(|finish| (FINISH_REASON, finish)));
    if let Some((result, key)) = cache {
        headers.insert(X_CACHE, HeaderValue::from_static(result.name()));
        // Weak: an engine may generate slightly different audio for the same request.
        headers.extend(HeaderValue::try_from(format!("W/\"{key}\"")).ok().map(|tag| (ETAG, tag)));
    }
    response
}

/// The headers of every response with audio. `server_timing` is the value of the header `Server-Timing`.
pub(crate) fn describe(response: &mut Response, spec: EncoderSpec, server_timing: String) {
    let headers = response.headers_mut();
    headers.insert(SAMPLE_RATE, HeaderValue::from(spec.rate().hz()));
    headers.insert(CHANNELS, HeaderValue::from(1));
    if let Ok(timing) = HeaderValue::try_from(server_timing) {
        headers.insert(SERVER_TIMING, timing);
    }
}
