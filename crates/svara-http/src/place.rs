//! Counts open connections.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::OwnedSemaphorePermit;

/// The number of open connections. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<AtomicUsize>);

/// The place of one connection; returned on drop.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Connections,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// The number of open connections, including WebSockets.
    pub fn open(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn enter(&self, permit: OwnedSemaphorePermit) -> Place {
        self.0.fetch_add(1, Ordering::Relaxed);
        Place { connections: self.clone(), _permit: permit }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.0.fetch_sub(1, Ordering::Relaxed);
    }
}
