//! Speech as an HTTP body.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderName, HeaderValue, header::CONTENT_TYPE};
use svara_audio::{Encoder, EncoderSpec, SampleRate, encode_whole};
use svara_engine::{Engine, SpeakError, Speech, SpeechRequest, source::FinishReason};

use crate::{error::ApiError, speech_log::SpeechLog};

const SAMPLE_RATE: HeaderName = HeaderName::from_static("x-sample-rate");
const CHANNELS: HeaderName = HeaderName::from_static("x-channels");
const FINISH_REASON: HeaderName = HeaderName::from_static("x-finish-reason");

/// Speaks a request. Streamed, the first bytes leave as soon as there are samples; otherwise the whole sound is made
/// first, with exact sizes in its header.
///
/// # Errors
/// Whatever fails before the first byte. After it, the connection is broken off.
pub async fn speak(
    engine: &Engine,
    request: SpeechRequest,
    spec: EncoderSpec,
    streamed: bool,
) -> Result<Response, ApiError> {
    let mut log = SpeechLog::new(&request, spec);
    let speech = engine.speak(request).await.inspect_err(|_| log.refused())?;
    log.first_audio();
    let rate =
        SampleRate::new(speech.sample_rate_hz()).map_err(|error| ApiError::internal(error.to_string()))?;
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
    log: SpeechLog,
) -> Result<BodyAndFinish, ApiError> {
    let encoder = Encoder::new(spec, rate).map_err(|error| ApiError::internal(error.to_string()))?;
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
    let mut samples = Vec::new();
    while let Some(chunk) = speech.next().await {
        samples.extend(chunk.inspect_err(|_| log.refused())?);
    }
    log.complete(speech.report());
    // Seconds of sound in one go: too long for a thread that serves others, too.
    let encoded = tokio::task::spawn_blocking(move || encode_whole(spec, &samples, rate)).await;
    let internal = |error: &dyn std::error::Error| ApiError::internal(error.to_string());
    let body = encoded.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
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
    async fn next(&mut self) -> Option<Result<Bytes, SpeechBroke>> {
        let mut bytes = Vec::new();
        while bytes.is_empty() {
            let encoder = self.encoder.as_mut()?;
            let result = match self.speech.next().await {
                Some(Ok(samples)) => encoder.push(&samples, &mut bytes).map_err(SpeechBroke::Encode),
                Some(Err(error)) => Err(SpeechBroke::Speak(error)),
                None => {
                    let finished = self.encoder.take()?.finish(&mut bytes).map_err(SpeechBroke::Encode);
                    if finished.is_ok() {
                        self.log.complete(self.speech.report());
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

/// Why a stream was broken off.
#[derive(Debug, thiserror::Error)]
enum SpeechBroke {
    #[error(transparent)]
    Speak(SpeakError),
    #[error(transparent)]
    Encode(svara_audio::EncodeError),
}
