//! Mathematical signs between and beside numbers.

use super::{
    cursor::{Cursor, is_dash, is_letter, is_space},
    place::{Found, Place},
};
use crate::{
    languages::{Currency, Unit},
    writing::digit_value,
};

/// How far the rest of an equation may be, in bytes.
const EQUATION: usize = 60;

/// A sign that is named: `2×3`, `2+2=4`, `50+`, `x²`, `±5`, `5 > 3`, `2x2`.
pub(super) fn sign(place: Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    let sign = cursor.eat_if(|_| true)?;
    let (maths, signs) = (place.words.maths, &place.words.signs);
    let before = place.done.trim_end_matches(is_space).chars().next_back();
    let after = cursor.rest().trim_start_matches(is_space).chars().next();
    let glued_before = place.done.chars().next_back().is_some_and(is_operand);
    let is_digit = |c: Option<char>| c.is_some_and(|c| digit_value(c).is_some());
    let operand = |c: Option<char>| c.is_some_and(is_operand);
    // In "5 <5>", the brackets are no signs.
    let even = place.done.ends_with(is_space) == cursor.rest().starts_with(is_space);
    let between_digits = is_digit(before) && is_digit(after);
    let name = match sign {
        '×' | '✕' => maths.times,
        '*' if between_digits => maths.times,
        '÷' => maths.divided,
        '/' if between_digits && in_equation(&place) => maths.divided,
        '±' => maths.plus_minus,
        '√' => maths.root,
        '^' if glued_before && cursor.eat_digit(2) => maths.squared,
        '^' if glued_before && cursor.eat_digit(3) => maths.cubed,
        '~' if !glued_before && cursor.at_digit() => maths.about,
        '@' if even && place.done.ends_with(is_space) && after.is_some_and(Currency::is_sign) => {
            place.words.web.at
        }
        '²' if glued_before => maths.squared,
        '³' if glued_before => maths.cubed,
        '≠' => maths.not_equals,
        '≈' => maths.about,
        '≤' => maths.at_most,
        '≥' => maths.at_least,
        '=' if operand(before)
            && operand(after)
            && (is_digit(before) || is_digit(after) || is_equation_of_names(&place, &cursor)) =>
        {
            maths.equals
        }
        '<' if even && operand(before) && is_digit(after) => maths.less,
        '>' if even && operand(before) && is_digit(after) => maths.greater,
        '+' if between_digits
            || (even && is_digit(after) && is_variable(&place))
            || (place.behind_digit() && !cursor.peek().is_some_and(is_letter)) =>
        {
            signs.plus
        }
        'x' | 'X' if between_digits || (even && is_digit(after) && behind_measure(&place)) => maths.by,
        c if is_dash(c) && between_digits && in_equation(&place) => signs.minus,
        _ => return None,
    };
    let between_spaces = place.before.is_some_and(|c| is_operand(c) || c == ')');
    let spoken = if between_spaces { format!(" {name}") } else { name.to_owned() };
    Some(Found::new(cursor.at(), spoken))
}

/// Whether single Latin letters are on both sides: `y = x`.
fn is_equation_of_names(place: &Place<'_>, cursor: &Cursor<'_>) -> bool {
    let mut behind = cursor.rest().trim_start_matches(is_space).chars();
    let named = behind.next().is_some_and(|c| c.is_ascii_alphabetic());
    named && !behind.next().is_some_and(is_letter) && is_variable(place)
}

/// Whether the place is behind a single Latin letter, the name of a number.
fn is_variable(place: &Place<'_>) -> bool {
    let mut before = place.done.trim_end_matches(is_space).chars().rev();
    before.next().is_some_and(|c| c.is_ascii_alphabetic()) && !before.next().is_some_and(is_letter)
}

/// Whether a measure is before the place: `5 cm`.
fn behind_measure(place: &Place<'_>) -> bool {
    let mut before = place.words_before();
    let is_unit = before.next().is_some_and(|(word, gap)| {
        gap.chars().all(is_space) && Unit::parse(word).is_some_and(|(_, len)| len == word.len())
    });
    is_unit && before.next().is_some_and(|(word, _)| word.starts_with(|c| digit_value(c).is_some()))
}

/// Whether the place is part of an equation: digits and signs up to an equals sign, on either side.
pub(super) fn in_equation(place: &Place<'_>) -> bool {
    // Most numbers have no equals sign near them.
    let near = |byte: &u8| *byte == b'=';
    let ahead = place.rest.as_bytes().iter().take(EQUATION).any(near);
    let behind = place.done.as_bytes().iter().rev().take(EQUATION).any(near);
    if !(ahead || behind) {
        return false;
    }
    let part = |c: char| digit_value(c).is_some() || is_space(c) || is_dash(c) || "+×x*/÷.,()²³√".contains(c);
    let equals_ahead = place.rest.chars().take(EQUATION).find(|c| !part(*c)) == Some('=');
    let equals_before = place.done.chars().rev().take(EQUATION).find(|c| !part(*c)) == Some('=');
    equals_ahead || equals_before
}

fn is_operand(c: char) -> bool {
    is_letter(c) || digit_value(c).is_some() || matches!(c, '(' | ')' | '²' | '³')
}
