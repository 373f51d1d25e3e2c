//! One generation that several requests read.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use bytes::Bytes;
use tokio::{sync::watch, task::AbortHandle};

use super::buffer::{Buffer, Step};
use crate::{ServiceError, lock::lock};

/// What is known about a file once its first bytes are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// Times of its generation as the value of a `Server-Timing` header; none for a file from the cache.
    pub(crate) server_timing: Option<String>,
    /// Why the speech ended, if that is known already.
    pub(crate) finish: Option<String>,
    /// Whether the file comes from the store.
    pub(crate) stored: bool,
}

/// A file that is being generated. Its task runs until the file ends or its last listener leaves.
pub(super) struct Flight {
    buffer: Mutex<Buffer<ServiceError>>,
    /// Notifies readers of new bytes and the writer of new room.
    changed: watch::Sender<()>,
    head: OnceLock<Head>,
    writer: OnceLock<AbortHandle>,
}

impl Flight {
    /// A flight whose buffer holds about `max_bytes`.
    pub(super) fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            buffer: Mutex::new(Buffer::new(max_bytes)),
            changed: watch::Sender::new(()),
            head: OnceLock::new(),
            writer: OnceLock::new(),
        })
    }

    /// Adds a listener from the beginning; `None` if the beginning is no longer there.
    pub(super) fn join(self: &Arc<Self>) -> Option<Listener> {
        let reader = self.lock().join()?;
        Some(Listener { flight: Arc::clone(self), reader, changed: self.changed.subscribe() })
    }

    /// Sets the task that writes the file; it is aborted when the last listener leaves. A listener must exist when this
    /// is called.
    pub(super) fn written_by(&self, writer: AbortHandle) {
        self.writer.get_or_init(|| writer);
    }

    /// Sets what is known about the file; only the first call counts.
    pub(super) fn set_head(&self, head: Head) {
        self.head.get_or_init(|| head);
    }

    /// What is known about the file so far.
    pub(super) fn head(&self) -> Head {
        self.head.get().cloned().unwrap_or_default()
    }

    /// Appends the next bytes; waits for room.
    pub(super) async fn push(&self, bytes: Bytes) {
        let mut changed = self.changed.subscribe();
        while !self.lock().has_room() {
            // Can't fail: `self` holds the sender.
            let _ = changed.changed().await;
        }
        self.lock().push(bytes);
        self.changed.send_replace(());
    }

    /// Ends the file.
    pub(super) fn finish(&self, end: Result<(), ServiceError>) {
        self.lock().finish(end);
        self.changed.send_replace(());
    }

    /// The whole file, if it ended well and nothing was dropped.
    pub(super) fn whole(&self) -> Option<Bytes> {
        self.lock().whole()
    }

    fn lock(&self) -> MutexGuard<'_, Buffer<ServiceError>> {
        lock(&self.buffer)
    }
}

/// Reads a flight. If the last listener is dropped before the end, the generation is aborted.
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
                // Can't fail: the flight holds the sender.
                Step::Wait => drop(self.changed.changed().await),
            }
        }
    }

    /// What is known about the file; complete once there are bytes.
    pub(crate) fn head(&self) -> Head {
        self.flight.head()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let abandoned = self.flight.lock().leave(self.reader);
        match self.flight.writer.get() {
            Some(writer) if abandoned => writer.abort(),
            // The writer may have been waiting for this reader.
            _ => self.flight.changed.send_replace(()),
        }
    }
}
