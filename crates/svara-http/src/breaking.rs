//! How an answer that fails breaks its connection off: after what was made before, and never like an answer that ends.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::Version;
use tokio::{sync::Notify, time::sleep};

/// How long a client may take to read what is in the kernel's buffers before they are discarded by a reset.
const TAKEN: Duration = Duration::from_millis(500);
/// HTTP/2 streams are tasks of their own. A flush that had begun before their last frames doesn't send these, but the next
/// one does, and it comes within this time if there is anything to send.
const NEXT_FLUSH: Duration = Duration::from_millis(20);

/// What the answers of a connection and its byte stream tell each other.
#[derive(Debug, Default)]
pub(crate) struct Breaking {
    flushed: Arc<Notify>,
    /// Whether the connection's end would look like the end of an answer that isn't whole.
    resets: AtomicBool,
    /// Whether the client may be in the middle of sending something that nobody reads.
    lingers: AtomicBool,
}

/// A connection that can be told to read on while it closes, in the extensions of its requests.
#[derive(Clone, Debug)]
pub struct Linger(pub(crate) Arc<Breaking>);

impl Linger {
    /// What the client still sends is read and thrown away, for two seconds at most, before the connection closes. A close
    /// with unread bytes resets the connection, and the last that was sent on it, which says why it ends, is lost with it.
    pub fn at_close(&self) {
        self.0.linger();
    }
}

impl Breaking {
    /// The byte stream has sent all that it was given.
    pub(crate) fn flushed(&self) {
        self.flushed.notify_waiters();
    }

    /// Whether closing has to reset the connection.
    pub(crate) fn resets(&self) -> bool {
        self.resets.load(Ordering::Relaxed)
    }

    /// As [`Linger::at_close`].
    pub(crate) fn linger(&self) {
        self.lingers.store(true, Ordering::Relaxed);
    }

    /// Whether closing has to read what the client still sends.
    pub(crate) fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed)
    }

    /// An answer has begun (`true`) whose end is the connection's end, or has ended well (`false`).
    pub(crate) fn ends_with_connection(&self, unfinished: bool) {
        self.resets.store(unfinished, Ordering::Relaxed);
    }

    /// Waits until what an answer has given so far is sent. If the client doesn't read, the bound on writes ends the
    /// connection and this with it.
    pub(crate) fn sent(&self, version: Version) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        // Notified from here on, not from the first poll on.
        let (first, next) = (Arc::clone(&self.flushed).notified_owned(), Arc::clone(&self.flushed));
        Box::pin(async move {
            first.await;
            match version {
                Version::HTTP_2 => {
                    tokio::select! {
                        () = next.notified() => {}
                        () = sleep(NEXT_FLUSH) => {}
                    }
                }
                Version::HTTP_10 => sleep(TAKEN).await,
                _ => {}
            }
        })
    }
}
