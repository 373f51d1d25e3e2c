//! The second tier: files in a directory or an object store, which replicas share and which survive restarts.
//!
//! Its failures never fail a request: they are logged and counted, and the audio is generated again.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{Entry, key::Key};
use crate::store::{Store, StoreError, StoredValue};

const FOLDER: &str = "cache";
/// The most files that [`Tier::make_room`] lists.
const LISTED: usize = 100_000;
/// Room is made each time that this fraction of the bound, `1 / SWEEPS_PER_BOUND`, was written.
const SWEEPS_PER_BOUND: u64 = 16;

/// Cached files in one folder of a store.
pub(super) struct Tier {
    store: Store,
    max_bytes: u64,
    ttl: Duration,
    /// Bytes written since room was last made.
    written_bytes: AtomicU64,
}

/// The line of JSON before the file. Fields may be added; none changes its meaning.
#[derive(Deserialize)]
struct Preamble {
    created_unix_s: u64,
    finish: Option<String>,
}

impl Tier {
    pub(super) fn new(store: Store, max_bytes: u64, ttl: Duration) -> Self {
        // So that the first write counts the files of earlier processes.
        Self { store, max_bytes, ttl, written_bytes: AtomicU64::new(u64::MAX / 2) }
    }

    /// The file of a key.
    ///
    /// # Errors
    /// The store failed, or the file is damaged; a damaged file is deleted.
    pub(super) async fn get(&self, key: Key) -> Result<Option<Entry>, StoreError> {
        let name = name(key);
        let sealed = match self.store.get(&name).await {
            Ok(Some(sealed)) => sealed,
            Ok(None) => return Ok(None),
            Err(error) => {
                if matches!(error, StoreError::Damaged { .. }) {
                    self.store.delete(&name).await?;
                }
                return Err(error);
            }
        };
        let found = parse(&sealed).filter(|(head, _)| {
            let age = unix_time().saturating_sub(Duration::from_secs(head.created_unix_s));
            age < self.ttl
        });
        let Some((head, body)) = found else {
            self.store.delete(&name).await?;
            return Ok(None);
        };
        Ok(Some(Entry { body, finish: head.finish }))
    }

    /// Stores a file.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn put(&self, key: Key, entry: &Entry) -> Result<(), StoreError> {
        let head = json!({"created_unix_s": unix_time().as_secs(), "finish": entry.finish});
        let value = [format!("{head}\n").as_bytes(), &entry.body].concat();
        match self.store.create(&name(key), &value).await {
            // Another replica was faster.
            Ok(()) | Err(StoreError::Exists { .. }) => {}
            Err(error) => return Err(error),
        }
        let bytes = value.len() as u64;
        let written = self.written_bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if written < self.max_bytes / SWEEPS_PER_BOUND {
            return Ok(());
        }
        self.written_bytes.store(0, Ordering::Relaxed);
        self.make_room().await
    }

    /// Deletes files that are too old, and the oldest ones above the bound.
    async fn make_room(&self) -> Result<(), StoreError> {
        // Whatever has another name isn't ours to delete.
        let files = self.store.values(FOLDER, LISTED, is_name).await?;
        for key in too_much(files, unix_time(), self.ttl, self.max_bytes) {
            self.store.delete(&format!("{FOLDER}/{key}")).await?;
        }
        Ok(())
    }
}

fn name(key: Key) -> String {
    format!("{FOLDER}/{key}")
}

/// Whether a file's name is that of a [`Key`].
fn is_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn parse(sealed: &Bytes) -> Option<(Preamble, Bytes)> {
    let line = sealed.iter().position(|byte| *byte == b'\n')?;
    let head = serde_json::from_slice(sealed.get(..line)?).ok()?;
    Some((head, sealed.slice(line + 1..)))
}

/// The keys of files to delete so that the rest is younger than `ttl` and within `max_bytes`.
fn too_much(mut files: Vec<StoredValue>, now: Duration, ttl: Duration, max_bytes: u64) -> Vec<String> {
    files.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| a.key.cmp(&b.key)));
    let mut kept_bytes = 0u64;
    files.retain(|file| {
        let bytes = kept_bytes.saturating_add(file.bytes);
        let stays = now.saturating_sub(file.modified) < ttl && bytes <= max_bytes;
        if stays {
            kept_bytes = bytes;
        }
        !stays
    });
    files.into_iter().map(|file| file.key).collect()
}

fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_old_and_surplus_files_go(
            files in prop::collection::vec((0u64..100, 1u64..50), 0..30), ttl in 1u64..120, max in 0u64..400
        ) {
            let all: Vec<StoredValue> = files.iter().enumerate().map(|(n, (modified, bytes))| StoredValue {
                key: n.to_string(), modified: Duration::from_secs(*modified), bytes: *bytes,
            }).collect();
            let (now, ttl) = (Duration::from_secs(100), Duration::from_secs(ttl));
            let gone = too_much(all.clone(), now, ttl, max);
            let (gone, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(|file| gone.contains(&file.key));
            let bytes: u64 = kept.iter().map(|file| file.bytes).sum();
            prop_assert!(bytes <= max);
            prop_assert!(kept.iter().all(|file| now - file.modified < ttl));
            for file in gone.iter().filter(|file| now - file.modified < ttl) {
                prop_assert!(bytes + file.bytes > max, "{} would have had room", file.key);
            }
        }
    }
}
