//! A thread with two queues: what is urgent overtakes what is much.

use std::{io, thread};

use tokio::sync::mpsc;

/// Urgent messages in the queue: a disk may stall through a storm of events.
const URGENT: usize = 8192;

/// The sending end.
#[derive(Debug)]
pub(super) struct Outbox<T> {
    pub(super) urgent: mpsc::Sender<T>,
    pub(super) bulk: mpsc::Sender<T>,
}

// A derived one would ask for T: Clone.
impl<T> Clone for Outbox<T> {
    fn clone(&self) -> Self {
        Self { urgent: self.urgent.clone(), bulk: self.bulk.clone() }
    }
}

/// Starts a thread that handles messages one by one, urgent ones first, until all senders are gone.
pub(super) fn start<T: Send + 'static>(
    name: &str,
    bulk: usize,
    mut each: impl FnMut(T) + Send + 'static,
) -> io::Result<Outbox<T>> {
    let (urgent, mut urgent_sent) = mpsc::channel(URGENT);
    let (bulk, mut bulk_sent) = mpsc::channel(bulk);
    // Without drivers it is a way to wait for two queues.
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let serve = async move {
        loop {
            tokio::select! {
                biased;
                Some(message) = urgent_sent.recv() => each(message),
                Some(message) = bulk_sent.recv() => each(message),
                else => return,
            }
        }
    };
    thread::Builder::new().name(name.to_owned()).spawn(move || runtime.block_on(serve))?;
    Ok(Outbox { urgent, bulk })
}
