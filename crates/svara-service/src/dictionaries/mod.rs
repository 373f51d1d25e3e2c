//! Pronunciation dictionaries that callers make. They are in the [`Store`] of saved voices, so that they survive the process
//! and replicas share them.
//!
//! A dictionary is one object; each version of its rules is another, written before the dictionary tells of it and never
//! changed. It belongs to the key that made it, as a saved voice does: to other keys it doesn't exist, unless it is
//! shared; then they may use it, but not change or delete it.

mod locator;
mod record;
mod rules;

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use moka::future::Cache;
use svara_engine::{Dictionary, Rule};
use tokio::sync::Mutex;
use uuid::Uuid;

pub(crate) use self::record::RulesRecord;
pub use self::{
    locator::{Locator, MAX_OF_REQUEST},
    record::{DictionaryChange, KeptDictionary, KeptVersion, NewDictionary},
    rules::RuleEdit,
};
use crate::{
    Caller, ErrorKind, ServiceError,
    callers::unix_now,
    config::DictionariesConfig,
    store::{Store, StoreError},
};

const FOLDER: &str = "dictionaries";
const VERSIONS: &str = "dictionary_versions";
/// The largest stored version of a dictionary's rules, in bytes.
pub const MAX_DICTIONARY_BYTES: usize = 2 * 1024 * 1024;
/// The versions of a dictionary that are kept.
pub const MAX_VERSIONS: usize = 20;
/// Dictionaries cached in memory, without their rules.
const CACHED: u64 = 1024;
/// The memory for rules that are ready to be looked up.
const CACHED_BYTES: u64 = 128 * 1024 * 1024;
/// How long rules that nobody uses stay in memory.
const UNUSED_FOR: Duration = Duration::from_hours(1);
/// Dictionaries read at once for a list.
const READ_AHEAD: usize = 16;

/// The rules of a version.
#[derive(Debug)]
pub struct VersionRules {
    /// As they were given.
    pub rules: Vec<Rule>,
    /// Ready to be looked up.
    pub dictionary: Arc<Dictionary>,
}

/// Stores dictionaries, with a cache in memory.
pub struct KeptDictionaries {
    /// The store, or the reason why there is none.
    store: Result<Store, String>,
    /// Entries expire, so that changes by other replicas are noticed.
    cache: Cache<String, Arc<KeptDictionary>>,
    /// Rules by their version, which never changes.
    rules: Cache<String, Arc<VersionRules>>,
    config: DictionariesConfig,
    /// Held while a dictionary is made, changed or deleted. Replicas that change one at the same moment may lose one of the
    /// two changes.
    changing: Mutex<()>,
    /// Held while rules are made ready, which takes some times their memory.
    building: Mutex<()>,
}

impl KeptDictionaries {
    /// Dictionaries in this store. Without one, every operation that needs it fails with the reason.
    pub fn new(store: Result<Store, String>, config: &DictionariesConfig, revalidate: Duration) -> Self {
        let weigh = |_: &String, rules: &Arc<VersionRules>| {
            let bytes = rules.dictionary.memory_bytes() + rules.rules.len() * size_of::<Rule>();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        Self {
            store,
            cache: Cache::builder().max_capacity(CACHED).time_to_live(revalidate).build(),
            rules: Cache::builder()
                .max_capacity(CACHED_BYTES)
                .weigher(weigh)
                .time_to_idle(UNUSED_FOR)
                .build(),
            config: config.clone(),
            changing: Mutex::default(),
            building: Mutex::default(),
        }
    }

    /// The most rules of a dictionary.
    pub fn max_rules(&self) -> usize {
        self.config.max_rules
    }

    /// Makes a dictionary of the caller.
    ///
    /// # Errors
    /// A rule can't be used; the name is taken; there is no store, it is full, the caller has used up its share of it, or it
    /// failed. Then there is no new dictionary.
    pub async fn create(
        &self,
        caller: &Caller,
        mut new: NewDictionary,
    ) -> Result<Arc<KeptDictionary>, ServiceError> {
        self.store()?;
        let _changing = self.changing.lock().await;
        let DictionariesConfig { max_kept, max_rules, .. } = self.config;
        let all = self.all().await?;
        // Replicas that do this at the same moment may exceed the limits by one each.
        if all.len() >= max_kept {
            let reason =
                format!("{max_kept} dictionaries are kept, which is the limit (dictionaries.max_kept)");
            return Err(ServiceError::dictionaries_full(reason));
        }
        let own = || all.iter().filter(|known| known.owner.as_deref() == caller.key_name());
        let most = self.config.of_each_key();
        if caller.key_name().is_some() && own().count() >= most {
            let reason = format!(
                "this key keeps {most} dictionaries, which is its limit (dictionaries.max_kept_per_key)"
            );
            return Err(ServiceError::dictionaries_full(reason));
        }
        if new.only_of_its_name && own().any(|known| known.name == new.name) {
            return Err(ServiceError::dictionary_exists());
        }
        let rules = RuleEdit::Set(std::mem::take(&mut new.rules)).apply(Vec::new(), max_rules)?;
        let id = new_id();
        let version = self.write_version(&id, rules).await?;
        let made = version.id.clone();
        let written = self.write(KeptDictionary::new(id.clone(), caller.key_name(), &new, version)).await;
        // If it isn't there for certain, nothing would ever delete its rules.
        if written.is_err() && matches!(self.stored(&id).await, Ok(None)) {
            self.delete_versions(&id, vec![made]).await?;
        }
        written
    }

    /// The caller's dictionary with this id, or a shared one; `None` if there is none, or `id` isn't a valid id.
    ///
    /// # Errors
    /// The store failed, or the dictionary is damaged.
    pub async fn get(&self, caller: &Caller, id: &str) -> Result<Option<Arc<KeptDictionary>>, ServiceError> {
        // Nothing is read for a client without a key.
        if matches!(caller, Caller::Unknown) || self.store.is_err() {
            return Ok(None);
        }
        Ok(self.read(id).await?.filter(|kept| kept.is_for(caller)))
    }

    /// The same with the rules of a version; `None` if there is no such version either.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn rules(
        &self,
        caller: &Caller,
        locator: &Locator,
    ) -> Result<Option<(Arc<KeptDictionary>, Arc<VersionRules>)>, ServiceError> {
        let Some(kept) = self.get(caller, &locator.id).await? else { return Ok(None) };
        let latest = kept.latest().id;
        let version = locator.version.as_ref().unwrap_or(&latest);
        if !kept.versions.iter().any(|known| known.id == *version) {
            return Ok(None);
        }
        let rules = self.read_rules(&kept.id, version).await?;
        Ok(Some((kept, rules)))
    }

    /// Changes what is said about a dictionary of the caller; `None` if there is none with this id. Replicas notice within
    /// the time after which they read a dictionary again.
    ///
    /// # Errors
    /// It is another key's, which shares it; the store failed, or it is damaged.
    pub async fn change(
        &self,
        caller: &Caller,
        id: &str,
        change: DictionaryChange,
    ) -> Result<Option<Arc<KeptDictionary>>, ServiceError> {
        let _changing = self.changing.lock().await;
        let Some(kept) = self.own(caller, id).await? else { return Ok(None) };
        self.write(kept.with(change)).await.map(Some)
    }

    /// Changes the rules of a dictionary of the caller, which makes a new version; `None` if there is none with this id.
    ///
    /// # Errors
    /// As [`Self::change`]; or a rule can't be used. Then nothing is changed.
    pub async fn edit(
        &self,
        caller: &Caller,
        id: &str,
        edit: RuleEdit,
    ) -> Result<Option<Arc<KeptDictionary>>, ServiceError> {
        let _changing = self.changing.lock().await;
        let Some(mut kept) = self.own(caller, id).await? else { return Ok(None) };
        let before = self.read_rules(id, &kept.latest().id).await?;
        let rules = edit.apply(before.rules.clone(), self.config.max_rules)?;
        kept.versions.push(self.write_version(id, rules).await?);
        let dropped: Vec<KeptVersion> =
            kept.versions.drain(..kept.versions.len().saturating_sub(MAX_VERSIONS)).collect();
        let kept = self.write(kept).await?;
        for version in dropped {
            self.rules.invalidate(&version.id).await;
            self.store()?.delete(&version_key(id, &version.id)).await.map_err(failed)?;
        }
        Ok(Some(kept))
    }

    /// Deletes a dictionary of the caller with all its versions; returns whether it existed.
    ///
    /// # Errors
    /// It is another key's, which shares it; the store failed, and the dictionary is still there, perhaps without some of
    /// its versions. A damaged one tells no owner any more: only who owns all may delete it.
    pub async fn delete(&self, caller: &Caller, id: &str) -> Result<bool, ServiceError> {
        let _changing = self.changing.lock().await;
        let found = self.own(caller, id).await;
        let damaged = found.as_ref().is_err_and(|error| error.kind == ErrorKind::DictionaryDamaged);
        let known = match found {
            Err(_) if damaged && caller.owns(None) => Vec::new(),
            found => match found? {
                Some(kept) => kept.versions.into_iter().map(|version| version.id).collect(),
                None => return Ok(false),
            },
        };
        // The versions go first, the latest last: what fails here can be asked for again, and nothing is left behind that no
        // dictionary tells of. The store may list fewer than the dictionary knows, and more, which a crash left behind.
        self.delete_versions(id, known).await?;
        let left = self.listed_versions(id).await?;
        self.delete_versions(id, left).await?;
        self.store()?.delete(&key(id)).await.map_err(failed)?;
        self.cache.invalidate(id).await;
        // A replica may have made one meanwhile.
        let late = self.listed_versions(id).await?;
        self.delete_versions(id, late).await?;
        Ok(true)
    }

    async fn listed_versions(&self, id: &str) -> Result<Vec<String>, ServiceError> {
        let start = format!("{id}.");
        let is_of_it = move |name: &str| name.strip_prefix(&start).is_some_and(is_id);
        let names = self.store()?.keys(VERSIONS, usize::MAX, is_of_it).await.map_err(failed)?;
        Ok(names.iter().filter_map(|name| Some(name.split_once('.')?.1.to_owned())).collect())
    }

    async fn delete_versions(&self, id: &str, versions: Vec<String>) -> Result<(), ServiceError> {
        for version in versions {
            self.store()?.delete(&version_key(id, &version)).await.map_err(failed)?;
            self.rules.invalidate(&version).await;
        }
        Ok(())
    }

    /// All dictionaries that the caller may use, in no particular order; none without a store. Damaged ones are logged and
    /// left out.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Arc<KeptDictionary>>, ServiceError> {
        if matches!(caller, Caller::Unknown) || self.store.is_err() {
            return Ok(Vec::new());
        }
        let mut all = self.all().await?;
        all.retain(|kept| kept.is_for(caller));
        Ok(all)
    }

    async fn all(&self) -> Result<Vec<Arc<KeptDictionary>>, ServiceError> {
        let ids = self.store()?.keys(FOLDER, DictionariesConfig::MOST_KEPT, is_id).await.map_err(failed)?;
        let reads = stream::iter(ids).map(async |id| match self.read(&id).await {
            Err(error) if error.kind == ErrorKind::DictionaryDamaged => {
                tracing::error!(id, reason = error.reason(), "a dictionary can't be read");
                Ok(None)
            }
            read => read,
        });
        let read: Vec<_> = reads.buffered(READ_AHEAD).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// The dictionary with this id, whosever it is.
    async fn read(&self, id: &str) -> Result<Option<Arc<KeptDictionary>>, ServiceError> {
        if let Some(kept) = self.cache.get(id).await {
            return Ok(Some(kept));
        }
        let Some(kept) = self.stored(id).await?.map(Arc::new) else { return Ok(None) };
        self.cache.insert(id.to_owned(), Arc::clone(&kept)).await;
        Ok(Some(kept))
    }

    async fn stored(&self, id: &str) -> Result<Option<KeptDictionary>, ServiceError> {
        if !is_id(id) {
            return Ok(None);
        }
        let Some(bytes) = self.store()?.get(&key(id)).await.map_err(failed)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| unknown_form(key(id)))
    }

    /// A dictionary that the caller may change.
    async fn own(&self, caller: &Caller, id: &str) -> Result<Option<KeptDictionary>, ServiceError> {
        let Some(kept) = self.stored(id).await? else { return Ok(None) };
        match (kept.is_of(caller), kept.is_for(caller)) {
            (true, true) => Ok(Some(kept)),
            (false, true) => Err(ServiceError::dictionary_of_another()),
            (_, false) => Ok(None),
        }
    }

    async fn write(&self, kept: KeptDictionary) -> Result<Arc<KeptDictionary>, ServiceError> {
        let json = serde_json::to_vec(&kept).map_err(ServiceError::internal)?;
        self.store()?.replace(&key(&kept.id), &json).await.map_err(failed)?;
        let kept = Arc::new(kept);
        self.cache.insert(kept.id.clone(), Arc::clone(&kept)).await;
        Ok(kept)
    }

    async fn write_version(&self, id: &str, rules: Vec<Rule>) -> Result<KeptVersion, ServiceError> {
        let json = serde_json::to_vec(&RulesRecord::new(&rules)).map_err(ServiceError::internal)?;
        if json.len() > MAX_DICTIONARY_BYTES {
            let reason = format!("take {} bytes, at most {MAX_DICTIONARY_BYTES} are allowed", json.len());
            return Err(ServiceError::invalid("rules", reason));
        }
        let version = KeptVersion { id: new_id(), rules: rules.len(), created_unix_s: unix_now().as_secs() };
        let ready = self.ready(rules).await?;
        self.store()?.create(&version_key(id, &version.id), &json).await.map_err(failed)?;
        self.rules.insert(version.id.clone(), ready).await;
        Ok(version)
    }

    async fn read_rules(&self, id: &str, version: &str) -> Result<Arc<VersionRules>, ServiceError> {
        if let Some(rules) = self.rules.get(version).await {
            return Ok(rules);
        }
        let key = version_key(id, version);
        let missing = || StoreError::Damaged { key: key.clone(), reason: "its rules are missing" };
        let bytes = self.store()?.get(&key).await.map_err(failed)?.ok_or_else(|| failed(missing()))?;
        let read = serde_json::from_slice::<RulesRecord>(&bytes).ok().and_then(RulesRecord::into_rules);
        let ready = self.ready(read.ok_or_else(|| unknown_form(key))?).await?;
        self.rules.insert(version.to_owned(), Arc::clone(&ready)).await;
        Ok(ready)
    }

    /// Makes rules ready to be looked up, on a thread that may block.
    async fn ready(&self, rules: Vec<Rule>) -> Result<Arc<VersionRules>, ServiceError> {
        let _building = self.building.lock().await;
        let building = move || {
            let dictionary = Dictionary::new(rules.clone())?;
            Ok(Arc::new(VersionRules { rules, dictionary: Arc::new(dictionary) }))
        };
        let built = tokio::task::spawn_blocking(building).await.map_err(ServiceError::internal)?;
        built.map_err(|error: svara_engine::DictionaryError| {
            ServiceError::invalid("rules", format!("can't be used: {error}"))
        })
    }

    fn store(&self) -> Result<&Store, ServiceError> {
        self.store.as_ref().map_err(|reason| {
            let reason = format!("dictionaries are unavailable: {reason}");
            ServiceError::not_supported("pronunciation_dictionary_id", reason)
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> ServiceError {
    ServiceError::store(&error, ErrorKind::DictionaryDamaged)
}

fn unknown_form(key: String) -> ServiceError {
    failed(StoreError::Damaged { key, reason: "its version is unknown" })
}

fn new_id() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Whether a name has the form of the ids made here. No other name is ever looked up or becomes a path.
fn is_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn key(id: &str) -> String {
    format!("{FOLDER}/{id}")
}

fn version_key(id: &str, version: &str) -> String {
    format!("{VERSIONS}/{id}.{version}")
}
