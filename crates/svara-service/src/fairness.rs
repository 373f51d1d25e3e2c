//! Whose turn it is where several keys want something of which there isn't enough. Pure: no clock, no tasks.

use std::collections::BTreeMap;

/// The turns that keys have had.
#[derive(Debug)]
pub(crate) struct Turns<K> {
    /// When each had its last turn, by a count of turns.
    last: BTreeMap<K, u64>,
    count: u64,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self { last: BTreeMap::new(), count: 0 }
    }
}

impl<K: Ord + Clone> Turns<K> {
    /// Whose turn it is of those that wait, each with how much it holds already: of those that hold the least, the one
    /// whose last turn is the longest ago. Who had none yet comes first.
    pub(crate) fn next<'a>(&self, waiting: impl IntoIterator<Item = (&'a K, usize)>) -> Option<&'a K>
    where
        K: 'a,
    {
        let last = |key: &K| self.last.get(key).copied().unwrap_or_default();
        waiting.into_iter().min_by_key(|(key, held)| (*held, last(key))).map(|(key, _)| key)
    }

    /// Notes a turn of a key.
    pub(crate) fn took(&mut self, key: &K) {
        self.count += 1;
        self.last.insert(key.clone(), self.count);
    }

    /// Forgets the turns of those that neither wait nor hold anything.
    pub(crate) fn keep(&mut self, there: impl Fn(&K) -> bool) {
        self.last.retain(|key, _| there(key));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_newcomer_is_next_and_the_others_take_turns() {
        let mut turns = Turns::default();
        let mut order = Vec::new();
        for waiting in
            [vec!["a"], vec!["a"], vec!["a", "b"], vec!["a", "b"], vec!["a", "b", "c"], vec!["a", "b"]]
        {
            let next = *turns.next(waiting.iter().map(|key| (key, 0))).unwrap();
            turns.took(&next);
            order.push(next);
        }
        assert_eq!(order, ["a", "a", "b", "a", "c", "b"]);
        assert_eq!(turns.next([(&"a", 2), (&"b", 0)]), Some(&"b"));
        turns.keep(|key| *key == "a");
        assert_eq!(turns.last.len(), 1);
        assert_eq!(turns.next(std::iter::empty()), None);
    }

    proptest! {
        /// Whoever waits has a turn before any other has a third one meanwhile.
        #[test]
        fn nobody_waits_for_ever(choices in prop::collection::vec(prop::collection::btree_set(0u8..5, 1..5), 1..80)) {
            let mut turns = Turns::default();
            let mut since: BTreeMap<u8, BTreeMap<u8, u32>> = BTreeMap::new();
            for waiting in choices {
                let next = *turns.next(waiting.iter().map(|key| (key, 0))).unwrap();
                prop_assert!(waiting.contains(&next));
                turns.took(&next);
                since.retain(|key, _| waiting.contains(key) && *key != next);
                for key in waiting.iter().filter(|key| **key != next) {
                    let passed = since.entry(*key).or_default().entry(next).or_default();
                    *passed += 1;
                    prop_assert!(*passed <= 1, "{next} had {passed} turns while {key} waited");
                }
            }
        }
    }
}
