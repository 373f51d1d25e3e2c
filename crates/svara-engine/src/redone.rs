//! Counts of pieces that were done again.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::redo::Fault;

/// Pieces of texts that were generated again before anything of them was heard, by why, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PiecesRedone {
    /// The model went past the ceiling for the length of the text.
    pub runaway: u64,
    /// They were not said within `max_tokens`, and were cut in two.
    pub length: u64,
    /// They came to an end without any audio.
    pub silent: u64,
    /// The engine failed.
    pub engine: u64,
}

/// Adds them up.
#[derive(Debug, Default)]
pub(crate) struct RedoCounts {
    runaway: AtomicU64,
    length: AtomicU64,
    silent: AtomicU64,
    engine: AtomicU64,
}

impl RedoCounts {
    pub(crate) fn add(&self, fault: Fault) {
        let count = match fault {
            Fault::Runaway => &self.runaway,
            // Never done again, so never counted.
            Fault::NoRoom => return,
            Fault::Length => &self.length,
            Fault::Silent => &self.silent,
            Fault::Engine => &self.engine,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> PiecesRedone {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        PiecesRedone {
            runaway: read(&self.runaway),
            length: read(&self.length),
            silent: read(&self.silent),
            engine: read(&self.engine),
        }
    }
}
