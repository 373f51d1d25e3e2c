//! A stream's state between two calls.

use std::sync::Arc;

use super::device_states::{Route, Slot, Slots};

/// Where a stream's state is.
#[derive(Debug)]
pub(crate) enum StreamState {
    /// On the host: `state_len` floats.
    Host(Vec<f32>),
    /// In a row on the device.
    Device {
        /// The row that the next call writes.
        slot: Arc<Slot>,
        /// The row that the next call reads; `None` at the beginning.
        from: Option<Arc<Slot>>,
    },
}

impl StreamState {
    /// The initial state of a stream, in a row of its own if there are rows. `None` if no row is free.
    pub(crate) fn start(state_len: usize, slots: Option<&Arc<Slots>>) -> Option<Self> {
        match slots {
            None => Some(Self::Host(vec![0.0; state_len])),
            Some(slots) => Some(Self::Device { slot: Arc::new(slots.take()?), from: None }),
        }
    }

    /// An independent copy. `None` if no row is free for it.
    pub(crate) fn fork(&self, slots: Option<&Arc<Slots>>) -> Option<Self> {
        match self {
            Self::Host(state) => Some(Self::Host(state.clone())),
            Self::Device { from, .. } => {
                Some(Self::Device { slot: Arc::new(slots?.take()?), from: from.clone() })
            }
        }
    }

    /// The state as a call accesses it.
    pub(crate) fn row(&mut self) -> RowState<'_> {
        match self {
            Self::Host(state) => RowState::Host(state),
            Self::Device { slot, from } => RowState::Device(Route {
                from: from.as_ref().map(|slot| slot.number()),
                to: Some(slot.number()),
            }),
        }
    }

    /// The state after a successful call.
    pub(crate) fn after_call(self) -> Self {
        match self {
            Self::Device { slot, .. } => Self::Device { from: Some(Arc::clone(&slot)), slot },
            host @ Self::Host(_) => host,
        }
    }
}

/// A stream's state in a call.
#[derive(Debug)]
pub(crate) enum RowState<'a> {
    /// On the host, replaced by the new state.
    Host(&'a mut [f32]),
    /// On the device, where it stays.
    Device(Route),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(state: &mut StreamState) -> (Option<usize>, Option<usize>) {
        match state.row() {
            RowState::Device(route) => (route.from, route.to),
            RowState::Host(_) => panic!("it lies on the device"),
        }
    }

    #[test]
    fn a_stream_starts_from_nothing_and_goes_on_from_its_row() {
        let slots = Slots::new(3);
        let mut state = StreamState::start(5, Some(&slots)).unwrap();
        let (from, own) = route(&mut state);
        assert_eq!(from, None);
        let mut state = state.after_call();
        assert_eq!(route(&mut state), (own, own));
        // A fork reads the stream's row once and then its own.
        let mut fork = state.fork(Some(&slots)).unwrap();
        let (from, other) = route(&mut fork);
        assert!(from == own && other != own);
        let mut fork = fork.after_call();
        assert_eq!(route(&mut fork), (other, other));
        assert_eq!(route(&mut state), (own, own));
        let third = StreamState::start(5, Some(&slots)).unwrap();
        assert!(StreamState::start(5, Some(&slots)).is_none() && third.fork(Some(&slots)).is_none());
        drop(fork);
        assert!(StreamState::start(5, Some(&slots)).is_some());
    }

    #[test]
    fn without_rows_the_state_travels_with_the_stream() {
        let mut state = StreamState::start(2, None).unwrap();
        match state.row() {
            RowState::Host(floats) => floats.copy_from_slice(&[1.0, 2.0]),
            RowState::Device(_) => panic!("there is no device"),
        }
        let fork = state.fork(None).unwrap();
        assert!(
            matches!((&fork, &state.after_call()), (StreamState::Host(a), StreamState::Host(b)) if a == b)
        );
    }
}
