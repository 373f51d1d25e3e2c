//! Audio as an HTTP response.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG},
};
use serde::Serialize;
use svara_audio::EncoderSpec;
use svara_service::{Spoken, SpokenBody};
use utoipa::openapi::{
    Content, Header, KnownFormat, Object, RefOr, ResponseBuilder, SchemaFormat,
    schema::{Schema, Type},
};

use crate::{error::ApiError, reading::body};

/// Tells nginx to pass a body on at once.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const SAMPLE_RATE: HeaderName = HeaderName::from_static("x-sample-rate");
const CHANNELS: HeaderName = HeaderName::from_static("x-channels");
const FINISH_REASON: HeaderName = HeaderName::from_static("x-finish-reason");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
/// Says whether the audio was made (`miss`) or found (`hit`).
pub const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// The response with a speech. An error of a streamed body aborts the connection, so that no client mistakes a part
/// for the whole.
pub fn audio(spoken: Spoken) -> Response {
    let Spoken { spec, timing, finish, cache, body } = spoken;
    let content_type = spec.content_type();
    let mut response = match body {
        SpokenBody::Whole(bytes) => {
            ([(CONTENT_TYPE, HeaderValue::from_static(content_type))], bytes).into_response()
        }
        SpokenBody::Streamed(chunks) => streamed(content_type, Body::from_stream(chunks)),
    };
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

/// A response in JSON with a file of `bytes` bytes in it, which `value` makes.
///
/// # Errors
/// The value can't be JSON.
pub async fn json_with_file<T: Serialize>(
    bytes: usize,
    value: impl FnOnce() -> T + Send + 'static,
) -> Result<Response, ApiError> {
    let json = body::work(bytes, move || serde_json::to_vec(&value()).map_err(ApiError::internal)).await?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], json).into_response())
}

/// A response whose body is sent while it is made: proxies must not gather or compress it, nor
/// give it out again without asking.
pub fn streamed(content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    response
}

/// The headers of every response with audio. `server_timing` is the value of the header `Server-Timing`.
pub fn describe(response: &mut Response, spec: EncoderSpec, server_timing: String) {
    let headers = response.headers_mut();
    headers.insert(SAMPLE_RATE, HeaderValue::from(spec.rate().hz()));
    headers.insert(CHANNELS, HeaderValue::from(1));
    if let Ok(timing) = HeaderValue::try_from(server_timing) {
        headers.insert(SERVER_TIMING, timing);
    }
}

/// Answers by status, in the document.
pub type Responses = BTreeMap<String, RefOr<utoipa::openapi::Response>>;

/// Refusals of requests for speech, besides those of any request. The document says the rest of them.
pub struct SpeechRefusals;

impl utoipa::IntoResponses for SpeechRefusals {
    fn responses() -> Responses {
        let statuses = [404, 408, 413, 415, 422, 501, 502, 504];
        statuses.map(|status: u16| (status.to_string(), RefOr::T(Default::default()))).into()
    }
}

/// Bytes of audio, in the document.
pub struct Audio;

impl utoipa::PartialSchema for Audio {
    fn schema() -> RefOr<Schema> {
        binary()
    }
}

impl utoipa::ToSchema for Audio {}

/// The schema of bytes.
pub fn binary() -> RefOr<Schema> {
    let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
    Object::builder().schema_type(Type::String).format(Some(format)).into()
}

/// The answer of [`audio`] in the document, with these media types and schemas.
pub fn audio_responses<const N: usize>(forms: [(&str, RefOr<Schema>); N]) -> Responses {
    let described = |kind: Type, description: &str| {
        let mut header = Header::new(Object::with_type(kind));
        header.description = Some(description.to_owned());
        header
    };
    let milliseconds = "Milliseconds in the queue (`queue`), to the engine's first tokens (`engine`) and to the first samples \
                        (`first-audio`); `cache;desc=hit` in their place for a file from the cache.";
    let reason = "Why the speech ended, stop or length; only where the audio isn't streamed.";
    let spoken = forms.into_iter().fold(ResponseBuilder::new(), |response, (media_type, schema)| {
        response.content(media_type, Content::new(Some(schema)))
    });
    let spoken = spoken
        .description("The audio, whole or streamed.")
        .header("X-Sample-Rate", described(Type::Integer, "Samples per second."))
        .header("X-Channels", described(Type::Integer, "Always 1."))
        .header("X-Request-Id", described(Type::String, "The id of the request, as in the server's log."))
        .header("Server-Timing", described(Type::String, milliseconds))
        .header("X-Finish-Reason", described(Type::String, reason))
        .header("X-Cache", described(Type::String, "hit, join or miss; only where the cache was asked."))
        .header("X-RateLimit-Remaining-Requests", described(Type::Integer, "Requests left; -1: no limit."))
        .header("X-RateLimit-Remaining-Streams", described(Type::Integer, "Streams left; -1: no limit."))
        .header(
            "X-RateLimit-Remaining-Characters",
            described(Type::Integer, "Characters left today; -1: no limit."),
        );
    let known = ResponseBuilder::new().description("If-None-Match names this audio.");
    let responses = [("200", spoken), ("304", known)]
        .map(|(status, response)| (status.to_owned(), RefOr::T(response.build())));
    <SpeechRefusals as utoipa::IntoResponses>::responses().into_iter().chain(responses).collect()
}
