//! The cache: audio of earlier requests, for requests that are the same.
//!
//! A request has a [`Key`] of everything that shapes its audio. A file in memory is served at once. If the same file is
//! being generated, the request joins and reads it from its beginning. Otherwise it comes from the store or is
//! generated. A generation runs for as long as it has listeners. Failures aren't cached.

mod buffer;
mod flight;
mod key;
mod tier;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, Weak},
};

use bytes::Bytes;
use futures::FutureExt;
use moka::{future::Cache as Memory, policy::EvictionPolicy};
use tracing::Instrument;

pub use self::key::Key;
use self::{flight::Flight, tier::Tier};
pub(crate) use self::{
    flight::{Head, Listener},
    key::Shaped,
};
use crate::{
    CacheResult, ServiceError,
    config::CacheConfig,
    lock::lock,
    metrics::CacheMetrics,
    store::{Store, StoreError},
};

/// Bytes of an entry besides its file: about this many in memory, at most this many in the store.
pub const ENTRY_OVERHEAD_BYTES: usize = 512;

/// A complete file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The file.
    pub(crate) body: Bytes,
    /// Why the speech ended, if the response reports it.
    pub(crate) finish: Option<String>,
}

/// The result of a lookup.
pub(crate) enum Found {
    /// The complete file.
    Entry(Entry),
    /// The file is being generated for another request.
    Joined(Listener),
    /// The file is being generated for this request, or read from the store.
    Started(Listener),
}

/// Writes a file that is being generated.
pub(crate) struct Sink(Arc<Flight>);

impl Sink {
    /// Sets what is known about the file, before its first bytes.
    pub(crate) fn head(&self, head: Head) {
        self.0.set_head(head);
    }

    /// Appends the next bytes; waits if listeners are too far behind.
    pub(crate) async fn push(&self, bytes: Bytes) {
        self.0.push(bytes).await;
    }
}

/// The cache of a server.
pub(crate) struct Cache {
    memory: Memory<Key, Entry>,
    tier: Option<Tier>,
    flights: Mutex<HashMap<Key, Weak<Flight>>>,
    entry_bytes: usize,
    unseeded: bool,
    metrics: CacheMetrics,
}

impl Cache {
    /// A cache as configured, with a second tier if there is a store.
    pub(crate) fn new(config: &CacheConfig, store: Option<Store>, metrics: CacheMetrics) -> Self {
        let weight = |entry: &Entry| entry.body.len().saturating_add(ENTRY_OVERHEAD_BYTES);
        let ttl = config.ttl_seconds.duration();
        let memory = Memory::builder()
            .max_capacity(config.memory_bytes)
            .weigher(move |_: &Key, entry: &Entry| u32::try_from(weight(entry)).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(ttl)
            .build();
        Self {
            memory,
            tier: store.map(|store| Tier::new(store, config.store_bytes, ttl)),
            flights: Mutex::default(),
            entry_bytes: config.entry_bytes,
            unseeded: config.unseeded,
            metrics,
        }
    }

    /// Whether requests with this seed, or without one, are cached.
    pub(crate) fn keeps(&self, seed: Option<u64>) -> bool {
        self.unseeded || seed.is_some()
    }

    /// Looks up a key. If there is nothing, runs `make` in its own task, once for all requests with this key.
    pub(crate) async fn find<M>(self: &Arc<Self>, key: Key, make: impl FnOnce(Sink) -> M) -> Found
    where
        M: Future<Output = Result<(), ServiceError>> + Send + 'static,
    {
        if let Some(entry) = self.memory.get(&key).await {
            self.metrics.asked(CacheResult::Hit);
            return Found::Entry(entry);
        }
        let (flight, listener) = {
            let mut flights = self.flights();
            if let Some(listener) = flights.get(&key).and_then(Weak::upgrade).and_then(|flight| flight.join())
            {
                drop(flights);
                self.metrics.asked(CacheResult::Join);
                return Found::Joined(listener);
            }
            let flight = Flight::new(self.entry_bytes);
            let listener = flight.join();
            flights.insert(key, Arc::downgrade(&flight));
            (flight, listener)
        };
        let landing = Landing { cache: Arc::clone(self), key, flight: Arc::clone(&flight) };
        let making = make(Sink(Arc::clone(&flight)));
        let task = tokio::spawn(async move { landing.fly(making).await }.in_current_span());
        flight.written_by(task.abort_handle());
        Found::Started(listener.expect("a new flight can be joined"))
    }

    /// Stores a file that was generated.
    async fn keep(&self, key: Key, entry: Entry) {
        if entry.body.len() > self.entry_bytes {
            return;
        }
        self.memory.insert(key, entry.clone()).await;
        if let Some(tier) = &self.tier
            && let Err(error) = tier.put(key, &entry).await
        {
            self.store_failed(&error);
        }
    }

    /// The files in memory now, and their bytes.
    pub(crate) fn in_memory(&self) -> (u64, u64) {
        // What has expired or is too much goes when this runs. It waits for nothing but another that does the same.
        let _ = self.memory.run_pending_tasks().now_or_never();
        (self.memory.entry_count(), self.memory.weighted_size())
    }

    async fn stored(&self, key: Key) -> Option<Entry> {
        let read = self.tier.as_ref()?.get(key).await;
        read.unwrap_or_else(|error| {
            self.store_failed(&error);
            None
        })
    }

    fn store_failed(&self, error: &StoreError) {
        self.metrics.store_failed();
        tracing::warn!(%error, "the cache's store failed");
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Key, Weak<Flight>>> {
        lock(&self.flights)
    }
}

/// Takes a flight to its end. However it ends, every listener gets an end and the key is free again.
struct Landing {
    cache: Arc<Cache>,
    key: Key,
    flight: Arc<Flight>,
}

impl Landing {
    async fn fly(self, making: impl Future<Output = Result<(), ServiceError>>) {
        if let Some(Entry { body, finish }) = self.cache.stored(self.key).await {
            self.cache.metrics.asked(CacheResult::Hit);
            self.flight.set_head(Head { server_timing: None, finish: finish.clone(), stored: true });
            self.flight.push(body.clone()).await;
            self.flight.finish(Ok(()));
            self.cache.memory.insert(self.key, Entry { body, finish }).await;
            return;
        }
        self.cache.metrics.asked(CacheResult::Miss);
        let end = making.await;
        let well = end.is_ok();
        self.flight.finish(end);
        if let (true, Some(body)) = (well, self.flight.whole()) {
            let finish = self.flight.head().finish;
            self.cache.keep(self.key, Entry { body, finish }).await;
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        // Only counts if the task was aborted or panicked: listeners would wait for ever.
        self.flight.finish(Err(ServiceError::internal("the generation of this speech was aborted")));
        let mut flights = self.cache.flights();
        if flights.get(&self.key).is_some_and(|flight| flight.as_ptr() == Arc::as_ptr(&self.flight)) {
            flights.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
