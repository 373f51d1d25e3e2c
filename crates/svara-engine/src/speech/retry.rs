//! Pieces that failed, and whether they are worth another try. Pure.

use std::sync::atomic::{AtomicU64, Ordering};

use svara_text::pack;

/// A piece of a text that is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    /// The words.
    pub(crate) words: String,
    /// Generations of these words that failed before.
    pub(crate) tries: u32,
    /// How often a longer piece was cut to come to these words.
    cuts: u32,
}

/// What is wrong with the generation of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It was longer than the words can be.
    Runaway,
    /// It was not over within `max_tokens`.
    Length,
    /// It was over without any audio.
    Silent,
    /// The caller's own `max_tokens` ended it before its first frame.
    NoRoom,
    /// The engine failed, in a way that may pass.
    Engine,
}

/// Generations of the same words: a model that doesn't say them the second time won't the third time.
const TRIES: u32 = 2;
/// Two cuts make quarters: a piece whose quarter is too long was not too long to begin with.
const CUTS: u32 = 2;

impl Planned {
    /// A piece that hasn't been tried yet.
    pub(crate) fn new(words: String) -> Self {
        Self { words, tries: 0, cuts: 0 }
    }

    /// What to say in its place, in order: the same again, or its halves. `None`: it has had its chances.
    pub(crate) fn after(&self, fault: Fault) -> Option<Vec<Self>> {
        match fault {
            Fault::Length => self.halves(),
            Fault::NoRoom => None,
            Fault::Runaway | Fault::Silent | Fault::Engine => {
                let tries = self.tries + 1;
                (tries < TRIES).then(|| vec![Self { tries, ..self.clone() }])
            }
        }
    }

    /// Cut at the end of a sentence or clause where that can be.
    fn halves(&self) -> Option<Vec<Self>> {
        let half = self.words.chars().count().div_ceil(2);
        let parts = pack(&self.words, half);
        let cuts = self.cuts + 1;
        (cuts <= CUTS && parts.len() > 1).then(|| {
            parts.into_iter().map(|words| Self { words: words.to_owned(), tries: 0, cuts }).collect()
        })
    }
}

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
pub(crate) struct RetryCounts {
    runaway: AtomicU64,
    length: AtomicU64,
    silent: AtomicU64,
    engine: AtomicU64,
}

impl RetryCounts {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_piece_that_ran_away_is_tried_once_more() {
        for fault in [Fault::Runaway, Fault::Silent, Fault::Engine] {
            let again = Planned::new("नमस्ते".to_owned()).after(fault).unwrap();
            assert_eq!((again.len(), again[0].words.as_str(), again[0].tries), (1, "नमस्ते", 1));
            assert_eq!(again[0].after(fault), None);
        }
    }

    #[test]
    fn a_piece_that_is_too_long_is_cut_at_its_sentences() {
        let halves = Planned::new("पहला वाक्य। दूसरा वाक्य।".to_owned()).after(Fault::Length).unwrap();
        let words: Vec<&str> = halves.iter().map(|half| half.words.as_str()).collect();
        assert_eq!(words, ["पहला वाक्य।", "दूसरा वाक्य।"]);
        assert_eq!(Planned::new("अ".to_owned()).after(Fault::Length), None, "there is nothing to cut");
        assert_eq!(
            Planned::new("अ। अ।".to_owned()).after(Fault::NoRoom),
            None,
            "the caller's own limit stays"
        );
    }

    proptest! {
        /// However often a model fails: it comes to an end, and until then no word is lost.
        #[test]
        fn chances_end_and_words_stay(
            words in "[a-zक-ह। ,.]{1,300}",
            faults in prop::collection::vec(prop::sample::select(
                vec![Fault::Runaway, Fault::Length, Fault::Silent, Fault::Engine]), 0..200),
        ) {
            prop_assume!(!words.trim().is_empty());
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let (mut pieces, mut generations) = (vec![Planned::new(words.clone())], 0);
            for fault in faults {
                let at = generations % pieces.len();
                generations += 1;
                match pieces[at].after(fault) {
                    Some(parts) => drop(pieces.splice(at..=at, parts)),
                    None => break,
                }
                let left: String = pieces.iter().map(|piece| letters(&piece.words)).collect();
                prop_assert_eq!(left, letters(&words));
            }
            prop_assert!(pieces.len() <= 40, "{}", pieces.len());
        }
    }
}
