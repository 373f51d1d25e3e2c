//! Times with the English word for hours behind: `1730 hrs`, `17:45 hrs`, `at 1800 hours`.

use super::{
    cursor::{Cursor, is_dash},
    moment::{Moment, say},
    place::{Found, Place},
    scale::range,
};
use crate::languages::Words;

/// English words before a time of four digits.
const BEFORE: [&str; 7] = ["at", "by", "from", "till", "until", "before", "after"];

/// A time of the day of 24 hours.
pub(super) fn recognize(place: &Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    let digits = cursor.digits(2, 4).filter(|digits| digits.len() != 3)?;
    let marked = digits.len() == 2;
    let (hour, minute) = if marked {
        cursor.eat_if(|c| matches!(c, ':' | '.'))?;
        (digits.as_str(), cursor.digits(2, 2)?)
    } else {
        let (hour, minute) = digits.split_at_checked(2)?;
        (hour, minute.to_owned())
    };
    let (hours, minutes): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let english = place.words.clock.few_minutes.is_some();
    if english
        && !marked
        && let Some(found) = up_to(hours, minutes, cursor, place)
    {
        return Some(found);
    }
    let mut typed = cursor;
    typed.eat_space();
    if english && !marked && typed.rest().starts_with("IST") {
        return Some(Found::new(cursor.at(), bare(hours, minutes, place.words)));
    }
    let short = typed.eat_word(["hrs", "hr"]);
    if english {
        let long = !marked && is_long(place, &digits, &mut typed);
        return (short || long).then(|| Found::new(typed.at(), in_english(hours, minutes, place.words)));
    }
    // "1500 hrs" is rather a number of hours, and "17.45 hrs" may be one.
    let of_day = if marked { cursor.read().contains(':') } else { minutes > 0 || hour.starts_with('0') };
    let told = short || (marked && typed.eat_word(["hours"]));
    (told && of_day).then(|| {
        let moment = Moment { hour: hours, minute: minutes, second: 0, in_minutes: false };
        Found::named(typed.at(), moment.spoken(false, place.words))
    })
}

/// A time up to another, with the word for hours behind: `1000-1700 hrs`.
fn up_to(hours: u32, minutes: u32, first: Cursor<'_>, place: &Place<'_>) -> Option<Found> {
    let mut cursor = first;
    cursor.eat_if(is_dash)?;
    let second = cursor.number(4, 4).filter(|time| time / 100 < 24 && time % 100 < 60)?;
    cursor.eat_space();
    if !cursor.eat_word(["hrs", "hr"]) {
        return None;
    }
    let words = place.words;
    let to = in_english(second / 100, second % 100, words);
    Some(Found::new(cursor.at(), range(bare(hours, minutes, words), &to, words.signs.range, words)))
}

/// Whether the long word for hours follows, where it makes a time of the digits.
fn is_long(place: &Place<'_>, digits: &str, typed: &mut Cursor<'_>) -> bool {
    if !typed.eat_word(["hours"]) {
        return false;
    }
    let mut behind = *typed;
    let of = behind.eat_space() && behind.eat_word(["of"]);
    digits.starts_with('0') || (place.behind_word(&BEFORE) && !of)
}

fn in_english(hours: u32, minutes: u32, words: &Words) -> String {
    format!("{} hours", bare(hours, minutes, words))
}

fn bare(hours: u32, minutes: u32, words: &Words) -> String {
    let hour =
        if hours < 10 { format!("{} {}", say(0, words), say(hours, words)) } else { say(hours, words) };
    let minute = match minutes {
        0 => "hundred".to_owned(),
        1..10 => format!("{} {}", say(0, words), say(minutes, words)),
        _ => say(minutes, words),
    };
    format!("{hour} {minute}")
}
