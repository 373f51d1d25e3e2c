//! What is counted of jobs.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

/// How an item ended: `done` or `failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    outcome: &'static str,
}

/// What is counted of jobs. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobMetrics {
    waiting: Gauge,
    running: Gauge,
    over: Family<EndLabels, Counter>,
    audio_seconds: Counter<f64, AtomicU64>,
}

impl JobMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "job_items_waiting",
            "Texts of jobs that wait for their turn",
            self.waiting.clone(),
        );
        registry.register("job_items_running", "Texts of jobs that are being spoken", self.running.clone());
        registry.register("job_items", "Texts of jobs that are over: done, failed", self.over.clone());
        // There from the start, so that the first of a kind is seen as a change.
        for outcome in ["done", "failed"] {
            drop(self.over.get_or_create(&EndLabels { outcome }));
        }
        let audio = self.audio_seconds.clone();
        registry.register_with_unit("job_audio", "Audio made for jobs", Unit::Seconds, audio);
    }

    /// So many wait, so many are being spoken.
    pub(crate) fn items(&self, waiting: usize, running: usize) {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.running.set(i64::try_from(running).unwrap_or(i64::MAX));
    }

    /// One is over, with so much audio.
    pub(crate) fn over(&self, outcome: &'static str, audio_seconds: f64) {
        self.over.get_or_create(&EndLabels { outcome }).inc();
        self.audio_seconds.inc_by(audio_seconds);
    }
}
