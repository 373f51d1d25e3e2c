//! Speech as an HTTP body.

use std::time::Instant;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderName, HeaderValue, header::CONTENT_TYPE};
use svara_audio::{Encoder, EncoderSpec, SampleRate, encode_whole};
use svara_engine::{Engine, SpeakError, Speech, SpeechRequest};
use tracing::Span;

use crate::error::ApiError;

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
    let mut log = StreamLog::new(&request, spec);
    let speech = engine.speak(request).await.inspect_err(|_| log.outcome = "refused")?;
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
    log: StreamLog,
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
    mut log: StreamLog,
) -> Result<BodyAndFinish, ApiError> {
    let mut samples = Vec::new();
    while let Some(chunk) = speech.next().await {
        samples.extend(chunk.inspect_err(|error| log.failed(&error.to_string()))?);
    }
    log.complete(&speech);
    let body = encode_whole(spec, &samples, rate).map_err(|error| ApiError::internal(error.to_string()))?;
    let finish = speech.report().finish.map(svara_engine::source::FinishReason::name);
    Ok((Body::from(body), finish))
}

/// A speech on its way out. Dropping it ends the generation.
struct Streaming {
    speech: Speech,
    /// None once the end is written.
    encoder: Option<Encoder>,
    log: StreamLog,
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
                        self.log.complete(&self.speech);
                    }
                    finished
                }
            };
            if let Err(error) = result {
                self.log.failed(&error.to_string());
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

/// Writes one line when a request is over, however it ends: also when the client leaves, which is a drop.
struct StreamLog {
    span: Span,
    start: Instant,
    first_audio_ms: Option<u64>,
    voice: String,
    format: &'static str,
    characters: usize,
    outcome: &'static str,
    error: Option<String>,
    tokens: Option<svara_engine::SpeechReport>,
}

impl StreamLog {
    fn new(request: &SpeechRequest, spec: EncoderSpec) -> Self {
        Self {
            span: Span::current(),
            start: Instant::now(),
            first_audio_ms: None,
            voice: request.voice.chars().take(64).collect(),
            format: spec.format().name(),
            characters: request.text.chars().count(),
            outcome: "client left",
            error: None,
            tokens: None,
        }
    }

    fn first_audio(&mut self) {
        self.first_audio_ms = Some(self.elapsed_ms());
    }

    fn complete(&mut self, speech: &Speech) {
        self.outcome = "complete";
        self.tokens = Some(speech.report());
    }

    fn failed(&mut self, error: &str) {
        self.outcome = "failed";
        self.error = Some(error.to_owned());
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for StreamLog {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        let (elapsed_ms, voice, format) = (self.elapsed_ms(), &self.voice, self.format);
        let (characters, first_audio_ms) = (self.characters, self.first_audio_ms);
        match (&self.error, &self.tokens) {
            (Some(error), _) => {
                tracing::error!(
                    voice,
                    format,
                    characters,
                    first_audio_ms,
                    elapsed_ms,
                    error,
                    "speech broken off"
                );
            }
            (None, Some(report)) => {
                let finish = report.finish.map(svara_engine::source::FinishReason::name);
                let misaligned = report.tokens.misaligned_tokens;
                let (frames, samples) = (report.tokens.frames, report.samples);
                tracing::info!(
                    voice,
                    format,
                    characters,
                    first_audio_ms,
                    elapsed_ms,
                    frames,
                    samples,
                    misaligned,
                    finish,
                    "speech complete"
                );
            }
            (None, None) if self.outcome == "refused" => {}
            (None, None) => {
                tracing::info!(voice, format, characters, first_audio_ms, elapsed_ms, "client left");
            }
        }
    }
}
