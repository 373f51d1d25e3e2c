//! Builds the normalized text, and the map from it to the text as typed.
//!
//! Everything that normalization changes goes through [`Output::say`]: what isn't in a [`Replacement`] is the same in
//! both texts, byte for byte.

use std::{borrow::Cow, ops::Range};

use super::{
    Found,
    cursor::is_wordish,
    web::{ADDRESS_MARKS, MAX_ADDRESS_BYTES, is_address_tail},
};

/// How far recognizers look back for what says what a number is, in bytes: in English, and where letters have three.
const LOOK_BACK_BYTES: usize = 160;
const LOOK_FAR_BACK_BYTES: usize = 3 * LOOK_BACK_BYTES;

/// A normalized text with the map to the text as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized<'t> {
    /// What is said.
    pub said: Cow<'t, str>,
    /// What was replaced, in order and without overlaps. The text before, between and after the replacements is the
    /// same in both texts.
    pub replacements: Vec<Replacement>,
}

/// A part of the typed text and the words said in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Bytes of the text as typed; never empty.
    pub typed: Range<usize>,
    /// Bytes of the text that is said, with any space that keeps the words apart from what is around them.
    pub said: Range<usize>,
}

/// Collects what is kept and what is spelled out, with a space where words would run together.
pub(super) struct Output<'t> {
    text: &'t str,
    /// How much of `text` is dealt with, in bytes.
    at: usize,
    /// Where the next of [`ADDRESS_MARKS`] is, at `at` or behind it.
    mark: usize,
    /// How much of that is in `said`: what is kept is copied at once before the next replacement.
    copied: usize,
    said: String,
    replacements: Vec<Replacement>,
    /// Whether the last piece was spelled out and takes no ending.
    after_words: bool,
}

impl<'t> Output<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mark = text.find(ADDRESS_MARKS).unwrap_or(usize::MAX);
        Self {
            text,
            at: 0,
            mark,
            copied: 0,
            said: String::new(),
            replacements: Vec::new(),
            after_words: false,
        }
    }

    /// What is left of the text.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// How far it is to the next of [`ADDRESS_MARKS`].
    pub(super) const fn to_mark(&self) -> usize {
        self.mark.saturating_sub(self.at)
    }

    fn move_on(&mut self, len: usize) {
        self.at += len;
        if self.mark < self.at {
            self.mark = self.rest().find(ADDRESS_MARKS).map_or(usize::MAX, |mark| self.at + mark);
        }
    }

    /// The text before what is left, as far as recognizers look back.
    pub(super) fn done(&self) -> &'t str {
        let near = self.at.saturating_sub(LOOK_BACK_BYTES);
        let ascii = self.text.as_bytes().get(near).is_none_or(u8::is_ascii);
        let start = if ascii { near } else { self.at.saturating_sub(LOOK_FAR_BACK_BYTES) };
        let start = self.text.ceil_char_boundary(start);
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The character of the result that comes before what is left: normalizing the result must find the same again.
    pub(super) fn before(&self) -> Option<char> {
        if self.separates() { Some(' ') } else { self.built().chars().next_back() }
    }

    /// Keeps the next `len` bytes.
    pub(super) fn keep(&mut self, len: usize) {
        if self.separates() {
            self.said.push(' ');
            if let Some(last) = self.replacements.last_mut() {
                last.said.end += 1;
            }
        }
        self.move_on(len);
        self.after_words = false;
    }

    /// Puts the words of what was found in the place of its text.
    pub(super) fn say(&mut self, found: &Found) {
        self.copy();
        let start = self.said.len();
        let runs_on = self.said.ends_with(is_wordish) && found.spoken.starts_with(is_wordish);
        // An English word behind these would look like part of an address.
        let ascii = found.spoken.starts_with(|c: char| c.is_ascii_alphanumeric());
        let address =
            || self.said.ends_with(['.', '@']) || self.said.ends_with("://") || self.ends_in_address();
        if runs_on || (ascii && address()) {
            self.said.push(' ');
        }
        self.said.push_str(&found.spoken);
        self.replacements
            .push(Replacement { typed: self.at..self.at + found.len, said: start..self.said.len() });
        self.move_on(found.len);
        self.copied = self.at;
        self.after_words = !found.joined;
    }

    /// Whether what is said ends in a dash behind what may be an address: "www.-".
    fn ends_in_address(&self) -> bool {
        let Some(before) = self.said.strip_suffix('-') else { return false };
        let start = before.ceil_char_boundary(before.len().saturating_sub(MAX_ADDRESS_BYTES));
        let tail = before.get(start..).unwrap_or_default();
        let last = tail.chars().rev().find(|c| matches!(c, '.' | '@' | ':') || c.is_whitespace());
        last.is_some_and(|c| !c.is_whitespace())
    }

    pub(super) fn finish(mut self) -> Normalized<'t> {
        if self.replacements.is_empty() {
            return Normalized { said: Cow::Borrowed(self.text), replacements: self.replacements };
        }
        self.copy();
        Normalized { said: Cow::Owned(self.said), replacements: self.replacements }
    }

    /// Whether a space belongs between the last words and what is left: before a word, and before what would turn an
    /// English word into an address.
    fn separates(&self) -> bool {
        let rest = self.rest();
        let ascii = || self.said.ends_with(|c: char| c.is_ascii_alphanumeric());
        self.after_words
            && (rest.starts_with(is_wordish)
                || (ascii() && self.to_mark() <= MAX_ADDRESS_BYTES && is_address_tail(rest)))
    }

    /// The last stretch of the result.
    fn built(&self) -> &str {
        match self.text.get(self.copied..self.at) {
            Some(kept) if !kept.is_empty() => kept,
            _ => &self.said,
        }
    }

    fn copy(&mut self) {
        self.said.push_str(self.text.get(self.copied..self.at).unwrap_or_default());
        self.copied = self.at;
    }
}
