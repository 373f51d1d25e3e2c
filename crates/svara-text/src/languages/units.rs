//! Units of measure: their symbols, and their names by script where languages share them.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    Noun, Words, abbreviated_units::ABBREVIATIONS, bare_units::BARE_ABBREVIATIONS, noun, same,
    symbols::SYMBOLS,
};

/// The number of common units.
pub(crate) const UNITS: usize = 36;

/// A unit: an index into a language's list of names and, behind those, into the rare ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit(usize);

impl Unit {
    pub(crate) const FOOT: Self = Self(4);
    pub(crate) const INCH: Self = Self(5);
    pub(crate) const KILOMETRES_PER_HOUR: Self = Self(15);
    pub(crate) const METRES_PER_SECOND: Self = Self(16);
    pub(crate) const METRE: Self = Self(2);
    pub(crate) const KILOMETRE: Self = Self(3);
    pub(crate) const MILLIGRAM: Self = Self(10);
    pub(crate) const GRAM: Self = Self(11);
    pub(crate) const KILOGRAM: Self = Self(12);
    pub(crate) const LITRE: Self = Self(14);
    pub(crate) const DEGREE: Self = Self(19);
    pub(crate) const SECOND: Self = Self(33);
    pub(crate) const MINUTE: Self = Self(34);
    pub(crate) const HOUR: Self = Self(35);
    pub(crate) const HECTARE: Self = Self(R);
    pub(crate) const CUBIC_CENTIMETRE: Self = Self(R + 15);

    /// Parses the unit at the start of `text`, and returns the length of its symbol in bytes. The longest symbol wins.
    ///
    /// Letter case matters: `5 m` is a length, `5 M` isn't, and `4G` isn't a weight.
    pub(crate) fn parse(text: &str) -> Option<(Self, usize)> {
        // Behind most numbers is a space or another number.
        let first = text.chars().next().filter(|c| !c.is_ascii_digit() && *c != ' ')?;
        let (symbol, index) = BY_FIRST.get(&first)?.iter().find(|(symbol, _)| text.starts_with(symbol))?;
        Some((Self(*index), symbol.len()))
    }

    /// Whether `symbol` is an English word or letter, too, which only the end of a text or a word of another script
    /// behind it makes a unit.
    pub(crate) fn is_doubtful(symbol: &str) -> bool {
        matches!(
            symbol,
            "in" | "t"
                | "q"
                | "ha"
                | "A"
                | "K"
                | "yd"
                | "st"
                | "pt"
                | "hp"
                | "yr"
                | "gal"
                | "ms"
                | "bar"
                | "cal"
                | "N"
                | "J"
                | "Pa"
                | "mA"
                | "mo"
                | "mos"
                | "doz"
                | "h"
                | "HR"
                | "GM"
                | "ML"
                | "FT"
                | "SEC"
                | "MIN"
        )
    }

    /// Whether `symbol` is an Indian word, too, which the end of a clause behind it makes a unit: "your".
    pub(crate) fn is_word(symbol: &str) -> bool {
        symbol == "మీ"
    }

    /// The unit's name in a language.
    pub(crate) fn name(self, words: &Words) -> Noun {
        // Every index in SYMBOLS is below UNITS + LOANS + RARE: a test holds it.
        let all = || words.units.iter().chain(&words.loans.units).chain(words.loans.rare);
        all().nth(self.0).copied().unwrap_or(noun("", ""))
    }
}

/// The symbols by their first character, the longest first.
static BY_FIRST: LazyLock<HashMap<char, Vec<(&str, usize)>>> = LazyLock::new(|| {
    let mut by_first: HashMap<char, Vec<(&str, usize)>> = HashMap::new();
    for &(symbol, index) in SYMBOLS.iter().chain(ABBREVIATIONS).chain(BARE_ABBREVIATIONS) {
        by_first.entry(symbol.chars().next().unwrap_or_default()).or_default().push((symbol, index));
    }
    for symbols in by_first.values_mut() {
        symbols.sort_by_key(|(symbol, _)| std::cmp::Reverse(symbol.len()));
    }
    by_first
});

/// The index of the first rare unit.
const R: usize = UNITS;

/// Names as Hindi and its neighbours write them.
pub(super) const DEVANAGARI: [Noun; UNITS] = same(words! {
    "मिलीमीटर" "सेंटीमीटर" "मीटर" "किलोमीटर" "फ़ुट" "इंच" "मील" "वर्ग फ़ुट" "वर्ग मीटर" "वर्ग किलोमीटर"
    "मिलीग्राम" "ग्राम" "किलोग्राम" "मिलीलीटर" "लीटर" "किलोमीटर प्रति घंटा" "मीटर प्रति सेकंड"
    "डिग्री सेल्सियस" "डिग्री फ़ारेनहाइट" "डिग्री" "किलोबाइट" "मेगाबाइट" "गीगाबाइट" "टेराबाइट"
    "हर्ट्ज़" "किलोहर्ट्ज़" "मेगाहर्ट्ज़" "गीगाहर्ट्ज़" "वॉट" "किलोवॉट" "मेगावॉट" "किलोवॉट घंटा" "वोल्ट"
    "सेकंड" "मिनट" "घंटा"
});

/// The same with another foot and hour.
pub(super) const fn with_plurals(mut units: [Noun; UNITS], foot: Noun, hour: Noun) -> [Noun; UNITS] {
    let [_, _, _, _, old_foot, .., old_hour] = &mut units;
    (*old_foot, *old_hour) = (foot, hour);
    units
}

/// The same with another minute.
pub(super) const fn with_minute(mut units: [Noun; UNITS], minute: Noun) -> [Noun; UNITS] {
    let [.., old_minute, _] = &mut units;
    *old_minute = minute;
    units
}

#[cfg(test)]
mod tests {
    use super::{
        super::{loans::LOANS, rare_units::RARE},
        *,
    };

    #[test]
    fn every_symbol_has_a_name_and_the_longest_wins() {
        assert!(
            SYMBOLS
                .iter()
                .chain(ABBREVIATIONS)
                .chain(BARE_ABBREVIATIONS)
                .all(|&(_, index)| index < UNITS + LOANS + RARE)
        );
        assert_eq!(Unit::parse("km/h x"), Some((Unit(15), 4)));
        assert_eq!(Unit::parse("kg"), Some((Unit(12), 2)));
        assert_eq!(Unit::parse("Gx"), None);
        let none = |c: char| c.is_ascii_digit() || c == ' ';
        assert!(
            SYMBOLS
                .iter()
                .chain(ABBREVIATIONS)
                .chain(BARE_ABBREVIATIONS)
                .all(|(symbol, _)| !symbol.starts_with(none))
        );
    }
}
