//! The last digits of a number whose others are masked: `A/c **1234`, `XXXX1234`, `XXXX XXXX 4567`.

use super::{
    cue::{follows_cue, follows_ending},
    cursor::{Cursor, is_dash, is_letter, is_space, is_wordish},
    place::{Found, Place},
};
use crate::number::one_by_one;

/// The most signs and groups of signs of a mask.
const MAX_SIGNS: usize = 20;
const MAX_GROUPS: usize = 5;

/// So many signs are a mask without a word that says so, and before a space.
const SURE_SIGNS: usize = 4;

/// How far the other stars of bold text may be, in bytes.
const BOLD: usize = 160;

const fn is_mask(c: char) -> bool {
    matches!(c, '*' | 'x' | 'X' | '•')
}

/// The digits behind a mask, which isn't said.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let sign = place.rest.chars().next().filter(|c| is_mask(*c))?;
    // Between signs of maths, it is a name.
    if place.done.ends_with(|c| c == sign || is_wordish(c) || "=+×÷<>^/*±~@_".contains(c)) {
        return None;
    }
    let mut cursor = place.cursor();
    let mut signs = 0;
    let mut spaced = false;
    for _ in 0..MAX_GROUPS {
        let run = eat_run(&mut cursor, sign);
        if !(2..=MAX_SIGNS).contains(&run) {
            return None;
        }
        signs += run;
        let gap = cursor.eat_if(|c| is_space(c) || is_dash(c)).is_some();
        spaced |= gap;
        if !gap || cursor.at_digit() {
            break;
        }
    }
    let digits = cursor.digits(3, 6)?;
    let mut after = cursor;
    let mark = after.eat_if(|c| ".,:/".contains(c));
    let runs_on =
        mark.is_some() && (after.at_digit() || (mark == Some('.') && after.peek().is_some_and(is_letter)));
    let told = || follows_cue(&place) || follows_ending(&place);
    // "XX 1234" may be a Roman numeral, and "**1234" the beginning of bold text.
    let fits = match sign {
        '*' => !is_bold(&cursor) && (signs >= SURE_SIGNS || told()),
        _ if spaced => signs >= SURE_SIGNS,
        _ => signs > 2 || digits.len() > 3 || told(),
    };
    let ends = !cursor.peek().is_some_and(|c| c.is_ascii_alphanumeric())
        && !cursor.rest().starts_with(['%', '°', '@', '_']);
    (fits && ends && !runs_on).then(|| Found::new(cursor.at(), one_by_one(&digits, place.words)))
}

/// Skips a run of `sign` and returns its length, which is beyond [`MAX_SIGNS`] if it is too long.
fn eat_run(cursor: &mut Cursor<'_>, sign: char) -> usize {
    let mut run = 0;
    while run <= MAX_SIGNS && cursor.eat_if(|c| c == sign).is_some() {
        run += 1;
    }
    run
}

/// Whether more stars follow in the line, as those behind bold text do.
fn is_bold(end: &Cursor<'_>) -> bool {
    let rest = end.rest();
    let ahead = rest.get(..rest.floor_char_boundary(BOLD)).unwrap_or_default();
    ahead.split('\n').next().is_some_and(|line| line.contains('*'))
}
