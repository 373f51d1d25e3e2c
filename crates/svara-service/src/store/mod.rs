//! Storage that survives the process and that replicas share: a directory, or S3-compatible storage.
//!
//! A value is one object: a head with its SHA-256, then the bytes. It is written in one step (a file that is renamed
//! into place after an fsync, or a single PUT), so a crash at any point leaves the old state or the new one. Every
//! read checks the sum, so a damaged value is an error and never returned. Files that a crash in the middle of a write
//! leaves in a directory are removed when a store is opened there an hour later or more.

mod alone;
mod envelope;
#[cfg(test)]
pub(crate) mod faulty;
mod health;
pub(crate) mod id;
mod leftovers;
mod listing;
mod pages;
mod place;
#[cfg(test)]
mod tests;

use std::{
    fs::DirBuilder,
    future::{pending, ready},
    io::{self, ErrorKind},
    ops::ControlFlow,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use object_store::{
    ClientConfigKey, Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    local::LocalFileSystem,
    path::Path,
    prefix::PrefixStore,
};

pub use self::health::StoreFailures;
pub(crate) use self::place::check_url;
pub use self::place::directory;
use self::{
    alone::{Alone, LockError},
    health::{Asked, Health},
    place::{Place, shown},
};

/// How long one operation may take beside what its bytes take, retries included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The slowest storage that is waited for. Large values would never get through it in the time that a small one has.
const LEAST_BYTES_PER_MS: u64 = 1000;
/// Operations of one task that run at once.
const AT_ONCE: usize = 16;
/// Deletions that may fail before the rest isn't tried.
const MOST_FAILURES: usize = 100;

/// A key-value store. Clones share it.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// The directory in which the objects are files, if they are.
    directory: Option<Arc<PathBuf>>,
    max_value_bytes: usize,
    /// The lock of a directory that nobody else may use, held as long as the store is.
    alone: Option<Arc<Alone>>,
    health: Option<Arc<Health>>,
}

/// What is known about a value without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredValue {
    /// Its key, without the folder.
    pub key: String,
    /// Its size in bytes, including the head.
    pub bytes: u64,
    /// When it was written: time since 1970.
    pub modified: Duration,
}

/// Why an operation of a store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store can't be opened as configured.
    #[error("storage {url:?}: {reason}")]
    Open {
        /// The configured URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// Another server has it for itself.
    #[error("storage {url:?}: another server uses it")]
    InUse {
        /// The configured URL.
        url: String,
    },
    /// The storage doesn't answer, or refuses.
    #[error("the storage failed: {reason}")]
    Unavailable {
        /// The reason it gave.
        reason: String,
    },
    /// The storage has no room left.
    #[error("the storage is full: {reason}")]
    Full {
        /// The reason it gave.
        reason: String,
    },
    /// The value differs from what was written.
    #[error("{key} is damaged: {reason}")]
    Damaged {
        /// Its key.
        key: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The key exists already.
    #[error("{key} exists already")]
    Exists {
        /// The key.
        key: String,
    },
    /// The value is larger than allowed.
    #[error("a value of {bytes} bytes is larger than the {max_bytes} allowed")]
    TooLarge {
        /// Its size, in bytes.
        bytes: usize,
        /// The largest size allowed, in bytes.
        max_bytes: usize,
    },
}

impl Store {
    /// Opens `file:///directory` (or a path), which is created if it doesn't exist, or `s3://bucket/prefix`, with
    /// endpoint, region and credentials from the `AWS_*` variables. Values have at most `max_value_bytes`.
    ///
    /// # Errors
    /// [`StoreError::Open`]. Remote storage isn't contacted yet.
    pub fn open(url: &str, max_value_bytes: usize) -> Result<Self, StoreError> {
        let failed = |reason: String| StoreError::Open { url: shown(url), reason };
        let (objects, directory): (Arc<dyn ObjectStore>, _) = match Place::of(url) {
            Ok(Place::Directory(directory)) => {
                create_private(directory).map_err(|error| failed(error.to_string()))?;
                remove_leftovers(directory);
                let files = LocalFileSystem::new_with_prefix(directory);
                let files = files.map_err(|error| failed(error.to_string()))?.with_fsync(true);
                (Arc::new(files), Some(Arc::new(PathBuf::from(directory))))
            }
            Ok(Place::Bucket { bucket, prefix }) => {
                let retry =
                    RetryConfig { max_retries: 2, retry_timeout: TIMEOUT / 2, ..RetryConfig::default() };
                let time = format!("{} s", time_for(max_value_bytes).as_secs());
                let bucket = AmazonS3Builder::from_env()
                    .with_bucket_name(bucket)
                    .with_retry(retry)
                    .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), time)
                    .build();
                let prefix = Path::parse(prefix).map_err(|error| failed(error.to_string()))?;
                let bucket = bucket.map_err(|error| failed(error.to_string()))?;
                (Arc::new(PrefixStore::new(bucket, prefix)), None)
            }
            Err(expected) => return Err(failed(expected.to_owned())),
        };
        Ok(Self { objects, directory, max_value_bytes, alone: None, health: None })
    }

    /// As [`Self::open`], for one server alone: a directory is locked until the store and all its clones are dropped, and
    /// every operation fails once it was removed or replaced. A bucket has no lock.
    ///
    /// # Errors
    /// As [`Self::open`], or another server uses the directory.
    pub fn open_alone(url: &str, max_value_bytes: usize) -> Result<Self, StoreError> {
        let failed = |reason: String| StoreError::Open { url: shown(url), reason };
        let Ok(Place::Directory(directory)) = Place::of(url) else {
            return Self::open(url, max_value_bytes);
        };
        create_private(directory).map_err(|error| failed(error.to_string()))?;
        let alone = Alone::lock(directory.as_ref()).map_err(|error| match error {
            LockError::InUse => StoreError::InUse { url: shown(url) },
            LockError::Failed(reason) => failed(reason),
        })?;
        Ok(Self { alone: Some(Arc::new(alone)), ..Self::open(url, max_value_bytes)? })
    }

    /// Has the log say by this name when the store fails and when it works again, and counts its failures.
    #[must_use]
    pub fn watched(self, name: &'static str, failures: &StoreFailures) -> Self {
        Self { health: Some(Health::new(name, failures)), ..self }
    }

    /// Carries an operation out in its time. Before and after it, a directory that is locked must still be the locked one:
    /// what another server may have made of it is neither read nor changed.
    async fn guarded<T>(&self, time: Duration, operation: impl Future<Output = T>) -> Result<T, StoreError> {
        self.is_ours().await?;
        let done = in_time(time, operation).await?;
        self.is_ours().await?;
        Ok(done)
    }

    async fn is_ours(&self) -> Result<(), StoreError> {
        let Some(alone) = self.alone.clone() else { return Ok(()) };
        let checking = async {
            match tokio::task::spawn_blocking(move || alone.check()).await {
                Ok(checked) => checked,
                // The runtime stops, and this task with it: that says nothing of the store.
                Err(ended) if ended.is_cancelled() => pending().await,
                Err(ended) => Err(ended.to_string()),
            }
        };
        in_time(TIMEOUT, checking).await?.map_err(|reason| StoreError::Unavailable { reason })
    }

    fn noted<T>(&self, asked: Asked, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Some(health) = &self.health {
            health.note(asked, &result);
        }
        result
    }

    /// Writes a new value; once this returns, it is stored durably.
    ///
    /// # Errors
    /// The value is too large, the key exists, or the storage failed; then there is no value, or the complete one.
    pub async fn create(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        if value.len() > self.max_value_bytes {
            return Err(StoreError::TooLarge { bytes: value.len(), max_bytes: self.max_value_bytes });
        }
        let (path, payload) = (Path::from(key), PutPayload::from(envelope::seal(value)));
        let put = self.objects.put_opts(&path, payload, PutMode::Create.into());
        let put = self.guarded(time_for(value.len()), put).await;
        self.noted(
            Asked::Write,
            put.and_then(|put| match put {
                Ok(_) => Ok(()),
                Err(Error::AlreadyExists { .. }) => Err(StoreError::Exists { key: key.to_owned() }),
                Err(error) => Err(unavailable(&error)),
            }),
        )
    }

    /// Writes a value, new or in place of another; once this returns, it is stored durably.
    ///
    /// # Errors
    /// The value is too large, or the storage failed; then the old value is there, or the complete new one.
    pub async fn replace(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        if value.len() > self.max_value_bytes {
            return Err(StoreError::TooLarge { bytes: value.len(), max_bytes: self.max_value_bytes });
        }
        let (path, payload) = (Path::from(key), PutPayload::from(envelope::seal(value)));
        let put = self.objects.put_opts(&path, payload, PutMode::Overwrite.into());
        let put = self.guarded(time_for(value.len()), put).await;
        self.noted(Asked::Write, put.and_then(|put| put.map(drop).map_err(|error| unavailable(&error))))
    }

    /// The value of a key, checked; `None` where there is none.
    ///
    /// # Errors
    /// The value is damaged, or the storage failed.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        self.noted(Asked::Read, self.read(key).await)
    }

    async fn read(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let damaged = |reason| StoreError::Damaged { key: key.to_owned(), reason };
        let path = Path::from(key);
        let found = match self.guarded(TIMEOUT, self.objects.get(&path)).await? {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(unavailable(&error)),
        };
        // Checked before any of it is in memory.
        let bytes = usize::try_from(found.meta.size).unwrap_or(usize::MAX);
        if bytes > self.max_value_bytes.saturating_add(envelope::HEAD_BYTES) {
            return Err(damaged("it is larger than the largest value"));
        }
        match self.guarded(time_for(bytes), found.bytes()).await? {
            Ok(sealed) => envelope::open(&sealed).map(Some).map_err(damaged),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Deletes a value, if it exists.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let path = Path::from(key);
        let deleted =
            self.guarded(TIMEOUT, self.objects.delete(&path)).await.and_then(|deleted| match deleted {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(unavailable(&error)),
            });
        self.noted(Asked::Delete, deleted)
    }

    /// Deletes these values, as far as they exist, some at once. One that can't be deleted keeps no other, unless many can't.
    ///
    /// # Errors
    /// The first failure.
    pub async fn delete_all(&self, keys: Vec<String>) -> Result<(), StoreError> {
        let deletions = stream::iter(keys).map(async |key| self.delete(&key).await);
        let failures = deletions.buffer_unordered(AT_ONCE).filter_map(|deleted| ready(deleted.err()));
        let failures: Vec<StoreError> = failures.take(MOST_FAILURES).collect().await;
        failures.into_iter().next().map_or(Ok(()), Err)
    }

    /// Up to `limit` keys in a folder, in no particular order, without the folder's name. Files whose names aren't `is_ours`
    /// are left out, and don't count.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn keys(
        &self,
        folder: &str,
        limit: usize,
        is_ours: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Result<Vec<String>, StoreError> {
        let mut keys = Vec::new();
        self.each_page(folder, is_ours, |page| {
            let room = limit - keys.len();
            keys.extend(page.into_iter().take(room).map(|value| value.key));
            if keys.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .await?;
        Ok(keys)
    }

    /// Shows `see` the values in a folder, in no particular order and without the folder's name, until it breaks off: some
    /// hundreds at a time. Files whose names aren't `is_ours` are left out.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn each_page(
        &self,
        folder: &str,
        is_ours: impl Fn(&str) -> bool + Send + Sync + 'static,
        see: impl FnMut(Vec<StoredValue>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.noted(Asked::Read, self.list(folder, is_ours, see).await)
    }
}

/// Creates a directory that only this user may enter, unless it is there.
fn create_private(directory: &str) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Removes leftovers of interrupted writes. The store works with them, too: a failure is only logged.
fn remove_leftovers(directory: &str) {
    match leftovers::remove(directory.as_ref()) {
        Ok(0) => {}
        Ok(files) => tracing::info!(directory, files, "removed files of interrupted writes"),
        Err(error) => tracing::warn!(directory, %error, "can't remove files of interrupted writes"),
    }
}

/// How long reading or writing a value of this many bytes may take.
fn time_for(bytes: usize) -> Duration {
    TIMEOUT + Duration::from_millis(bytes as u64 / LEAST_BYTES_PER_MS)
}

async fn in_time<T>(time: Duration, operation: impl Future<Output = T>) -> Result<T, StoreError> {
    let late = |_| StoreError::Unavailable { reason: format!("no answer in {} s", time.as_secs()) };
    tokio::time::timeout(time, operation).await.map_err(late)
}

fn unavailable(error: &Error) -> StoreError {
    let reason = error.to_string().chars().take(300).collect();
    let mut causes = std::iter::successors(Some(error as &dyn std::error::Error), |cause| cause.source());
    let is_full = causes.any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge))
    });
    if is_full { StoreError::Full { reason } } else { StoreError::Unavailable { reason } }
}
