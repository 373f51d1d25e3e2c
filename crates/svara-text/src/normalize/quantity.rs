//! Numbers with their signs, percent signs, units and endings.

use super::{
    cricket,
    cursor::{Cursor, is_dash, is_wordish},
    decade,
    endings::ordinal,
    fraction, leading_zero,
    maths::in_equation,
    measure::{half_before, measured},
    place::{Found, Place},
    range, scientific,
    words::{before_noun, counts, is_numbered},
    year,
};
use crate::{languages::Words, number::Numeral};

/// The most parts of a version or IP address.
const MAX_CHAIN: usize = 8;

/// `-5`, `.5`, `10-15 km`, `3/4`, `45%`, `12वीं`, `1.2.3`, `2024`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut cursor = place.cursor();
    let sign = cursor.eat_if(|c| matches!(c, '+' | '-' | '\u{2212}'));
    if sign.is_some() && !place.sign_allowed() {
        return None;
    }
    let sign = match sign {
        Some('+') => format!("{} ", words.signs.plus),
        Some(_) => format!("{} ", words.signs.minus),
        None => String::new(),
    };
    let mut found = if cursor.rest().starts_with('.') {
        below_one(&place, &mut cursor, !sign.is_empty())?
    } else {
        number(&place, &mut cursor, sign.is_empty())?
    };
    found.spoken.insert_str(0, &sign);
    Some(found)
}

/// `.5`: the point is read even without a zero before it.
fn below_one(place: &Place<'_>, cursor: &mut Cursor<'_>, signed: bool) -> Option<Found> {
    let opens = signed || place.before.is_none_or(|c| !is_wordish(c) && !".,:/@%".contains(c) && !is_dash(c));
    if !opens || !cursor.eat(".") {
        return None;
    }
    let numeral = Numeral::below_one(cursor.rest())?;
    cursor.skip(numeral.len);
    let mut after = *cursor;
    if after.eat(".") && after.at_digit() {
        return None;
    }
    let zero = Numeral::of(0).spoken(place.words);
    let measure = measured(&numeral, cursor, place);
    // Where no zero is typed, the point is said even where people say a half.
    let said = if measure.spoken == half_before(cursor, place.words) {
        numeral.spoken(place.words)
    } else {
        measure.spoken
    };
    // Marathi's point means "whole": something is whole before it.
    let bare = said.strip_prefix(&zero).filter(|_| place.words.signs.point != "पूर्णांक");
    let spoken = bare.map_or(said.as_str(), str::trim_start).to_owned();
    Some(Found { named: measure.named, ..Found::new(cursor.at(), spoken) })
}

fn number(place: &Place<'_>, cursor: &mut Cursor<'_>, unsigned: bool) -> Option<Found> {
    let words = place.words;
    let numeral = Numeral::parse(cursor.rest())?;
    cursor.skip(numeral.len);
    let numeral = leading_zero::dropped(numeral, cursor, place);
    if let Some(spoken) = chain(&numeral, cursor, words) {
        return Some(Found::new(cursor.at(), spoken));
    }
    if let Some(spoken) = cricket::not_out(&numeral, cursor, place) {
        return Some(Found::new(cursor.at(), spoken));
    }
    if let Some(measure) = scientific::recognize(&numeral, cursor, place) {
        return Some(Found { named: measure.named, ..Found::new(cursor.at(), measure.spoken) });
    }
    if let Some(spoken) = decade::recognize(&numeral, place, cursor) {
        return Some(Found::new(cursor.at(), spoken));
    }
    let continues = place.behind_number_and(|c| c == '/') || place.done.ends_with(is_dash);
    let equation = in_equation(place);
    if !continues
        && !equation
        && let Some(found) =
            fraction::recognize(&numeral, cursor, place).or_else(|| range::recognize(&numeral, cursor, place))
    {
        return Some(found);
    }
    if unsigned && let Some(year) = year::year(&numeral, place, cursor) {
        return Some(Found::new(cursor.at(), year));
    }
    if let Some(spoken) = ordinal(&numeral, cursor, words) {
        let spoken = range::of_ordinals(spoken, cursor, words);
        return Some(Found::new(cursor.at(), spoken));
    }
    let unmeasured = cursor.at();
    let measure = measured(&numeral, cursor, place);
    let mut spoken = measure.spoken;
    // The second number of a score or a dose counts nothing, nor does that of a name: "2-1 வெற்றி", "பகுதி-1 பாடம்".
    let in_row = numeral.fraction.is_some() || place.done.ends_with(is_dash);
    if cursor.at() == unmeasured && !in_row && counts(cursor, words) {
        // A word behind a number is usually what it counts.
        let counted = before_noun(spoken.clone(), words);
        if counted != spoken && !is_numbered(place) {
            spoken = counted;
        }
    }
    Some(Found { named: measure.named, ..Found::new(cursor.at(), spoken) })
}

/// Says `1.2.3` or `192.168.1.1`: three or more numbers with points between.
fn chain(first: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let second = first.fraction.as_ref()?;
    let mut parts = vec![first.integer.clone(), second.clone()];
    while parts.len() < MAX_CHAIN {
        let mut ahead = *cursor;
        let Some(digits) = ahead.eat(".").then(|| ahead.digits(1, 20)).flatten() else { break };
        parts.push(digits);
        *cursor = ahead;
    }
    if parts.len() < 3 {
        return None;
    }
    let address =
        parts.len() == 4 && parts.iter().all(|part| part.parse::<u16>().is_ok_and(|part| part < 256));
    let point = if address { words.web.dot } else { words.signs.point };
    let say =
        |digits: String| Numeral { integer: digits, fraction: None, grouped: false, len: 0 }.spoken(words);
    let spoken: Vec<String> = parts.into_iter().map(say).collect();
    Some(spoken.join(&format!(" {point} ")))
}
