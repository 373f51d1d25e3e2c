//! The count of open connections.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::OwnedSemaphorePermit;

use crate::seats::Seat;

/// A count of open connections. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<AtomicUsize>);

/// A connection's place among those allowed; dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Place {
    connections: Connections,
    _permit: OwnedSemaphorePermit,
    _seat: Option<Arc<Seat>>,
}

impl Connections {
    /// How many connections are open, WebSockets included.
    pub fn open(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a connection in until its place is dropped.
    pub(crate) fn enter(&self, permit: OwnedSemaphorePermit, seat: Option<Arc<Seat>>) -> Place {
        self.0.fetch_add(1, Ordering::Relaxed);
        Place { connections: self.clone(), _permit: permit, _seat: seat }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.0.fetch_sub(1, Ordering::Relaxed);
    }
}
