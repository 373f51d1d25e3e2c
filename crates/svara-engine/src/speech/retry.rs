//! Pieces that failed, and whether to generate them again.

use std::sync::atomic::{AtomicU64, Ordering};

use svara_text::pack;

use super::loops::{LoopCounts, LoopKind};
use crate::source::FailedBy;

/// A piece of a text to be generated.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    /// The words.
    pub(crate) words: String,
    /// Earlier generations of these words, all failed.
    pub(crate) tries: u32,
    /// Where the words begin in the text that is said, in bytes.
    pub(crate) said_at: usize,
    /// The silence before it.
    pub(crate) pause_ms: u32,
    /// How fast it is said, as a factor of the request's speed.
    pub(crate) rate: f32,
    /// The engine that failed these words before.
    pub(crate) failed_by: FailedBy,
    /// How often a longer piece was halved to get these words.
    cuts: u32,
    /// Whether they are the rest of a piece that was heard and fell into a loop.
    goes_on: bool,
}

/// Why the generation of a piece failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It took longer than the words can take.
    Runaway,
    /// It repeated itself, or fell silent.
    Loop(LoopKind),
    /// It didn't end within `max_tokens`.
    Length,
    /// It ended without any audio.
    Silent,
    /// The caller's own `max_tokens` ended it before its first frame.
    NoRoom,
    /// The engine failed in a way that may pass.
    Engine,
}

/// The most generations of the same words. A model that fails twice would fail a third time.
const TRIES: u32 = 2;
/// The most times that a piece is halved. A piece whose quarters are too long has another fault.
const CUTS: u32 = 2;

impl Planned {
    /// A piece that hasn't been tried yet.
    pub(crate) fn new(words: String) -> Self {
        let failed_by = FailedBy::default();
        Self { words, tries: 0, said_at: 0, pause_ms: 0, rate: 1.0, failed_by, cuts: 0, goes_on: false }
    }

    /// What to generate in its place, in order: the same words again, or their halves. `None` if it has failed too
    /// often.
    pub(crate) fn after(&self, fault: Fault) -> Option<Vec<Self>> {
        match fault {
            Fault::Length => self.halves(),
            Fault::NoRoom => None,
            Fault::Runaway | Fault::Loop(_) | Fault::Silent | Fault::Engine => {
                let tries = self.tries + 1;
                (tries < TRIES).then(|| vec![Self { tries, ..self.clone() }])
            }
        }
    }

    /// Splits a piece that was heard and fell into a loop before the byte `at` of its words: what was said, and what is left
    /// to say, if anything. `None` if it is itself such a rest: that would go on for ever.
    pub(crate) fn split(&self, at: usize) -> Option<(Self, Option<Self>)> {
        let (said, left) = self.words.split_at_checked(at).filter(|_| !self.goes_on)?;
        let part =
            |words: &str, said_at, tries| Self { words: words.to_owned(), said_at, tries, ..self.clone() };
        let begins = at + left.len() - left.trim_start().len();
        let left = left.trim();
        let rest = (!left.is_empty()).then(|| Self {
            // With another seed.
            goes_on: true,
            pause_ms: 0,
            ..part(left, self.said_at + begins, self.tries + 1)
        });
        Some((part(said.trim_end(), self.said_at, self.tries), rest))
    }

    /// Halves the words, at the end of a sentence or clause if possible.
    fn halves(&self) -> Option<Vec<Self>> {
        let half = self.words.chars().count().div_ceil(2);
        let parts = pack(&self.words, half);
        let cuts = self.cuts + 1;
        (cuts <= CUTS && parts.len() > 1).then(|| {
            let part = |words: &str| {
                // A part is a slice of the words.
                let at = words.as_ptr().addr().saturating_sub(self.words.as_ptr().addr());
                let pause_ms = if at == 0 { self.pause_ms } else { 0 };
                Self {
                    words: words.to_owned(),
                    tries: 0,
                    said_at: self.said_at + at,
                    pause_ms,
                    rate: self.rate,
                    failed_by: FailedBy::default(),
                    cuts,
                    goes_on: self.goes_on,
                }
            };
            parts.into_iter().map(part).collect()
        })
    }
}

/// Counts of pieces that were generated again before anything of them was heard, and of those that went on behind a loop that was
/// heard, by reason, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PiecesRedone {
    /// The model took longer than the text can take.
    pub runaway: u64,
    /// The model repeated itself, or fell silent.
    pub looped: u64,
    /// They didn't end within `max_tokens` and were halved.
    pub length: u64,
    /// They ended without any audio.
    pub silent: u64,
    /// The engine failed.
    pub engine: u64,
}

/// The counters behind [`PiecesRedone`].
#[derive(Debug, Default)]
pub(crate) struct RetryCounts {
    /// Also of pieces that were heard.
    pub(crate) loops: LoopCounts,
    runaway: AtomicU64,
    looped: AtomicU64,
    length: AtomicU64,
    silent: AtomicU64,
    engine: AtomicU64,
}

impl RetryCounts {
    pub(crate) fn add(&self, fault: Fault) {
        let count = match fault {
            Fault::Runaway => &self.runaway,
            Fault::Loop(_) => &self.looped,
            // Never retried, so never counted.
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
            looped: read(&self.looped),
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
        for fault in [Fault::Runaway, Fault::Loop(LoopKind::Frame), Fault::Silent, Fault::Engine] {
            let again = Planned::new("नमस्ते".to_owned()).after(fault).unwrap();
            assert_eq!((again.len(), again[0].words.as_str(), again[0].tries), (1, "नमस्ते", 1));
            assert_eq!(again[0].after(fault), None);
        }
    }

    /// Halves are other words: nobody knows yet who fails them.
    #[test]
    fn the_same_words_know_the_engine_that_failed_them() {
        let planned = Planned::new("पहला वाक्य। दूसरा वाक्य।".to_owned());
        planned.failed_by.note(1);
        let engines = |fault| {
            let parts = planned.after(fault).unwrap();
            parts.iter().map(|part| part.failed_by.engine()).collect::<Vec<_>>()
        };
        assert_eq!(engines(Fault::Engine), [Some(1)]);
        assert_eq!(engines(Fault::Length), [None, None]);
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
        /// However often a model fails, the retries end, and no word is lost until then.
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
