//! Places for connections.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::OwnedSemaphorePermit;

/// How many connections are open. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<AtomicUsize>);

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Connections,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    /// How many are open, with the WebSockets that some became.
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
