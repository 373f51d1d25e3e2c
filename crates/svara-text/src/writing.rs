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

    /// The writing system of most of a text's letters. `None` for a text without any.
    #[must_use]
    pub fn of_most(text: &str) -> Option<Self> {
        let mut counts: Vec<(Self, usize)> = Vec::new();
        for system in text.chars().filter_map(Self::of) {
            match counts.iter_mut().find(|(known, _)| *known == system) {
                Some((_, count)) => *count += 1,
                None => counts.push((system, 1)),
            }
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(system, _)| system)
    }

    /// Whether `c` is a letter or sign of an Indian script.
    pub(crate) fn is_indic(c: char) -> bool {
        Self::of(c).is_some_and(|system| system != Self::Latin)
    }
}

/// The value 0..=9 of a decimal digit of ASCII, of full width, or of an Indian digit system.
pub(crate) const fn digit_value(c: char) -> Option<u8> {
    let code = c as u32;
    let value = match code {
        0x30..=0x39 => code - 0x30,
        0..0x660 => return None,
        // Devanagari, Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada, Malayalam: one block of 128 each.
        0x900..0xD80 if matches!(code & 0x7F, 0x66..=0x6F) => (code & 0x7F) - 0x66,
        0x660..=0x669 => code - 0x660,    // Arabic-Indic
        0x6F0..=0x6F9 => code - 0x6F0,    // Extended Arabic-Indic, as in Urdu
        0x1C50..=0x1C59 => code - 0x1C50, // Ol Chiki
        0xABF0..=0xABF9 => code - 0xABF0, // Meetei Mayek
        0xFF10..=0xFF19 => code - 0xFF10, // full-width
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "every value is below 10")]
    Some(value as u8)
}

/// [`str::starts_with`] for lists of words: most of them differ from a text in the first letter, which needs no call.
#[inline]
pub(crate) fn starts_with(text: &str, word: &str) -> bool {
    match (text.as_bytes(), word.as_bytes()) {
        ([a, b, c, ..], [x, y, z, ..]) if (a, b, c) != (x, y, z) => false,
        ([a, ..], [x, ..]) if a != x => false,
        _ => text.starts_with(word),
    }
}

/// Spaces within a line.
pub(crate) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{A0}' | '\u{2009}' | '\u{202F}')
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
