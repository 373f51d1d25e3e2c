//! How dictionaries and their versions are read and written.

use std::sync::Arc;

use svara_engine::{Dictionary, Rule};

use super::{
    FOLDER, KeptDictionaries, KeptDictionary, KeptVersion, MAX_DICTIONARY_BYTES, RulesRecord, VERSIONS,
    VersionRules,
};
use crate::{
    ErrorKind, ServiceError,
    clock::unix_now,
    store::{
        Store, StoreError,
        id::{is_id, new_id},
    },
};

impl KeptDictionaries {
    pub(super) async fn listed_versions(&self, id: &str) -> Result<Vec<String>, ServiceError> {
        let start = format!("{id}.");
        let is_of_it = move |name: &str| name.strip_prefix(&start).is_some_and(is_id);
        let names = self.store()?.keys(VERSIONS, usize::MAX, is_of_it).await.map_err(failed)?;
        Ok(names.iter().filter_map(|name| Some(name.split_once('.')?.1.to_owned())).collect())
    }

    pub(super) async fn delete_versions(&self, id: &str, versions: Vec<String>) -> Result<(), ServiceError> {
        for version in versions {
            self.store()?.delete(&version_key(id, &version)).await.map_err(failed)?;
            self.rules.invalidate(&version).await;
        }
        Ok(())
    }

    /// The dictionary with this id, whosever it is.
    pub(super) async fn read(&self, id: &str) -> Result<Option<Arc<KeptDictionary>>, ServiceError> {
        if let Some(kept) = self.cache.get(id).await {
            return Ok(Some(kept));
        }
        let Some(kept) = self.stored(id).await?.map(Arc::new) else { return Ok(None) };
        self.cache.insert(id.to_owned(), Arc::clone(&kept)).await;
        Ok(Some(kept))
    }

    pub(super) async fn stored(&self, id: &str) -> Result<Option<KeptDictionary>, ServiceError> {
        if !is_id(id) {
            return Ok(None);
        }
        let Some(bytes) = self.store()?.get(&key(id)).await.map_err(failed)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| unknown_form(key(id)))
    }

    pub(super) async fn write(&self, kept: KeptDictionary) -> Result<Arc<KeptDictionary>, ServiceError> {
        let json = serde_json::to_vec(&kept).map_err(ServiceError::internal)?;
        self.store()?.replace(&key(&kept.id), &json).await.map_err(failed)?;
        let kept = Arc::new(kept);
        self.cache.insert(kept.id.clone(), Arc::clone(&kept)).await;
        Ok(kept)
    }

    pub(super) async fn write_version(
        &self,
        id: &str,
        rules: Vec<Rule>,
    ) -> Result<KeptVersion, ServiceError> {
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

    pub(super) async fn read_rules(
        &self,
        id: &str,
        version: &str,
    ) -> Result<Arc<VersionRules>, ServiceError> {
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
    pub(super) async fn ready(&self, rules: Vec<Rule>) -> Result<Arc<VersionRules>, ServiceError> {
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

    pub(super) fn store(&self) -> Result<&Store, ServiceError> {
        self.store.as_ref().map_err(|why| {
            ServiceError::not_set_up("pronunciation_dictionary_id", "there are no dictionaries", why)
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn failed(error: StoreError) -> ServiceError {
    ServiceError::store(&error, ErrorKind::DictionaryDamaged)
}

fn unknown_form(key: String) -> ServiceError {
    failed(StoreError::Damaged { key, reason: "its version is unknown" })
}

pub(super) fn key(id: &str) -> String {
    format!("{FOLDER}/{id}")
}

pub(super) fn version_key(id: &str, version: &str) -> String {
    format!("{VERSIONS}/{id}.{version}")
}
