//! Metrics in the text format of Prometheus.
//!
//! All have the prefix `svara_`, seconds and bytes as units, and labels with few values. The log of each speech updates
//! them; the decoder, the engines and the process are read at each scrape. `docs/metrics.md` describes them.

mod cache;
mod collect;
mod engines;
mod jobs;
mod labels;
mod playback;
mod process;
mod timing;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use prometheus_client::{
    encoding::prometheus_text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use svara_engine::{Engine, SpeechReport};
use svara_snac::{DecodeCall, DecodeObserver};

pub use self::timing::StepTimes;
pub(crate) use self::{
    cache::CacheMetrics, jobs::JobMetrics, labels::SpeechLabels, playback::Playback, timing::Step,
};
use self::{
    collect::{EngineCollector, QueueCollector},
    engines::EngineMetrics,
    labels::{BuildLabels, FailureLabels, OutcomeLabels},
    process::ProcessCollector,
    timing::Timing,
};
use crate::{Admission, ServiceError};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// The target of tracing events that mark a moment in a span, such as its first audio. They appear in traces, not in
/// logs.
pub const MILESTONE: &str = "svara_milestone";

/// Buckets from what a good GPU achieves to what no listener waits for.
const FIRST_AUDIO_SECONDS: [f64; 14] =
    [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0, 10.0, 30.0];
/// Buckets around 1, which is as fast as playback.
const REAL_TIME_FACTORS: [f64; 12] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.0, 1.25, 1.5, 2.0];
/// Buckets up to the default deadline of the queue.
const QUEUE_SECONDS: [f64; 9] = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
const DECODE_SECONDS: [f64; 11] = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0];
const BATCH_STREAMS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// All metrics of a server.
pub struct Metrics {
    registry: Registry,
    timing: Arc<Timing>,
    speeches: Family<OutcomeLabels, Counter>,
    open: Family<SpeechLabels, Gauge>,
    first_audio: Family<SpeechLabels, Histogram, fn() -> Histogram>,
    queue_wait: Histogram,
    real_time_factor: Histogram,
    audio_seconds: Counter<f64, std::sync::atomic::AtomicU64>,
    characters: Counter,
    pieces: Counter,
    underruns: Counter,
    silence_seconds: Counter<f64, std::sync::atomic::AtomicU64>,
    misaligned_tokens: Counter,
    foreign_tokens: Counter,
    failures: Family<FailureLabels, Counter>,
    cache: CacheMetrics,
    jobs: JobMetrics,
    breaks_off: OnceLock<Box<dyn Fn() -> bool + Send + Sync>>,
}

impl Metrics {
    /// The metrics of a service with this engine, which is observed from now on. `register` adds the metrics of the
    /// program around the service.
    pub(crate) fn new(
        engine: &Arc<Engine>,
        admission: &Arc<Admission>,
        register: impl FnOnce(&mut Registry),
    ) -> Self {
        let timing = Arc::new(Timing::default());
        let mut registry = Registry::with_prefix("svara");
        let first_audio: fn() -> Histogram = || Histogram::new(FIRST_AUDIO_SECONDS);
        let metrics = Self {
            timing: Arc::clone(&timing),
            speeches: Family::default(),
            open: Family::default(),
            first_audio: Family::new_with_constructor(first_audio),
            queue_wait: Histogram::new(QUEUE_SECONDS),
            real_time_factor: Histogram::new(REAL_TIME_FACTORS),
            audio_seconds: Counter::default(),
            characters: Counter::default(),
            pieces: Counter::default(),
            underruns: Counter::default(),
            silence_seconds: Counter::default(),
            misaligned_tokens: Counter::default(),
            foreign_tokens: Counter::default(),
            failures: Family::default(),
            cache: CacheMetrics::default(),
            jobs: JobMetrics::default(),
            breaks_off: OnceLock::new(),
            registry: Registry::default(),
        };
        metrics.register(&mut registry);
        register(&mut registry);
        DecoderMetrics::observe(engine, timing, &mut registry);
        EngineMetrics::observe(engine, &mut registry);
        let about = engine.source().about();
        let build = BuildLabels {
            version: env!("CARGO_PKG_VERSION"),
            engine: about.kind,
            model: about.model,
            device: engine.decoder().info().device.to_string(),
        };
        registry.register("build", "Always 1; the labels say what is running", Info::new(build));
        registry.register_collector(Box::new(EngineCollector::new(engine)));
        registry.register_collector(Box::new(QueueCollector::new(admission)));
        registry.register_collector(Box::new(ProcessCollector));
        Self { registry, ..metrics }
    }

    /// From now on, a speech that is dropped while `breaks_off` says so ends because the server stops. Only the first counts.
    pub(crate) fn set_breaks_off(&self, breaks_off: impl Fn() -> bool + Send + Sync + 'static) {
        let _ = self.breaks_off.set(Box::new(breaks_off));
    }

    /// Whether the server breaks off what is open.
    pub(crate) fn breaks_off(&self) -> bool {
        self.breaks_off.get().is_some_and(|breaks_off| breaks_off())
    }

    fn register(&self, registry: &mut Registry) {
        let speeches = "Finished speech requests by outcome: complete, length (ended at the caller's max_tokens), \
                        refused, broken_off, client_left, stopped";
        registry.register("speech_requests", speeches, self.speeches.clone());
        registry.register("speech_open", "Speech requests in progress", self.open.clone());
        registry.register_with_unit(
            "first_audio",
            "From reading the request to its first samples",
            Unit::Seconds,
            self.first_audio.clone(),
        );
        registry.register_with_unit(
            "queue_wait",
            "Time that speech requests waited for a free stream",
            Unit::Seconds,
            self.queue_wait.clone(),
        );
        registry.register(
            "real_time_factor",
            "Processing seconds for each second of audio, by request: below 1 is faster than playback",
            self.real_time_factor.clone(),
        );
        registry.register_with_unit("audio", "Audio generated", Unit::Seconds, self.audio_seconds.clone());
        registry.register("characters", "Characters in the texts of requests", self.characters.clone());
        registry.register("pieces", "Pieces of text generated completely", self.pieces.clone());
        registry.register(
            "underruns",
            "Times that a player without a buffer would have run out of audio, estimated from when it was generated; \
             streamed responses only",
            self.underruns.clone(),
        );
        registry.register_with_unit(
            "underrun",
            "Seconds of silence that such a player would have had",
            Unit::Seconds,
            self.silence_seconds.clone(),
        );
        registry.register(
            "misaligned_tokens",
            "Audio tokens dropped because they were in the wrong slot of a frame, in pieces generated completely",
            self.misaligned_tokens.clone(),
        );
        registry.register(
            "foreign_tokens",
            "Tokens other than audio tokens, in pieces generated completely",
            self.foreign_tokens.clone(),
        );
        registry.register(
            "failures",
            "Failures by the kind and origin of the response; stage stream: the response failed after its first byte",
            self.failures.clone(),
        );
        self.cache.register(registry);
        self.jobs.register(registry);
    }

    /// The cache's metrics, for the cache to update.
    pub(crate) fn cache(&self) -> CacheMetrics {
        self.cache.clone()
    }

    /// The metrics of jobs, for the jobs to update.
    pub(crate) fn jobs(&self) -> JobMetrics {
        self.jobs.clone()
    }

    /// All metrics as text.
    ///
    /// # Errors
    /// A collector fails to write; none is known to.
    pub fn render(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// The times of steps since the start or the last reset.
    pub fn timing(&self) -> std::collections::BTreeMap<&'static str, StepTimes> {
        self.timing.show()
    }

    /// Resets [`Self::timing`] only.
    pub fn reset_timing(&self) {
        self.timing.reset();
    }

    /// Counts a speech request that starts.
    pub(crate) fn speech_started(&self, labels: SpeechLabels, characters: usize) {
        self.open.get_or_create(&labels).inc();
        self.characters.inc_by(characters as u64);
    }

    /// Records the first samples of a request and the engine's first tokens; both times are since it was read.
    pub(crate) fn first_audio(&self, labels: SpeechLabels, after: Duration, first_token: Option<Duration>) {
        self.first_audio.get_or_create(&labels).observe(after.as_secs_f64());
        self.timing.add(Step::FirstAudio, after);
        if let Some(first_token) = first_token {
            self.timing.add(Step::FirstToken, first_token);
        }
    }

    /// Counts a speech request that ends.
    pub(crate) fn speech_over(
        &self,
        labels: SpeechLabels,
        outcome: &'static str,
        took: Duration,
        report: &SpeechReport,
        playback: &Playback,
    ) {
        let SpeechLabels { dialect, format } = labels;
        self.open.get_or_create(&labels).dec();
        self.speeches.get_or_create(&OutcomeLabels { dialect, format, outcome }).inc();
        self.timing.add(Step::Speech, took);
        if let Some(factor) = playback.real_time_factor() {
            self.real_time_factor.observe(factor);
        }
        self.audio_seconds.inc_by(playback.audio().as_secs_f64());
        self.underruns.inc_by(playback.underruns().into());
        self.silence_seconds.inc_by(playback.silence().as_secs_f64());
        self.pieces.inc_by(report.pieces as u64);
        self.misaligned_tokens.inc_by(report.tokens.misaligned_tokens);
        self.foreign_tokens.inc_by(report.tokens.foreign_tokens);
    }

    /// Records the wait for a free stream.
    pub(crate) fn admitted(&self, waited: Duration) {
        self.queue_wait.observe(waited.as_secs_f64());
    }

    /// Counts a failure after the first byte of a response.
    pub(crate) fn broken_off(&self, error: &ServiceError) {
        self.failed(error.kind.name(), error.origin.name(), "stream");
    }

    /// Counts a response that reports a failure of this `kind` and `origin`.
    pub fn refused(&self, kind: &'static str, origin: &'static str) {
        self.failed(kind, origin, "answer");
    }

    fn failed(&self, kind: &'static str, origin: &'static str, stage: &'static str) {
        self.failures.get_or_create(&FailureLabels { kind, origin, stage }).inc();
    }
}

/// Metrics of the decoder's calls.
struct DecoderMetrics {
    timing: Arc<Timing>,
    call: Histogram,
    wait: Histogram,
    batch: Histogram,
    frames: Counter,
}

impl DecoderMetrics {
    fn observe(engine: &Engine, timing: Arc<Timing>, registry: &mut Registry) {
        let this = Self {
            timing,
            call: Histogram::new(DECODE_SECONDS),
            wait: Histogram::new(DECODE_SECONDS),
            batch: Histogram::new(BATCH_STREAMS),
            frames: Counter::default(),
        };
        registry.register_with_unit(
            "decoder_call",
            "Duration of decode calls",
            Unit::Seconds,
            this.call.clone(),
        );
        registry.register_with_unit(
            "decoder_wait",
            "Time that a decode call waited for a thread",
            Unit::Seconds,
            this.wait.clone(),
        );
        registry.register("decoder_batch_streams", "Streams in each decode call", this.batch.clone());
        registry.register(
            "decoder_frames",
            "Frames decoded, including those that serve only as context or flush the end of a stream",
            this.frames.clone(),
        );
        if engine.decoder().observe(Box::new(this)).is_err() {
            tracing::warn!("another server observes the decoder: its calls are not counted here");
        }
    }
}

impl DecodeObserver for DecoderMetrics {
    fn decoded(&self, call: DecodeCall) {
        self.call.observe(call.took.as_secs_f64());
        self.wait.observe(call.waited.as_secs_f64());
        self.batch.observe(call.streams as f64);
        self.frames.inc_by(call.frames as u64);
        self.timing.add(Step::Decode, call.took);
    }
}
