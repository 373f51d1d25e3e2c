//! Compares words of the tables with typed ones, whatever their spelling: letter case, nukta, candrabindu for anusvara,
//! and joiners make no difference.

/// The most signs in a row that make no difference. No word has more.
const MAX_SIGNS: usize = 4;

/// The length in bytes of `word` at the start of `text`, in any spelling.
#[inline]
pub(super) fn prefix_len(text: &str, word: &str) -> Option<usize> {
    FirstLetter::of(text).prefix_len(text, word)
}

/// The first letter of a typed text that counts. A list of words is asked with it, so that it is looked for once.
#[derive(Clone, Copy)]
pub(super) struct FirstLetter(Option<char>);

impl FirstLetter {
    pub(super) fn of(text: &str) -> Self {
        Self(first(text.chars()))
    }

    /// Whether it is one that no word of the tables begins with.
    pub(super) fn begins_no_word(self) -> bool {
        self.0.is_some_and(|c| c.is_ascii_digit())
    }

    /// [`prefix_len`] of the text with this first letter.
    #[inline]
    pub(super) fn prefix_len(self, text: &str, word: &str) -> Option<usize> {
        // Most words of a list differ from a text in the first letter already.
        let differ = match (text.as_bytes().first(), word.as_bytes().first()) {
            (Some(typed), Some(wanted)) if typed.is_ascii() => !typed.eq_ignore_ascii_case(wanted),
            _ => {
                let wanted = first(word.chars());
                wanted.is_some() && wanted != self.0
            }
        };
        if differ { None } else { whole_prefix_len(text, word) }
    }
}

/// Whether `typed` is one of `words`, in any spelling.
pub(super) fn is_one_of(typed: &str, words: &[&str]) -> bool {
    let first = FirstLetter::of(typed);
    words.iter().any(|word| first.prefix_len(typed, word) == Some(typed.len()))
}

#[inline(never)]
fn whole_prefix_len(text: &str, word: &str) -> Option<usize> {
    let mut typed = text.char_indices().peekable();
    for wanted in word.chars().filter_map(folded) {
        let mut letters = typed.by_ref().take(1 + MAX_SIGNS).filter_map(|(_, c)| folded(c));
        if letters.next()? != wanted {
            return None;
        }
    }
    for _ in 0..MAX_SIGNS {
        if typed.next_if(|(_, c)| folded(*c).is_none()).is_none() {
            break;
        }
    }
    Some(typed.peek().map_or(text.len(), |(at, _)| *at))
}

/// The last letter of a typed text that counts, as [`FirstLetter`] is the first.
#[derive(Clone, Copy)]
pub(super) struct LastLetter(Option<char>);

impl LastLetter {
    pub(super) fn of(text: &str) -> Self {
        Self(first(text.chars().rev()))
    }

    /// What comes before `word` at the end of the text with this last letter, in any spelling.
    #[inline]
    pub(super) fn without_suffix<'t>(self, text: &'t str, word: &str) -> Option<&'t str> {
        let wanted = first(word.chars().rev());
        if wanted.is_some() && wanted != self.0 { None } else { without_whole_suffix(text, word) }
    }
}

#[inline(never)]
fn without_whole_suffix<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let mut typed = text.char_indices().rev();
    let mut start = text.len();
    for wanted in word.chars().rev().filter_map(folded) {
        let mut letters = typed.by_ref().take(1 + MAX_SIGNS).filter_map(|(at, c)| Some((at, folded(c)?)));
        let (at, c) = letters.next()?;
        if c != wanted {
            return None;
        }
        start = at;
    }
    text.get(..start)
}

/// The first letter that counts. Nearly always, it is the first one.
#[inline]
fn first(mut letters: impl Iterator<Item = char>) -> Option<char> {
    folded(letters.next()?).or_else(|| letters.take(MAX_SIGNS).find_map(folded))
}

/// Whether `typed` is `word`, in any spelling.
pub(super) fn same(typed: &str, word: &str) -> bool {
    prefix_len(typed, word) == Some(typed.len())
}

/// The letter that counts, if `c` counts at all.
#[inline]
pub(super) const fn folded(c: char) -> Option<char> {
    match c as u32 {
        0..0x80 => Some(c.to_ascii_lowercase()),
        // Vowels and consonants that all the scripts have at the same place of their blocks, which have one spelling.
        0x900..0xD80 if matches!(c as u32 & 0x7F, 0x05..=0x32) => Some(c),
        _ => folded_rare(c),
    }
}

const fn folded_rare(c: char) -> Option<char> {
    Some(match c {
        '\u{93C}' | '\u{9BC}' | '\u{A3C}' | '\u{200C}' | '\u{200D}' => return None,
        '\u{958}' => 'क',
        '\u{959}' => 'ख',
        '\u{95A}' => 'ग',
        '\u{95B}' => 'ज',
        '\u{95C}' => 'ड',
        '\u{95D}' => 'ढ',
        '\u{95E}' => 'फ',
        '\u{95F}' => 'य',
        '\u{9DC}' => 'ড',
        '\u{9DD}' => 'ঢ',
        '\u{9DF}' => 'য',
        '\u{A33}' => 'ਲ',
        '\u{A36}' => 'ਸ',
        '\u{A59}' => 'ਖ',
        '\u{A5A}' => 'ਗ',
        '\u{A5B}' => 'ਜ',
        '\u{A5E}' => 'ਫ',
        'ँ' => 'ं',
        'ਁ' | 'ੰ' => 'ਂ',
        'ઁ' => 'ં',
        _ => c,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_are_the_same() {
        for (typed, word) in [
            ("फरवरी", "फ़रवरी"),
            ("\u{95E}रवरी", "फ़रवरी"),
            ("फ\u{93C}रवरी", "फरवरी"),
            ("জানু\u{9DF}ারি", "জানুয\u{9BC}ারি"),
            ("AUGUST", "August"),
            ("पांच", "पाँच"),
            ("km\u{200D}", "km"),
        ] {
            assert!(same(typed, word), "{typed} {word}");
        }
        assert_eq!(prefix_len("augustus", "August"), Some(6));
        assert_eq!(prefix_len("auto", "August"), None);
        assert_eq!(prefix_len("", "a"), None);
    }
}
