//! `[cache]`: audio of earlier requests.

use serde::{Deserialize, Serialize};

use super::{Faults, Seconds};

/// The cache: audio of earlier requests, which answers identical ones.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// The most memory for audio. 0: none.
    pub memory_bytes: u64,
    /// The largest file that is stored, in bytes.
    pub entry_bytes: usize,
    /// How long a file is stored.
    pub ttl_seconds: Seconds,
    /// A second level behind the memory: `file:///directory` or `s3://bucket/prefix`. Empty: none.
    pub store: String,
    /// The most bytes in the store.
    pub store_bytes: u64,
    /// Whether to store requests without a seed, too.
    pub unseeded: bool,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            memory_bytes: 0,
            entry_bytes: 4 * 1024 * 1024,
            ttl_seconds: Seconds::new(86_400),
            store: String::new(),
            store_bytes: 1024 * 1024 * 1024,
            unseeded: false,
        }
    }
}

impl CacheConfig {
    /// Whether there is a cache.
    pub fn is_on(&self) -> bool {
        self.memory_bytes > 0 || !self.store.is_empty()
    }

    /// Checks the ranges of values, and values that depend on each other.
    pub fn check(&self, faults: &mut Faults) {
        let entry_bytes = self.entry_bytes as u64;
        if self.is_on() {
            faults.within("cache.entry_bytes", entry_bytes, 1..=256 * 1024 * 1024);
            if self.ttl_seconds.duration().is_zero() {
                faults.add(
                    "cache.ttl_seconds",
                    "must be greater than 0; without a cache, leave cache.memory_bytes at 0",
                );
            }
        }
        for (key, bytes, used) in [
            ("cache.memory_bytes", self.memory_bytes, self.memory_bytes > 0),
            ("cache.store_bytes", self.store_bytes, !self.store.is_empty()),
        ] {
            if used && bytes < entry_bytes {
                let reason = format!("must be at least cache.entry_bytes, which is {entry_bytes}");
                faults.add_pair(key, "cache.entry_bytes", reason);
            }
        }
        super::check_store(faults, "cache.store", &self.store);
    }
}
