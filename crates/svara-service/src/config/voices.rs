//! `[voices]`: where saved voices are stored.

use serde::{Deserialize, Serialize};

use super::{Faults, Seconds};

/// Saved voices: those that callers create from recordings.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct VoicesConfig {
    /// Where voices are stored: `file:///directory` or `s3://bucket/prefix`. Empty: voices can't be saved.
    pub store: String,
    /// The most voices stored; further ones are refused.
    pub max_kept: usize,
    /// The most voices of one API key. 0: half of `max_kept`.
    pub max_kept_per_key: usize,
    /// How long a voice that another replica has deleted may still be used here.
    pub revalidate_seconds: Seconds,
}

impl Default for VoicesConfig {
    fn default() -> Self {
        Self {
            store: "data/voices".to_owned(),
            max_kept: 1000,
            max_kept_per_key: 0,
            revalidate_seconds: Seconds::new(30),
        }
    }
}

impl VoicesConfig {
    /// The most that `max_kept` may be. A lower bound than before hides nothing that is kept.
    pub(crate) const MOST_KEPT: usize = 100_000;

    /// The most voices of one API key.
    pub fn of_each_key(&self) -> usize {
        if self.max_kept_per_key == 0 { self.max_kept.div_ceil(2) } else { self.max_kept_per_key }
    }

    /// Checks the ranges of values, and values that depend on each other.
    pub fn check(&self, faults: &mut Faults) {
        faults.within("voices.max_kept", self.max_kept, 1..=Self::MOST_KEPT);
        faults
            .at_most(("voices.max_kept_per_key", self.max_kept_per_key), ("voices.max_kept", self.max_kept));
        super::check_store(faults, "voices.store", &self.store);
    }
}
