//! Dates in digits.

use super::{
    cursor::{Cursor, is_dash},
    place::{Found, Place},
    scale::range,
    spelling::{is_one_of, same},
    words::{UP_TO, is_mark},
    year::spoken_year,
};
use crate::{
    languages::{BEFORE_DATES, BEHIND_DATES, CASES, Calendar, NUMBER_WORDS, NUMBERED, Words},
    number::{cardinal, digits, replace_end},
    writing::digit_value,
};

/// The first year that is taken for one of Bikram Sambat where dates are in it.
const FIRST_BIKRAM_SAMBAT: u32 = 2036;

/// `15/08/1947`, `1947-08-15`, `03-2020`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if place.behind_number_and(|c| is_dash(c) || "/.:".contains(c)) {
        return None;
    }
    if let Some(first) = full(place) {
        return Some(up_to(&first, place, full).unwrap_or(first));
    }
    if let Some(first) = month_and_year(place) {
        return Some(up_to(&first, place, month_and_year).unwrap_or(first));
    }
    day_and_month(place)
}

/// Two dates with a dash between: `10/05/2024-15/05/2024`, `06/2024-08/2024`.
fn up_to(first: &Found, place: Place<'_>, date: fn(Place<'_>) -> Option<Found>) -> Option<Found> {
    let mut cursor = place.cursor();
    cursor.skip(first.len);
    let spaced = cursor.eat_space();
    cursor.eat_if(is_dash)?;
    if spaced != cursor.eat_space() {
        return None;
    }
    let second = date(Place { rest: cursor.rest(), ..place })?;
    let spoken = range(first.spoken.clone(), &second.spoken, place.words.signs.range, place.words);
    Some(Found::new(cursor.at() + second.len, spoken))
}

fn full(place: Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    let first = cursor.digits(1, 4)?;
    // Nepal also writes dandas between the parts.
    let danda = place.words.calendar.bikram_sambat.is_some();
    let separator = cursor.eat_if(|c| is_dash(c) || "/.".contains(c) || (danda && c == '।'))?;
    let second = cursor.digits(1, 2)?;
    cursor.eat_if(|c| c == separator)?;
    let third = cursor.digits(1, 4)?;
    if runs_on(&cursor, separator) {
        return None;
    }
    let year_first = first.len() == 4;
    let (year, month, day) = match (first.len(), third.len()) {
        (4, 1 | 2) => (first, second, third),
        (1 | 2, 4) => (third, second, first),
        (1 | 2, 2) if separator == '/' => (third, second, first),
        // "15.08.23", but not "version 10.04.22".
        (2, 2) if second.len() == 2 && !is_version(&place) => (third, second, first),
        (1 | 2, 2) if is_told(&place, &cursor) => (third, second, first),
        _ => return None,
    };
    let (mut month, mut day) = (month.parse().ok()?, day.parse().ok()?);
    if month > 12 && day <= 12 && (separator == '/' || year.len() == 4) {
        // Month first, as in the United States.
        (month, day) = (day, month);
    }
    let calendar = &place.words.calendar;
    let name = bikram_sambat(&year, month, day, calendar).or_else(|| month_name(month, day, calendar))?;
    let (day, spoken) = (spoken_day(day, place.words), spoken_year(&year, place.words));
    // In "२०८१/०२/१५ गते", the word for the day stays behind it.
    let mut behind = cursor;
    behind.eat_space();
    let day_last = year_first && calendar.bikram_sambat.is_some() && behind.eat_word(["गते"]);
    let spoken = if day_last { format!("{spoken} {name} {day}") } else { format!("{day} {name} {spoken}") };
    Some(Found::new(cursor.at(), spoken))
}

/// Whether a word for a version comes before.
fn is_version(place: &Place<'_>) -> bool {
    place.behind_word(&["version", "v", "ver.", "release", "Ubuntu", "संस्करण", "वर्जन"])
}

/// Whether a word beside it says that this is a date: `दि. 5.6.24`, `15.8.24 அன்று`.
fn is_told(place: &Place<'_>, after: &Cursor<'_>) -> bool {
    let behind = after.rest().trim_start_matches(' ');
    place.behind_word(BEFORE_DATES)
        || BEHIND_DATES.iter().any(|word| behind.starts_with(word))
        || follows_told(place)
}

/// Whether this is the second of two dates, of which a word says that the first is one: "दि. 1-11-25 से 5-11-25".
fn follows_told(place: &Place<'_>) -> bool {
    let mut before = place.words_before();
    let to = before.next().is_some_and(|(word, _)| UP_TO.contains(&word));
    let mut is_number = || before.next().is_some_and(|(word, _)| digits(word).is_some());
    let date = to && is_number() && is_number() && is_number();
    date && before
        .next()
        .is_some_and(|(word, _)| BEFORE_DATES.iter().any(|told| same(word, told.trim_end_matches('.'))))
}

/// Whether a word beside two numbers says that they are a day and a month: `on 05/11`, `05/11 को`.
fn is_told_beside(place: &Place<'_>, after: &Cursor<'_>) -> bool {
    const BEFORE: [&str; 10] =
        ["on", "by", "till", "until", "since", "from", "before", "after", "Deadline", "तारीख"];
    const BEHIND: [&str; 4] = ["को", "ला", "ਨੂੰ", "तक"];
    let two = place.rest.chars().take(2).all(|c| digit_value(c).is_some());
    let mut ahead = *after;
    two && (is_told(place, after)
        || place.behind_word(&BEFORE)
        || (ahead.eat_space() && is_one_of(ahead.word(), &BEHIND)))
}

/// `15/08`, where the zero says that the second number is a month.
fn day_and_month(place: Place<'_>) -> Option<Found> {
    if place.words.calendar.bikram_sambat.is_some()
        || (place.done.ends_with(['#', '.', '-']) && !place.behind_word(BEFORE_DATES))
    {
        return None;
    }
    let mut cursor = place.cursor();
    let day = cursor.number(1, 2)?;
    cursor.eat_if(|c| c == '/')?;
    let month = cursor.digits(2, 2)?;
    // "05/11", where a word says that it is a date.
    if !(month.starts_with('0') || (day < 10 && is_told_beside(&place, &cursor))) {
        return None;
    }
    let mut after = cursor;
    let runs_on = after.eat_if(|c| is_dash(c) || "/.:,".contains(c)).is_some() && after.at_digit();
    if runs_on || cursor.peek().is_some_and(|c| c.is_ascii_alphanumeric() || "%°".contains(c)) {
        return None;
    }
    if is_numbered(place) {
        return None;
    }
    let day = usize::try_from(day).ok()?;
    let name = month_name(month.parse().ok()?, day, &place.words.calendar)?;
    Some(Found::new(cursor.at(), format!("{} {name}", spoken_day(day, place.words))))
}

/// Whether a word before says that the numbers are that of a case, an order or the like.
pub(super) fn is_numbered(place: Place<'_>) -> bool {
    let mut before = place.words_before().filter(|(word, gap)| !is_mark(word, gap));
    before
        .next()
        .is_some_and(|(word, _)| [NUMBER_WORDS, NUMBERED, CASES].iter().any(|words| is_one_of(word, words)))
}

/// `03-2020`.
fn month_and_year(place: Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    let month = cursor.number(2, 2)?;
    let separator = cursor.eat_if(|c| is_dash(c) || c == '/')?;
    let year = cursor.digits(4, 4).filter(|year| ("1900".."2100").contains(&year.as_str()))?;
    // "Case No. 12/2023"
    if runs_on(&cursor, separator) || !cursor.at_word_end() || is_season(&year, cursor) || is_numbered(place)
    {
        return None;
    }
    let name = month_name(usize::try_from(month).ok()?, 1, &place.words.calendar)?;
    Some(Found::new(cursor.at(), format!("{name} {}", spoken_year(&year, place.words))))
}

/// Whether the next year follows, so that the number before is one of many in them: "No. 12/2026-27".
pub(super) fn is_season(year: &str, mut behind: Cursor<'_>) -> bool {
    let next = year.parse::<u32>().ok().filter(|_| year.len() == 4).map(|year| (year + 1) % 100);
    let follows =
        behind.eat_if(is_dash).is_some() && behind.number(2, 2).is_some_and(|short| Some(short) == next);
    let runs_on = behind.eat_if(|c| is_dash(c) || "/.".contains(c)).is_some();
    follows && !(runs_on && behind.at_digit())
}

fn runs_on(cursor: &Cursor<'_>, separator: char) -> bool {
    let mut after = *cursor;
    let more = after.eat_if(|c| c == separator).is_some() && after.at_digit();
    more || cursor.peek().is_some_and(|c| c.is_ascii_alphanumeric())
}

/// The name of a month from 1 to 12, if it has that day.
fn month_name(month: usize, day: usize, calendar: &Calendar) -> Option<&'static str> {
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let name = calendar.months.get(month.checked_sub(1)?)?;
    (1..=days).contains(&day).then_some(name)
}

/// The name of a month of Bikram Sambat, whose months have up to 32 days.
fn bikram_sambat(year: &str, month: usize, day: usize, calendar: &Calendar) -> Option<&'static str> {
    let months = calendar.bikram_sambat.filter(|_| (1..=32).contains(&day))?;
    let year: u32 = year.parse().ok()?;
    let name = months.get(month.checked_sub(1)?)?;
    (FIRST_BIKRAM_SAMBAT..2200).contains(&year).then_some(name)
}

/// The day of a month in words.
pub(super) fn spoken_day(day: usize, words: &Words) -> String {
    let mut spoken = cardinal(day as u64, words);
    if let Some(ordinal) = words.endings.first().filter(|_| words.calendar.ordinal_day) {
        replace_end(&mut spoken, ordinal.joins);
    }
    spoken
}
