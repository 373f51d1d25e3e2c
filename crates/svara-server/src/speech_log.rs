//! One log line for each request that is over, however it ended.

use std::time::Instant;

use svara_audio::EncoderSpec;
use svara_engine::{SpeechReport, SpeechRequest, source::FinishReason};
use tracing::Span;

/// Follows a request and writes its line when dropped: a client that leaves is nothing but a drop.
pub(crate) struct SpeechLog {
    span: Span,
    start: Instant,
    first_audio_ms: Option<u64>,
    /// As the caller named it, at most 64 characters.
    voice: String,
    format: &'static str,
    characters: usize,
    outcome: Outcome,
}

enum Outcome {
    /// Until something else is known.
    ClientLeft,
    /// Before the first byte; the answer has a line of its own.
    Refused,
    Complete(SpeechReport),
    /// After the first byte.
    BrokenOff(String),
}

impl SpeechLog {
    /// Starts the clock, in the current span.
    pub(crate) fn new(request: &SpeechRequest, spec: EncoderSpec) -> Self {
        Self {
            span: Span::current(),
            start: Instant::now(),
            first_audio_ms: None,
            voice: request.voice.chars().take(64).collect(),
            format: spec.format().name(),
            characters: request.text.chars().count(),
            outcome: Outcome::ClientLeft,
        }
    }

    /// The first samples are there.
    pub(crate) fn first_audio(&mut self) {
        self.first_audio_ms = Some(self.elapsed_ms());
    }

    /// There will be an error instead of audio.
    pub(crate) fn refused(&mut self) {
        self.outcome = Outcome::Refused;
    }

    /// All of it was sent.
    pub(crate) fn complete(&mut self, report: SpeechReport) {
        self.outcome = Outcome::Complete(report);
    }

    /// It failed in the middle.
    pub(crate) fn broken_off(&mut self, error: &dyn std::error::Error) {
        self.outcome = Outcome::BrokenOff(error.to_string());
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for SpeechLog {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        let Self { first_audio_ms, voice, format, characters, .. } = &*self;
        let elapsed_ms = self.elapsed_ms();
        match &self.outcome {
            Outcome::Refused => {}
            Outcome::ClientLeft => {
                tracing::info!(voice, format, characters, first_audio_ms, elapsed_ms, "client left");
            }
            Outcome::BrokenOff(error) => {
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
            Outcome::Complete(report) => tracing::info!(
                voice,
                format,
                characters,
                first_audio_ms,
                elapsed_ms,
                pieces = report.pieces,
                frames = report.tokens.frames,
                misaligned_tokens = report.tokens.misaligned_tokens,
                samples = report.samples,
                finish = report.finish.map(FinishReason::name),
                "speech complete"
            ),
        }
    }
}
