//! The second tier: files in a directory or an object store, which replicas share and which survive restarts.
//!
//! Its failures never fail a request: they are logged and counted, and the audio is generated again.

use std::{
    collections::BinaryHeap,
    ops::ControlFlow,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::{Entry, key::Key};
use crate::{
    clock::unix_now,
    store::{Store, StoreError, StoredValue},
};

const FOLDER: &str = "cache";
/// The most files that [`Tier::make_room`] remembers: the oldest ones. Further ones are only counted.
const OLDEST: usize = 100_000;
/// Room is made each time that this fraction of the bound, `1 / SWEEPS_PER_BOUND`, was written.
const SWEEPS_PER_BOUND: u64 = 16;

/// Cached files in one folder of a store.
pub(super) struct Tier {
    store: Store,
    max_bytes: u64,
    ttl: Duration,
    /// Bytes written since room was last made.
    written_bytes: AtomicU64,
    /// Held while room is made.
    sweeping: Mutex<()>,
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
        Self {
            store,
            max_bytes,
            ttl,
            written_bytes: AtomicU64::new(u64::MAX / 2),
            sweeping: Mutex::default(),
        }
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
            let age = unix_now().saturating_sub(Duration::from_secs(head.created_unix_s));
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
        let head = json!({"created_unix_s": unix_now().as_secs(), "finish": entry.finish});
        let value = [format!("{head}\n").as_bytes(), &entry.body].concat();
        match self.store.create(&name(key), &value).await {
            // Another replica was faster.
            Ok(()) | Err(StoreError::Exists { .. }) => {}
            Err(error) => return Err(error),
        }
        self.written_bytes.fetch_add(value.len() as u64, Ordering::Relaxed);
        // If another makes room, this file is counted for the next time.
        let Ok(_sweeping) = self.sweeping.try_lock() else { return Ok(()) };
        let due = self.max_bytes / SWEEPS_PER_BOUND;
        if self.written_bytes.load(Ordering::Relaxed) < due {
            return Ok(());
        }
        self.written_bytes.store(0, Ordering::Relaxed);
        let made = self.make_room().await;
        if !matches!(made, Ok(true)) {
            // Soon again; but not with each file, as a listing takes its time.
            self.written_bytes.fetch_add(due - due / SWEEPS_PER_BOUND, Ordering::Relaxed);
        }
        made.map(drop)
    }

    /// Deletes files that are too old, and the oldest ones above the bound. Whether the rest is within it.
    async fn make_room(&self) -> Result<bool, StoreError> {
        let mut found = Found::new(OLDEST);
        // Whatever has another name isn't ours to delete.
        self.store
            .each_page(FOLDER, is_name, |page| {
                page.into_iter().for_each(|file| found.add(file));
                ControlFlow::Continue(())
            })
            .await?;
        let newer_bytes = found.newer_bytes;
        let room = self.max_bytes.saturating_sub(newer_bytes);
        let gone = too_much(found.into_oldest(), unix_now(), self.ttl, room);
        self.store.delete_all(gone.into_iter().map(|key| format!("{FOLDER}/{key}")).collect()).await?;
        let within = newer_bytes <= self.max_bytes;
        if !within {
            tracing::warn!(
                files = OLDEST,
                "the cache's store is above its limit by more files than are deleted at once"
            );
        }
        Ok(within)
    }
}

/// The files of a listing, however many: the oldest ones, and how much the others are.
struct Found {
    most: usize,
    /// By age, key and bytes; the newest of them on top.
    oldest: BinaryHeap<(Duration, String, u64)>,
    newer_bytes: u64,
}

impl Found {
    fn new(most: usize) -> Self {
        Self { most, oldest: BinaryHeap::new(), newer_bytes: 0 }
    }

    fn add(&mut self, file: StoredValue) {
        self.oldest.push((file.modified, file.key, file.bytes));
        if self.oldest.len() > self.most
            && let Some((_, _, bytes)) = self.oldest.pop()
        {
            self.newer_bytes = self.newer_bytes.saturating_add(bytes);
        }
    }

    fn into_oldest(self) -> Vec<StoredValue> {
        let values = self.oldest.into_iter();
        values.map(|(modified, key, bytes)| StoredValue { key, bytes, modified }).collect()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However many files there are, the bytes of those that aren't remembered count, and the oldest go.
        #[test]
        fn more_files_than_are_remembered_count(
            files in prop::collection::vec((0u64..100, 1u64..50), 1..40), most in 1usize..10, max in 0u64..400
        ) {
            let mut found = Found::new(most);
            let all: u64 = files.iter().map(|(_, bytes)| bytes).sum();
            for (n, (modified, bytes)) in files.iter().enumerate() {
                let modified = Duration::from_secs(*modified);
                found.add(StoredValue { key: n.to_string(), modified, bytes: *bytes });
            }
            let newer = found.newer_bytes;
            let oldest = found.into_oldest();
            prop_assert_eq!(oldest.len(), most.min(files.len()));
            prop_assert_eq!(newer + oldest.iter().map(|file| file.bytes).sum::<u64>(), all);
            let last = oldest.iter().map(|file| file.modified.as_secs()).max().unwrap();
            prop_assert!(files.iter().filter(|(modified, _)| *modified < last).count() <= most);
            let ttl = Duration::MAX;
            let gone = too_much(oldest.clone(), Duration::from_secs(100), ttl, max.saturating_sub(newer));
            let freed: u64 = oldest.iter().filter(|file| gone.contains(&file.key)).map(|file| file.bytes).sum();
            prop_assert!(all - freed <= max.max(newer));
        }

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
