//! Saved voices: those that callers create from recordings. They are in a [`Store`], so that they survive the process
//! and replicas share them.
//!
//! A voice belongs to the key that made it. To other keys it doesn't exist, unless it is shared; then they may use it, but
//! not change or delete it. One without an owner, made while no key was required or by an older version, is shared.

mod passing;
mod record;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use futures::{StreamExt, stream};
use moka::future::Cache;
use svara_snac::Frame;
use tokio::sync::Mutex;

pub use self::record::{KeptVoice, NewVoice, VoiceChange};
use self::{passing::Passing, record::Record};
use crate::{
    Caller, ErrorKind, NotSetUp, ServiceError,
    config::VoicesConfig,
    finish::to_the_end,
    lock::lock,
    store::{
        Store, StoreError,
        id::{is_id, new_id},
    },
};

const FOLDER: &str = "voices";
/// The largest stored voice, in bytes. A minute of speech takes about 20 kB.
pub const MAX_VOICE_BYTES: usize = 1024 * 1024;
/// Voices cached in memory.
const CACHED: u64 = 1024;
/// Voices read at once for a list.
const READ_AHEAD: usize = 16;

/// The names of the keys that made voices, by the voices' ids.
type Owners = HashMap<String, Option<String>>;

/// Stores voices, with a cache in memory.
pub struct KeptVoices {
    /// The store, or the reason why there is none.
    store: Result<Store, NotSetUp>,
    /// Entries expire, so that deletions by other replicas are noticed.
    cache: Cache<String, Arc<KeptVoice>>,
    /// Voices that aren't stored: those without a declared consent.
    passing: std::sync::Mutex<Passing>,
    /// When this was made: the zero of `passing`.
    start: Instant,
    model_id: String,
    max_kept: usize,
    max_kept_per_key: usize,
    /// The owners of stored voices, as far as they are known. Held from the check for room until the voice is stored, and
    /// while one is changed or deleted.
    owners: Arc<Mutex<Owners>>,
}

impl KeptVoices {
    /// Voices in this store. Without one, every operation that needs it fails with the reason.
    pub fn new(store: Result<Store, NotSetUp>, model_id: &str, config: &VoicesConfig) -> Self {
        let cache =
            Cache::builder().max_capacity(CACHED).time_to_live(config.revalidate_seconds.duration()).build();
        Self {
            store,
            cache,
            passing: std::sync::Mutex::default(),
            start: Instant::now(),
            model_id: model_id.to_owned(),
            max_kept: config.max_kept,
            max_kept_per_key: config.of_each_key(),
            owners: Arc::default(),
        }
    }

    /// Saves a voice of the caller under a new id. Once it is the caller's turn, this goes on if the client leaves; `told`
    /// learns how it ends.
    ///
    /// # Errors
    /// There is no store, it is full, the caller has used up its share of it, or it failed; then the voice isn't saved.
    pub async fn create(
        self: &Arc<Self>,
        caller: &Caller,
        new: NewVoice,
        frames: &[Frame],
        told: impl FnOnce(&Result<Arc<KeptVoice>, ServiceError>) + Send + 'static,
    ) -> Result<Arc<KeptVoice>, ServiceError> {
        // The turn comes before the task, so that clients that leave while they wait leave no tasks.
        let mut owners = Arc::clone(&self.owners).lock_owned().await;
        let (this, caller, frames) = (Arc::clone(self), caller.clone(), frames.to_vec());
        let work = async move { this.save(&caller, new, &frames, &mut owners).await };
        to_the_end(work, told).await
    }

    async fn save(
        &self,
        caller: &Caller,
        new: NewVoice,
        frames: &[Frame],
        owners: &mut Owners,
    ) -> Result<Arc<KeptVoice>, ServiceError> {
        let store = self.store()?;
        // Replicas that do this at the same moment may exceed the limits by one each.
        let ids = store.keys(FOLDER, self.max_kept, is_id).await.map_err(failed)?;
        if ids.len() >= self.max_kept {
            return Err(ServiceError::voices_full(self.max_kept));
        }
        if let Some(name) = caller.key_name()
            && self.count_of(name, ids, owners).await? >= self.max_kept_per_key
        {
            return Err(ServiceError::voices_of_key_full(self.max_kept_per_key));
        }
        let id = new_id();
        let record = Record::new(id.clone(), &self.model_id, caller.key_name(), new, frames);
        store.create(&key(&id), &json(&record)?).await.map_err(failed)?;
        owners.insert(id.clone(), record.owner.clone());
        let voice = Arc::new(record.into_voice());
        self.cache.insert(id, Arc::clone(&voice)).await;
        Ok(voice)
    }

    /// Holds a voice of the caller in memory for an hour, under a new id. Where too many are held, the key that holds the most
    /// loses its oldest.
    pub fn hold(&self, caller: &Caller, new: NewVoice, frames: &[Frame]) -> Arc<KeptVoice> {
        let record = Record::new(new_id(), &self.model_id, caller.key_name(), new, frames);
        let voice = Arc::new(record.into_voice());
        lock(&self.passing).insert(Arc::clone(&voice), self.start.elapsed());
        voice
    }

    /// The voice with this id, if it is held in memory.
    fn held(&self, id: &str) -> Option<Arc<KeptVoice>> {
        lock(&self.passing).get(id, self.start.elapsed())
    }

    /// The caller's voice with this id, or a shared one; `None` if there is none, or `id` isn't a valid id.
    ///
    /// # Errors
    /// The store failed, or the voice is damaged.
    pub async fn get(&self, caller: &Caller, id: &str) -> Result<Option<Arc<KeptVoice>>, ServiceError> {
        // Nothing is read for a client without a key.
        if matches!(caller, Caller::Unknown) {
            return Ok(None);
        }
        Ok(self.read(id).await?.filter(|voice| voice.is_for(caller)))
    }

    /// Changes a voice of the caller; `None` if there is none with this id. Replicas notice within the time after which
    /// they read a voice again. Goes on if the client leaves, as [`Self::create`].
    ///
    /// # Errors
    /// The voice is another key's, which shares it; it isn't stored; the store failed, or the voice is damaged.
    pub async fn change(
        self: &Arc<Self>,
        caller: &Caller,
        id: &str,
        change: VoiceChange,
        told: impl FnOnce(&Result<Option<Arc<KeptVoice>>, ServiceError>) + Send + 'static,
    ) -> Result<Option<Arc<KeptVoice>>, ServiceError> {
        if let Some(held) = self.held(id) {
            let refused = unchangeable(&held, caller);
            told(&refused);
            return refused;
        }
        let turn = Arc::clone(&self.owners).lock_owned().await;
        let (this, caller, id) = (Arc::clone(self), caller.clone(), id.to_owned());
        let work = async move {
            let _turn = turn;
            this.rewrite(&caller, &id, change).await
        };
        to_the_end(work, told).await
    }

    async fn rewrite(
        &self,
        caller: &Caller,
        id: &str,
        change: VoiceChange,
    ) -> Result<Option<Arc<KeptVoice>>, ServiceError> {
        let Some(record) = self.own(caller, id).await? else { return Ok(None) };
        let record = record.with(change);
        self.store()?.replace(&key(id), &json(&record)?).await.map_err(failed)?;
        let voice = Arc::new(record.into_voice());
        self.cache.insert(id.to_owned(), Arc::clone(&voice)).await;
        Ok(Some(voice))
    }

    /// Deletes a voice of the caller; returns whether it existed. Goes on if the client leaves, as [`Self::create`].
    ///
    /// # Errors
    /// The voice is another key's, which shares it; the store failed. A damaged voice tells no owner any more: only who
    /// owns all voices may delete it.
    pub async fn delete(
        self: &Arc<Self>,
        caller: &Caller,
        id: &str,
        told: impl FnOnce(&Result<bool, ServiceError>) + Send + 'static,
    ) -> Result<bool, ServiceError> {
        if let Some(held) = self.held(id) {
            let own = caller.owns(held.owner.as_deref());
            if own {
                lock(&self.passing).remove(id);
            }
            told(&Ok(own));
            return Ok(own);
        }
        let mut owners = Arc::clone(&self.owners).lock_owned().await;
        let (this, caller, id) = (Arc::clone(self), caller.clone(), id.to_owned());
        let work = async move { this.remove(&caller, &id, &mut owners).await };
        to_the_end(work, told).await
    }

    async fn remove(&self, caller: &Caller, id: &str, owners: &mut Owners) -> Result<bool, ServiceError> {
        let found = self.own(caller, id).await;
        let damaged = found.as_ref().is_err_and(|error| error.kind == ErrorKind::VoiceDamaged);
        let known = owners.get(id).cloned().flatten();
        if !(damaged && caller.owns(known.as_deref())) && found?.is_none() {
            return Ok(false);
        }
        self.store()?.delete(&key(id)).await.map_err(failed)?;
        owners.remove(id);
        self.cache.invalidate(id).await;
        Ok(true)
    }

    /// All listed voices that the caller may use, the oldest first; empty without a store. Damaged voices are logged and
    /// left out.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Arc<KeptVoice>>, ServiceError> {
        let (Ok(store), Caller::Anybody | Caller::Known(_)) = (&self.store, caller) else {
            return Ok(Vec::new());
        };
        let ids = store.keys(FOLDER, VoicesConfig::MOST_KEPT, is_id).await.map_err(failed)?;
        let mut reads = stream::iter(ids).map(async |id| (self.read(&id).await, id)).buffered(READ_AHEAD);
        let mut voices = Vec::new();
        while let Some((read, id)) = reads.next().await {
            match read {
                Ok(voice) => voices.extend(voice.filter(|voice| voice.listed && voice.is_for(caller))),
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

    /// The voice with this id, whosever it is.
    async fn read(&self, id: &str) -> Result<Option<Arc<KeptVoice>>, ServiceError> {
        if !is_id(id) {
            return Ok(None);
        }
        if let Some(held) = self.held(id) {
            return Ok(Some(held));
        }
        if let Some(voice) = self.cache.get(id).await {
            return Ok(Some(voice));
        }
        let Some(record) = self.record(id).await? else { return Ok(None) };
        let voice = Arc::new(record.into_voice());
        self.cache.insert(id.to_owned(), Arc::clone(&voice)).await;
        Ok(Some(voice))
    }

    /// The stored form of a voice that the caller may change or delete.
    async fn own(&self, caller: &Caller, id: &str) -> Result<Option<Record>, ServiceError> {
        if !is_id(id) {
            return Ok(None);
        }
        let Some(record) = self.record(id).await? else { return Ok(None) };
        if caller.owns(record.owner.as_deref()) && !matches!(caller, Caller::Unknown) {
            return Ok(Some(record));
        }
        if record.into_voice().is_for(caller) { Err(ServiceError::voice_of_another()) } else { Ok(None) }
    }

    async fn record(&self, id: &str) -> Result<Option<Record>, ServiceError> {
        let Some(bytes) = self.store()?.get(&key(id)).await.map_err(failed)? else { return Ok(None) };
        let damaged = |_| failed(StoreError::Damaged { key: key(id), reason: "its version is unknown" });
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    /// How many of these voices a key has made. Owners never change, so each voice is read once.
    async fn count_of(
        &self,
        name: &str,
        ids: Vec<String>,
        owners: &mut Owners,
    ) -> Result<usize, ServiceError> {
        let there: HashSet<&String> = ids.iter().collect();
        owners.retain(|id, _| there.contains(id));
        let unknown: Vec<String> = ids.into_iter().filter(|id| !owners.contains_key(id)).collect();
        let mut reads =
            stream::iter(unknown).map(async |id| (self.record(&id).await, id)).buffered(READ_AHEAD);
        while let Some((read, id)) = reads.next().await {
            match read {
                Ok(record) => owners.extend(record.map(|record| (id, record.owner))),
                // It counts for nobody.
                Err(error) if error.kind == ErrorKind::VoiceDamaged => {}
                Err(error) => return Err(error),
            }
        }
        Ok(owners.values().filter(|owner| owner.as_deref() == Some(name)).count())
    }

    fn store(&self) -> Result<&Store, ServiceError> {
        self.store.as_ref().map_err(|why| ServiceError::not_set_up("voice", "there are no saved voices", why))
    }
}

/// The answer to a change of a voice that is held in memory.
fn unchangeable(held: &KeptVoice, caller: &Caller) -> Result<Option<Arc<KeptVoice>>, ServiceError> {
    if caller.owns(held.owner.as_deref()) {
        let reason = "this voice is held in memory and isn't stored, so it can't be changed";
        return Err(ServiceError::unsupported("voice_id", reason));
    }
    if held.is_for(caller) { Err(ServiceError::voice_of_another()) } else { Ok(None) }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> ServiceError {
    ServiceError::store(&error, ErrorKind::VoiceDamaged)
}

fn json(record: &Record) -> Result<Vec<u8>, ServiceError> {
    serde_json::to_vec(record).map_err(ServiceError::internal)
}

fn key(id: &str) -> String {
    format!("{FOLDER}/{id}")
}

#[cfg(test)]
mod tests;
