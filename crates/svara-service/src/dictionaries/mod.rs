//! Pronunciation dictionaries that callers make. They are in the [`Store`] of saved voices, so that they survive the process
//! and replicas share them.
//!
//! A dictionary is one object; each version of its rules is another, written before the dictionary tells of it and never
//! changed. It belongs to the key that made it, as a saved voice does: to other keys it doesn't exist, unless it is
//! shared; then they may use it, but not change or delete it.

mod locator;
mod record;
mod rules;
mod stored;

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use moka::future::Cache;
use svara_engine::{Dictionary, Rule};
use tokio::sync::Mutex;

pub(crate) use self::record::RulesRecord;
use self::stored::{failed, key};
pub use self::{
    locator::{Locator, MAX_OF_REQUEST},
    record::{DictionaryChange, KeptDictionary, KeptVersion, NewDictionary},
    rules::RuleEdit,
};
use crate::{
    Caller, ErrorKind, NotSetUp, ServiceError,
    config::DictionariesConfig,
    finish::to_the_end,
    store::{
        Store,
        id::{is_id, new_id},
    },
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
    store: Result<Store, NotSetUp>,
    /// Entries expire, so that changes by other replicas are noticed.
    cache: Cache<String, Arc<KeptDictionary>>,
    /// Rules by their version, which never changes.
    rules: Cache<String, Arc<VersionRules>>,
    config: DictionariesConfig,
    /// Held while a dictionary is made, changed or deleted. Replicas that change one at the same moment may lose one of the
    /// two changes.
    changing: Arc<Mutex<()>>,
    /// Held while rules are made ready, which takes some times their memory.
    building: Mutex<()>,
}

impl KeptDictionaries {
    /// Dictionaries in this store. Without one, every operation that needs it fails with the reason.
    pub fn new(store: Result<Store, NotSetUp>, config: &DictionariesConfig, revalidate: Duration) -> Self {
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
            changing: Arc::default(),
            building: Mutex::default(),
        }
    }

    /// The most rules of a dictionary.
    pub fn max_rules(&self) -> usize {
        self.config.max_rules
    }

    /// Makes a dictionary of the caller. Once it is the caller's turn, this goes on if the client leaves; `told` learns how
    /// it ends.
    ///
    /// # Errors
    /// A rule can't be used; the name is taken; there is no store, it is full, the caller has used up its share of it, or it
    /// failed. Then there is no new dictionary.
    pub async fn create(
        self: &Arc<Self>,
        caller: &Caller,
        new: NewDictionary,
        told: impl FnOnce(&Result<Arc<KeptDictionary>, ServiceError>) + Send + 'static,
    ) -> Result<Arc<KeptDictionary>, ServiceError> {
        // The turn comes before the task, so that clients that leave while they wait leave no tasks.
        let turn = Arc::clone(&self.changing).lock_owned().await;
        let (this, caller) = (Arc::clone(self), caller.clone());
        let work = async move {
            let _turn = turn;
            this.make(&caller, new).await
        };
        to_the_end(work, told).await
    }

    async fn make(
        &self,
        caller: &Caller,
        mut new: NewDictionary,
    ) -> Result<Arc<KeptDictionary>, ServiceError> {
        self.store()?;
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
    /// the time after which they read a dictionary again. Goes on if the client leaves, as [`Self::create`].
    ///
    /// # Errors
    /// It is another key's, which shares it; the store failed, or it is damaged.
    pub async fn change(
        self: &Arc<Self>,
        caller: &Caller,
        id: &str,
        change: DictionaryChange,
        told: impl FnOnce(&Result<Option<Arc<KeptDictionary>>, ServiceError>) + Send + 'static,
    ) -> Result<Option<Arc<KeptDictionary>>, ServiceError> {
        let turn = Arc::clone(&self.changing).lock_owned().await;
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
        change: DictionaryChange,
    ) -> Result<Option<Arc<KeptDictionary>>, ServiceError> {
        let Some(kept) = self.own(caller, id).await? else { return Ok(None) };
        self.write(kept.with(change)).await.map(Some)
    }

    /// Changes the rules of a dictionary of the caller, which makes a new version unless they stay as they are; `None` if there
    /// is no dictionary with this id. Goes on if the client leaves, as [`Self::create`].
    ///
    /// # Errors
    /// As [`Self::change`]; or a rule can't be used. Then nothing is changed.
    pub async fn edit(
        self: &Arc<Self>,
        caller: &Caller,
        id: &str,
        edit: RuleEdit,
        told: impl FnOnce(&Result<Option<Arc<KeptDictionary>>, ServiceError>) + Send + 'static,
    ) -> Result<Option<Arc<KeptDictionary>>, ServiceError> {
        let turn = Arc::clone(&self.changing).lock_owned().await;
        let (this, caller, id) = (Arc::clone(self), caller.clone(), id.to_owned());
        let work = async move {
            let _turn = turn;
            this.edit_rules(&caller, &id, edit).await
        };
        to_the_end(work, told).await
    }

    async fn edit_rules(
        &self,
        caller: &Caller,
        id: &str,
        edit: RuleEdit,
    ) -> Result<Option<Arc<KeptDictionary>>, ServiceError> {
        let Some(mut kept) = self.own(caller, id).await? else { return Ok(None) };
        let before = self.read_rules(id, &kept.latest().id).await?;
        let rules = edit.apply(before.rules.clone(), self.config.max_rules)?;
        if rules == before.rules {
            return Ok(Some(Arc::new(kept)));
        }
        let version = self.write_version(id, rules).await?;
        let made = version.id.clone();
        kept.versions.push(version);
        let dropped: Vec<String> = kept
            .versions
            .drain(..kept.versions.len().saturating_sub(MAX_VERSIONS))
            .map(|version| version.id)
            .collect();
        let written = match self.write(kept).await {
            Ok(written) => written,
            Err(error) => {
                // If no dictionary tells of it for certain, nobody would ever use it.
                let is_unknown = |kept: &KeptDictionary| kept.versions.iter().all(|known| known.id != made);
                if self.stored(id).await.is_ok_and(|kept| kept.is_none_or(|kept| is_unknown(&kept))) {
                    self.delete_versions(id, vec![made]).await?;
                }
                return Err(error);
            }
        };
        // The change is in force. What stays of old versions goes with the dictionary.
        if let Err(error) = self.delete_versions(id, dropped).await {
            tracing::warn!(id, reason = error.reason(), "an old version of a dictionary stays stored");
        }
        Ok(Some(written))
    }

    /// Deletes a dictionary of the caller with all its versions; returns whether it existed. Goes on if the client leaves, as
    /// [`Self::create`].
    ///
    /// # Errors
    /// It is another key's, which shares it; the store failed, and the dictionary is still there, perhaps without some of
    /// its versions. A damaged one tells no owner any more: only who owns all may delete it.
    pub async fn delete(
        self: &Arc<Self>,
        caller: &Caller,
        id: &str,
        told: impl FnOnce(&Result<bool, ServiceError>) + Send + 'static,
    ) -> Result<bool, ServiceError> {
        let turn = Arc::clone(&self.changing).lock_owned().await;
        let (this, caller, id) = (Arc::clone(self), caller.clone(), id.to_owned());
        let work = async move {
            let _turn = turn;
            this.remove(&caller, &id).await
        };
        to_the_end(work, told).await
    }

    async fn remove(&self, caller: &Caller, id: &str) -> Result<bool, ServiceError> {
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

    /// A dictionary that the caller may change.
    async fn own(&self, caller: &Caller, id: &str) -> Result<Option<KeptDictionary>, ServiceError> {
        let Some(kept) = self.stored(id).await? else { return Ok(None) };
        match (kept.is_of(caller), kept.is_for(caller)) {
            (true, true) => Ok(Some(kept)),
            (false, true) => Err(ServiceError::dictionary_of_another()),
            (_, false) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
