//! The "A/c" of banks: `A/c no. 1234`, `your a/c`, `A/c **1234`. It may also be an air conditioner, whose letters are named.

use super::{
    cursor::{Cursor, is_dash, is_space, is_wordish},
    place::{Found, Place},
    spelling::is_one_of,
};
use crate::languages::{ACCOUNTS, BEFORE_ACCOUNTS, NUMBER_WORDS};

/// The abbreviation at the place.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    if !(cursor.eat("A/") || cursor.eat("a/")) || cursor.eat_if(|c| matches!(c, 'c' | 'C')).is_none() {
        return None;
    }
    let rest = cursor.rest();
    // In "a/b/a/c" and "a/c/d", it is none.
    if !cursor.at_letters_end()
        || rest.starts_with('/')
        || place.before.is_some_and(|c| is_wordish(c) || "/=+×^.@_~".contains(c))
    {
        return None;
    }
    if is_of_bank(&place, &cursor) {
        return Some(Found::new(cursor.at(), place.words.context.account.to_owned()));
    }
    let letters = &place.words.letters;
    let spoken = format!("{} {}", letters.name('A')?, letters.name('C')?);
    Some(Found::new(cursor.at(), spoken))
}

/// Whether a number, or a word of banks, is beside it.
fn is_of_bank(place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let mut ahead = *end;
    ahead.eat(".");
    ahead.eat_space();
    let words = NUMBER_WORDS.iter().chain(ACCOUNTS).copied();
    if { ahead }.eat_word(words) {
        return true;
    }
    let before = place.words_before().next();
    if before.is_some_and(|(word, gap)| gap == " " && is_one_of(word, BEFORE_ACCOUNTS)) {
        return true;
    }
    for _ in 0..3 {
        ahead.eat_if(|c| matches!(c, ':' | '(') || is_space(c) || is_dash(c));
    }
    let masked = ["**", "xx", "XX", "••"].iter().any(|mask| ahead.rest().starts_with(mask));
    masked
        || (ahead.at_digit() || {
            ahead.eat_if(|c| matches!(c, 'X' | 'x' | '*')).is_some() && ahead.at_digit()
        })
}
