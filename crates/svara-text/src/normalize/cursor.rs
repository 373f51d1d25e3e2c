//! Reads a text from left to right.

use super::spelling::FirstLetter;
pub(super) use crate::writing::is_space;
use crate::writing::{WritingSystem, digit_value, starts_with};

/// A position in a text. Copies are cheap: try to read on a copy, and keep the copy on success.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The position in bytes.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What was read so far.
    pub(super) fn read(&self) -> &'t str {
        self.text.get(..self.at).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Skips `len` bytes, which must end at a character boundary.
    pub(super) const fn skip(&mut self, len: usize) {
        self.at += len;
    }

    /// Skips `literal` if it comes next.
    pub(super) fn eat(&mut self, literal: &str) -> bool {
        let found = starts_with(self.rest(), literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    /// Skips the next character if `wanted` accepts it, and returns it.
    pub(super) fn eat_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let c = self.peek().filter(|c| wanted(*c))?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Skips one space of any kind.
    pub(super) fn eat_space(&mut self) -> bool {
        self.eat_if(is_space).is_some()
    }

    /// Skips the first of `words` that comes next as a whole word, in any spelling, and returns its index.
    pub(super) fn eat_word_of<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) -> Option<usize> {
        // No word begins so, and there are long lists of them to be asked behind each number.
        if self.peek()?.is_whitespace() {
            return None;
        }
        let rest = self.rest();
        let first = FirstLetter::of(rest);
        if first.begins_no_word() {
            return None;
        }
        let (index, len) = words.into_iter().enumerate().find_map(|(index, word)| {
            let len = first.prefix_len(rest, word)?;
            at_word_end(rest.get(len..).unwrap_or_default()).then_some((index, len))
        })?;
        self.at += len;
        Some(index)
    }

    /// [`Self::eat_word_of`], for those who needn't know which.
    pub(super) fn eat_word<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) -> bool {
        self.eat_word_of(words).is_some()
    }

    /// Skips a run of `min..=max` digits and returns them as ASCII. `None` if the run is shorter or longer.
    pub(super) fn digits(&mut self, min: usize, max: usize) -> Option<String> {
        let typed = self.eat_digits(min, max)?;
        Some(typed.chars().filter_map(digit_value).map(|digit| char::from(b'0' + digit)).collect())
    }

    /// [`Self::digits`] as a number.
    pub(super) fn number(&mut self, min: usize, max: usize) -> Option<u32> {
        let mut digits = self.eat_digits(min, max)?.chars().filter_map(digit_value);
        digits.try_fold(0_u32, |number, digit| number.checked_mul(10)?.checked_add(digit.into()))
    }

    /// Skips a run of `min..=max` digits and returns it as typed. No longer run is read to its end.
    fn eat_digits(&mut self, min: usize, max: usize) -> Option<&'t str> {
        let rest = self.rest();
        let (mut count, mut len) = (0, 0);
        for c in rest.chars().take_while(|c| digit_value(*c).is_some()).take(max + 1) {
            count += 1;
            len += c.len_utf8();
        }
        if !(min..=max).contains(&count) {
            return None;
        }
        self.at += len;
        rest.get(..len)
    }

    /// Whether no letter or digit follows.
    pub(super) fn at_word_end(&self) -> bool {
        at_word_end(self.rest())
    }

    /// Whether no letter follows. A digit will be a word of its own.
    pub(super) fn at_letters_end(&self) -> bool {
        !self.peek().is_some_and(is_letter)
    }

    /// Whether a digit follows.
    pub(super) fn at_digit(&self) -> bool {
        self.peek().is_some_and(|c| digit_value(c).is_some())
    }

    /// The word that follows, letters only.
    pub(super) fn word(&self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    /// [`Self::word`] with the joiners within it.
    pub(super) fn joined_word(&self) -> &'t str {
        let rest = self.rest();
        let end =
            rest.find(|c| !(is_letter(c) || matches!(c, '\u{200C}' | '\u{200D}'))).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }
}

fn at_word_end(rest: &str) -> bool {
    !rest.starts_with(is_wordish)
}

/// Whether `c` can be part of a word: letters, digits and the signs of Indian scripts.
pub(super) fn is_wordish(c: char) -> bool {
    is_letter(c) || c.is_numeric() || digit_value(c).is_some()
}

/// Whether `c` is a letter, or a sign of an Indian script.
pub(super) fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    if matches!(c, '\u{900}'..='\u{D7F}') {
        // The dandas are shared by all Indian scripts.
        return digit_value(c).is_none()
            && !matches!(c, '\u{964}' | '\u{965}')
            && (WritingSystem::of(c).is_some() || c.is_alphabetic());
    }
    digit_value(c).is_none() && (c.is_alphabetic() || WritingSystem::of(c).is_some())
}

/// Hyphens and dashes that stand between numbers.
pub(super) const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}' | '–' | '—' | '\u{2212}')
}

/// Marks without width that come with pasted numbers.
pub(super) const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}
