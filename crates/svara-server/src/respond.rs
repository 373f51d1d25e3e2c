//! Speech as an HTTP body.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{Stream, stream};
use http::{HeaderName, HeaderValue, header::CONTENT_TYPE};
use svara_audio::EncoderSpec;
use svara_engine::{SpeechRequest, source::FinishReason};

use crate::{
    cached,
    error::{ApiError, ErrorDialect},
    speaking::{EncodedSpeech, Speaking},
    state::AppState,
};

const SAMPLE_RATE: HeaderName = HeaderName::from_static("x-sample-rate");
const CHANNELS: HeaderName = HeaderName::from_static("x-channels");
pub(crate) const FINISH_REASON: HeaderName = HeaderName::from_static("x-finish-reason");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Speaks a request. Streamed, the first bytes leave as soon as there are samples; otherwise the whole sound is made
/// first, with exact sizes in its header.
///
/// # Errors
/// Whatever fails before the first byte. After it, the connection is broken off.
pub(crate) async fn speak(
    state: &AppState,
    dialect: ErrorDialect,
    request: SpeechRequest,
    spec: EncoderSpec,
    streamed: bool,
) -> Result<Response, ApiError> {
    match &state.cache {
        Some(cache) if cache.keeps(request.seed) => {
            cached::speak(state, cache, dialect, request, spec, streamed).await
        }
        _ => speak_anew(state, dialect, request, spec, streamed).await,
    }
}

/// As [`speak`], without a look at what was spoken before.
///
/// # Errors
/// As [`speak`].
pub(crate) async fn speak_anew(
    state: &AppState,
    dialect: ErrorDialect,
    request: SpeechRequest,
    spec: EncoderSpec,
    streamed: bool,
) -> Result<Response, ApiError> {
    let speaking = Speaking::start(state, dialect, request, spec).await?;
    let timing = speaking.server_timing();
    let (body, finish) = if streamed {
        (Body::from_stream(chunks(EncodedSpeech::new(speaking, spec)?)), None)
    } else {
        let whole = speaking.whole(spec).await?;
        (Body::from(whole.bytes), whole.report.finish.map(FinishReason::name))
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(spec.format().content_type()));
    describe(&mut response, spec, timing);
    if let Some(finish) = finish {
        response.headers_mut().insert(FINISH_REASON, HeaderValue::from_static(finish));
    }
    Ok(response)
}

/// The headers of every answer with sound, whatever its form.
pub(crate) fn describe(response: &mut Response, spec: EncoderSpec, server_timing: String) {
    let headers = response.headers_mut();
    headers.insert(SAMPLE_RATE, HeaderValue::from(spec.rate().hz()));
    headers.insert(CHANNELS, HeaderValue::from(1));
    if let Ok(timing) = HeaderValue::try_from(server_timing) {
        headers.insert(SERVER_TIMING, timing);
    }
}

/// The bytes as they are made. An error breaks the connection off, so that nobody takes what came for all.
fn chunks(speech: EncodedSpeech) -> impl Stream<Item = Result<Bytes, ApiError>> {
    stream::unfold(speech, |mut speech| async move {
        let bytes = speech.next().await?;
        Some((bytes.map(Bytes::from), speech))
    })
}
