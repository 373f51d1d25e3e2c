//! Speech as an HTTP body.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderName, HeaderValue, header::CONTENT_TYPE};
use svara_audio::{Encoder, EncoderSpec, SampleRate, encode_whole};
use svara_engine::{Speech, SpeechRequest, source::FinishReason};

use crate::{
    error::{ApiError, ErrorDialect},
    speech_log::SpeechLog,
    state::AppState,
};

const SAMPLE_RATE: HeaderName = HeaderName::from_static("x-sample-rate");
const CHANNELS: HeaderName = HeaderName::from_static("x-channels");
const FINISH_REASON: HeaderName = HeaderName::from_static("x-finish-reason");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Speaks a request. Streamed, the first bytes leave as soon as there are samples; otherwise the whole sound is made
/// first, with exact sizes in its header.
///
/// # Errors
/// Whatever fails before the first byte. After it, the connection is broken off.
pub(crate) async fn speak(
    state: &AppState,
    dialect: ErrorDialect,
    mut request: SpeechRequest,
    spec: EncoderSpec,
    streamed: bool,
) -> Result<Response, ApiError> {
    if request.reference.is_none() {
        let kept = state.voices.get(&request.voice).await?;
        request.reference = kept.map(|voice| Arc::clone(&voice.reference));
    }
    let mut log = SpeechLog::new(&state.metrics, dialect, &request, spec);
    let speech = state.engine.speak(request).await.inspect_err(|_| log.refused())?;
    log.first_audio(&speech);
    let timing = log.server_timing();
    let rate = SampleRate::new(speech.sample_rate_hz());
    let rate = rate.map_err(|error| ApiError::internal(error.to_string())).inspect_err(|_| log.refused())?;
    let body = if streamed {
        stream_body(speech, spec, rate, log)?
    } else {
        whole_body(speech, spec, rate, log).await?
    };
    let (body, finish) = body;
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(spec.format().content_type()));
    headers.insert(SAMPLE_RATE, HeaderValue::from(spec.rate().hz()));
    headers.insert(CHANNELS, HeaderValue::from(1));
    if let Ok(timing) = HeaderValue::try_from(timing) {
        headers.insert(SERVER_TIMING, timing);
    }
    if let Some(finish) = finish {
        headers.insert(FINISH_REASON, HeaderValue::from_static(finish));
    }
    Ok(response)
}

/// A body and, where it is known already, why the speech ended.
type BodyAndFinish = (Body, Option<&'static str>);

fn stream_body(
    speech: Speech,
    spec: EncoderSpec,
    rate: SampleRate,
    mut log: SpeechLog,
) -> Result<BodyAndFinish, ApiError> {
    let encoder = Encoder::new(spec, rate).map_err(|error| ApiError::internal(error.to_string()));
    let encoder = encoder.inspect_err(|_| log.refused())?;
    let state = Streaming { speech, encoder: Some(encoder), log };
    let chunks = stream::unfold(state, |mut state| async move { Some((state.next().await?, state)) });
    Ok((Body::from_stream(chunks), None))
}

async fn whole_body(
    mut speech: Speech,
    spec: EncoderSpec,
    rate: SampleRate,
    mut log: SpeechLog,
) -> Result<BodyAndFinish, ApiError> {
    log.not_streamed();
    let mut samples = Vec::new();
    while let Some(chunk) = log.next(&mut speech).await {
        samples.extend(chunk.inspect_err(|_| log.refused())?);
    }
    // Seconds of sound in one go: too long for a thread that serves others, too.
    let encoded = tokio::task::spawn_blocking(move || encode_whole(spec, &samples, rate)).await;
    let internal = |error: &dyn std::error::Error| ApiError::internal(error.to_string());
    let encoded = encoded.map_err(|error| internal(&error));
    let encoded = encoded.and_then(|encoded| encoded.map_err(|error| internal(&error)));
    let body = encoded.inspect_err(|_| log.refused())?;
    log.complete();
    let finish = speech.report().finish.map(FinishReason::name);
    Ok((Body::from(body), finish))
}

/// A speech on its way out. Dropping it ends the generation.
struct Streaming {
    speech: Speech,
    /// None once the end is written.
    encoder: Option<Encoder>,
    log: SpeechLog,
}

impl Streaming {
    /// The next bytes; none at the end. An error breaks the connection off, so that nobody takes what came for all.
    async fn next(&mut self) -> Option<Result<Bytes, ApiError>> {
        let mut bytes = Vec::new();
        let encode_failed = |error: svara_audio::EncodeError| ApiError::internal(error.to_string());
        while bytes.is_empty() {
            let encoder = self.encoder.as_mut()?;
            let result = match self.log.next(&mut self.speech).await {
                Some(Ok(samples)) => encoder.push(&samples, &mut bytes).map_err(encode_failed),
                Some(Err(error)) => Err(ApiError::from(error)),
                None => {
                    let finished = self.encoder.take()?.finish(&mut bytes).map_err(encode_failed);
                    if finished.is_ok() {
                        self.log.complete();
                    }
                    finished
                }
            };
            if let Err(error) = result {
                self.log.broken_off(&error);
                self.encoder = None;
                return Some(Err(error));
            }
        }
        Some(Ok(bytes.into()))
    }
}
