//! `[dictionaries]`: the pronunciation dictionaries of callers.

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Pronunciation dictionaries that callers make. They are stored beside their voices, in `voices.store`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DictionariesConfig {
    /// The most dictionaries stored; further ones are refused.
    pub max_kept: usize,
    /// The most dictionaries of one API key. 0: half of `max_kept`.
    pub max_kept_per_key: usize,
    /// The most rules of a dictionary.
    pub max_rules: usize,
}

impl Default for DictionariesConfig {
    fn default() -> Self {
        Self { max_kept: 200, max_kept_per_key: 0, max_rules: 10_000 }
    }
}

impl DictionariesConfig {
    /// The most that `max_kept` may be. A lower bound than before hides nothing that is kept.
    pub(crate) const MOST_KEPT: usize = 1000;

    /// The most dictionaries of one API key.
    pub fn of_each_key(&self) -> usize {
        if self.max_kept_per_key == 0 { self.max_kept.div_ceil(2) } else { self.max_kept_per_key }
    }

    /// Checks the ranges of values.
    ///
    /// # Errors
    /// Names the key and what is allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (key, value, most) in
            [("max_kept", self.max_kept, Self::MOST_KEPT), ("max_rules", self.max_rules, 50_000)]
        {
            if !(1..=most).contains(&value) {
                return Err(ConfigError::new(format!("dictionaries.{key} must be from 1 to {most}")));
            }
        }
        if self.max_kept_per_key > self.max_kept {
            let reason = "dictionaries.max_kept_per_key must be at most dictionaries.max_kept";
            return Err(ConfigError::new(reason));
        }
        Ok(())
    }
}
