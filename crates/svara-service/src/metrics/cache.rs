//! Metrics of the cache.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{counter::Counter, family::Family, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use crate::CacheResult;

/// Where the audio came from: `hit`, `join` or `miss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// Reads the number of files in the cache's memory, and their bytes.
type InMemory = Box<dyn Fn() -> (u64, u64) + Send + Sync>;

/// Reads what is in the cache's memory: files expire and are driven out without a word.
struct MemoryCollector(Arc<OnceLock<InMemory>>);

impl fmt::Debug for MemoryCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryCollector")
    }
}

impl Collector for MemoryCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (entries, bytes) = self.0.get().map_or((0, 0), |in_memory| in_memory());
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
    /// Set once there is a cache; read at each scrape.
    memory: Arc<OnceLock<InMemory>>,
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

    /// From now on, scrapes show what a cache has in memory: the number of its files, and their bytes. Only the first counts.
    pub(crate) fn observe(&self, in_memory: impl Fn() -> (u64, u64) + Send + Sync + 'static) {
        let _ = self.memory.set(Box::new(in_memory));
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
