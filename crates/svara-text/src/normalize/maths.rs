//! Mathematical signs between and beside numbers.

use super::{
    cursor::{Cursor, is_dash, is_letter, is_space},
    endings::joined,
    measure::measured,
    place::{Found, Place},
};
use crate::{
    languages::{Currency, Unit},
    number::Numeral,
    writing::digit_value,
};

/// The most digits of a power.
const MAX_POWER_DIGITS: usize = 4;

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
    // A power is one of a number: "a² + b² = c²".
    let base = place.done.trim_end_matches(is_space).strip_suffix(['²', '³']);
    let power = base.is_some_and(|base| base.ends_with(is_operand));
    // In "5 <5>", the brackets are no signs.
    let even = place.done.ends_with(is_space) == cursor.rest().starts_with(is_space);
    let between_digits = is_digit(before) && is_digit(after);
    if let Some(found) = raised(&place, glued_before) {
        return Some(found);
    }
    let name = match sign {
        '×' | '✕' => maths.times,
        '*' if between_digits => maths.times,
        '÷' => maths.divided,
        '/' if between_digits && in_equation(&place) => maths.divided,
        '±' => maths.plus_minus,
        '√' => maths.root,
        '~' if !glued_before && cursor.at_digit() => maths.about,
        '@' if even && place.done.ends_with(is_space) && after.is_some_and(Currency::is_sign) => {
            place.words.web.at
        }
        '≠' => maths.not_equals,
        '≈' => maths.about,
        '≤' => maths.at_most,
        '≥' => maths.at_least,
        '=' if operand(before)
            && operand(after)
            && (is_digit(before) || is_digit(after) || power || is_equation_of_names(&place, &cursor)) =>
        {
            maths.equals
        }
        '<' if even && operand(before) && is_digit(after) => maths.less,
        '>' if even && operand(before) && is_digit(after) => maths.greater,
        '+' if between_digits
            || (power && operand(after))
            || (even && is_digit(after) && is_variable(&place))
            || (even && is_equation_of_names(&place, &cursor))
            || (even && is_digit(before) && is_name(cursor.rest().trim_start_matches(is_space).chars()))
            || (place.behind_digit() && !cursor.peek().is_some_and(is_letter)) =>
        {
            signs.plus
        }
        'x' | 'X' if between_digits && in_equation(&place) => maths.times,
        'x' | 'X' if between_digits || (even && is_digit(after) && behind_measure(&place)) => maths.by,
        c if is_dash(c) && even && power && operand(after) => signs.minus,
        c if is_dash(c) && between_digits && in_equation(&place) => signs.minus,
        _ => return None,
    };
    if is_comparison(sign)
        && !place.words.calendar.ordinal_day
        && let Some(found) = compared(&place, cursor, name)
    {
        return Some(found);
    }
    let between_spaces = place.before.is_some_and(|c| is_operand(c) || c == ')');
    let spoken = if between_spaces { format!(" {name}") } else { name.to_owned() };
    Some(Found::new(cursor.at(), spoken))
}

const fn is_comparison(sign: char) -> bool {
    matches!(sign, '<' | '>' | '≤' | '≥')
}

/// A comparison in a language that names the second number first: "पाँच तीन से बड़ा".
fn compared(place: &Place<'_>, mut cursor: Cursor<'_>, name: &str) -> Option<Found> {
    cursor.eat_space();
    let second = Numeral::parse(cursor.rest())?;
    cursor.skip(second.len);
    let second = measured(&second, &mut cursor, place).spoken;
    let spoken = joined(second, name, place.words);
    Some(Found::new(cursor.at(), spoken))
}

/// A number or name raised to a power, and digits below the line: `x²`, `10²³`, `10⁻⁶`, `2^10`, `CO₂`.
fn raised(place: &Place<'_>, glued_before: bool) -> Option<Found> {
    let mut cursor = place.cursor();
    if !glued_before {
        return None;
    }
    let below = eat_small(&mut cursor, subscript);
    if !below.is_empty() {
        return Some(Found::new(cursor.at(), Numeral::parse(&below)?.spoken(place.words)));
    }
    let hat = cursor.eat("^");
    let minus = if hat { cursor.eat_if(is_dash) } else { cursor.eat_if(|c| c == '⁻') }.is_some();
    let digits = if hat { cursor.digits(1, MAX_POWER_DIGITS)? } else { eat_small(&mut cursor, superscript) };
    let maths = place.words.maths;
    let power = Numeral::parse(&digits)?;
    let behind_word = place.done.ends_with(is_letter) && !is_variable(place);
    if behind_word && !(matches!(digits.as_str(), "2" | "3") || hat) {
        // A footnote.
        return Some(Found::new(cursor.at(), power.spoken(place.words)));
    }
    let spoken = match (minus, digits.as_str()) {
        (false, "2") => maths.squared.to_owned(),
        (false, "3") => maths.cubed.to_owned(),
        (false, _) => maths.power.replace("{n}", &power.spoken(place.words)),
        (true, _) => {
            let negative = format!("{} {}", place.words.signs.minus, power.spoken(place.words));
            maths.power.replace("{n}", &negative)
        }
    };
    Some(Found::new(cursor.at(), format!(" {spoken}")))
}

/// Reads a run of small digits and returns them as ASCII.
fn eat_small(cursor: &mut Cursor<'_>, digit: fn(char) -> Option<u8>) -> String {
    let mut digits = String::new();
    while digits.len() < MAX_POWER_DIGITS
        && let Some(c) = cursor.eat_if(|c| digit(c).is_some())
    {
        digits.extend(digit(c).map(|digit| char::from(b'0' + digit)));
    }
    digits
}

const fn superscript(c: char) -> Option<u8> {
    Some(match c {
        '⁰' => 0,
        '¹' => 1,
        '²' => 2,
        '³' => 3,
        '⁴' => 4,
        '⁵' => 5,
        '⁶' => 6,
        '⁷' => 7,
        '⁸' => 8,
        '⁹' => 9,
        _ => return None,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "below ten")]
const fn subscript(c: char) -> Option<u8> {
    match c {
        '₀'..='₉' => Some((c as u32 - '₀' as u32) as u8),
        _ => None,
    }
}

/// Whether single Latin letters are on both sides: `y = x`.
fn is_equation_of_names(place: &Place<'_>, cursor: &Cursor<'_>) -> bool {
    is_name(cursor.rest().trim_start_matches(is_space).chars()) && is_variable(place)
}

/// Whether the place is behind a single Latin letter, the name of a number.
fn is_variable(place: &Place<'_>) -> bool {
    is_name(place.done.trim_end_matches(is_space).chars().rev())
}

/// Whether a row of characters begins with a single Latin letter, which isn't one of several: they are how acronyms and parts
/// of the day are said, `J B`, `p m`.
fn is_name(mut row: impl Iterator<Item = char>) -> bool {
    let mut single = || match row.next() {
        Some(c) if c.is_ascii_alphabetic() => Some(row.next()),
        _ => None,
    };
    match single() {
        Some(Some(c)) if is_space(c) => single().is_none_or(|next| next.is_some_and(is_letter)),
        Some(next) => !next.is_some_and(is_letter),
        None => false,
    }
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
