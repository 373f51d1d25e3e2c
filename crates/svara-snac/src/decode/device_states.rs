//! The rows of the streams' states on a device. Pure.
//!
//! A state is a hundred times larger than a call's other inputs and outputs. So on a GPU the states stay there, in one
//! tensor (the pool, `device_graph.rs`). The host only knows row numbers.

use std::sync::{Arc, Mutex};

use crate::lock::lock;

/// The free rows of the pool.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Mutex<Vec<usize>>,
}

/// A stream's row, freed once the stream and all its calls are gone.
#[derive(Debug)]
pub(crate) struct Slot {
    number: usize,
    slots: Arc<Slots>,
}

impl Slot {
    /// The row's number.
    pub(crate) fn number(&self) -> usize {
        self.number
    }
}

impl Slots {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        Arc::new(Self { free: Mutex::new((0..count).rev().collect()) })
    }

    /// Takes a free row; `None` if all are taken.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Slot> {
        let number = lock(&self.free).pop()?;
        Some(Slot { number, slots: Arc::clone(self) })
    }

    /// The rows of a pool for `count` streams.
    pub(crate) fn pool_len(count: usize) -> usize {
        count + 2
    }

    /// The rows of the pool that a route reads and writes. The one after the streams' rows is never written: it holds the
    /// initial state. The last one takes states that are discarded.
    pub(crate) fn pool_rows(route: Route, count: usize) -> [i64; 2] {
        let index =
            |row: Option<usize>, otherwise| i64::try_from(row.unwrap_or(otherwise)).unwrap_or(i64::MAX);
        [index(route.from, count), index(route.to, count + 1)]
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.slots.free).push(self.number);
    }
}

/// Where a row of a call reads its state and where it writes the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The stream's row; `None` at the beginning of a stream.
    pub(crate) from: Option<usize>,
    /// The stream's row; `None` to discard the new state.
    pub(crate) to: Option<usize>,
}

impl Route {
    /// The route of a padding row.
    pub(crate) const UNUSED: Self = Self { from: None, to: None };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_row_is_free_once_its_last_holder_is_gone() {
        let slots = Slots::new(2);
        let (one, two) = (Arc::new(slots.take().unwrap()), slots.take().unwrap());
        assert!(slots.take().is_none());
        let call = Arc::clone(&one);
        drop(one);
        assert!(slots.take().is_none(), "a call still writes to it");
        let number = call.number;
        drop(call);
        assert_eq!(slots.take().map(|slot| slot.number), Some(number));
        drop(two);
    }

    proptest! {
        #[test]
        fn no_two_hold_the_same_row(steps in prop::collection::vec(prop::option::of(0usize..8), 0..100)) {
            let slots = Slots::new(5);
            let mut held: Vec<Slot> = Vec::new();
            for step in steps {
                match step {
                    None => held.extend(slots.take()),
                    Some(at) if at < held.len() => drop(held.swap_remove(at)),
                    Some(_) => {}
                }
                let mut numbers: Vec<usize> = held.iter().map(|slot| slot.number).collect();
                numbers.sort_unstable();
                numbers.dedup();
                prop_assert_eq!(numbers.len(), held.len());
                prop_assert!(held.iter().all(|slot| slot.number < 5));
            }
        }
    }

    #[test]
    fn what_has_no_row_reads_the_initial_state_and_is_discarded() {
        assert_eq!(Slots::pool_rows(Route { from: Some(1), to: Some(2) }, 8), [1, 2]);
        assert_eq!(Slots::pool_rows(Route::UNUSED, 8), [8, 9]);
        assert_eq!(Slots::pool_len(8), 10);
    }
}
