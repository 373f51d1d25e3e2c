//! Mathematical signs between and beside numbers.

use super::{
    cricket,
    cursor::{Cursor, is_dash, is_letter, is_space},
    endings::joined,
    measure::measured,
    operand::{is_name, is_operand, is_variable},
    place::{Found, Place},
    power::raised,
    scale::is_scale,
    spelling::{is_one_of, same},
};
use crate::{
    languages::{COUNTED_NOUNS, Currency, Unit},
    number::Numeral,
    writing::digit_value,
};

/// How far the signs of a number between two others may be, in bytes.
const BETWEEN: usize = 24;

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
    let or_equal = matches!(sign, '<' | '>') && cursor.eat("=");
    let sum_follows = || is_sum(cursor.rest().trim_start_matches(is_space));
    let after = if or_equal { cursor.rest().trim_start_matches(is_space).chars().next() } else { after };
    // In "5 <5>", the brackets are no signs.
    let even = place.done.ends_with(is_space) == cursor.rest().starts_with(is_space);
    let between_digits = is_digit(before) && is_digit(after);
    if let Some(found) = raised(&place, glued_before) {
        return Some(found);
    }
    let name = match sign {
        '×' | '✕' | '*' if is_size(&place, &cursor) => maths.by,
        '×' | '✕' | '∗' => maths.times,
        '*' if between_digits => maths.times,
        '*' if cricket::is_not_out(&place, &cursor) => {
            place.words.context.cricket?.not_out.trim_end_matches(" {runs}")
        }
        '∞' => maths.infinity,
        // "5 kg x ₹40", "3*₹40"
        'x' | 'X' if even && sum_follows() && (is_digit(before) || behind_measure(&place)) => maths.times,
        '*' if even && glued_before && is_digit(before) && sum_follows() => maths.times,
        '÷' => maths.divided,
        '/' if between_digits && in_equation(&place) => maths.divided,
        '±' => maths.plus_minus,
        // Without a number behind it, only the noun is said.
        '√' if !place.words.calendar.ordinal_day
            && !is_digit(after)
            && !is_name(cursor.rest().trim_start_matches(is_space).chars()) =>
        {
            maths.root.rsplit(' ').next().unwrap_or(maths.root)
        }
        '√' => maths.root,
        '~' if !glued_before && cursor.at_digit() => maths.about,
        '@' if even && place.done.ends_with(is_space) && after.is_some_and(Currency::is_sign) => {
            place.words.web.at
        }
        '@' if is_rate(&cursor) => place.words.web.at,
        '≠' => maths.not_equals,
        '≈' => maths.about,
        '≤' => maths.at_most,
        '≥' => maths.at_least,
        '=' if (operand(before) || before.is_some_and(|c| c == '%' || Currency::is_sign(c)))
            && (operand(after) || sum_follows())
            && (is_digit(before)
                || is_digit(after)
                || power
                || is_raised(cursor.rest().trim_start_matches(is_space))
                || (before == Some('%') && sum_follows())
                || (even && before.is_some_and(is_letter) && sum_follows())
                || is_equation_of_names(&place, &cursor)) =>
        {
            maths.equals
        }
        // "<5" and ">50%", but not "<5>".
        '<' | '>'
            if is_bound(&place, &cursor)
                || (even && operand(before) && (is_digit(after) || is_limit(&place, &cursor))) =>
        {
            match (sign, or_equal) {
                ('<', false) => maths.less,
                ('<', true) => maths.at_most,
                (_, false) => maths.greater,
                (_, true) => maths.at_least,
            }
        }
        '+' if between_digits
            || (even && (is_digit(before) || behind_measure(&place)) && sum_follows())
            || (even && is_digit(after) && (before == Some('%') || behind_measure(&place)))
            || (power && operand(after))
            || (even && is_digit(after) && is_variable(&place))
            || (even && is_equation_of_names(&place, &cursor))
            || (even && is_digit(before) && is_name(cursor.rest().trim_start_matches(is_space).chars()))
            || (even && place.done.ends_with(is_space) && is_addition(&place, before, after))
            || (place.behind_digit() && !cursor.peek().is_some_and(is_letter))
            || (!cursor.peek().is_some_and(|c| is_letter(c) || is_digit(Some(c)))
                && behind_scale(&place)) =>
        {
            signs.plus
        }
        'x' | 'X' if between_digits && in_equation(&place) => maths.times,
        'x' | 'X' if between_digits || (even && is_digit(after) && behind_measure(&place)) => maths.by,
        '−' if even
            && (between_digits
                || (is_digit(after) && is_variable(&place))
                || is_equation_of_names(&place, &cursor)) =>
        {
            signs.minus
        }
        c if is_dash(c) && even && power && operand(after) => signs.minus,
        c if is_dash(c) && between_digits && in_equation(&place) => signs.minus,
        c if is_dash(c) && even && sum_follows() && equals_behind_sum(cursor) => signs.minus,
        _ => return None,
    };
    if (is_comparison(sign) || sign == '√')
        && !place.words.calendar.ordinal_day
        && let Some(found) = compared(&place, cursor, name)
    {
        return Some(found);
    }
    // "50+%"
    let percent = sign == '+' && place.behind_digit() && cursor.eat("%");
    let name = if percent { format!("{name} {}", signs.percent) } else { name.to_owned() };
    let between_spaces = place.before.is_some_and(|c| is_operand(c) || c == ')');
    let spoken = if between_spaces { format!(" {name}") } else { name };
    Some(Found::new(cursor.at(), spoken))
}

const fn is_comparison(sign: char) -> bool {
    matches!(sign, '<' | '>' | '≤' | '≥')
}

/// A comparison in a language that names the second number first: "पाँच तीन से बड़ा".
fn compared(place: &Place<'_>, mut cursor: Cursor<'_>, name: &str) -> Option<Found> {
    cursor.eat_space();
    let second = match Numeral::parse(cursor.rest()) {
        Some(second) => {
            cursor.skip(second.len);
            measured(&second, &mut cursor, place).spoken
        }
        None if is_name(cursor.rest().chars()) => cursor.eat_if(|_| true)?.to_string(),
        None => return None,
    };
    let spoken = joined(second, name, place.words);
    Some(Found::new(cursor.at(), spoken))
}

/// Whether the sign between two numbers of three digits or more is that of a size: `1920×1080`.
fn is_size(place: &Place<'_>, cursor: &Cursor<'_>) -> bool {
    let digit = |c: char| digit_value(c).is_some();
    let mut ahead = *cursor;
    // All day and all week.
    if place.done.ends_with("24") && ahead.eat("7") && ahead.at_word_end() {
        return true;
    }
    ahead = *cursor;
    // "4×400 m" is a relay.
    let relay = |second: &str| second.len() == 3 && !place.done.chars().rev().nth(1).is_some_and(digit);
    if ahead.digits(1, 5).is_some_and(|second| !relay(&second)) && is_length(ahead, place) {
        return true;
    }
    ahead = *cursor;
    ahead.digits(3, 5).is_some()
        && place.done.chars().rev().take_while(|c| digit(*c)).count() >= 3
        && !in_equation(place)
}

/// Whether a unit of length follows, by its symbol or its name: "30×40 ft".
fn is_length(mut cursor: Cursor<'_>, place: &Place<'_>) -> bool {
    const LENGTHS: [Unit; 3] = [Unit::FOOT, Unit::INCH, Unit::METRE];
    cursor.eat_space();
    if let Some((unit, len)) = Unit::parse(cursor.rest()) {
        cursor.skip(len);
        return LENGTHS.contains(&unit) && cursor.at_word_end();
    }
    let names = LENGTHS.into_iter().map(|unit| unit.name(place.words)).flat_map(|noun| [noun.one, noun.many]);
    cursor.eat_word(names.chain(["फीट", "फ़ीट", "फुट"]))
}

/// Whether a number follows at once, behind a space or nothing: "<5 years". "<3" is a heart, and "<5>" is in brackets.
fn is_bound(place: &Place<'_>, cursor: &Cursor<'_>) -> bool {
    let opens = place.before.is_none_or(|c| c.is_whitespace() || c == '(');
    let Some(number) = Numeral::parse(cursor.rest()).filter(|_| opens) else { return false };
    let behind = cursor.rest().get(number.len..).unwrap_or_default();
    let heart = place.rest.starts_with("<3") && number.len == 1 && !behind.starts_with('%');
    !heart && !behind.starts_with(['<', '>'])
}

/// Whether a single letter follows, the name of a number, and a number is before: `3 < x`.
fn is_limit(place: &Place<'_>, cursor: &Cursor<'_>) -> bool {
    let before = place.done.trim_end_matches(is_space).chars().next_back();
    before.is_some_and(|c| digit_value(c).is_some())
        && is_name(cursor.rest().trim_start_matches(is_space).chars())
}

/// A number between two others, in a language that names what it is compared with first: `3 < x < 5`.
pub(super) fn between(place: Place<'_>) -> Option<Found> {
    let (words, maths) = (place.words, place.words.maths);
    let head = place.rest.as_bytes().get(..place.rest.len().min(BETWEEN)).unwrap_or_default();
    // The second are the first bytes of ≤ and ≥.
    let near = head.iter().any(|byte| matches!(byte, b'<' | b'>'))
        || head.windows(2).any(|pair| pair == [0xE2, 0x89]);
    if words.calendar.ordinal_day || !near {
        return None;
    }
    let mut cursor = place.cursor();
    let low = Numeral::parse(cursor.rest())?;
    cursor.skip(low.len);
    let (first, first_equal) = eat_comparison(&mut cursor)?;
    let middle = match Numeral::parse(cursor.rest()) {
        Some(number) => {
            cursor.skip(number.len);
            number.spoken(words)
        }
        None if is_name(cursor.rest().chars()) => cursor.eat_if(|_| true)?.to_string(),
        None => return None,
    };
    let (second, second_equal) = eat_comparison(&mut cursor).filter(|(second, _)| *second == first)?;
    let high = Numeral::parse(cursor.rest())?;
    cursor.skip(high.len);
    let name = |less: bool, equal: bool| match (less, equal) {
        (true, false) => maths.less,
        (true, true) => maths.at_most,
        (false, false) => maths.greater,
        (false, true) => maths.at_least,
    };
    let left = joined(low.spoken(words), name(!first, first_equal), words);
    let right = joined(high.spoken(words), name(second, second_equal), words);
    let spoken = words.signs.mixed.replace("{a}", &format!("{middle} {left}")).replace("{b}", &right);
    cursor.at_word_end().then(|| Found::new(cursor.at(), spoken))
}

/// Reads a sign of comparison: whether it means less, and whether or equal.
fn eat_comparison(cursor: &mut Cursor<'_>) -> Option<(bool, bool)> {
    let spaced = cursor.eat_space();
    let sign = cursor.eat_if(|c| matches!(c, '<' | '>' | '≤' | '≥'))?;
    let equal = matches!(sign, '≤' | '≥') || cursor.eat("=");
    (cursor.eat_space() == spaced).then_some((matches!(sign, '<' | '≤'), equal))
}

/// Whether single Latin letters are on both sides: `y = x`, `e+√x`.
fn is_equation_of_names(place: &Place<'_>, cursor: &Cursor<'_>) -> bool {
    let behind = cursor.rest().trim_start_matches(is_space);
    is_name(behind.strip_prefix('√').unwrap_or(behind).chars()) && is_variable(place)
}

/// Whether a few letters and a power are at the start of `text`: the `mc²` of `E = mc²`.
fn is_raised(text: &str) -> bool {
    let letters = text.bytes().take(4).take_while(u8::is_ascii_alphabetic).count();
    letters > 0 && text.get(letters..).is_some_and(|rest| rest.starts_with(['²', '³']))
}

/// Whether a measure is before the place: `5 cm`.
fn behind_measure(place: &Place<'_>) -> bool {
    let mut before = place.words_before();
    let is_unit = before.next().is_some_and(|(word, gap)| {
        gap.chars().all(is_space) && Unit::parse(word).is_some_and(|(_, len)| len == word.len())
    });
    is_unit && before.next().is_some_and(|(word, _)| word.starts_with(|c| digit_value(c).is_some()))
}

/// Whether one side of a plus sign between spaces is an amount, and the other anything: "₹99 + tax", "16GB RAM + 512GB SSD".
fn is_addition(place: &Place<'_>, before: Option<char>, after: Option<char>) -> bool {
    let is_digit = |c: char| digit_value(c).is_some();
    let amount = before.is_some_and(|c| is_digit(c) || c == '%');
    let near = || place.words_before().take(3).any(|(word, _)| word.starts_with(is_digit));
    (amount && after.is_some_and(is_letter)) || (after.is_some_and(is_digit) && near())
}

/// Whether the scale word of a number is right before, or a word for years or a letter for thousands: "25 लाख+ लोग",
/// "18 वर्ष+", "10M+ downloads".
fn behind_scale(place: &Place<'_>) -> bool {
    let mut before = place.words_before();
    let scale = |word: &str| {
        is_scale(word)
            || is_one_of(word, COUNTED_NOUNS)
            || same(word, "Cr")
            || matches!(word, "k" | "K" | "M" | "B" | "L")
    };
    let glued = before.next().is_some_and(|(word, gap)| gap.is_empty() && scale(word));
    glued && before.next().is_some_and(|(word, _)| word.ends_with(|c| digit_value(c).is_some()))
}

/// Whether the place is part of an equation: digits and signs up to an equals sign, on either side.
pub(super) fn in_equation(place: &Place<'_>) -> bool {
    // Most numbers have no equals sign near them.
    let (rest, done) = (place.rest.as_bytes(), place.done.as_bytes());
    let ahead = rest.get(..rest.len().min(EQUATION)).unwrap_or_default();
    let behind = done.get(done.len().saturating_sub(EQUATION)..).unwrap_or_default();
    if !(ahead.contains(&b'=') || behind.contains(&b'=')) {
        return false;
    }
    let part = |c: char| digit_value(c).is_some() || is_space(c) || is_dash(c) || "+×x*/÷.,()²³√".contains(c);
    let equals_ahead = place.rest.chars().take(EQUATION).find(|c| !part(*c)) == Some('=');
    let equals_before = place.done.chars().rev().take(EQUATION).find(|c| !part(*c)) == Some('=');
    equals_ahead || equals_before
}

/// Whether a number with a percent sign follows: the rate of "GST @18%".
fn is_rate(cursor: &Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.eat_space();
    let number = Numeral::parse(ahead.rest()).map_or(0, |numeral| numeral.len);
    ahead.skip(number);
    number > 0 && ahead.eat("%") && ahead.at_word_end()
}

/// Whether a sum of money begins here: `₹50`, `Rs. 50`.
fn is_sum(text: &str) -> bool {
    Currency::before(text).is_some_and(|(_, len)| {
        let amount = text.get(len..).unwrap_or_default().trim_start_matches(is_space);
        amount.starts_with(|c| digit_value(c).is_some())
    })
}

/// Whether an equals sign follows behind a sum of money: the ` ₹50 = ` of "₹500 - ₹50 = ₹450".
fn equals_behind_sum(mut cursor: Cursor<'_>) -> bool {
    cursor.eat_space();
    let sign = Currency::before(cursor.rest()).map_or(0, |(_, len)| len);
    cursor.skip(sign);
    cursor.eat_space();
    let number = Numeral::parse(cursor.rest()).map_or(0, |numeral| numeral.len);
    cursor.skip(number);
    cursor.eat_space();
    cursor.rest().starts_with('=')
}
