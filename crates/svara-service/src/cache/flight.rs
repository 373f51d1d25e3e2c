//! One generation that several requests listen to.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use bytes::Bytes;
use tokio::{sync::watch, task::AbortHandle};

use super::buffer::{Buffer, Step};
use crate::{ServiceError, lock::lock};

/// What is known of a file once its first bytes are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// Times of its making, as a `Server-Timing` header says them; none where it was made before.
    pub(crate) server_timing: Option<String>,
    /// Why the speech ended, where that is known already.
    pub(crate) finish: Option<String>,
    /// It comes from the store.
    pub(crate) stored: bool,
}

/// A file that is being made. The task that makes it lives until its end, or until nobody listens.
pub(super) struct Flight {
    buffer: Mutex<Buffer<ServiceError>>,
    /// Told whenever there is something new for those who wait: readers for bytes, the writer for room.
    changed: watch::Sender<()>,
    head: OnceLock<Head>,
    writer: OnceLock<AbortHandle>,
}

impl Flight {
    /// One that holds about so many bytes.
    pub(super) fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            buffer: Mutex::new(Buffer::new(max_bytes)),
            changed: watch::Sender::new(()),
            head: OnceLock::new(),
            writer: OnceLock::new(),
        })
    }

    /// Somebody who listens from the beginning; none where that isn't to be had any more.
    pub(super) fn join(self: &Arc<Self>) -> Option<Listener> {
        let reader = self.lock().join()?;
        Some(Listener { flight: Arc::clone(self), reader, changed: self.changed.subscribe() })
    }

    /// The task that makes it, ended when nobody listens. Somebody does when this is called.
    pub(super) fn written_by(&self, writer: AbortHandle) {
        self.writer.get_or_init(|| writer);
    }

    /// What is known of it. The first word counts.
    pub(super) fn set_head(&self, head: Head) {
        self.head.get_or_init(|| head);
    }

    /// What is known of it so far.
    pub(super) fn head(&self) -> Head {
        self.head.get().cloned().unwrap_or_default()
    }

    /// The next bytes; waits for room.
    pub(super) async fn push(&self, bytes: Bytes) {
        let mut changed = self.changed.subscribe();
        while !self.lock().has_room() {
            // The sender lives as long as this does.
            let _ = changed.changed().await;
        }
        self.lock().push(bytes);
        self.changed.send_replace(());
    }

    /// There is no more.
    pub(super) fn finish(&self, end: Result<(), ServiceError>) {
        self.lock().finish(end);
        self.changed.send_replace(());
    }

    /// All of it, if there is an end and nothing was let go.
    pub(super) fn whole(&self) -> Option<Bytes> {
        self.lock().whole()
    }

    fn lock(&self) -> MutexGuard<'_, Buffer<ServiceError>> {
        lock(&self.buffer)
    }
}

/// Listens to a flight. When the last one is dropped before the end, the making of it ends.
pub(crate) struct Listener {
    flight: Arc<Flight>,
    reader: u64,
    changed: watch::Receiver<()>,
}

impl Listener {
    /// The next bytes; none at the end. An error is the last item.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, ServiceError>> {
        loop {
            let (step, was_full) = {
                let mut buffer = self.flight.lock();
                let was_full = !buffer.has_room();
                (buffer.next(self.reader), was_full)
            };
            match step {
                Step::Chunk(bytes) => {
                    if was_full {
                        self.flight.changed.send_replace(());
                    }
                    return Some(Ok(bytes));
                }
                Step::End(Ok(())) => return None,
                Step::End(Err(error)) => return Some(Err(error)),
                // The sender lives in the flight.
                Step::Wait => drop(self.changed.changed().await),
            }
        }
    }

    /// What is known of the file; all there is to know once there were bytes.
    pub(crate) fn head(&self) -> Head {
        self.flight.head()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let abandoned = self.flight.lock().leave(self.reader);
        match self.flight.writer.get() {
            Some(writer) if abandoned => writer.abort(),
            // The writer may have waited for this one.
            _ => self.flight.changed.send_replace(()),
        }
    }
}
