//! A thread with two queues: what is urgent overtakes what is much.

use std::{io, sync::Arc, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Urgent messages in the queue: a disk may stall through a storm of events.
const URGENT: usize = 8192;

/// What may wait in the other queue. Bytes count, not messages: a thousand short lines are little.
const BULK_BYTES: usize = 1 << 20;

/// What a message takes besides its text.
const OVERHEAD_BYTES: usize = 64;

/// The sending end.
#[derive(Debug)]
pub(super) struct Outbox<T> {
    urgent: mpsc::Sender<T>,
    bulk: mpsc::Sender<(T, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
}

// A derived one would ask for T: Clone.
impl<T> Clone for Outbox<T> {
    fn clone(&self) -> Self {
        Self { urgent: self.urgent.clone(), bulk: self.bulk.clone(), room: Arc::clone(&self.room) }
    }
}

impl<T> Outbox<T> {
    /// Queues an urgent message; whether there is room for it.
    pub(super) fn try_urgent(&self, message: T) -> bool {
        self.urgent.try_send(message).is_ok()
    }

    /// Queues a message with so many bytes of text; whether there is room for it.
    pub(super) fn try_bulk(&self, bytes: usize, message: T) -> bool {
        let room = Arc::clone(&self.room).try_acquire_many_owned(cost(bytes));
        room.is_ok_and(|room| self.bulk.try_send((message, room)).is_ok())
    }

    /// As [`Outbox::try_bulk`], but waits for room; `None` if the thread is gone.
    pub(super) async fn bulk(&self, bytes: usize, message: T) -> Option<()> {
        let room = Arc::clone(&self.room).acquire_many_owned(cost(bytes)).await.ok()?;
        self.bulk.send((message, room)).await.ok()
    }
}

fn cost(bytes: usize) -> u32 {
    // One that cost more than the whole room would wait for ever.
    u32::try_from(bytes.saturating_add(OVERHEAD_BYTES).min(BULK_BYTES)).unwrap_or(u32::MAX)
}

/// Starts a thread that handles messages one by one, urgent ones first, until all senders are gone.
pub(super) fn start<T: Send + 'static>(
    name: &str,
    mut each: impl FnMut(T) + Send + 'static,
) -> io::Result<Outbox<T>> {
    let (urgent, mut urgent_sent) = mpsc::channel(URGENT);
    let (bulk, mut bulk_sent) = mpsc::channel(BULK_BYTES / OVERHEAD_BYTES);
    // Without drivers it is a way to wait for two queues.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let serve = async move {
        loop {
            tokio::select! {
                biased;
                Some(message) = urgent_sent.recv() => each(message),
                // Its room is free once it is handled.
                Some((message, _room)) = bulk_sent.recv() => each(message),
                else => return,
            }
        }
    };
    thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(serve))?;
    Ok(Outbox { urgent, bulk, room: Arc::new(Semaphore::new(BULK_BYTES)) })
}
