//! Speech that nobody waits for: long texts, and many at once.
//!
//! A job is on the [`Shelf`] before its caller hears of it, and stays there until it is deleted or too old; a restart
//! goes on where the last process ended, with the items that were not over. Workers ([`worker`]) take one item after
//! the other, the oldest job's first.

mod book;
mod record;
mod retry;
mod shelf;
mod worker;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use svara_http::{Lifecycle, Phase};
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
pub(crate) use self::{
    book::{Item, Job, Overview},
    record::{EndRecord, FailureRecord, ItemRecord},
    shelf::Made,
};
use crate::{
    auth::Caller,
    config::JobsConfig,
    error::ApiError,
    metrics::JobMetrics,
    state::AppState,
    store::{Store, StoreError},
};

/// How often is looked for jobs that are too old.
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// A job's record is at most as large as a request's body, give or take.
const MIN_VALUE_BYTES: usize = 64 * 1024 * 1024;
/// The time of a character takes about 55 bytes of JSON; a text may be longer as it is said than as it is written.
const TIMES_BYTES_PER_CHARACTER: usize = 128;

/// The jobs of a server.
pub(crate) struct Jobs {
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
pub(crate) fn max_value_bytes(config: &JobsConfig) -> usize {
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
    pub(crate) fn run(self: &Arc<Self>, state: &AppState) {
        if self.shelf.is_err() {
            return;
        }
        for _ in 0..self.config.concurrent {
            tokio::spawn(worker::work(Arc::clone(self), state.clone()));
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

    /// What a job of these limits may be.
    pub(crate) fn limits(&self) -> &JobsConfig {
        &self.config
    }

    /// Keeps a job of the caller's; its items are spoken in their time.
    ///
    /// # Errors
    /// There is no store, no room, or the store failed; then there is no job.
    pub(crate) async fn create(
        &self,
        caller: &Caller,
        items: Vec<ItemRecord>,
    ) -> Result<(String, Job), ApiError> {
        let shelf = self.ready().await?;
        self.check_room()?;
        let created_unix_s = unix_time().as_secs();
        let record = JobRecord { created_unix_s, owner: caller.key_name().map(str::to_owned), items };
        let id = Uuid::new_v4().simple().to_string();
        shelf.create(&id, &record).await?;
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
    pub(crate) async fn get(&self, caller: &Caller, id: &str) -> Result<Option<Job>, ApiError> {
        self.ready().await?;
        Ok(self.book().get(id).filter(|job| job.belongs_to(caller)).cloned())
    }

    /// The caller's jobs, the newest first.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(crate) async fn list(&self, caller: &Caller) -> Result<Vec<(String, Overview)>, ApiError> {
        self.ready().await?;
        let book = self.book();
        let jobs = book.newest_first().filter(|(_, job)| job.belongs_to(caller));
        Ok(jobs.map(|(id, job)| (id.to_owned(), job.overview())).collect())
    }

    /// What was made of an item that is done: times only where they were asked for, as JSON.
    ///
    /// # Errors
    /// The store failed, or what was made is damaged or gone.
    pub(crate) async fn made(&self, made: Made, id: &str, number: usize) -> Result<Bytes, ApiError> {
        let bytes = self.ready().await?.get(made, id, number).await?;
        bytes.ok_or_else(|| ApiError::internal("what was made of this job is gone from its store"))
    }

    /// Deletes a job of the caller's; what is being spoken of it ends. Says whether there was one.
    ///
    /// # Errors
    /// There is no store, or it failed; then the job comes back with the next start.
    pub(crate) async fn delete(&self, caller: &Caller, id: &str) -> Result<bool, ApiError> {
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
        shelf.delete(id, job.items.len()).await?;
        Ok(true)
    }

    /// The store, once it is known what it holds.
    async fn ready(&self) -> Result<&Shelf, ApiError> {
        let shelf = self.shelf.as_ref().map_err(|reason| {
            ApiError::not_supported("jobs", &format!("there are no jobs here: {reason}"))
        })?;
        self.loaded.get_or_try_init(|| self.load(shelf)).await?;
        Ok(shelf)
    }

    async fn load(&self, shelf: &Shelf) -> Result<(), StoreError> {
        let found = shelf.load(self.config.max_jobs, self.config.max_items).await?;
        {
            let mut book = self.book();
            for shelf::Found { id, record, ends } in found {
                book.add(id, Arc::new(record.summary()), ends);
            }
            let (queued, _) = book.waiting_and_running();
            tracing::info!(jobs = book.count(), queued_items = queued, "jobs loaded");
        }
        self.changed();
        self.wake.notify_waiters();
        Ok(())
    }

    fn check_room(&self) -> Result<(), ApiError> {
        let (count, bytes) = {
            let book = self.book();
            (book.count(), book.kept_bytes())
        };
        let JobsConfig { max_jobs, kept_bytes, .. } = self.config;
        if count >= max_jobs {
            return Err(ApiError::jobs_full(&format!("there are {count} jobs, the most there may be")));
        }
        if bytes >= kept_bytes {
            let reason = format!("{bytes} bytes of audio are kept, at most {kept_bytes} may be");
            return Err(ApiError::jobs_full(&reason));
        }
        Ok(())
    }

    /// Deletes what is too old.
    async fn sweep(&self) -> Result<(), ApiError> {
        self.ready().await?;
        let oldest = unix_time().saturating_sub(self.config.keep()).as_secs();
        let old = self.book().older_than(oldest);
        for id in old {
            tracing::info!(id, "a job is too old: deleted");
            self.delete(&Caller::Anybody, &id).await?;
        }
        Ok(())
    }

    /// The next item; waits for one. None once the server drains: what is left is done after its next start.
    async fn turn(&self, life: &Lifecycle) -> Option<Turn> {
        loop {
            if life.phase() != Phase::Serving {
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
                () = life.reached(Phase::Draining) => {}
            }
        }
    }

    /// An item is over. Says whether anybody still wants it.
    fn end(&self, turn: &Turn, end: EndRecord) -> bool {
        let wanted = self.book().end(&turn.job_id, turn.number, end);
        self.changed();
        wanted
    }

    fn changed(&self) {
        let (queued, running) = self.book().waiting_and_running();
        self.metrics.items(queued, running);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<(String, usize), AbortHandle>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
