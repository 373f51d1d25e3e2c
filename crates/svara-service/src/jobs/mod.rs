//! Speech that nobody waits for: long texts, and many at once.
//!
//! A job is on the [`Shelf`] before its caller hears of it, and stays there until it is deleted or too old; a restart
//! goes on where the last process ended, with the items that were not over. Workers ([`worker`]) take one item after
//! the other, the oldest job's first.

mod book;
mod draft;
mod record;
mod retry;
mod shelf;
mod worker;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::{
    sync::{Notify, OnceCell},
    task::AbortHandle,
};
use uuid::Uuid;

use self::{
    book::{Book, Turn},
    record::JobRecord,
    shelf::Shelf,
};
pub use self::{
    book::{Item, ItemProgress, Job, Overview},
    draft::Draft,
    record::{EndRecord, FailureRecord, ItemSummary, Summary},
    shelf::Product,
};
use crate::{
    Caller, ErrorKind, ServiceError, Speaker,
    config::JobsConfig,
    lock::lock,
    metrics::JobMetrics,
    store::{Store, StoreError},
};

/// Is over once no new item may be started; what is left is done after the next start.
pub type Draining = Shared<BoxFuture<'static, ()>>;

/// How often jobs that are too old are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// A job's record is at most as large as a request's body, give or take.
const MIN_VALUE_BYTES: usize = 64 * 1024 * 1024;
/// The time of a character takes about 55 bytes of JSON; a text may be longer spoken than written.
const TIMES_BYTES_PER_CHARACTER: usize = 128;

/// The jobs of a service.
pub struct Jobs {
    /// Or why there are none.
    shelf: Result<Shelf, String>,
    config: JobsConfig,
    book: Mutex<Book>,
    /// Filled with what earlier processes have left.
    loaded: OnceCell<()>,
    /// There is something to speak.
    wake: Notify,
    running: Mutex<HashMap<(String, usize), AbortHandle>>,
    metrics: JobMetrics,
}

/// The largest value that the store of jobs has to take.
pub fn max_value_bytes(config: &JobsConfig) -> usize {
    let times_bytes = config.job_characters.saturating_mul(TIMES_BYTES_PER_CHARACTER);
    config.audio_bytes.max(times_bytes).max(MIN_VALUE_BYTES)
}

impl Jobs {
    /// In this store; without one, everything that needs it says why.
    pub(crate) fn new(store: Result<Store, String>, config: &JobsConfig, metrics: JobMetrics) -> Self {
        Self {
            shelf: store.map(Shelf::new),
            config: config.clone(),
            book: Mutex::default(),
            loaded: OnceCell::new(),
            wake: Notify::new(),
            running: Mutex::default(),
            metrics,
        }
    }

    /// Goes on with what is left to do, for as long as the async runtime lives.
    pub(crate) fn run(self: &Arc<Self>, speaker: &Arc<Speaker>, draining: Draining) {
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
                        tracing::error!(%error, "the store of jobs failed");
                        failures += 1;
                        retry::pause_after(failures)
                    }
                };
                // Age has no event; and a store that failed is left alone for a while.
                tokio::time::sleep(pause.unwrap_or(SWEEP_EVERY)).await;
            }
        });
    }

    /// The limits of a job.
    pub fn limits(&self) -> &JobsConfig {
        &self.config
    }

    /// Keeps a job of the caller's, whose characters count from now on; its items are spoken in their time.
    ///
    /// # Errors
    /// The draft is empty, the caller's quota is used up, there is no store or no room, or the store failed; then there
    /// is no job.
    pub async fn create(&self, caller: &Caller, draft: Draft<'_>) -> Result<(String, Job), ServiceError> {
        let (items, characters) = draft.finish()?;
        let charge = caller.charge(characters)?;
        let shelf = self.ready().await?;
        self.check_room()?;
        let created_unix_s = unix_time().as_secs();
        let record = JobRecord { created_unix_s, owner: caller.key_name().map(str::to_owned), items };
        let id = Uuid::new_v4().simple().to_string();
        shelf.create(&id, &record).await.map_err(failed)?;
        charge.spend();
        let summary = Arc::new(record.summary());
        let job = self.book().add(id.clone(), summary, BTreeMap::new()).clone();
        self.changed();
        self.wake.notify_waiters();
        Ok((id, job))
    }

    /// The job of an id, where it is the caller's.
    ///
    /// # Errors
    /// There is no store, or what it holds isn't known yet.
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

    /// What was made of an item that is done: times only where they were asked for, as JSON.
    ///
    /// # Errors
    /// The store failed, or what was made is damaged or gone.
    pub async fn product(&self, product: Product, id: &str, number: usize) -> Result<Bytes, ServiceError> {
        let bytes = self.ready().await?.get(product, id, number).await.map_err(failed)?;
        bytes.ok_or_else(|| ServiceError::internal("what was made of this job is gone from its store"))
    }

    /// Deletes a job of the caller's and ends whatever is being spoken of it. Says whether there was one.
    ///
    /// # Errors
    /// There is no store, or it failed; then the job comes back with the next start.
    pub async fn delete(&self, caller: &Caller, id: &str) -> Result<bool, ServiceError> {
        let shelf = self.ready().await?;
        let removed = {
            let mut book = self.book();
            let theirs = book.get(id).is_some_and(|job| job.belongs_to(caller));
            theirs.then(|| book.remove(id)).flatten()
        };
        let Some(job) = removed else { return Ok(false) };
        for ((_, _), task) in self.running().iter().filter(|((of, _), _)| of == id) {
            task.abort();
        }
        self.changed();
        shelf.delete(id, job.items.len()).await.map_err(failed)?;
        Ok(true)
    }

    /// The store, once it is known what it holds.
    async fn ready(&self) -> Result<&Shelf, ServiceError> {
        let shelf = self.shelf.as_ref().map_err(|reason| {
            ServiceError::not_supported("jobs", format!("there are no jobs here: {reason}"))
        })?;
        self.loaded.get_or_try_init(|| self.load(shelf)).await.map_err(failed)?;
        Ok(shelf)
    }

    async fn load(&self, shelf: &Shelf) -> Result<(), StoreError> {
        let found = shelf.load(self.config.max_jobs, self.config.max_items).await?;
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

    fn check_room(&self) -> Result<(), ServiceError> {
        let (count, bytes) = {
            let book = self.book();
            (book.count(), book.kept_bytes())
        };
        let JobsConfig { max_jobs, kept_bytes, .. } = self.config;
        if count >= max_jobs {
            return Err(ServiceError::jobs_full(format!("there are {count} jobs, the most allowed")));
        }
        if bytes >= kept_bytes {
            let reason = format!("{bytes} bytes of audio are kept, at most {kept_bytes} are allowed");
            return Err(ServiceError::jobs_full(reason));
        }
        Ok(())
    }

    /// Deletes what is too old.
    async fn sweep(&self) -> Result<(), ServiceError> {
        self.ready().await?;
        let oldest = unix_time().saturating_sub(self.config.keep()).as_secs();
        let old = self.book().older_than(oldest);
        for id in old {
            tracing::info!(id, "a job is too old: deleted");
            self.delete(&Caller::Anybody, &id).await?;
        }
        Ok(())
    }

    /// The next item; waits for one. None once `draining` is over.
    async fn turn(&self, draining: &Draining) -> Option<Turn> {
        loop {
            if draining.clone().now_or_never().is_some() {
                return None;
            }
            // Before the look, so that nothing can come between.
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

    /// Ends an item. Says whether its job is still there.
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

    fn running(&self) -> MutexGuard<'_, HashMap<(String, usize), AbortHandle>> {
        lock(&self.running)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: StoreError) -> ServiceError {
    ServiceError::store(&error, ErrorKind::JobDamaged)
}

fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
