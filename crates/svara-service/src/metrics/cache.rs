//! Metrics of the cache.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use crate::CacheResult;

/// Where the audio came from: `hit`, `join` or `miss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// Metrics of the cache. Clones share their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct CacheMetrics {
    requests: Family<ResultLabels, Counter>,
    entries: Gauge,
    bytes: Gauge,
    store_failures: Counter,
}

impl CacheMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        let requests = "Lookups in the cache: hit, join (another request was already generating it), miss";
        registry.register("cache_requests", requests, self.requests.clone());
        // Exported as zeros from the start, so that the first of a kind shows as an increase.
        for result in [CacheResult::Hit, CacheResult::Join, CacheResult::Miss] {
            drop(self.requests.get_or_create(&ResultLabels { result: result.name() }));
        }
        registry.register("cache_entries", "Files in the cache's memory", self.entries.clone());
        registry.register_with_unit("cache", "Memory used by these files", Unit::Bytes, self.bytes.clone());
        let failures = "Failures of the cache's store";
        registry.register("cache_store_failures", failures, self.store_failures.clone());
    }

    /// Counts a lookup.
    pub(crate) fn asked(&self, result: CacheResult) {
        self.requests.get_or_create(&ResultLabels { result: result.name() }).inc();
    }

    /// Sets what is in memory now.
    pub(crate) fn holds(&self, entries: u64, bytes: u64) {
        self.entries.set(i64::try_from(entries).unwrap_or(i64::MAX));
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Counts a failure of the store.
    pub(crate) fn store_failed(&self) {
        self.store_failures.inc();
    }

    #[cfg(test)]
    pub(crate) fn count(&self, result: CacheResult) -> u64 {
        self.requests.get_or_create(&ResultLabels { result: result.name() }).get()
    }
}
