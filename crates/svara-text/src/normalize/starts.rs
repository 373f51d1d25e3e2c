//! Which words can't start anything: most of a text, which is passed over quickly.

use std::sync::LazyLock;

use super::{cursor::is_letter, spelling::folded};
use crate::{
    language::Language,
    languages::{Currency, DAYS, Words},
};

/// The number of bits of a filter.
const BITS: usize = 4096;

/// A filter on the first two letters of words: what it rejects starts no name of a month, currency or abbreviation.
pub(super) struct Starts([u64; BITS / 64]);

static STARTS: LazyLock<Vec<Starts>> = LazyLock::new(|| Language::ALL.map(Starts::new).into());

impl Starts {
    /// The filter of a language.
    pub(super) fn of(language: Language) -> Option<&'static Self> {
        let index = Language::ALL.iter().position(|other| *other == language)?;
        STARTS.get(index)
    }

    fn new(language: Language) -> Self {
        let words = Words::of(language);
        let english = Words::of(Language::English);
        let calendar = &words.calendar;
        let names = Currency::signs()
            .chain(english.calendar.months)
            .chain(DAYS.iter().map(|(short, _)| *short))
            .chain(calendar.months)
            .chain(calendar.spellings.iter().map(|(name, _)| *name))
            .chain(calendar.short.iter().map(|(name, _)| *name))
            .chain(english.calendar.short.iter().map(|(name, _)| *name))
            .chain(words.context.abbreviations.iter().map(|(short, ..)| *short))
            .chain(english.context.abbreviations.iter().map(|(short, ..)| *short));
        let mut starts = Self([0; BITS / 64]);
        for name in names {
            let bit = key(name);
            if let Some(bits) = starts.0.get_mut(bit / 64) {
                *bits |= 1 << (bit % 64);
            }
        }
        starts
    }

    /// Whether a word that `text` starts with may be one of those names.
    pub(super) fn may_be(&self, text: &str) -> bool {
        let bit = key(text);
        self.0.get(bit / 64).is_some_and(|bits| bits & (1 << (bit % 64)) != 0)
    }
}

/// The bit of the first two letters. A mark behind a single letter counts as none.
fn key(text: &str) -> usize {
    let mut letters = text.chars().filter_map(folded);
    let first = letters.next().map_or(0, |c| c as usize);
    let second = letters.next().filter(|c| is_letter(*c)).map_or(0, |c| c as usize);
    (first * 61 + second) % BITS
}
