//! The life of a request for speech: its metrics, and one log line when it is over, however it ended.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use svara_audio::EncoderSpec;
use svara_engine::{SpeakError, Speech, SpeechReport, SpeechRequest, source::FinishReason};
use tracing::Span;

use crate::{
    admission::Permit,
    error::{ApiError, ErrorDialect},
    metrics::{Metrics, Playback, SpeechLabels},
    telemetry::trace,
};

/// What the log shows of a text.
const MAX_TEXT_CHARACTERS: usize = 1000;

/// Follows a request and tells of it when dropped: a client that leaves is nothing but a drop.
pub(crate) struct SpeechLog {
    metrics: Arc<Metrics>,
    labels: SpeechLabels,
    span: Span,
    /// The speech itself, in traces.
    speak: Span,
    start: Instant,
    /// The right to speak, for as long as this lasts.
    permit: Option<Permit>,
    first_token: Option<Duration>,
    first_audio: Option<Duration>,
    /// As the caller named it, at most 64 characters.
    voice: String,
    characters: usize,
    /// None where texts are nobody's business.
    text: Option<String>,
    playback: Playback,
    report: SpeechReport,
    outcome: Outcome,
}

enum Outcome {
    /// Until something else is known.
    ClientLeft,
    /// Before the first byte; the answer has a line of its own.
    Refused,
    Complete,
    /// After the first byte.
    BrokenOff(ApiError),
}

impl SpeechLog {
    /// Starts the clock, in the current span.
    pub(crate) fn new(
        metrics: &Arc<Metrics>,
        dialect: ErrorDialect,
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
            speak: tracing::error_span!("speak", id = request.request_id),
            start: Instant::now(),
            permit: None,
            first_token: None,
            first_audio: None,
            voice: request.voice.chars().take(64).collect(),
            characters,
            text: None,
            playback: Playback::default(),
            report: SpeechReport::default(),
            outcome: Outcome::ClientLeft,
        }
    }

    /// The log may show the text; the beginning of a long one.
    pub(crate) fn keep_text(&mut self, text: &str) {
        self.text = Some(text.chars().take(MAX_TEXT_CHARACTERS).collect());
    }

    /// The span of the speech: what is done for it belongs in there.
    pub(crate) fn span(&self) -> Span {
        self.speak.clone()
    }

    /// It may speak now.
    pub(crate) fn admitted(&mut self, permit: Permit) {
        self.metrics.admitted(permit.waited());
        self.permit = Some(permit);
    }

    /// The first samples are there.
    pub(crate) fn first_audio(&mut self, speech: &Speech) {
        if let Some(permit) = &mut self.permit {
            permit.spoken();
        }
        let first_audio = self.start.elapsed();
        let first_token = speech.report().first_tokens_at;
        self.first_token = first_token.map(|at| at.saturating_duration_since(self.start));
        self.first_audio = Some(first_audio);
        self.metrics.first_audio(self.labels, first_audio, self.first_token);
        trace::event(&self.speak, "first audio");
    }

    /// The next samples of the speech, as [`Speech::next`] gives them, seen on their way.
    pub(crate) async fn next(&mut self, speech: &mut Speech) -> Option<Result<Vec<f32>, SpeakError>> {
        let asked = self.start.elapsed();
        let chunk = speech.next().await;
        self.report = speech.report();
        if let Some(Ok(samples)) = &chunk {
            let audio = samples.len() as f64 / f64::from(speech.sample_rate_hz().max(1));
            // The first samples were waited for before anybody asked for them here.
            let (asked, ready) = match self.first_audio {
                Some(first) if self.playback.audio().is_zero() => (Duration::ZERO, first),
                _ => (asked, self.start.elapsed()),
            };
            self.playback.chunk(asked, ready, Duration::from_secs_f64(audio));
        }
        chunk
    }

    /// Nobody listens while it is made: there can be no gaps.
    pub(crate) fn not_streamed(&mut self) {
        self.playback.nobody_listens();
    }

    /// There will be an error instead of audio.
    pub(crate) fn refused(&mut self) {
        self.outcome = Outcome::Refused;
    }

    /// All of it was sent.
    pub(crate) fn complete(&mut self) {
        self.outcome = Outcome::Complete;
    }

    /// It failed in the middle.
    pub(crate) fn broken_off(&mut self, error: &ApiError) {
        self.metrics.broken_off(error);
        trace::failed(&self.speak, &error.message);
        self.outcome = Outcome::BrokenOff(error.clone());
    }

    /// What a `Server-Timing` header says of it: milliseconds waited for a free stream, and from the request's
    /// being read to the engine's first tokens and to the first samples.
    pub(crate) fn server_timing(&self) -> String {
        let ms = |(name, after): (&str, Duration)| format!("{name};dur={:.1}", after.as_secs_f64() * 1e3);
        let queue = self.permit.as_ref().map(|permit| ("queue", permit.waited()));
        let engine = self.first_token.map(|after| ("engine", after));
        let first_audio = self.first_audio.map(|after| ("first-audio", after));
        queue.into_iter().chain(engine).chain(first_audio).map(ms).collect::<Vec<_>>().join(", ")
    }

    fn outcome_name(&self) -> &'static str {
        match &self.outcome {
            Outcome::ClientLeft => "client_left",
            Outcome::Refused => "refused",
            Outcome::BrokenOff(_) => "broken_off",
            Outcome::Complete if self.report.finish == Some(FinishReason::Length) => "length",
            Outcome::Complete => "complete",
        }
    }
}

impl SpeechLog {
    /// What traces say of it.
    fn describe_span(&self) {
        let SpeechLabels { dialect, format } = self.labels;
        trace::text(&self.speak, "svara.dialect", dialect);
        trace::text(&self.speak, "svara.format", format);
        trace::text(&self.speak, "svara.voice", &self.voice);
        trace::text(&self.speak, "svara.outcome", self.outcome_name());
        trace::number(&self.speak, "svara.characters", self.characters as u64);
        trace::number(&self.speak, "svara.pieces", self.report.pieces as u64);
        trace::number(&self.speak, "svara.samples", self.report.samples);
        if let Some(first_audio) = self.first_audio {
            trace::number(&self.speak, "svara.first_audio_ms", millis(first_audio));
        }
    }
}

impl Drop for SpeechLog {
    fn drop(&mut self) {
        self.describe_span();
        let _entered = self.span.enter();
        let took = self.start.elapsed();
        self.metrics.speech_over(self.labels, self.outcome_name(), took, &self.report, &self.playback);
        let Self { labels: SpeechLabels { dialect, format }, voice, characters, report, playback, .. } =
            &*self;
        let key = self.permit.as_ref().and_then(Permit::key_name);
        let elapsed_ms = millis(took);
        let first_audio_ms = self.first_audio.map(millis);
        let text = self.text.as_deref();
        match &self.outcome {
            Outcome::Refused => {}
            Outcome::ClientLeft => {
                let samples = report.samples;
                tracing::info!(
                    dialect,
                    key,
                    voice,
                    format,
                    characters,
                    first_audio_ms,
                    elapsed_ms,
                    samples,
                    text,
                    "client left"
                );
            }
            Outcome::BrokenOff(ApiError { kind, origin, message: reason, .. }) => {
                tracing::error!(
                    dialect,
                    key,
                    voice,
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
                underruns = playback.underruns(),
                finish = report.finish.map(FinishReason::name),
                text,
                "speech complete"
            ),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
