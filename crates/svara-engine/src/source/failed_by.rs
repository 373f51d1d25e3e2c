//! Which engine failed certain words.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The engine that failed certain words last. All generations of the words share it; whoever spreads them over engines
/// notes it and looks at it.
#[derive(Clone, Debug, Default)]
pub struct FailedBy(Arc<AtomicUsize>);

impl FailedBy {
    /// Notes an engine by its index.
    pub(crate) fn note(&self, engine: usize) {
        // 0 is none.
        self.0.store(engine.saturating_add(1), Ordering::Relaxed);
    }

    /// The engine's index, if one failed.
    pub(crate) fn engine(&self) -> Option<usize> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }
}

impl PartialEq for FailedBy {
    fn eq(&self, other: &Self) -> bool {
        self.engine() == other.engine()
    }
}
