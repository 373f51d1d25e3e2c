//! Reading a text from left to right, a piece at a time.

use crate::{
    number::digits,
    writing::{WritingSystem, digit_value},
};

/// A place in a text. Copies are cheap: try a reading on a copy, keep it if it works out.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// How far it has come, in bytes.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Passes over `len` bytes, which must end between characters.
    pub(super) const fn skip(&mut self, len: usize) {
        self.at += len;
    }

    /// Passes over `literal` if it comes next.
    pub(super) fn eat(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    /// Passes over the next character if `wanted` wants it.
    pub(super) fn eat_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let c = self.peek().filter(|c| wanted(*c))?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Passes over the first of `words` that comes next as a whole word, in any ASCII case; which one it was.
    pub(super) fn eat_word<'w>(&mut self, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
        let rest = self.rest();
        let found = words.into_iter().find(|word| {
            rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
                && at_word_end(rest.get(word.len()..).unwrap_or_default())
        })?;
        self.at += found.len();
        Some(found)
    }

    /// Passes over a run of `min..=max` digits and gives them as ASCII. A longer run is none.
    pub(super) fn digits(&mut self, min: usize, max: usize) -> Option<String> {
        let (digits, len) = digits(self.rest()).filter(|(digits, _)| (min..=max).contains(&digits.len()))?;
        self.at += len;
        Some(digits)
    }

    /// [`Self::digits`] as a number.
    pub(super) fn number(&mut self, min: usize, max: usize) -> Option<u32> {
        self.digits(min, max)?.parse().ok()
    }

    /// Whether what was read so far is not run on by letters or digits.
    pub(super) fn at_word_end(&self) -> bool {
        at_word_end(self.rest())
    }
}

fn at_word_end(rest: &str) -> bool {
    !rest.starts_with(is_wordish)
}

/// Letters, digits and the signs of Indian scripts: what makes one word with its neighbour.
pub(super) fn is_wordish(c: char) -> bool {
    c.is_alphanumeric() || WritingSystem::of(c).is_some() || digit_value(c).is_some()
}
