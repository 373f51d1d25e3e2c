//! Units of measure: their symbols, and their names by script where languages share them.

use super::{Noun, same};

/// The number of units.
pub(crate) const UNITS: usize = 36;

/// A unit: an index into a language's list of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit(usize);

impl Unit {
    /// Parses the unit at the start of `text`, and returns the length of its symbol in bytes. The longest symbol wins.
    ///
    /// Letter case matters: `5 m` is a length, `5 M` isn't, and `4G` isn't a weight.
    pub(crate) fn parse(text: &str) -> Option<(Self, usize)> {
        SYMBOLS
            .iter()
            .filter(|(symbol, _)| text.starts_with(symbol))
            .max_by_key(|(symbol, _)| symbol.len())
            .map(|&(symbol, index)| (Self(index), symbol.len()))
    }

    /// The unit's name in a language's list.
    pub(crate) fn name(self, units: &[Noun; UNITS]) -> Noun {
        // Every index in SYMBOLS is below UNITS: a test holds it.
        units.get(self.0).copied().unwrap_or(Noun { one: "", many: "" })
    }
}

/// Symbols, each with the index of its unit.
const SYMBOLS: [(&str, usize); 99] = [
    ("mm", 0),
    ("cm", 1),
    ("m", 2),
    ("km", 3),
    ("kms", 3),
    ("KM", 3),
    ("Km", 3),
    ("ft", 4),
    ("inch", 5),
    ("mi", 6),
    ("sq ft", 7),
    ("sq. ft.", 7),
    ("sqft", 7),
    ("ft²", 7),
    ("sq m", 8),
    ("m²", 8),
    ("sq km", 9),
    ("km²", 9),
    ("mg", 10),
    ("g", 11),
    ("gm", 11),
    ("gms", 11),
    ("kg", 12),
    ("kgs", 12),
    ("Kg", 12),
    ("KG", 12),
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
    ("sec", 33),
    ("secs", 33),
    ("min", 34),
    ("mins", 34),
    ("hr", 35),
    ("hrs", 35),
    ("किमी", 3),
    ("कि.मी.", 3),
    ("कि. मी.", 3),
    ("किग्रा", 12),
    ("कि.ग्रा.", 12),
    ("मिमी", 0),
    ("सेमी", 1),
    ("से.मी.", 1),
    ("কিমি", 3),
    ("কি.মি.", 3),
    ("কেজি", 12),
    ("সেমি", 1),
    ("কি.গ্ৰা.", 12),
    ("કિમી", 3),
    ("કિ.મી.", 3),
    ("કિગ્રા", 12),
    ("ਕਿ.ਮੀ.", 3),
    ("ਕਿਮੀ", 3),
    ("கி.மீ.", 3),
    ("கி.மீ", 3),
    ("கிமீ", 3),
    ("கி.கி.", 12),
    ("செ.மீ.", 1),
    ("కి.మీ.", 3),
    ("కిమీ", 3),
    ("కి.గ్రా.", 12),
    ("ಕಿ.ಮೀ.", 3),
    ("ಕಿಮೀ", 3),
    ("ಕೆ.ಜಿ.", 12),
    ("കി.മീ.", 3),
    ("കി.മീ", 3),
    ("കിമീ", 3),
    ("കി.ഗ്രാം", 12),
];

/// Names as Hindi and its neighbours write them.
pub(super) static DEVANAGARI: [Noun; UNITS] = same(words! {
    "मिलीमीटर" "सेंटीमीटर" "मीटर" "किलोमीटर" "फ़ुट" "इंच" "मील" "वर्ग फ़ुट" "वर्ग मीटर" "वर्ग किलोमीटर"
    "मिलीग्राम" "ग्राम" "किलोग्राम" "मिलीलीटर" "लीटर" "किलोमीटर प्रति घंटा" "मीटर प्रति सेकंड"
    "डिग्री सेल्सियस" "डिग्री फ़ारेनहाइट" "डिग्री" "किलोबाइट" "मेगाबाइट" "गीगाबाइट" "टेराबाइट"
    "हर्ट्ज़" "किलोहर्ट्ज़" "मेगाहर्ट्ज़" "गीगाहर्ट्ज़" "वॉट" "किलोवॉट" "मेगावॉट" "किलोवॉट घंटा" "वोल्ट"
    "सेकंड" "मिनट" "घंटा"
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_has_a_name_and_the_longest_wins() {
        assert!(SYMBOLS.iter().all(|&(_, index)| index < UNITS));
        assert_eq!(Unit::parse("km/h x"), Some((Unit(15), 4)));
        assert_eq!(Unit::parse("kg"), Some((Unit(12), 2)));
        assert_eq!(Unit::parse("Gx"), None);
    }
}
