//! Powers, charges and small digits: `x²`, `10²³`, `2^10`, `Ca²⁺`, `CO₂`.

use super::{
    cursor::{Cursor, is_dash, is_letter},
    measure::measured_words,
    operand::{is_operand, is_variable},
    place::{Found, Place},
};
use crate::{languages::Words, number::Numeral};

/// The most digits of a power.
const MAX_POWER_DIGITS: usize = 4;

/// A number or name raised to a power, and digits below the line: `x²`, `10²³`, `10⁻⁶`, `2^10`, `2**10`, `CO₂`.
pub(super) fn raised(place: &Place<'_>, glued_before: bool) -> Option<Found> {
    let mut cursor = place.cursor();
    // A charge also behind what is said in the place of a sign: "€⁺".
    let charged = matches!(cursor.peek(), Some('⁺' | '⁻')) && place.before.is_some_and(is_operand);
    if !(glued_before || charged) {
        return None;
    }
    let below = eat_small(&mut cursor, subscript);
    if !below.is_empty() {
        return Some(Found::new(cursor.at(), Numeral::parse(&below)?.spoken(place.words)));
    }
    let hat = cursor.eat("^") || (place.behind_digit() && cursor.eat("**"));
    let minus = if hat { cursor.eat_if(is_dash) } else { cursor.eat_if(|c| c == '⁻') }.is_some();
    let digits = if hat { cursor.digits(1, MAX_POWER_DIGITS)? } else { eat_small(&mut cursor, superscript) };
    let maths = place.words.maths;
    if let Some(spoken) = charge(place, &mut cursor, minus && !hat, &digits) {
        return Some(Found::new(cursor.at(), spoken));
    }
    let power = Numeral::parse(&digits)?;
    let behind_word = place.done.ends_with(is_letter) && !is_variable(place);
    if behind_word && !(matches!(digits.as_str(), "2" | "3") || hat) {
        // A footnote.
        return Some(Found::new(cursor.at(), power.spoken(place.words)));
    }
    let spoken = match (minus, digits.as_str()) {
        (false, "2") => maths.squared.to_owned(),
        (false, "3") => maths.cubed.to_owned(),
        _ => to_the_power(minus, &power, place.words),
    };
    if !place.behind_digit() {
        return Some(Found::new(cursor.at(), format!(" {spoken}")));
    }
    let measure = measured_words(spoken, None, &mut cursor, place);
    Some(Found { named: measure.named, ..Found::new(cursor.at(), format!(" {}", measure.spoken)) })
}

/// "to the power of minus six"
pub(super) fn to_the_power(minus: bool, power: &Numeral, words: &Words) -> String {
    let mut power = power.spoken(words);
    if minus {
        power = format!("{} {power}", words.signs.minus);
    }
    words.maths.power.replace("{n}", &power)
}

/// The charge of an ion: the `²⁺` of `Ca²⁺`.
fn charge(place: &Place<'_>, cursor: &mut Cursor<'_>, minus: bool, digits: &str) -> Option<String> {
    let signs = &place.words.signs;
    let name = match cursor.peek() {
        Some('⁺') if !minus => signs.plus,
        Some('⁻') if !minus => signs.minus,
        _ if minus && digits.is_empty() => return Some(format!(" {}", signs.minus)),
        _ => return None,
    };
    cursor.eat_if(|_| true);
    let number = Numeral::parse(digits).map(|number| format!("{} ", number.spoken(place.words)));
    Some(format!(" {}{name}", number.unwrap_or_default()))
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
