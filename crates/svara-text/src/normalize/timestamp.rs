//! Moments as machines write them: `2026-11-29T10:30:00+05:30`, and offsets from UTC: `UTC+5:30`.

use super::{
    cursor::{Cursor, is_dash, is_space, is_wordish},
    date,
    moment::length_of,
    place::{Found, Place},
    time,
};
use crate::languages::Words;

/// A date, a `T` and a time, with or without an offset from UTC.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    // Machines write the digits of ASCII. Most numbers are none of them.
    if place.rest.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    let words = place.words;
    let mut cursor = place.cursor();
    cursor.digits(4, 4)?;
    for _ in 0..2 {
        cursor.eat_if(is_dash)?;
        cursor.digits(2, 2)?;
    }
    let day = cursor;
    cursor.eat_if(|c| matches!(c, 'T' | 't'))?;
    let start = cursor;
    cursor.digits(2, 2)?;
    cursor.eat_if(|c| c == ':')?;
    cursor.digits(2, 2)?;
    let mut seconds = cursor;
    if seconds.eat(":") && seconds.digits(2, 2).is_some() {
        cursor = seconds;
    }
    let clock = start.rest().get(..cursor.at() - start.at())?;
    // Parts of a second are nothing to say.
    let mut parts = cursor;
    if parts.eat_if(|c| matches!(c, '.' | ',')).is_some() && parts.digits(1, 9).is_some() {
        cursor = parts;
    }
    let offset = match cursor.eat_if(|c| matches!(c, 'Z' | 'z')) {
        Some(_) => Some(utc(words)),
        None => eat_offset(&mut cursor, words)
            .map(|offset| if offset.is_empty() { utc(words) } else { format!("{} {offset}", utc(words)) }),
    };
    if !cursor.at_word_end() {
        return None;
    }
    let date = date::recognize(Place { rest: day.read(), ..place })?;
    let time = time::recognize(Place { rest: clock, ..place })?;
    let offset = offset.map(|offset| format!(", {offset}")).unwrap_or_default();
    Some(Found::new(cursor.at(), format!("{}, {}{offset}", date.spoken, time.spoken)))
}

/// The offset behind "UTC" or "GMT".
pub(super) fn behind_zone(place: Place<'_>) -> Option<Found> {
    let zone = place.done.trim_end_matches(is_space);
    let before = zone.strip_suffix("UTC").or_else(|| zone.strip_suffix("GMT"))?;
    let mut cursor = place.cursor();
    let offset = eat_offset(&mut cursor, place.words).filter(|offset| !offset.is_empty())?;
    let ends = cursor.at_word_end() && !before.ends_with(is_wordish);
    ends.then(|| Found::new(cursor.at(), offset))
}

/// Reads an offset, and returns what is said; nothing for none.
fn eat_offset(cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    let sign = ahead.eat_if(|c| c == '+' || is_dash(c))?;
    let hours = ahead.number(1, 2).filter(|hours| *hours <= 14);
    let (hours, minutes) = match hours {
        Some(hours) => {
            let mut behind = ahead;
            let minutes = behind.eat(":").then(|| behind.number(2, 2)).flatten().filter(|m| *m < 60);
            if minutes.is_some() {
                ahead = behind;
            }
            (hours, minutes.unwrap_or(0))
        }
        None => {
            let both = ahead.number(4, 4).filter(|both| both % 100 < 60 && *both < 1_460)?;
            (both / 100, both % 100)
        }
    };
    *cursor = ahead;
    let name = if sign == '+' { words.signs.plus } else { words.signs.minus };
    let none = hours == 0 && minutes == 0;
    Some(if none { String::new() } else { format!("{name} {}", length_of(hours, minutes, words)) })
}

fn utc(words: &Words) -> String {
    let names: Vec<&str> = "UTC".chars().filter_map(|c| words.letters.name(c)).collect();
    names.join(" ")
}
