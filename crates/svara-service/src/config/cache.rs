//! `[cache]`: audio that was made before.

use serde::{Deserialize, Serialize};

use super::{ConfigError, Seconds};

/// Audio that was made before, for requests that are the same.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// Most memory for it. 0: none.
    pub memory_bytes: u64,
    /// Largest file that is kept.
    pub entry_bytes: usize,
    /// How long a file is kept.
    pub ttl_seconds: Seconds,
    /// `file:///directory` or `s3://bucket/prefix`, behind the memory. Empty: none.
    pub store: String,
    /// Most bytes in the store.
    pub store_bytes: u64,
    /// Whether requests without a seed are kept, too.
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
    /// Whether there is a cache at all.
    pub fn is_on(&self) -> bool {
        self.memory_bytes > 0 || !self.store.is_empty()
    }

    /// Checks what single values can't say.
    ///
    /// # Errors
    /// Names the key and what is allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        let entry_bytes = self.entry_bytes as u64;
        if self.is_on() && !(1..=256 * 1024 * 1024).contains(&entry_bytes) {
            return Err(ConfigError::new("cache.entry_bytes must be from 1 to 268435456"));
        }
        for (key, bytes, used) in [
            ("cache.memory_bytes", self.memory_bytes, self.memory_bytes > 0),
            ("cache.store_bytes", self.store_bytes, !self.store.is_empty()),
        ] {
            if used && bytes < entry_bytes {
                return Err(ConfigError::new(format!("{key} must be at least cache.entry_bytes")));
            }
        }
        Ok(())
    }
}
