//! A place in the text, what is found there, and what is around it.

use super::{
    cursor::{Cursor, is_dash, is_invisible, is_letter, is_wordish},
    spelling::LastLetter,
    starts::Starts,
};
use crate::{languages::Words, number::Numeral, writing::digit_value};

/// A place in the text where something to spell out may start.
#[derive(Clone, Copy)]
pub(super) struct Place<'t> {
    /// The text before it, as far as one looks back.
    pub done: &'t str,
    /// The text from it on.
    pub rest: &'t str,
    /// The character before it in the result.
    pub before: Option<char>,
    /// How far it is to the next sign that only addresses and ends of sentences have, in bytes.
    pub to_mark: usize,
    pub words: &'static Words,
    pub starts: &'static Starts,
}

/// Something recognized, and its words.
pub(super) struct Found {
    /// Its length in the text, in bytes.
    pub len: usize,
    pub spoken: String,
    /// Whether the letters that follow are an ending of the last word.
    pub joined: bool,
    /// Whether the last word is a noun that may be typed once more behind it: a unit, a currency.
    pub named: bool,
    /// Whether letters right behind it are a word of their own, no ending.
    pub apart: bool,
}

impl Found {
    pub(super) const fn new(len: usize, spoken: String) -> Self {
        Self { len, spoken, joined: false, named: false, apart: false }
    }

    /// Found with a noun as its last word.
    pub(super) const fn named(len: usize, spoken: String) -> Self {
        Self { len, spoken, joined: false, named: true, apart: false }
    }
}

impl<'t> Place<'t> {
    pub(super) const fn cursor(&self) -> Cursor<'t> {
        Cursor::new(self.rest)
    }

    /// Whether a number and one of `marks` come right before.
    pub(super) fn behind_number_and(&self, marks: impl Fn(char) -> bool) -> bool {
        let mut back = self.done.chars().rev();
        back.next().is_some_and(marks) && back.next().is_some_and(|c| digit_value(c).is_some())
    }

    /// Whether a digit comes right before.
    pub(super) fn behind_digit(&self) -> bool {
        self.done.chars().next_back().is_some_and(|c| digit_value(c).is_some())
    }

    /// Whether a plus or minus sign may stand here: not right behind a word or a number.
    pub(super) fn sign_allowed(&self) -> bool {
        let glued = |c| is_dash(c) || matches!(c, ':' | ',' | '=' | '.');
        if self.before == Some(':') && self.is_colon_dash() {
            return false;
        }
        self.before.is_none_or(|c| {
            c.is_whitespace()
                || is_invisible(c)
                || "([{\"'“‘*".contains(c)
                || (glued(c)
                    && !self.behind_number_and(glued)
                    && self.done.chars().rev().nth(1).is_some_and(is_wordish))
        })
    }

    /// Whether the dash here belongs to the colon before it, as India writes it: `Date:-15/08/1947`. A temperature has a
    /// minus sign there.
    fn is_colon_dash(&self) -> bool {
        let mut cursor = self.cursor();
        if cursor.eat_if(is_dash).is_none() {
            return false;
        }
        cursor.eat_if(|c| c == ' ');
        let number = Numeral::parse(cursor.rest()).map_or(0, |numeral| numeral.len);
        cursor.skip(number);
        !cursor.rest().trim_start_matches(' ').starts_with('°')
    }

    /// The words before, the nearest first, each with what stands between it and the next.
    pub(super) fn words_before(&self) -> impl Iterator<Item = (&'t str, &'t str)> + use<'t> {
        let mut left = self.done;
        std::iter::from_fn(move || {
            let without_gap = left.trim_end_matches(|c| !is_wordish(c));
            let gap = left.get(without_gap.len()..)?;
            // A number and a letter beside it will be two words.
            let letters = without_gap.ends_with(is_letter);
            // Joiners stand within words: "హెల్ప్‌లైన్".
            let within = |c| (letters && is_joiner(c)) || (is_wordish(c) && is_letter(c) == letters);
            let before = without_gap.trim_end_matches(within);
            let word = without_gap.get(before.len()..).filter(|word| !word.is_empty())?;
            left = before;
            Some((word, gap))
        })
    }

    /// Whether one of `words` comes right before, with at most spaces and joining marks between.
    pub(super) fn behind_word(&self, words: &[&str]) -> bool {
        let typed = self.done.trim_end_matches([' ', '\u{A0}', ':', '-', '–', '(']);
        ends_with_one(typed, words)
    }
}

/// Whether `c` joins or parts the letters of one word.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// Whether `text` ends in one of `words`, which may hold points and spaces, as a whole word.
pub(super) fn ends_with_one(text: &str, words: &[&str]) -> bool {
    let last = LastLetter::of(text);
    words
        .iter()
        .any(|word| last.without_suffix(text, word).is_some_and(|before| !before.ends_with(is_wordish)))
}
