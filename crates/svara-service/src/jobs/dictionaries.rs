//! The dictionaries of a job. They are stored with it, so that it says what was posted, whatever becomes of them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use svara_engine::Dictionary;

use crate::{
    ServiceError,
    dictionaries::{MAX_DICTIONARY_BYTES, MAX_OF_REQUEST, RulesRecord},
};

/// The most that they take in the store, in bytes: as much as those of one request.
pub(super) const MAX_BYTES: usize = MAX_OF_REQUEST * MAX_DICTIONARY_BYTES;

/// The dictionaries of a job that isn't submitted yet, each once.
#[derive(Default)]
pub(super) struct Drafted {
    records: Vec<RulesRecord>,
    digests: Vec<[u8; 32]>,
    bytes: usize,
}

impl Drafted {
    /// Adds those of an item. Returns their places among all.
    ///
    /// # Errors
    /// They are too large.
    pub(super) fn add(&mut self, of_item: &[Arc<Dictionary>]) -> Result<Vec<usize>, ServiceError> {
        let mut places = Vec::with_capacity(of_item.len());
        for dictionary in of_item.iter().filter(|dictionary| !dictionary.rules().is_empty()) {
            let digest = dictionary.digest();
            let known = self.digests.iter().position(|known| *known == digest);
            let place = match known {
                Some(place) => place,
                None => {
                    let record = RulesRecord::new(dictionary.rules());
                    self.bytes += serde_json::to_vec(&record).map_err(ServiceError::internal)?.len();
                    self.records.push(record);
                    self.digests.push(digest);
                    self.records.len() - 1
                }
            };
            places.push(place);
        }
        if self.bytes > MAX_BYTES {
            let reason = format!("and the others of the job take more than {MAX_BYTES} bytes");
            return Err(ServiceError::invalid("pronunciation_dictionary_id", reason));
        }
        Ok(places)
    }

    pub(super) fn into_records(self) -> Vec<RulesRecord> {
        self.records
    }
}

/// The dictionaries of a stored job.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Dictionaries {
    records: Vec<RulesRecord>,
    #[serde(skip)]
    ready: Vec<Arc<Dictionary>>,
}

impl Dictionaries {
    pub(super) fn new(records: Vec<RulesRecord>) -> Self {
        Self { records, ready: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Makes them ready to be looked up, on a thread that may block.
    ///
    /// # Errors
    /// One of them isn't of a kind that is known here.
    pub(super) async fn make_ready(&mut self) -> Result<(), ServiceError> {
        if self.records.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut self.records);
        let ready = |record: RulesRecord| {
            let rules = record
                .into_rules()
                .ok_or_else(|| ServiceError::internal("a rule of the job's dictionaries is unknown"))?;
            Dictionary::new(rules).map(Arc::new).map_err(ServiceError::internal)
        };
        let building =
            tokio::task::spawn_blocking(move || records.into_iter().map(ready).collect::<Result<_, _>>());
        self.ready = building.await.map_err(ServiceError::internal)??;
        Ok(())
    }

    /// Those in these places.
    ///
    /// # Errors
    /// There is none in one of them.
    pub(super) fn at(&self, places: &[usize]) -> Result<Vec<Arc<Dictionary>>, ServiceError> {
        let missing = || ServiceError::internal("a dictionary of the job is missing");
        places.iter().map(|place| self.ready.get(*place).map(Arc::clone).ok_or_else(missing)).collect()
    }
}
