//! What the streams share: counts, and the queue for a place.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    ServeFake,
    events::{Kind, Rendered, Renderer},
};

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: ServeFake,
    pub(super) renderer: Renderer,
    rendered: Mutex<Rendered>,
    slots: Arc<Semaphore>,
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) requests: AtomicU64,
    /// Streams that were accepted and haven't ended.
    in_flight: AtomicUsize,
    running: AtomicUsize,
    pub(super) prompt_tokens: AtomicU64,
    pub(super) tokens: AtomicU64,
    pub(super) stopped: AtomicU64,
    pub(super) cut: AtomicU64,
    pub(super) aborted: AtomicU64,
}

impl Shared {
    pub(super) fn new(settings: ServeFake) -> Self {
        // A clock before 1970 only makes the events' dates wrong.
        let created_unix_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let renderer = Renderer { model: settings.model.clone(), form: settings.form, created_unix_s };
        let slots = settings.max_concurrency.unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self {
            settings,
            renderer,
            rendered: Mutex::default(),
            slots: Arc::new(Semaphore::new(slots)),
            counts: Counts::default(),
        }
    }

    pub(super) fn events(&self, kind: Kind) -> Arc<[Bytes]> {
        self.rendered.lock().unwrap_or_else(PoisonError::into_inner).events(&self.renderer, kind)
    }

    /// Counts a new stream; none where there are too many already.
    pub(super) fn accept(self: &Arc<Self>) -> Option<InFlight> {
        let limit = self.settings.max_queued.unwrap_or(usize::MAX);
        let more = |open: usize| (open < limit).then_some(open + 1);
        let counted = self.counts.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        counted.ok().map(|_| InFlight(Arc::clone(self)))
    }
}

impl Counts {
    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    pub(super) fn waiting(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed).saturating_sub(self.running())
    }
}

/// A stream that was accepted; it counts until it is dropped.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Shared>);

impl InFlight {
    /// Waits for its turn.
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
        self.0.counts.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that is being generated; dropped before its end it counts as aborted.
#[derive(Debug)]
pub(super) struct Running {
    in_flight: InFlight,
    pub(super) ended: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Running {
    pub(super) fn shared(&self) -> &Shared {
        self.in_flight.shared()
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
