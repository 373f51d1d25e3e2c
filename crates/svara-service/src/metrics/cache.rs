//! Metrics of the cache.

use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{counter::Counter, family::Family, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use crate::{CacheResult, cache::Cache};

/// Where the audio came from: `hit`, `join` or `miss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// Reads what is in the cache's memory: files expire and are driven out without a word.
struct MemoryCollector(Arc<OnceLock<Weak<Cache>>>);

impl fmt::Debug for MemoryCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryCollector")
    }
}

impl Collector for MemoryCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let cache = self.0.get().and_then(Weak::upgrade);
        let (entries, bytes) = cache.map_or((0, 0), |cache| cache.in_memory());
        let gauges = [
            ("cache_entries", "Files in the cache's memory", None, entries),
            ("cache", "Memory used by these files", Some(&Unit::Bytes), bytes),
        ];
        for (name, help, unit, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)?;
        }
        Ok(())
    }
}

/// Metrics of the cache. Clones share their values.
#[derive(Clone, Default)]
pub(crate) struct CacheMetrics {
    requests: Family<ResultLabels, Counter>,
    /// The cache, once there is one; read at each scrape.
    memory: Arc<OnceLock<Weak<Cache>>>,
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
        registry.register_collector(Box::new(MemoryCollector(Arc::clone(&self.memory))));
        let failures = "Failures of the cache's store";
        registry.register("cache_store_failures", failures, self.store_failures.clone());
    }

    /// Counts a lookup.
    pub(crate) fn asked(&self, result: CacheResult) {
        self.requests.get_or_create(&ResultLabels { result: result.name() }).inc();
    }

    /// From now on, scrapes show what this cache has in memory. Only the first counts.
    pub(crate) fn observe(&self, cache: &Arc<Cache>) {
        let _ = self.memory.set(Arc::downgrade(cache));
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
