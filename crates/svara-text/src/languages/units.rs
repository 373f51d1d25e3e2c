//! Units of measure: their symbols, and their names by script where languages share them.

use std::{collections::HashMap, sync::LazyLock};

use super::{Noun, Words, noun, same};

/// The number of common units.
pub(crate) const UNITS: usize = 36;

/// A unit: an index into a language's list of names and, behind those, into the rare ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit(usize);

impl Unit {
    pub(crate) const FOOT: Self = Self(4);
    pub(crate) const INCH: Self = Self(5);
    pub(crate) const KILOMETRES_PER_HOUR: Self = Self(15);

    /// Parses the unit at the start of `text`, and returns the length of its symbol in bytes. The longest symbol wins.
    ///
    /// Letter case matters: `5 m` is a length, `5 M` isn't, and `4G` isn't a weight.
    pub(crate) fn parse(text: &str) -> Option<(Self, usize)> {
        let first = text.chars().next()?;
        let (symbol, index) = BY_FIRST.get(&first)?.iter().find(|(symbol, _)| text.starts_with(symbol))?;
        Some((Self(*index), symbol.len()))
    }

    /// Whether `symbol` is an English word or letter, too, which only the end of a text or a word of another script
    /// behind it makes a unit.
    pub(crate) fn is_doubtful(symbol: &str) -> bool {
        matches!(
            symbol,
            "in" | "t" | "q" | "ha" | "A" | "K" | "yd" | "st" | "pt" | "hp" | "yr" | "gal" | "ms"
        )
    }

    /// The unit's name in a language.
    pub(crate) fn name(self, words: &Words) -> Noun {
        // Every index in SYMBOLS is below UNITS + LOANS: a test holds it.
        let common = words.units.get(self.0);
        common.or_else(|| words.loans.units.get(self.0 - UNITS)).copied().unwrap_or(noun("", ""))
    }
}

/// The symbols by their first character, the longest first.
static BY_FIRST: LazyLock<HashMap<char, Vec<(&str, usize)>>> = LazyLock::new(|| {
    let mut by_first: HashMap<char, Vec<(&str, usize)>> = HashMap::new();
    for &(symbol, index) in SYMBOLS {
        by_first.entry(symbol.chars().next().unwrap_or_default()).or_default().push((symbol, index));
    }
    for symbols in by_first.values_mut() {
        symbols.sort_by_key(|(symbol, _)| std::cmp::Reverse(symbol.len()));
    }
    by_first
});

/// The index of the first rare unit.
const R: usize = UNITS;

/// Symbols, each with the index of its unit.
const SYMBOLS: &[(&str, usize)] = &[
    ("mm", 0),
    ("cm", 1),
    ("m", 2),
    ("km", 3),
    ("kms", 3),
    ("KM", 3),
    ("Km", 3),
    ("㎞", 3),
    ("ft", 4),
    ("in", 5),
    ("inch", 5),
    ("inches", 5),
    ("mi", 6),
    ("sq ft", 7),
    ("sq. ft.", 7),
    ("sq.ft.", 7),
    ("sqft", 7),
    ("ft²", 7),
    ("sq m", 8),
    ("m²", 8),
    ("sq km", 9),
    ("sq. km.", 9),
    ("sq. km", 9),
    ("sq.km", 9),
    ("sq. m.", 8),
    ("sq. m", 8),
    ("sq. ft", 7),
    ("km²", 9),
    ("mg", 10),
    ("g", 11),
    ("gm", 11),
    ("gms", 11),
    ("kg", 12),
    ("kgs", 12),
    ("Kg", 12),
    ("KG", 12),
    ("㎏", 12),
    ("ml", 13),
    ("mL", 13),
    ("l", 14),
    ("L", 14),
    ("ltr", 14),
    ("km/h", 15),
    ("km/hr", 15),
    ("kmph", 15),
    ("kmh", 15),
    ("m/s", 16),
    ("°C", 17),
    ("° C", 17),
    ("℃", 17),
    ("°F", 18),
    ("° F", 18),
    ("℉", 18),
    ("°", 19),
    ("KB", 20),
    ("kB", 20),
    ("MB", 21),
    ("GB", 22),
    ("TB", 23),
    ("Hz", 24),
    ("kHz", 25),
    ("KHz", 25),
    ("MHz", 26),
    ("GHz", 27),
    ("W", 28),
    ("kW", 29),
    ("KW", 29),
    ("MW", 30),
    ("kWh", 31),
    ("KWh", 31),
    ("V", 32),
    ("s", 33),
    ("sec", 33),
    ("secs", 33),
    ("min", 34),
    ("mins", 34),
    ("hr", 35),
    ("hrs", 35),
    ("ha", R),
    ("acre", R + 1),
    ("acres", R + 1),
    ("lb", R + 2),
    ("lbs", R + 2),
    ("t", R + 3),
    ("MT", R + 3),
    ("q", R + 4),
    ("qtl", R + 4),
    ("oz", R + 5),
    ("kbps", R + 6),
    ("Kbps", R + 6),
    ("kb/s", R + 6),
    ("mbps", R + 7),
    ("Mbps", R + 7),
    ("MBPS", R + 7),
    ("Mb/s", R + 7),
    ("gbps", R + 8),
    ("Gbps", R + 8),
    ("mph", R + 9),
    ("mi/h", R + 9),
    ("mi/hr", R + 9),
    ("rpm", R + 10),
    ("RPM", R + 10),
    ("mAh", R + 11),
    ("hp", R + 12),
    ("HP", R + 12),
    ("dB", R + 13),
    ("m³", R + 14),
    ("cu m", R + 14),
    ("cm³", R + 15),
    ("cc", R + 15),
    ("CC", R + 15),
    ("kcal", R + 16),
    ("yr", R + 17),
    ("yrs", R + 17),
    ("gal", R + 18),
    ("yd", R + 19),
    ("µm", R + 20),
    ("μm", R + 20),
    ("nm", R + 21),
    ("ms", R + 22),
    ("kV", R + 23),
    ("KV", R + 23),
    ("A", R + 24),
    ("K", R + 25),
    ("kVA", R + 26),
    ("KVA", R + 26),
    ("kJ", R + 27),
    ("kPa", R + 28),
    ("pt", R + 29),
    ("st", R + 30),
    ("mmHg", R + 31),
    ("mm Hg", R + 31),
    ("qt", R + 32),
    ("cg", R + 33),
    ("dg", R + 34),
    ("km³", R + 35),
    ("ac", R + 1),
    ("m2", 8),
    ("km2", 9),
    ("ft2", 7),
    ("m3", R + 14),
    ("cm3", R + 15),
    ("किमी", 3),
    ("कि.मी.", 3),
    ("कि.मी", 3),
    ("कि. मी.", 3),
    ("कि. मी", 3),
    ("किग्रा", 12),
    ("कि.ग्रा.", 12),
    ("कि.ग्रा", 12),
    ("कि. ग्रा.", 12),
    ("कि0मी0", 3),
    ("कि०मी०", 3),
    ("कि0ग्रा0", 12),
    ("कि०ग्रा०", 12),
    ("मी0", 2),
    ("ली0", 14),
    ("मिमी", 0),
    ("मि.मी.", 0),
    ("सेमी", 1),
    ("से.मी.", 1),
    ("से.मी", 1),
    ("सें.मी.", 1),
    ("मी.", 2),
    ("ग्रा.", 11),
    ("मि.ग्रा.", 10),
    ("मि.ली.", 13),
    ("मिली", 13),
    ("ली.", 14),
    ("लि.", 14),
    ("क्विं.", R + 4),
    ("हे.", R),
    ("वर्ग फीट", 7),
    ("वर्ग मी.", 8),
    ("वर्ग किमी", 9),
    ("°से", 17),
    ("° से", 17),
    ("°सें", 17),
    ("डिग्री से.", 17),
    ("मि.", 34),
    ("कि.वा.", 29),
    ("मे.वा.", 30),
    ("कि.ग्रॅ.", 12),
    ("कि.ग्रॅ", 12),
    ("ग्रॅ.", 11),
    ("मि.ग्रॅ.", 10),
    ("कि.मि.", 3),
    ("कि.मि", 3),
    ("के.जी.", 12),
    ("के.जी", 12),
    ("কিমি", 3),
    ("কি.মি.", 3),
    ("কি.মি", 3),
    ("কি.মী.", 3),
    ("কিঃমিঃ", 3),
    ("কে.জি.", 12),
    ("সেমি", 1),
    ("সে.মি.", 1),
    ("মিমি", 0),
    ("মি.মি.", 0),
    ("গ্রা.", 11),
    ("মি.লি.", 13),
    ("লি.", 14),
    ("কি.গ্ৰা.", 12),
    ("কি.গ্রা.", 12),
    ("°সে", 17),
    ("કિમી", 3),
    ("કિ.મી.", 3),
    ("કિ.મી", 3),
    ("કિ. મી.", 3),
    ("કિગ્રા", 12),
    ("કિ.ગ્રા.", 12),
    ("કિ.ગ્રા", 12),
    ("સેમી", 1),
    ("સે.મી.", 1),
    ("મિમી", 0),
    ("ગ્રા.", 11),
    ("લિ.", 14),
    ("મિ.લિ.", 13),
    ("ਕਿ.ਮੀ.", 3),
    ("ਕਿ.ਮੀ", 3),
    ("ਕਿ. ਮੀ.", 3),
    ("ਕਿਮੀ", 3),
    ("ਕਿ.ਗ੍ਰਾ.", 12),
    ("ਸੈ.ਮੀ.", 1),
    ("ਗ੍ਰਾ.", 11),
    ("கி.மீ.", 3),
    ("கி.மீ", 3),
    ("கி. மீ.", 3),
    ("கிமீ", 3),
    ("கி.கி.", 12),
    ("கி.கி", 12),
    ("கி.கிராம்", 12),
    ("செ.மீ.", 1),
    ("செ.மீ", 1),
    ("மி.மீ.", 0),
    ("மி.மீ", 0),
    ("மி.லி.", 13),
    ("மி.லி", 13),
    ("மீ.", 2),
    ("கி.", 11),
    ("லி.", 14),
    ("కి.మీ.", 3),
    ("కి.మీ", 3),
    ("కి. మీ.", 3),
    ("కిమీ", 3),
    ("కి.గ్రా.", 12),
    ("కి.గ్రా", 12),
    ("సెం.మీ.", 1),
    ("సెం.మీ", 1),
    ("మి.మీ.", 0),
    ("మి.లీ.", 13),
    ("గ్రా.", 11),
    ("మీ.", 2),
    ("లీ.", 14),
    ("ಕಿ.ಮೀ.", 3),
    ("ಕಿ.ಮೀ", 3),
    ("ಕಿ. ಮೀ.", 3),
    ("ಕಿಮೀ", 3),
    ("ಕೆ.ಜಿ.", 12),
    ("ಕೆ.ಜಿ", 12),
    ("ಕೆಜಿ", 12),
    ("ಕಿ.ಗ್ರಾಂ.", 12),
    ("ಕಿ.ಗ್ರಾಂ", 12),
    ("ಸೆಂ.ಮೀ.", 1),
    ("ಸೆಂ.ಮೀ", 1),
    ("ಮಿ.ಮೀ.", 0),
    ("ಮಿ.ಲೀ.", 13),
    ("ಮೀ.", 2),
    ("ಲೀ.", 14),
    ("കി.മീ.", 3),
    ("കി.മീ", 3),
    ("കി. മീ.", 3),
    ("കിമീ", 3),
    ("കി.ഗ്രാം", 12),
    ("കി.ഗ്രാം.", 12),
    ("സെ.മീ.", 1),
    ("സെ.മീ", 1),
    ("മി.മീ.", 0),
    ("മി.ലി.", 13),
    ("മീ.", 2),
];

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

#[cfg(test)]
mod tests {
    use super::{super::loans::LOANS, *};

    #[test]
    fn every_symbol_has_a_name_and_the_longest_wins() {
        assert!(SYMBOLS.iter().all(|&(_, index)| index < UNITS + LOANS));
        assert_eq!(Unit::parse("km/h x"), Some((Unit(15), 4)));
        assert_eq!(Unit::parse("kg"), Some((Unit(12), 2)));
        assert_eq!(Unit::parse("Gx"), None);
    }
}
