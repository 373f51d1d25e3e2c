//! The queue in front of the streams. Pure: it knows names and numbers, no clock and no tasks.
//!
//! A free stream goes to the key that holds the fewest; of several, to the one whose last turn is the longest ago; within a
//! key, to the request that waits the longest. So a key alone may use all streams, and as soon as others wait, each gets as
//! much as the rest.

use std::collections::{BTreeMap, VecDeque};

use crate::fairness::Turns;

/// The name of a key; none where no key is required, and for jobs.
pub(crate) type Name = Option<String>;

/// Why a request can't wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueueFull {
    /// All places are taken.
    Server,
    /// The key has this many requests in the queue, which is its share.
    Key(usize),
}

/// Those that wait, and the streams that each key holds.
#[derive(Debug)]
pub(crate) struct Queue {
    places: usize,
    places_per_key: usize,
    tickets: u64,
    waiting: BTreeMap<Name, VecDeque<u64>>,
    count: usize,
    held: BTreeMap<Name, usize>,
    turns: Turns<Name>,
}

impl Queue {
    /// A queue of this many places, and of this many for each key.
    pub(crate) fn new(places: usize, places_per_key: usize) -> Self {
        Self {
            places,
            places_per_key,
            tickets: 0,
            waiting: BTreeMap::new(),
            count: 0,
            held: BTreeMap::new(),
            turns: Turns::default(),
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Takes a place; returns its number.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn join(&mut self, name: &Name) -> Result<u64, QueueFull> {
        if self.count >= self.places {
            return Err(QueueFull::Server);
        }
        let own = self.waiting.get(name).map_or(0, VecDeque::len);
        if name.is_some() && own >= self.places_per_key {
            return Err(QueueFull::Key(own));
        }
        self.tickets += 1;
        self.count += 1;
        self.waiting.entry(name.clone()).or_default().push_back(self.tickets);
        Ok(self.tickets)
    }

    /// Leaves a place; returns whether it was still taken.
    pub(crate) fn leave(&mut self, name: &Name, ticket: u64) -> bool {
        let Some(own) = self.waiting.get_mut(name) else { return false };
        let Some(at) = own.iter().position(|other| *other == ticket) else { return false };
        own.remove(at);
        self.left(name);
        true
    }

    /// Gives a free stream to the next that waits; returns its place.
    pub(crate) fn next(&mut self) -> Option<u64> {
        let held = |name: &Name| self.held.get(name).copied().unwrap_or_default();
        let name = self.turns.next(self.waiting.keys().map(|name| (name, held(name))))?.clone();
        let ticket = self.waiting.get_mut(&name)?.pop_front()?;
        self.took(&name);
        self.left(&name);
        Some(ticket)
    }

    /// Notes that a key took a stream.
    pub(crate) fn took(&mut self, name: &Name) {
        self.turns.took(name);
        *self.held.entry(name.clone()).or_default() += 1;
    }

    /// Notes that a key gave a stream back.
    pub(crate) fn gave_back(&mut self, name: &Name) {
        if let Some(held) = self.held.get_mut(name) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.held.remove(name);
                self.forget();
            }
        }
    }

    fn left(&mut self, name: &Name) {
        self.count = self.count.saturating_sub(1);
        if self.waiting.get(name).is_some_and(VecDeque::is_empty) {
            self.waiting.remove(name);
            self.forget();
        }
    }

    fn forget(&mut self) {
        let (waiting, held) = (&self.waiting, &self.held);
        self.turns.keep(|name| waiting.contains_key(name) || held.contains_key(name));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(of: &str) -> Name {
        Some(of.to_owned())
    }

    #[test]
    fn a_stream_goes_to_who_has_the_fewest() {
        let mut queue = Queue::new(10, 5);
        let (a, b) = (name("a"), name("b"));
        for _ in 0..3 {
            queue.took(&a);
        }
        let first: Vec<u64> = (0..3).map(|_| queue.join(&a).unwrap()).collect();
        let second: Vec<u64> = (0..2).map(|_| queue.join(&b).unwrap()).collect();
        let order: Vec<u64> = std::iter::from_fn(|| {
            queue.gave_back(&a);
            queue.next()
        })
        .collect();
        // a holds two when b comes, then one.
        assert_eq!(order, [second[0], first[0], second[1], first[1], first[2]]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn a_key_has_a_share_of_the_places() {
        let mut queue = Queue::new(3, 2);
        let (a, b) = (name("a"), name("b"));
        let place = queue.join(&a).unwrap();
        queue.join(&a).unwrap();
        assert_eq!(queue.join(&a), Err(QueueFull::Key(2)));
        queue.join(&b).unwrap();
        assert_eq!(queue.join(&b), Err(QueueFull::Server));
        assert!(queue.leave(&a, place) && !queue.leave(&a, place));
        assert!(queue.join(&None).is_ok());
    }

    proptest! {
        /// Whatever happens: counts are right, and all that wait are served in the end.
        #[test]
        fn all_are_served(acts in prop::collection::vec((0usize..4, 0usize..3), 0..80)) {
            let names = [None, name("a"), name("b")];
            let mut queue = Queue::new(6, 3);
            let mut waiting: Vec<(Name, u64)> = Vec::new();
            for (act, who) in acts {
                let name = &names[who];
                match act {
                    0 => if let Ok(ticket) = queue.join(name) {
                        waiting.push((name.clone(), ticket));
                    },
                    1 => if let Some(ticket) = queue.next() {
                        let at = waiting.iter().position(|(_, other)| *other == ticket).unwrap();
                        let (name, _) = waiting.remove(at);
                        let of_key = waiting.iter().filter(|(other, _)| *other == name);
                        prop_assert!(of_key.clone().all(|(_, other)| *other > ticket), "in order within a key");
                    },
                    2 => queue.gave_back(name),
                    _ => if !waiting.is_empty() {
                        let (name, ticket) = waiting.remove(who % waiting.len());
                        prop_assert!(queue.leave(&name, ticket));
                    },
                }
                prop_assert_eq!(queue.len(), waiting.len());
                prop_assert!(queue.len() <= 6);
            }
            let rest: Vec<u64> = std::iter::from_fn(|| queue.next()).collect();
            prop_assert_eq!(rest.len(), waiting.len());
        }
    }
}
