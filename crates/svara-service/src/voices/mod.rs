//! The voices that callers make: kept in a [`Store`], so that they outlive the process and replicas share them.

mod record;

use std::sync::Arc;

use futures::{StreamExt, stream};
use moka::future::Cache;
use svara_snac::Frame;
use uuid::Uuid;

use self::record::Record;
pub use self::record::{KeptVoice, NewVoice};
use crate::{
    ErrorKind, ServiceError,
    config::VoicesConfig,
    store::{Store, StoreError},
};

const FOLDER: &str = "voices";
/// Largest stored voice. A minute of speech is some 20 kB.
pub const MAX_VOICE_BYTES: usize = 1024 * 1024;
/// Voices kept in memory.
const CACHED: u64 = 1024;
/// Voices read at once for a list.
const READ_AHEAD: usize = 16;

/// Keeps voices.
pub struct KeptVoices {
    /// The store, or why there is none.
    store: Result<Store, String>,
    /// For as long as another replica's deletion may go unseen.
    cache: Cache<String, Arc<KeptVoice>>,
    model_id: String,
    max_kept: usize,
}

impl KeptVoices {
    /// In this store; without one, everything that needs it says why.
    pub fn new(store: Result<Store, String>, model_id: &str, config: &VoicesConfig) -> Self {
        let cache =
            Cache::builder().max_capacity(CACHED).time_to_live(config.revalidate_seconds.duration()).build();
        Self { store, cache, model_id: model_id.to_owned(), max_kept: config.max_kept }
    }

    /// Keeps a voice under a new id.
    ///
    /// # Errors
    /// There is no store, it is full, or it failed; then no voice is kept.
    pub async fn create(&self, new: NewVoice, frames: &[Frame]) -> Result<Arc<KeptVoice>, ServiceError> {
        let store = self.store()?;
        // Replicas that do this at the same moment may go past the bound by one each.
        if store.keys(FOLDER, self.max_kept).await.map_err(failed)?.len() >= self.max_kept {
            return Err(ServiceError::voices_full(self.max_kept));
        }
        let id = Uuid::new_v4().simple().to_string();
        let record = Record::new(id.clone(), &self.model_id, new, frames);
        let bytes = serde_json::to_vec(&record).map_err(ServiceError::internal)?;
        store.create(&key(&id), &bytes).await.map_err(failed)?;
        let voice = Arc::new(record.into_voice());
        self.cache.insert(id, Arc::clone(&voice)).await;
        Ok(voice)
    }

    /// The voice of an id; `None` where there is none, or the name can't be an id.
    ///
    /// # Errors
    /// The store failed, or the voice is damaged.
    pub async fn get(&self, id: &str) -> Result<Option<Arc<KeptVoice>>, ServiceError> {
        if !is_id(id) {
            return Ok(None);
        }
        if let Some(voice) = self.cache.get(id).await {
            return Ok(Some(voice));
        }
        let Some(bytes) = self.store()?.get(&key(id)).await.map_err(failed)? else { return Ok(None) };
        let record: Record = serde_json::from_slice(&bytes).map_err(|_| {
            failed(StoreError::Damaged { key: key(id), reason: "it is not a voice of a version known here" })
        })?;
        let voice = Arc::new(record.into_voice());
        self.cache.insert(id.to_owned(), Arc::clone(&voice)).await;
        Ok(Some(voice))
    }

    /// Deletes a voice; says whether there was one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete(&self, id: &str) -> Result<bool, ServiceError> {
        if !is_id(id) {
            return Ok(false);
        }
        let store = self.store()?;
        // One that is damaged goes, too.
        let there = !matches!(store.get(&key(id)).await, Ok(None));
        store.delete(&key(id)).await.map_err(failed)?;
        self.cache.invalidate(id).await;
        Ok(there)
    }

    /// All voices that are listed, the oldest first. Damaged ones are left out and logged. None without a store.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self) -> Result<Vec<Arc<KeptVoice>>, ServiceError> {
        let Ok(store) = &self.store else { return Ok(Vec::new()) };
        let ids = store.keys(FOLDER, self.max_kept).await.map_err(failed)?;
        let mut reads = stream::iter(ids).map(async |id| (self.get(&id).await, id)).buffered(READ_AHEAD);
        let mut voices = Vec::new();
        while let Some((read, id)) = reads.next().await {
            match read {
                Ok(voice) => voices.extend(voice.filter(|voice| voice.listed)),
                Err(error) if error.kind == ErrorKind::VoiceDamaged => {
                    tracing::error!(id, reason = error.message, "a kept voice can't be read");
                }
                Err(error) => return Err(error),
            }
        }
        voices.sort_by(|a, b| {
            let order = |voice: &KeptVoice| (voice.created_unix_s, voice.reference.voice.voice_id.clone());
            order(a).cmp(&order(b))
        });
        Ok(voices)
    }

    fn store(&self) -> Result<&Store, ServiceError> {
        self.store.as_ref().map_err(|reason| {
            ServiceError::not_supported("voice", format!("no voices are kept here: {reason}"))
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> ServiceError {
    ServiceError::store(&error, ErrorKind::VoiceDamaged)
}

/// Ids are made here: no other name is ever looked up, let alone becomes a path.
fn is_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn key(id: &str) -> String {
    format!("{FOLDER}/{id}")
}
