//! Metrics of jobs.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

/// The outcome of an item: `done` or `failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    outcome: &'static str,
}

/// Metrics of jobs. Clones share their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobMetrics {
    waiting: Gauge,
    running: Gauge,
    over: Family<EndLabels, Counter>,
    audio_seconds: Counter<f64, AtomicU64>,
}

impl JobMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("job_items_waiting", "Job items that are waiting", self.waiting.clone());
        registry.register("job_items_running", "Job items in progress", self.running.clone());
        registry.register("job_items", "Finished job items: done, failed", self.over.clone());
        // Exported as zeros from the start, so that the first of a kind shows as an increase.
        for outcome in ["done", "failed"] {
            drop(self.over.get_or_create(&EndLabels { outcome }));
        }
        let audio = self.audio_seconds.clone();
        registry.register_with_unit("job_audio", "Audio generated for jobs", Unit::Seconds, audio);
    }

    /// Sets the numbers of waiting and of running items.
    pub(crate) fn items(&self, waiting: usize, running: usize) {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.running.set(i64::try_from(running).unwrap_or(i64::MAX));
    }

    /// Counts a finished item and its audio.
    pub(crate) fn over(&self, outcome: &'static str, audio_seconds: f64) {
        self.over.get_or_create(&EndLabels { outcome }).inc();
        self.audio_seconds.inc_by(audio_seconds);
    }
}
