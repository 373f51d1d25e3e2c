//! Whether an engine fails whatever it is asked. Pure: texts are their hashes.
//!
//! A text that an engine can't speak says nothing about the engine, however often it is asked for: one caller must not take
//! a server out. Several different ones in a row do, until one is spoken.

use smallvec::SmallVec;

/// The different texts that have to fail in a row.
pub(super) const DIFFERENT_TEXTS: usize = 5;

/// The texts that failed since one was spoken, up to [`DIFFERENT_TEXTS`].
#[derive(Clone, Debug, Default)]
pub(super) struct Failing {
    texts: SmallVec<[u64; DIFFERENT_TEXTS]>,
}

impl Failing {
    /// Notes that a text failed. Returns whether the engine is found to fail just now.
    pub(super) fn failed(&mut self, text: u64) -> bool {
        if self.fails() || self.texts.contains(&text) {
            return false;
        }
        self.texts.push(text);
        self.fails()
    }

    /// Notes that a text was spoken. Returns whether the engine was found to fail before.
    pub(super) fn spoke(&mut self) -> bool {
        let failed = self.fails();
        self.texts.clear();
        failed
    }

    /// Whether it fails whatever it is asked.
    pub(super) fn fails(&self) -> bool {
        self.texts() >= DIFFERENT_TEXTS
    }

    /// The different texts that failed since one was spoken; no more than [`DIFFERENT_TEXTS`] are told apart.
    pub(super) fn texts(&self) -> usize {
        self.texts.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Event {
        Failed(u64),
        Spoke,
    }

    proptest! {
        /// It fails from the fifth different text on that fails since one was spoken, it is told once, and what is kept is
        /// bounded.
        #[test]
        fn different_texts_count_until_one_is_spoken(
            events in prop::collection::vec(
                prop_oneof![9 => (0u64..8).prop_map(Event::Failed), 1 => Just(Event::Spoke)],
                0..100,
            )
        ) {
            let (mut failing, mut since) = (Failing::default(), HashSet::new());
            for event in events {
                let before = since.len() >= DIFFERENT_TEXTS;
                let told = match event {
                    Event::Failed(text) => {
                        since.insert(text);
                        let told = failing.failed(text);
                        prop_assert_eq!(told, !before && since.len() >= DIFFERENT_TEXTS);
                        told
                    }
                    Event::Spoke => {
                        since.clear();
                        failing.spoke()
                    }
                };
                prop_assert_eq!(failing.fails(), since.len() >= DIFFERENT_TEXTS);
                prop_assert_eq!(told, before != failing.fails());
                prop_assert_eq!(failing.texts(), since.len().min(DIFFERENT_TEXTS));
                prop_assert!(!failing.texts.spilled());
            }
        }

        #[test]
        fn one_text_never_makes_it_fail(text in any::<u64>(), times in 0usize..1000) {
            let mut failing = Failing::default();
            prop_assert!((0..times).all(|_| !failing.failed(text)) && !failing.fails());
        }
    }
}
