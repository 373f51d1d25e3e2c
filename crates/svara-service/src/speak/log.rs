//! Reports each speech in metrics, traces and one log line at its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use svara_audio::EncoderSpec;
use svara_engine::{SpeakError, Speech, SpeechReport, SpeechRequest, source::FinishReason};
use tracing::{Span, field::Empty};

use crate::{
    Dialect, ServiceError,
    admission::Permit,
    metrics::{MILESTONE, Metrics, Playback, SpeechLabels},
};

/// The most characters of a text in the log.
const MAX_TEXT_CHARACTERS: usize = 1000;

/// Follows a speech and reports it on drop, because a client that leaves is seen only as a drop.
pub(crate) struct SpeechLog {
    metrics: Arc<Metrics>,
    labels: SpeechLabels,
    span: Span,
    /// The span of the speech in traces.
    speak: Span,
    start: Instant,
    /// The wait for a stream; none before it has one.
    queued: Option<Duration>,
    /// The name of the caller's key.
    key: Option<String>,
    first_token: Option<Duration>,
    first_audio: Option<Duration>,
    /// The voice as the caller named it, at most 64 characters.
    voice: String,
    /// The id of the voice that speaks, where it is the model's.
    speaker: Option<String>,
    characters: usize,
    /// None if texts aren't logged.
    text: Option<String>,
    playback: Playback,
    report: SpeechReport,
    outcome: Outcome,
}

enum Outcome {
    /// The outcome if no other is set.
    ClientLeft,
    /// Dropped by a server that stops.
    Stopped,
    /// Failed before the first byte; the response has its own log line.
    Refused,
    Complete,
    /// Failed after the first byte.
    BrokenOff(ServiceError),
}

impl SpeechLog {
    /// Starts the clock, in the current span.
    pub(crate) fn new(
        metrics: &Arc<Metrics>,
        dialect: Dialect,
        request: &SpeechRequest,
        spec: EncoderSpec,
    ) -> Self {
        let labels = SpeechLabels { dialect: dialect.name(), format: spec.format().name() };
        let characters = request.text.chars().count();
        metrics.speech_started(labels, characters);
        Self {
            metrics: Arc::clone(metrics),
            labels,
            span: Span::current(),
            speak: span(&request.request_id),
            start: Instant::now(),
            queued: None,
            key: None,
            first_token: None,
            first_audio: None,
            voice: request.voice.chars().take(64).collect(),
            speaker: None,
            characters,
            text: None,
            playback: Playback::default(),
            report: SpeechReport::default(),
            outcome: Outcome::ClientLeft,
        }
    }

    /// Adds the voice that speaks, which a caller may know by other names.
    pub(crate) fn speaks(&mut self, voice_id: &str) {
        self.speaker = Some(voice_id.to_owned());
    }

    /// Adds the text to the log line, up to [`MAX_TEXT_CHARACTERS`].
    pub(crate) fn keep_text(&mut self, text: &str) {
        self.text = Some(text.chars().take(MAX_TEXT_CHARACTERS).collect());
    }

    /// The span of the speech, for the work done for it.
    pub(crate) fn span(&self) -> Span {
        self.speak.clone()
    }

    /// Records that the speech has a stream.
    pub(crate) fn admitted(&mut self, permit: &Permit) {
        self.metrics.admitted(permit.waited());
        self.queued = Some(permit.waited());
        self.key = permit.key_name().map(str::to_owned);
    }

    /// Records the first samples.
    pub(crate) fn first_audio(&mut self, speech: &Speech) {
        let first_audio = self.start.elapsed();
        let first_token = speech.report().first_tokens_at;
        self.first_token = first_token.map(|at| at.saturating_duration_since(self.start));
        self.first_audio = Some(first_audio);
        self.metrics.first_audio(self.labels, first_audio, self.first_token);
        tracing::trace!(target: MILESTONE, parent: &self.speak, "first audio");
    }

    /// The result of [`Speech::next`], which it records.
    pub(crate) async fn next(&mut self, speech: &mut Speech) -> Option<Result<Vec<f32>, SpeakError>> {
        let asked = self.start.elapsed();
        let chunk = speech.next().await;
        self.report = speech.report();
        if let Some(Ok(samples)) = &chunk {
            let audio = samples.len() as f64 / f64::from(speech.sample_rate().hz());
            // The first samples were generated before this call.
            let (asked, ready) = match self.first_audio {
                Some(first) if self.playback.audio().is_zero() => (Duration::ZERO, first),
                _ => (asked, self.start.elapsed()),
            };
            self.playback.chunk(asked, ready, Duration::from_secs_f64(audio));
        }
        chunk
    }

    /// Marks the speech as not streamed: no underruns are counted.
    pub(crate) fn not_streamed(&mut self) {
        self.playback.nobody_listens();
    }

    /// Records that the speech ends as an error instead of audio.
    pub(crate) fn refused(&mut self) {
        self.outcome = Outcome::Refused;
    }

    /// Records that the speech is complete.
    pub(crate) fn complete(&mut self) {
        self.outcome = Outcome::Complete;
    }

    /// Records a failure after the first byte.
    pub(crate) fn broken_off(&mut self, error: &ServiceError) {
        self.metrics.broken_off(error);
        self.speak.record("otel.status_code", "ERROR");
        self.speak.record("otel.status_description", error.reason());
        self.outcome = Outcome::BrokenOff(error.clone());
    }

    /// As [`super::Speaking::server_timing`].
    pub(crate) fn server_timing(&self) -> String {
        let ms = |(name, after): (&str, Duration)| format!("{name};dur={:.1}", after.as_secs_f64() * 1e3);
        let queue = self.queued.map(|waited| ("queue", waited));
        let engine = self.first_token.map(|after| ("engine", after));
        let first_audio = self.first_audio.map(|after| ("first-audio", after));
        queue.into_iter().chain(engine).chain(first_audio).map(ms).collect::<Vec<_>>().join(", ")
    }

    fn outcome_name(&self) -> &'static str {
        match &self.outcome {
            Outcome::ClientLeft => "client_left",
            Outcome::Stopped => "stopped",
            Outcome::Refused => "refused",
            Outcome::BrokenOff(_) => "broken_off",
            Outcome::Complete if self.report.finish == Some(FinishReason::Length) => "length",
            Outcome::Complete => "complete",
        }
    }
}

impl SpeechLog {
    /// Fills in the span's fields.
    fn describe_span(&self) {
        let SpeechLabels { dialect, format } = self.labels;
        let span = &self.speak;
        span.record("svara.dialect", dialect);
        span.record("svara.format", format);
        span.record("svara.voice", self.voice.as_str());
        span.record("svara.outcome", self.outcome_name());
        span.record("svara.characters", self.characters);
        span.record("svara.pieces", self.report.pieces);
        span.record("svara.samples", self.report.samples);
        if let Some(first_audio) = self.first_audio {
            span.record("svara.first_audio_ms", millis(first_audio));
        }
    }
}

impl Drop for SpeechLog {
    fn drop(&mut self) {
        if matches!(self.outcome, Outcome::ClientLeft) && self.metrics.breaks_off() {
            self.outcome = Outcome::Stopped;
        }
        self.describe_span();
        let _entered = self.span.enter();
        let took = self.start.elapsed();
        self.metrics.speech_over(self.labels, self.outcome_name(), took, &self.report, &self.playback);
        let Self { labels: SpeechLabels { dialect, format }, voice, characters, report, playback, .. } =
            &*self;
        let key = self.key.as_deref();
        let speaker = self.speaker.as_deref();
        let audio_seconds = thousandths(playback.audio().as_secs_f64());
        let real_time_factor = playback.real_time_factor().and_then(thousandths);
        let elapsed_ms = millis(took);
        let first_audio_ms = self.first_audio.map(millis);
        let text = self.text.as_deref();
        match &self.outcome {
            Outcome::Refused => {}
            Outcome::ClientLeft | Outcome::Stopped => {
                let samples = report.samples;
                let end = match self.outcome {
                    Outcome::Stopped => "the server stops: speech broken off",
                    _ => "client left",
                };
                tracing::info!(
                    dialect,
                    key,
                    voice,
                    speaker,
                    format,
                    characters,
                    first_audio_ms,
                    elapsed_ms,
                    samples,
                    audio_seconds,
                    text,
                    "{end}"
                );
            }
            Outcome::BrokenOff(error) => {
                let (kind, origin, reason) = (error.kind.name(), error.origin.name(), error.reason());
                tracing::error!(
                    dialect,
                    key,
                    voice,
                    speaker,
                    format,
                    characters,
                    first_audio_ms,
                    elapsed_ms,
                    kind,
                    origin,
                    reason,
                    text,
                    "speech broken off"
                );
            }
            Outcome::Complete => tracing::info!(
                dialect,
                key,
                voice,
                speaker,
                format,
                characters,
                first_token_ms = self.first_token.map(millis),
                first_audio_ms,
                elapsed_ms,
                pieces = report.pieces,
                redone = report.redone,
                frames = report.tokens.frames,
                misaligned_tokens = report.tokens.misaligned_tokens,
                samples = report.samples,
                audio_seconds,
                real_time_factor,
                underruns = playback.underruns(),
                finish = report.finish.map(FinishReason::name),
                text,
                "speech complete"
            ),
        }
    }
}

/// The span of a speech. Its empty fields are filled in when it ends; the exporter of traces reads `otel.*`.
fn span(id: &str) -> Span {
    tracing::error_span!(
        "speak",
        id,
        svara.dialect = Empty,
        svara.format = Empty,
        svara.voice = Empty,
        svara.outcome = Empty,
        svara.characters = Empty,
        svara.pieces = Empty,
        svara.samples = Empty,
        svara.first_audio_ms = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty,
    )
}

/// Rounded for people; none of what has no value, such as a factor of no audio.
fn thousandths(value: f64) -> Option<f64> {
    value.is_finite().then(|| (value * 1000.0).round() / 1000.0)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
