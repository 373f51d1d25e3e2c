//! What stands beside a mathematical sign: numbers and their names.

use super::{
    cursor::{is_letter, is_space},
    place::Place,
};
use crate::writing::digit_value;

/// Whether a character ends or begins what a sign may stand beside.
pub(super) fn is_operand(c: char) -> bool {
    is_letter(c) || digit_value(c).is_some() || matches!(c, '(' | ')' | '²' | '³' | '₀'..='₉')
}

/// Whether the place is behind a single Latin letter, the name of a number.
pub(super) fn is_variable(place: &Place<'_>) -> bool {
    is_name(place.done.trim_end_matches(is_space).chars().rev())
}

/// Whether a row of characters begins with a single Latin letter, which isn't one of several: they are how acronyms and parts
/// of the day are said, `J B`, `p m`.
pub(super) fn is_name(mut row: impl Iterator<Item = char>) -> bool {
    let mut single = || match row.next() {
        Some(c) if c.is_ascii_alphabetic() => Some(row.next()),
        _ => None,
    };
    match single() {
        Some(Some(c)) if is_space(c) => {
            single().is_none_or(|next| next.is_some_and(|c| is_letter(c) || c == '/'))
        }
        Some(next) => !next.is_some_and(is_letter),
        None => false,
    }
}
