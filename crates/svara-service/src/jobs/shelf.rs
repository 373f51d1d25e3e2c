//! Where jobs are stored. A job is one object that is written once; the end of each item is another, written after its
//! audio and its times. So whenever a process dies, the stored objects tell what is left to do.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures::{StreamExt, stream};

use super::record::{EndRecord, JobRecord};
use crate::store::{Store, StoreError, id::is_id};

const REQUESTS: &str = "jobs/requests";
const ENDS: &str = "jobs/ends";
/// Concurrent operations.
const AT_ONCE: usize = 16;

/// The files of an item.
#[derive(Clone, Copy)]
pub enum Product {
    /// The audio file.
    Audio,
    /// When its words or characters are spoken, if the request asked for it.
    Times,
}

impl Product {
    const ALL: [Self; 2] = [Self::Audio, Self::Times];

    fn folder(self) -> &'static str {
        match self {
            Self::Audio => "jobs/audio",
            Self::Times => "jobs/times",
        }
    }

    fn key(self, id: &str, number: usize) -> String {
        format!("{}/{id}.{number}", self.folder())
    }
}

/// Stores jobs.
pub(super) struct Shelf {
    store: Store,
}

/// A stored job.
pub(super) struct StoredJob {
    pub(super) id: String,
    pub(super) record: JobRecord,
    pub(super) ends: BTreeMap<usize, EndRecord>,
}

impl Shelf {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Loads all jobs, however many the configuration allows now. Logs objects that can't be read, which are damaged or
    /// of a later version, and leaves them as they are: such a job is left out, and such an item counts as failed.
    /// Deletes the files of deleted jobs.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn load(&self) -> Result<Vec<StoredJob>, StoreError> {
        // First the files, then the jobs: a job is stored before its files, so that a file whose job isn't among those
        // listed later is a deleted job's.
        let ends = self.store.keys(ENDS, usize::MAX, is_of_item).await?;
        let mut files = Vec::new();
        for folder in Product::ALL.map(Product::folder) {
            let names = self.store.keys(folder, usize::MAX, is_of_item).await?;
            files.extend(names.into_iter().map(|name| (folder, name)));
        }
        let ids = self.store.keys(REQUESTS, usize::MAX, is_id).await?;
        let there: BTreeSet<String> = ids.iter().cloned().collect();
        let mut reads =
            stream::iter(ids).map(async |id| (self.record(&id).await, id)).buffer_unordered(AT_ONCE);
        let mut jobs = BTreeMap::new();
        while let Some((read, id)) = reads.next().await {
            match read {
                Ok(Some(record)) => drop(jobs.insert(id, (record, BTreeMap::new()))),
                Ok(None) => {}
                Err(error @ StoreError::Damaged { .. }) => {
                    tracing::error!(id, %error, "a job can't be read; its files stay in the store");
                }
                Err(error) => return Err(error),
            }
        }
        drop(reads);
        let of_no_job = |name: &str| parts(name).is_some_and(|(id, _)| !there.contains(id));
        let (left_ends, ends): (Vec<_>, Vec<_>) = ends.into_iter().partition(|name| of_no_job(name));
        let mut reads =
            stream::iter(ends).map(async |name| (self.end(&name).await, name)).buffer_unordered(AT_ONCE);
        while let Some((read, name)) = reads.next().await {
            match (read, parts(&name).and_then(|(id, number)| Some((jobs.get_mut(id)?, number)))) {
                (Ok(Some(end)), Some(((_, ends), number))) => drop(ends.insert(number, end)),
                (Err(error @ StoreError::Damaged { .. }), of) => {
                    tracing::error!(name, %error, "the end of an item can't be read; its files stay in the store");
                    if let Some(((_, ends), number)) = of {
                        let error = super::failed(error);
                        ends.insert(number, EndRecord::failed(0.0, error));
                    }
                }
                (Err(error), _) => return Err(error),
                _ => {}
            }
        }
        drop(reads);
        let left_files = files.iter().filter(|(_, name)| of_no_job(name));
        let left_files = left_files.map(|(folder, name)| format!("{folder}/{name}"));
        let left_ends = left_ends.iter().map(|name| format!("{ENDS}/{name}"));
        self.store.delete_all(left_ends.chain(left_files).collect()).await?;
        Ok(jobs.into_iter().map(|(id, (record, ends))| StoredJob { id, record, ends }).collect())
    }

    /// Stores a new job.
    ///
    /// # Errors
    /// The store failed; then the job isn't stored.
    pub(super) async fn create(&self, id: &str, record: &JobRecord) -> Result<(), StoreError> {
        self.store.create(&format!("{REQUESTS}/{id}"), &json(record)).await
    }

    /// Reads what a job speaks.
    ///
    /// # Errors
    /// The store failed, or the record is damaged.
    pub(super) async fn record(&self, id: &str) -> Result<Option<JobRecord>, StoreError> {
        self.read(&format!("{REQUESTS}/{id}")).await
    }

    /// Stores a file of an item, in place of what an earlier try may have left.
    ///
    /// # Errors
    /// The store failed; then the earlier file is there, or the complete new one.
    pub(super) async fn put(
        &self,
        product: Product,
        id: &str,
        number: usize,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.store.replace(&product.key(id, number), bytes).await
    }

    /// Stores the end of an item: from now on it isn't spoken again.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn put_end(&self, id: &str, number: usize, end: &EndRecord) -> Result<(), StoreError> {
        self.store.replace(&format!("{ENDS}/{id}.{number}"), &json(end)).await
    }

    /// Reads a file of an item.
    ///
    /// # Errors
    /// The store failed, or the file is damaged.
    pub(super) async fn get(
        &self,
        product: Product,
        id: &str,
        number: usize,
    ) -> Result<Option<Bytes>, StoreError> {
        self.store.get(&product.key(id, number)).await
    }

    /// Deletes a job. It goes before its items, so that it isn't continued after a crash.
    ///
    /// # Errors
    /// The store failed; then the job is still there.
    pub(super) async fn delete(&self, id: &str) -> Result<(), StoreError> {
        self.store.delete(&format!("{REQUESTS}/{id}")).await
    }

    /// Deletes the ends and the files of a deleted job's items.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn delete_items(&self, id: &str, items: usize) -> Result<(), StoreError> {
        self.store.delete_all((0..items).flat_map(|number| keys_of_item(id, number)).collect()).await
    }

    /// Deletes the end and the files of an item.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn delete_item(&self, id: &str, number: usize) -> Result<(), StoreError> {
        self.store.delete_all(keys_of_item(id, number).collect()).await
    }

    async fn end(&self, name: &str) -> Result<Option<EndRecord>, StoreError> {
        self.read(&format!("{ENDS}/{name}")).await
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.store.get(key).await? else { return Ok(None) };
        let reason = "its version is unknown";
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| StoreError::Damaged { key: key.to_owned(), reason })
    }
}

/// The keys of all objects that an item may have.
fn keys_of_item(id: &str, number: usize) -> impl Iterator<Item = String> + use<> {
    let end = format!("{ENDS}/{id}.{number}");
    std::iter::once(end).chain(Product::ALL.map(|product| product.key(id, number)))
}

/// A record as JSON. This can't fail: its keys are strings, its numbers finite.
pub(super) fn json(record: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("the keys of records are strings")
}

/// Whether a name has the form of those of items.
fn is_of_item(name: &str) -> bool {
    parts(name).is_some_and(|(id, _)| is_id(id))
}

/// The id and the number in `id.number`.
fn parts(name: &str) -> Option<(&str, usize)> {
    let (id, number) = name.split_once('.')?;
    Some((id, number.parse().ok()?))
}
