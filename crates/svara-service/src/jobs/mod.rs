//! Jobs: speech in the background, for long texts and batches.
//!
//! A job is on the shelf before its caller gets its id, and stays there until it is deleted or expires. After a
//! restart, the items that were not over are continued. Keys take turns; of a key's items, those of the oldest job go
//! first. An item that fails waits for its next try while others are spoken.

mod book;
mod cuts;
mod delete;
mod dictionaries;
mod draft;
mod item;
mod job;
mod parts;
mod place;
mod record;
mod retry;
mod shelf;
mod speech;
mod unfinished;
mod worker;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::{
    sync::{Notify, OnceCell, Semaphore},
    task::AbortHandle,
    time::Instant,
};

use self::{
    book::Book,
    job::Turn,
    place::Place,
    record::JobRecord,
    retry::Outage,
    shelf::Shelf,
    unfinished::{Stash, Unfinished},
};
pub use self::{
    draft::Draft,
    item::{Item, ItemProgress},
    job::{Job, Overview},
    record::{EndRecord, FailureRecord, ItemSummary, Summary},
    shelf::Product,
};
use crate::{
    Caller, ErrorKind, NotSetUp, ServiceError, Speaker,
    callers::{Charge, Cost},
    clock::unix_now,
    config::JobsConfig,
    finish::to_the_end,
    lock::lock,
    metrics::JobMetrics,
    store::{Store, StoreError},
};

/// Completes once no new item may be started; the remaining items are continued after the next start.
pub type Draining = Shared<BoxFuture<'static, ()>>;

/// How often expired jobs are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// For how long a failure to load the jobs answers further requests, so that they don't wait for the store one after the
/// other.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// The largest record of a job, in bytes: about as large as the largest request body.
const MIN_VALUE_BYTES: usize = 64 * 1024 * 1024;
/// JSON for the time of one character: about 55 bytes, with room for texts that are longer spoken than written.
const TIMES_BYTES_PER_CHARACTER: usize = 128;

/// The jobs of a service.
pub struct Jobs {
    /// Where jobs are stored, or why there are no jobs.
    shelf: Result<Shelf, NotSetUp>,
    config: JobsConfig,
    book: Mutex<Book>,
    /// Whether the jobs of earlier processes are loaded.
    loaded: OnceCell<()>,
    /// Why they couldn't be when it was last tried, and when that was.
    not_loaded: Mutex<Option<(Instant, ServiceError)>>,
    /// Notified when there is something to speak.
    wake: Notify,
    running: Mutex<HashMap<(String, usize), AbortHandle>>,
    /// What was made of items that wait for their next turn. Locked while the book is, never the other way round.
    stash: Mutex<Stash>,
    outage: Mutex<Outage>,
    /// Turns of deletions, each of which goes on without its client.
    deletions: Arc<Semaphore>,
    metrics: JobMetrics,
}

/// The largest value that the job store has to accept, in bytes.
pub fn max_value_bytes(config: &JobsConfig) -> usize {
    let times_bytes = config.job_characters.saturating_mul(TIMES_BYTES_PER_CHARACTER);
    config.audio_bytes.max(times_bytes).max(MIN_VALUE_BYTES + dictionaries::MAX_BYTES)
}

impl Jobs {
    /// Jobs in this store. Without one, every operation that needs it fails with the reason.
    pub(crate) fn new(store: Result<Store, NotSetUp>, config: &JobsConfig, metrics: JobMetrics) -> Self {
        Self {
            shelf: store.map(Shelf::new),
            config: config.clone(),
            book: Mutex::default(),
            loaded: OnceCell::new(),
            not_loaded: Mutex::default(),
            wake: Notify::new(),
            running: Mutex::default(),
            stash: Mutex::new(Stash::new(config.audio_bytes.saturating_mul(2))),
            outage: Mutex::default(),
            deletions: Arc::new(Semaphore::new(delete::AT_ONCE)),
            metrics,
        }
    }

    /// Starts loading jobs and speaking their items, for as long as the async runtime lives.
    pub(crate) fn run(self: &Arc<Self>, speaker: &Arc<Speaker>, draining: &Draining) {
        if self.shelf.is_err() {
            return;
        }
        for _ in 0..self.config.concurrent {
            tokio::spawn(worker::work(Arc::clone(self), Arc::clone(speaker), draining.clone()));
        }
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let mut failures = 0;
            loop {
                let pause = match this.sweep().await {
                    Ok(()) => {
                        failures = 0;
                        None
                    }
                    Err(error) => {
                        tracing::error!(reason = error.reason(), "the job store failed");
                        failures += 1;
                        retry::pause_after(failures)
                    }
                };
                // No event marks a job's expiry, and a store that failed gets a pause.
                tokio::time::sleep(pause.unwrap_or(SWEEP_EVERY)).await;
            }
        });
    }

    /// The limits of a job.
    pub fn limits(&self) -> &JobsConfig {
        &self.config
    }

    /// Creates the draft's job for its caller and charges its characters; its items are spoken when their turn comes. Once
    /// the job has its place, this goes on if the client leaves; `told` learns how it ends.
    ///
    /// # Errors
    /// The draft is empty, the caller's quota is used up, there is no store or no room, or the store failed. No job is
    /// created then.
    pub async fn create(
        self: &Arc<Self>,
        draft: Draft<'_>,
        told: impl FnOnce(&Result<(String, Job), ServiceError>) + Send + 'static,
    ) -> Result<(String, Job), ServiceError> {
        match self.prepare(draft).await {
            Ok((place, record, charge)) => {
                let work = async move { place.fill(&record, charge).await };
                to_the_end(work, told).await
            }
            Err(error) => {
                let refused = Err(error);
                told(&refused);
                refused
            }
        }
    }

    /// Takes all that the draft's job needs.
    async fn prepare(self: &Arc<Self>, draft: Draft<'_>) -> Result<(Place, JobRecord, Charge), ServiceError> {
        let (caller, items, dictionaries, characters) = draft.finish()?;
        let charge = caller.charge(Cost::of_text(characters as u64))?;
        self.ready().await?;
        let place = Place::take(self, caller.key_name())?;
        let owner = caller.key_name().map(str::to_owned);
        let record = JobRecord { created_unix_s: unix_now().as_secs(), owner, dictionaries, items };
        Ok((place, record, charge))
    }

    /// The caller's job with this id.
    ///
    /// # Errors
    /// There is no store, or its jobs aren't loaded yet.
    pub async fn get(&self, caller: &Caller, id: &str) -> Result<Option<Job>, ServiceError> {
        self.ready().await?;
        Ok(self.book().get(id).filter(|job| job.belongs_to(caller)).cloned())
    }

    /// The caller's jobs, the newest first.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn list(&self, caller: &Caller) -> Result<Vec<(String, Overview)>, ServiceError> {
        self.ready().await?;
        let book = self.book();
        let jobs = book.newest_first().filter(|(_, job)| job.belongs_to(caller));
        Ok(jobs.map(|(id, job)| (id.to_owned(), job.overview())).collect())
    }

    /// The audio of an item that is done, or its times, as JSON, if the job asked for them.
    ///
    /// # Errors
    /// The store failed, or the file is damaged or gone.
    pub async fn product(&self, product: Product, id: &str, number: usize) -> Result<Bytes, ServiceError> {
        let bytes = self.ready().await?.get(product, id, number).await.map_err(failed)?;
        bytes.ok_or_else(|| ServiceError::internal("this job's audio is missing from the store"))
    }

    /// The store, once its jobs are loaded.
    async fn ready(&self) -> Result<&Shelf, ServiceError> {
        let shelf =
            self.shelf.as_ref().map_err(|why| ServiceError::not_set_up("jobs", "there are no jobs", why))?;
        self.loaded.get_or_try_init(|| self.try_to_load(shelf)).await?;
        Ok(shelf)
    }

    async fn try_to_load(&self, shelf: &Shelf) -> Result<(), ServiceError> {
        let last = lock(&self.not_loaded).clone();
        if let Some((_, error)) = last.filter(|(at, _)| at.elapsed() < TRY_AGAIN_AFTER) {
            return Err(error);
        }
        let loaded = self.load(shelf).await.map_err(failed);
        *lock(&self.not_loaded) = loaded.as_ref().err().map(|error| (Instant::now(), error.clone()));
        loaded
    }

    async fn load(&self, shelf: &Shelf) -> Result<(), StoreError> {
        let found = shelf.load().await?;
        {
            let mut book = self.book();
            for shelf::StoredJob { id, record, ends } in found {
                book.add(id, Arc::new(record.summary()), ends);
            }
            let (queued, _) = book.queued_and_running();
            tracing::info!(jobs = book.count(), queued_items = queued, "jobs loaded");
        }
        self.changed();
        self.wake.notify_waiters();
        Ok(())
    }

    /// Waits for the next item to speak; none once `draining` has completed.
    async fn turn(&self, draining: &Draining) -> Option<Turn> {
        loop {
            if draining.clone().now_or_never().is_some() {
                return None;
            }
            // Subscribe before looking, so that no notification is missed.
            let woken = self.wake.notified();
            let turn = self.book().take_turn();
            if let Some(turn) = turn {
                self.changed();
                return Some(turn);
            }
            tokio::select! {
                () = woken => {}
                () = draining.clone() => {}
            }
        }
    }

    /// Takes an item out of its worker's hands until it is resumed, with what was made of it if there is room for that.
    /// Returns whether its job still exists.
    fn put_off(&self, turn: &Turn, unfinished: Option<Unfinished>) -> bool {
        let mut book = self.book();
        let paused = book.pause(&turn.job_id, turn.number, turn.tries);
        if let Some(unfinished) = unfinished.filter(|_| paused)
            && !self.stash().put(&turn.job_id, turn.number, unfinished)
        {
            turn.progress.set(0, Duration::ZERO);
            tracing::warn!("there is no room for what is spoken of this item: it begins anew");
        }
        drop(book);
        self.changed();
        paused
    }

    /// Lets an item have its next turn.
    fn resume(&self, id: &str, number: usize) {
        if self.book().resume(id, number) {
            self.wake.notify_waiters();
        }
    }

    /// Lets an item have its next turn after a while.
    fn resume_after(self: &Arc<Self>, pause: Duration, id: &str, number: usize) {
        let (this, id) = (Arc::downgrade(self), id.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            if let Some(this) = this.upgrade() {
                this.resume(&id, number);
            }
        });
    }

    /// Ends an item; returns whether its job still exists.
    fn end(&self, turn: &Turn, end: EndRecord) -> bool {
        let wanted = self.book().end(&turn.job_id, turn.number, end);
        self.changed();
        wanted
    }

    fn changed(&self) {
        let (queued, running) = self.book().queued_and_running();
        self.metrics.items(queued, running);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    fn stash(&self) -> MutexGuard<'_, Stash> {
        lock(&self.stash)
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        lock(&self.outage)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<(String, usize), AbortHandle>> {
        lock(&self.running)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> ServiceError {
    ServiceError::store(&error, ErrorKind::JobDamaged)
}

#[cfg(test)]
mod tests;
