//! What all requests share: scripts, counts, and the queue for a place.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::http::HeaderMap;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::{
    asked::Asked,
    events::{Kind, Rendered, Renderer},
    plan::Event,
    script::Script,
    settings::Settings,
};

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) renderer: Arc<Renderer>,
    rendered: Mutex<Rendered>,
    slots: Arc<Semaphore>,
    scripts: Mutex<Scripts>,
    asked: Mutex<Asked>,
    /// Requests so far.
    requests: watch::Sender<u64>,
    pub(super) counts: Counts,
    /// Streams that were accepted and haven't ended.
    open: watch::Sender<usize>,
    killed: watch::Sender<bool>,
}

/// Answers in place of those that the settings make.
#[derive(Debug, Default)]
struct Scripts {
    /// For the next request only.
    next: Option<Script>,
    /// For requests with these seeds.
    by_seed: HashMap<u64, Script>,
    /// For all others.
    all: Option<Script>,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    running: AtomicUsize,
    pub(super) accepts: AtomicU64,
    pub(super) prompt_tokens: AtomicU64,
    pub(super) tokens: AtomicU64,
    pub(super) stopped: AtomicU64,
    pub(super) cut: AtomicU64,
    pub(super) aborted: AtomicU64,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        // A clock before 1970 only makes the events' dates wrong.
        let created_unix_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let renderer = Arc::new(Renderer { model: settings.model.clone(), created_unix_s });
        let slots = settings.max_concurrency.unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self {
            settings,
            renderer,
            rendered: Mutex::default(),
            slots: Arc::new(Semaphore::new(slots)),
            scripts: Mutex::default(),
            asked: Mutex::default(),
            requests: watch::Sender::new(0),
            counts: Counts::default(),
            open: watch::Sender::new(0),
            killed: watch::Sender::new(false),
        }
    }

    pub(super) fn events(&self, kind: Kind) -> Arc<[Bytes]> {
        lock(&self.rendered).events(&self.renderer, kind)
    }

    pub(super) fn asked(&self) -> MutexGuard<'_, Asked> {
        lock(&self.asked)
    }

    /// Notes a request, and wakes those that wait for it.
    pub(super) fn note(&self, headers: &HeaderMap, body: &[u8]) {
        self.asked().note(headers, body);
        self.requests.send_modify(|requests| *requests += 1);
    }

    /// Requests so far.
    pub(super) fn requests(&self) -> u64 {
        *self.requests.borrow()
    }

    /// Waits until `count` requests or more have come.
    pub(super) async fn wait_for_requests(&self, count: u64) {
        // The sender lives as long as this does.
        let _ = self.requests.subscribe().wait_for(|requests| *requests >= count).await;
    }

    pub(super) fn set_script(&self, script: Script) {
        lock(&self.scripts).all = Some(script);
    }

    pub(super) fn set_next_script(&self, script: Script) {
        lock(&self.scripts).next = Some(script);
    }

    pub(super) fn set_script_of_seed(&self, seed: u64, script: Script) {
        lock(&self.scripts).by_seed.insert(seed, script);
    }

    /// The script for the next request, which has this seed; `None` if the settings decide.
    pub(super) fn take_script(&self, seed: Option<u64>) -> Option<Script> {
        let mut scripts = lock(&self.scripts);
        let of_seed = seed.and_then(|seed| scripts.by_seed.get(&seed).cloned());
        of_seed.or_else(|| scripts.next.take()).or_else(|| scripts.all.clone())
    }

    /// Whether a script answers whatever model is asked for.
    pub(super) fn takes_any_model(&self) -> bool {
        lock(&self.scripts).all.is_some()
    }

    /// Accepts a new stream; `None` if too many are open.
    pub(super) fn accept(self: &Arc<Self>) -> Option<InFlight> {
        let limit = self.settings.max_queued.unwrap_or(usize::MAX);
        let accepted = self.open.send_if_modified(|open| {
            let accepted = *open < limit;
            *open += usize::from(accepted);
            accepted
        });
        accepted.then(|| InFlight(Arc::clone(self)))
    }

    /// Streams that were accepted and wait for a place.
    pub(super) fn waiting(&self) -> usize {
        self.open.borrow().saturating_sub(self.counts.running())
    }

    /// Waits until exactly `count` streams are open.
    pub(super) async fn wait_for_open(&self, count: usize) {
        // The sender lives as long as this does.
        let _ = self.open.subscribe().wait_for(|open| *open == count).await;
    }

    pub(super) fn kill(&self) {
        self.killed.send_replace(true);
    }

    /// Ends when the fake is killed.
    pub(super) fn killed(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut killed = self.killed.subscribe();
        async move {
            // The sender is gone only when all is over.
            let _ = killed.wait_for(|killed| *killed).await;
        }
    }
}

impl Counts {
    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stream that was accepted; it counts until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Shared>);

impl InFlight {
    /// Waits for a place.
    pub(super) async fn run(self) -> Running {
        let permit = Arc::clone(&self.0.slots).acquire_owned().await;
        self.0.counts.running.fetch_add(1, Ordering::Relaxed);
        Running { in_flight: self, ended: false, _permit: permit.ok() }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}

/// A stream that is being generated; dropped before its end it counts as aborted.
#[derive(Debug)]
pub(super) struct Running {
    in_flight: InFlight,
    ended: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Running {
    pub(super) fn shared(&self) -> &Shared {
        self.in_flight.shared()
    }

    /// Counts an event.
    pub(super) fn sent(&mut self, event: &Event) {
        let counts = &self.in_flight.shared().counts;
        counts.tokens.fetch_add(event.tokens as u64, Ordering::Relaxed);
        let ended = match event.finish {
            Some("stop") => &counts.stopped,
            Some("length") => &counts.cut,
            Some(_) => &counts.aborted,
            None => return,
        };
        ended.fetch_add(1, Ordering::Relaxed);
        self.ended = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let counts = &self.shared().counts;
        counts.running.fetch_sub(1, Ordering::Relaxed);
        if !self.ended {
            counts.aborted.fetch_add(1, Ordering::Relaxed);
        }
    }
}
