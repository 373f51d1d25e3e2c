//! Which words can't start anything: most of a text, which is passed over quickly.

use std::sync::LazyLock;

use super::{cursor::is_letter, spelling::folded};
use crate::{
    language::Language,
    languages::{Currency, DAYS, When, Words},
};

/// The number of bits of a filter.
const BITS: u16 = 4096;

/// Currencies whose usual name is a word for a coin in every language. A pound may be a weight.
pub(super) const NAMED_COINS: [Currency; 3] = [Currency::RUPEE, Currency::DOLLAR, Currency::EURO];

/// Filters on the first two letters of words: what they reject starts no name of that kind.
pub(super) struct Starts {
    money: Filter,
    coins: Filter,
    months: Filter,
    days: Filter,
    words: &'static Words,
    /// The bits of the abbreviations, each with its place in the list of the language and, behind that, in the English one.
    abbreviations: Vec<(u16, u16)>,
}

/// What a word may be the name of.
#[derive(Clone, Copy)]
pub(super) struct Kinds {
    pub money: bool,
    pub coin: bool,
    pub month: bool,
    pub day: bool,
    pub abbreviation: bool,
}

/// In place, so that the first text takes little memory for them.
static STARTS: LazyLock<[Starts; Language::ALL.len()]> = LazyLock::new(|| Language::ALL.map(Starts::new));

impl Starts {
    /// The filter of a language.
    pub(super) fn of(language: Language) -> &'static Self {
        let of_language = Language::ALL.iter().zip(STARTS.iter()).find(|(other, _)| **other == language);
        of_language.map(|(_, starts)| starts).expect("every language is one of all")
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
        let (own, other) = abbreviations(words);
        let mut abbreviations: Vec<(u16, u16)> =
            (0..).zip(own.iter().chain(other)).map(|(at, (short, ..))| (key(short), at)).collect();
        abbreviations.sort_unstable();
        Self {
            money: Filter::of(Currency::signs()),
            coins: Filter::of(coins(words)),
            months: Filter::of(months),
            days: Filter::of(DAYS.iter().map(|(short, _)| *short)),
            words,
            abbreviations,
        }
    }

    /// What a word that `text` starts with may be.
    pub(super) fn kinds(&self, text: &str) -> Kinds {
        let bit = key(text);
        Kinds {
            money: self.money.has(bit),
            coin: self.coins.has(bit),
            month: self.months.has(bit),
            day: self.days.has(bit),
            abbreviation: self.abbreviations_of(bit).next().is_some(),
        }
    }

    /// Whether `text` may start with the name of a month.
    pub(super) fn may_be_month(&self, text: &str) -> bool {
        self.months.fits(text)
    }

    /// The abbreviations that `text` may start with, in the order of the lists.
    pub(super) fn abbreviations(&self, text: &str) -> impl Iterator<Item = &'static Abbreviation> {
        let (own, english) = abbreviations(self.words);
        self.abbreviations_of(key(text))
            .filter_map(move |at| own.get(at).or_else(|| english.get(at.checked_sub(own.len())?)))
    }

    fn abbreviations_of(&self, bit: u16) -> impl Iterator<Item = usize> {
        let first = self.abbreviations.partition_point(|(other, _)| *other < bit);
        let of_bit = self.abbreviations.iter().skip(first).take_while(move |(other, _)| *other == bit);
        of_bit.map(|(_, at)| usize::from(*at))
    }
}

/// A short form, its long one, and when it is said.
type Abbreviation = (&'static str, &'static str, When);

/// The abbreviations of the language and those of English.
fn abbreviations(words: &'static Words) -> (&'static [Abbreviation], &'static [Abbreviation]) {
    (words.context.abbreviations, Words::of(Language::English).context.abbreviations)
}

/// Words for coins, by which a word may begin a price.
fn coins(words: &'static Words) -> impl Iterator<Item = &'static str> {
    let listed = words.context.coins.iter().map(|(word, ..)| word.trim_end_matches('|'));
    listed.chain(NAMED_COINS.into_iter().map(|currency| currency.name(words).0.many))
}

/// A filter on the first two letters of words.
pub(super) struct Filter([u64; BITS as usize / 64]);

impl Filter {
    pub(super) fn of<'w>(names: impl Iterator<Item = &'w str>) -> Self {
        let mut filter = Self([0; BITS as usize / 64]);
        for bit in names.map(key).map(usize::from) {
            if let Some(bits) = filter.0.get_mut(bit / 64) {
                *bits |= 1 << (bit % 64);
            }
        }
        filter
    }

    /// Whether a word of the list may be at the start of `text`.
    pub(super) fn fits(&self, text: &str) -> bool {
        self.has(key(text))
    }

    fn has(&self, bit: u16) -> bool {
        let bit = usize::from(bit);
        self.0.get(bit / 64).is_some_and(|bits| bits & (1 << (bit % 64)) != 0)
    }
}

/// The bit of the first two letters. A mark behind a single letter counts as none.
fn key(text: &str) -> u16 {
    let mut letters = text.chars().filter_map(folded);
    let first = letters.next().map_or(0, u32::from);
    let second = letters.next().filter(|c| is_letter(*c)).map_or(0, u32::from);
    let sum = (first * 61 + second) % u32::from(BITS);
    u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_first_letters() {
        for language in Language::ALL {
            let (starts, words) = (Starts::of(language), Words::of(language));
            let (own, english) = abbreviations(words);
            for (short, long, _) in own.iter().chain(english) {
                for behind in ["", " x", "5"] {
                    let text = format!("{short}{behind}");
                    let found =
                        starts.abbreviations(&text).any(|(other, full, _)| (short, long) == (other, full));
                    assert!(found, "{language}: {text}");
                }
            }
            let short = words.calendar.short.iter().map(|(name, _)| *name);
            for name in short.chain(words.calendar.months) {
                assert!(starts.may_be_month(name.trim_end_matches('.')), "{language}: {name}");
            }
        }
    }
}
