//! Numbers in scientific notation: `1e-5`, `6.02E+23`.

use super::{
    cursor::{Cursor, is_dash, is_space, is_wordish},
    measure::{Measure, measured_words},
    place::Place,
    power::to_the_power,
};
use crate::number::{Numeral, cardinal};

/// The most digits of a power.
const MAX_POWER_DIGITS: usize = 3;

/// A number times a power of ten that starts with the number `first`, which is read already.
pub(super) fn recognize(first: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<Measure> {
    let words = place.words;
    let mut ahead = *cursor;
    let letter = ahead.eat_if(|c| matches!(c, 'e' | 'E'))?;
    let sign = ahead.eat_if(|c| c == '+' || is_dash(c));
    let digits = ahead.digits(1, MAX_POWER_DIGITS)?;
    // "12E5" may be the number of a flat, and "1E-2E" a row of them.
    let surely = first.fraction.is_some() || (first.integer.len() == 1 && (letter == 'e' || sign.is_some()));
    let mut after = ahead;
    let runs_on = after.eat_if(|c| is_dash(c) || ".:/".contains(c)).is_some() && after.at_digit();
    if !surely || runs_on || first.grouped || place.before.is_some_and(is_wordish) || !ahead.at_word_end() {
        return None;
    }
    if letter == 'E' && sign.is_some_and(is_dash) && digits.len() > 2 && is_flight(first, place, &ahead) {
        return None;
    }
    *cursor = ahead;
    let power = to_the_power(sign.is_some_and(is_dash), &Numeral::parse(&digits)?, words);
    let (number, ten) = (first.spoken(words), cardinal(10, words));
    Some(measured_words(format!("{number} {} {ten} {power}", words.maths.times), None, cursor, place))
}

/// Whether the number is rather that of a flight, as `6E-204` is one of IndiGo's: nothing of maths is beside it.
fn is_flight(first: &Numeral, place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let is_sign = |c: char| "=<>≤≥≈~+×*/^(±".contains(c) || is_dash(c);
    first.fraction.is_none()
        && first.integer == "6"
        && !place.done.trim_end_matches(is_space).ends_with(is_sign)
        && !end.rest().trim_start_matches(is_space).starts_with(|c: char| is_sign(c) && c != '(' && c != '/')
}
