//! Reads a text from left to right.

use crate::{
    number::digits,
    writing::{WritingSystem, digit_value},
};

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

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Skips `len` bytes, which must end at a character boundary.
    pub(super) const fn skip(&mut self, len: usize) {
        self.at += len;
    }

    /// Skips `literal` if it comes next.
    pub(super) fn eat(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal);
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

    /// Skips the first of `words` that comes next as a whole word, in any ASCII case, and returns it.
    pub(super) fn eat_word<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
        let rest = self.rest();
        let found = words.into_iter().find(|word| {
            rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
                && at_word_end(rest.get(word.len()..).unwrap_or_default())
        })?;
        self.at += found.len();
        Some(found)
    }

    /// Skips a run of `min..=max` digits and returns them as ASCII. `None` if the run is shorter or longer.
    pub(super) fn digits(&mut self, min: usize, max: usize) -> Option<String> {
        let (digits, len) = digits(self.rest()).filter(|(digits, _)| (min..=max).contains(&digits.len()))?;
        self.at += len;
        Some(digits)
    }

    /// [`Self::digits`] as a number.
    pub(super) fn number(&mut self, min: usize, max: usize) -> Option<u32> {
        self.digits(min, max)?.parse().ok()
    }

    /// Whether no letter or digit follows.
    pub(super) fn at_word_end(&self) -> bool {
        at_word_end(self.rest())
    }
}

fn at_word_end(rest: &str) -> bool {
    !rest.starts_with(is_wordish)
}

/// Whether `c` can be part of a word: letters, digits and the signs of Indian scripts.
pub(super) fn is_wordish(c: char) -> bool {
    c.is_alphanumeric() || WritingSystem::of(c).is_some() || digit_value(c).is_some()
}
