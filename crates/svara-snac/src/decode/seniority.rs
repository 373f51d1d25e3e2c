//! The order in which the open streams were opened.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
};

use super::due::Rank;
use crate::lock::lock;

/// The open streams, eldest first.
#[derive(Clone, Default)]
pub(crate) struct Seniority {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    open: BTreeSet<u64>,
    opened: u64,
}

/// The place of an open stream, until it is dropped.
pub(crate) struct Senior {
    number: u64,
    all: Seniority,
}

impl Seniority {
    /// Adds a stream, the youngest.
    pub(crate) fn join(&self) -> Senior {
        let mut state = self.lock();
        state.opened += 1;
        let number = state.opened;
        state.open.insert(number);
        Senior { number, all: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Senior {
    pub(crate) fn rank(&self) -> Rank {
        let state = self.all.lock();
        Rank { elders: state.open.range(..self.number).count(), streams: state.open.len() }
    }
}

impl Drop for Senior {
    fn drop(&mut self) {
        self.all.lock().open.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_close_up_as_streams_end() {
        let all = Seniority::default();
        let (first, second, third) = (all.join(), all.join(), all.join());
        assert_eq!(third.rank(), Rank { elders: 2, streams: 3 });
        drop(first);
        assert_eq!(second.rank(), Rank { elders: 0, streams: 2 });
        assert_eq!(third.rank(), Rank { elders: 1, streams: 2 });
    }
}
