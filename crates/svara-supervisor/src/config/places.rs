//! Where each key is.

use std::collections::BTreeMap;

use super::fault::Place;

/// The places of the keys in the files.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub(super) keys: BTreeMap<String, Place>,
    /// The keys that programs have from `[defaults]`, and the keys there.
    pub(super) inherited: BTreeMap<String, String>,
}

impl Places {
    /// The place of a key such as `program.vllm.stop.grace`, or of the table that it should be in.
    pub fn of(&self, key: &str) -> Option<Place> {
        let mut key = self.inherited.get(key).map_or(key, String::as_str);
        loop {
            if let Some(place) = self.keys.get(key) {
                return Some(place.clone());
            }
            key = key.get(..key.rfind(['.', '['])?)?;
        }
    }
}
