//! Saved voices: those that callers create from recordings. They are in a [`Store`], so that they survive the process
//! and replicas share them.

mod record;

use std::sync::Arc;

use futures::{StreamExt, stream};
use moka::future::Cache;
use svara_snac::Frame;
use tokio::sync::Mutex;
use uuid::Uuid;

use self::record::Record;
pub use self::record::{KeptVoice, NewVoice};
use crate::{
    ErrorKind, ServiceError,
    config::VoicesConfig,
    store::{Store, StoreError},
};

const FOLDER: &str = "voices";
/// The largest stored voice, in bytes. A minute of speech takes about 20 kB.
pub const MAX_VOICE_BYTES: usize = 1024 * 1024;
/// Voices cached in memory.
const CACHED: u64 = 1024;
/// Voices read at once for a list.
const READ_AHEAD: usize = 16;

/// Stores voices, with a cache in memory.
pub struct KeptVoices {
    /// The store, or the reason why there is none.
    store: Result<Store, String>,
    /// Entries expire, so that deletions by other replicas are noticed.
    cache: Cache<String, Arc<KeptVoice>>,
    model_id: String,
    max_kept: usize,
    /// Held from the check for room until the voice is stored.
    creating: Mutex<()>,
}

impl KeptVoices {
    /// Voices in this store. Without one, every operation that needs it fails with the reason.
    pub fn new(store: Result<Store, String>, model_id: &str, config: &VoicesConfig) -> Self {
        let cache =
            Cache::builder().max_capacity(CACHED).time_to_live(config.revalidate_seconds.duration()).build();
        Self {
            store,
            cache,
            model_id: model_id.to_owned(),
            max_kept: config.max_kept,
            creating: Mutex::default(),
        }
    }

    /// Saves a voice under a new id.
    ///
    /// # Errors
    /// There is no store, it is full, or it failed; then the voice isn't saved.
    pub async fn create(&self, new: NewVoice, frames: &[Frame]) -> Result<Arc<KeptVoice>, ServiceError> {
        let store = self.store()?;
        let _creating = self.creating.lock().await;
        // Replicas that do this at the same moment may exceed the limit by one each.
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

    /// The voice with this id; `None` if there is none, or `id` isn't a valid id.
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
        let record: Record = serde_json::from_slice(&bytes)
            .map_err(|_| failed(StoreError::Damaged { key: key(id), reason: "its version is unknown" }))?;
        let voice = Arc::new(record.into_voice());
        self.cache.insert(id.to_owned(), Arc::clone(&voice)).await;
        Ok(Some(voice))
    }

    /// Deletes a voice; returns whether it existed.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete(&self, id: &str) -> Result<bool, ServiceError> {
        if !is_id(id) {
            return Ok(false);
        }
        let store = self.store()?;
        // Damaged voices are deleted, too.
        let there = !matches!(store.get(&key(id)).await, Ok(None));
        store.delete(&key(id)).await.map_err(failed)?;
        self.cache.invalidate(id).await;
        Ok(there)
    }

    /// All listed voices, the oldest first; empty without a store. Damaged voices are logged and left out.
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
                    tracing::error!(id, reason = error.reason(), "a saved voice can't be read");
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
            ServiceError::not_supported("voice", format!("saved voices are unavailable: {reason}"))
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> ServiceError {
    ServiceError::store(&error, ErrorKind::VoiceDamaged)
}

/// Whether a name has the form of the ids made here. No other name is ever looked up or becomes a path.
fn is_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn key(id: &str) -> String {
    format!("{FOLDER}/{id}")
}
