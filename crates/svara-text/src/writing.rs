//! Writing systems and digits by code point.

/// A writing system, which Unicode calls a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WritingSystem {
    /// Hindi, Marathi, Nepali, Sanskrit and others.
    Devanagari,
    /// Bengali and Assamese.
    Bengali,
    /// Punjabi.
    Gurmukhi,
    /// Gujarati.
    Gujarati,
    /// Tamil.
    Tamil,
    /// Telugu.
    Telugu,
    /// Kannada.
    Kannada,
    /// Malayalam.
    Malayalam,
    /// English, and English words in other text.
    Latin,
}

impl WritingSystem {
    /// The writing system of `c`, by its Unicode block. `None` for digits, punctuation and any other system.
    #[must_use]
    pub fn of(c: char) -> Option<Self> {
        if digit_value(c).is_some() {
            return None;
        }
        match c {
            '×' | '÷' => None,
            'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{24F}' => Some(Self::Latin),
            // The dandas are shared by all Indian scripts.
            '\u{964}' | '\u{965}' => None,
            '\u{900}'..='\u{97F}' => Some(Self::Devanagari),
            '\u{980}'..='\u{9FF}' => Some(Self::Bengali),
            '\u{A00}'..='\u{A7F}' => Some(Self::Gurmukhi),
            '\u{A80}'..='\u{AFF}' => Some(Self::Gujarati),
            '\u{B80}'..='\u{BFF}' => Some(Self::Tamil),
            '\u{C00}'..='\u{C7F}' => Some(Self::Telugu),
            '\u{C80}'..='\u{CFF}' => Some(Self::Kannada),
            '\u{D00}'..='\u{D7F}' => Some(Self::Malayalam),
            _ => None,
        }
    }

    /// Whether `c` is a letter or sign of an Indian script.
    pub(crate) fn is_indic(c: char) -> bool {
        Self::of(c).is_some_and(|system| system != Self::Latin)
    }
}

/// The zero of each digit system. The other nine digits follow it in code point order.
const ZEROS: [char; 15] = [
    '0', '\u{660}',  // Arabic-Indic
    '\u{6F0}',  // Extended Arabic-Indic, as in Urdu
    '\u{966}',  // Devanagari
    '\u{9E6}',  // Bengali and Assamese
    '\u{A66}',  // Gurmukhi
    '\u{AE6}',  // Gujarati
    '\u{B66}',  // Odia
    '\u{BE6}',  // Tamil
    '\u{C66}',  // Telugu
    '\u{CE6}',  // Kannada
    '\u{D66}',  // Malayalam
    '\u{1C50}', // Ol Chiki
    '\u{ABF0}', // Meetei Mayek
    '\u{FF10}', // full-width
];

/// The value 0..=9 of a decimal digit of ASCII or of an Indian digit system.
pub(crate) fn digit_value(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.to_digit(10).and_then(|value| u8::try_from(value).ok());
    }
    ZEROS.iter().find_map(|&zero| {
        let value = u32::from(c).checked_sub(u32::from(zero))?;
        u8::try_from(value).ok().filter(|value| *value < 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_system_have_their_value() {
        for (text, value) in [("0०০੦૦୦௦౦೦൦", 0), ("7७৭੭૭୭௭౭೭൭", 7), ("9९৯੯૯୯௯౯೯൯", 9)]
        {
            for c in text.chars() {
                assert_eq!(digit_value(c), Some(value), "{c}");
            }
        }
        for c in "aअ௰½²๓".chars() {
            assert_eq!(digit_value(c), None, "{c}");
        }
    }

    #[test]
    fn letters_have_their_writing_system() {
        assert_eq!(WritingSystem::of('ক'), Some(WritingSystem::Bengali));
        assert_eq!(WritingSystem::of('é'), Some(WritingSystem::Latin));
        assert_eq!(WritingSystem::of('।'), None);
        assert_eq!(WritingSystem::of('५'), None);
    }
}
