//! `[dictionaries]`: the pronunciation dictionaries of callers.

use serde::{Deserialize, Serialize};

use super::Faults;

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

    /// Checks the ranges of values, and values that depend on each other.
    pub fn check(&self, faults: &mut Faults) {
        faults.within("dictionaries.max_kept", self.max_kept, 1..=Self::MOST_KEPT);
        faults.within("dictionaries.max_rules", self.max_rules, 1..=50_000);
        faults.at_most(
            ("dictionaries.max_kept_per_key", self.max_kept_per_key),
            ("dictionaries.max_kept", self.max_kept),
        );
    }
}
