//! Which words can't start anything: most of a text, which is passed over quickly.

use std::sync::LazyLock;

use super::{cursor::is_letter, spelling::folded};
use crate::{
    language::Language,
    languages::{Currency, DAYS, Words},
};

/// The number of bits of a filter.
const BITS: usize = 4096;

/// Filters on the first two letters of words: what they reject starts no name of that kind.
pub(super) struct Starts {
    money: Filter,
    months: Filter,
    days: Filter,
    abbreviations: Filter,
}

/// What a word may be the name of.
#[derive(Clone, Copy)]
pub(super) struct Kinds {
    pub money: bool,
    pub month: bool,
    pub day: bool,
    pub abbreviation: bool,
}

impl Kinds {
    /// Without a filter, it may be anything.
    pub(super) const ANY: Self = Self { money: true, month: true, day: true, abbreviation: true };
}

/// In place, so that the first text takes no memory for them.
static STARTS: LazyLock<[Starts; Language::ALL.len()]> = LazyLock::new(|| Language::ALL.map(Starts::new));

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
        let months = english
            .calendar
            .months
            .into_iter()
            .chain(calendar.months)
            .chain(calendar.spellings.iter().map(|(name, _)| *name))
            .chain(calendar.short.iter().map(|(name, _)| *name))
            .chain(english.calendar.short.iter().map(|(name, _)| *name));
        let abbreviations = words.context.abbreviations.iter().chain(english.context.abbreviations);
        Self {
            money: Filter::of(Currency::signs()),
            months: Filter::of(months),
            days: Filter::of(DAYS.iter().map(|(short, _)| *short)),
            abbreviations: Filter::of(abbreviations.map(|(short, ..)| *short)),
        }
    }

    /// What a word that `text` starts with may be.
    pub(super) fn kinds(&self, text: &str) -> Kinds {
        let bit = key(text);
        Kinds {
            money: self.money.has(bit),
            month: self.months.has(bit),
            day: self.days.has(bit),
            abbreviation: self.abbreviations.has(bit),
        }
    }
}

struct Filter([u64; BITS / 64]);

impl Filter {
    fn of<'w>(names: impl Iterator<Item = &'w str>) -> Self {
        let mut filter = Self([0; BITS / 64]);
        for bit in names.map(key) {
            if let Some(bits) = filter.0.get_mut(bit / 64) {
                *bits |= 1 << (bit % 64);
            }
        }
        filter
    }

    fn has(&self, bit: usize) -> bool {
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
