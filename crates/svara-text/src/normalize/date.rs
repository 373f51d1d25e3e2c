//! Dates and years.

use super::{
    Found, Place,
    cursor::{Cursor, is_wordish},
};
use crate::{
    language::Language,
    languages::Words,
    number::{Numeral, cardinal, one_by_one, replace_end},
};

/// English month names, which are recognized in every language.
const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `15/08/1947`, `1947-08-15`, `15 August 1947`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if place.before.is_some_and(|c| "/-.:,".contains(c)) {
        return None;
    }
    in_digits(place).or_else(|| with_name(place))
}

fn in_digits(place: Place<'_>) -> Option<Found> {
    let mut cursor = Cursor::new(place.rest);
    let first = cursor.digits(1, 4)?;
    let separator = cursor.eat_if(|c| "/-.".contains(c))?;
    let second = cursor.digits(1, 2)?;
    cursor.eat_if(|c| c == separator)?;
    let third = cursor.digits(1, 4)?;
    let mut after = cursor;
    let runs_on = after.eat_if(|c| c == separator).is_some() && after.digits(1, 9).is_some();
    if runs_on || cursor.peek().is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let (year, month, day) = match (first.len(), third.len()) {
        (4, 1 | 2) => (first, second, third),
        (1 | 2, 4) => (third, second, first),
        (1 | 2, 2) if separator == '/' => (third, second, first),
        _ => return None,
    };
    let (mut month, mut day) = (month.parse().ok()?, day.parse().ok()?);
    if month > 12 && day <= 12 && separator == '/' {
        // Month first, as in the United States.
        (month, day) = (day, month);
    }
    let name = month_name(month, day, place.words)?;
    Some(Found::new(
        cursor.at(),
        format!("{} {name} {}", spoken_day(day, place.words), spoken_year(&year, place.words)),
    ))
}

/// The name of a month from 1 to 12, if it has that day.
fn month_name(month: usize, day: usize, words: &Words) -> Option<&'static str> {
    let days = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let name = words.calendar.months.get(month.checked_sub(1)?)?;
    (1..=days).contains(&day).then_some(name)
}

fn spoken_day(day: usize, words: &Words) -> String {
    let mut spoken = cardinal(day as u64, words);
    if let Some(ordinal) = words.endings.first().filter(|_| words.calendar.ordinal_day) {
        replace_end(&mut spoken, ordinal.joins);
    }
    spoken
}

fn spoken_year(year: &str, words: &Words) -> String {
    match year.parse::<u64>() {
        Ok(number) if year.len() == 4 && number >= 1000 => year_in_words(number, words),
        Ok(number) if year.len() == 2 && number > 9 => cardinal(number, words),
        _ => one_by_one(year, words),
    }
}

/// Says 1947 as "nineteen forty seven" where the language says years like that.
fn year_in_words(year: u64, words: &Words) -> String {
    let calendar = &words.calendar;
    let (century, rest) = (cardinal(year / 100, words), year % 100);
    match calendar.century {
        Some(hundred)
            if (1100..2000).contains(&year)
                || (calendar.halves_from_2010 && (2010..2100).contains(&year)) =>
        {
            match (hundred, rest) {
                ("", 0) => format!("{century} hundred"),
                ("", 1..=9) => format!("{century} oh {}", cardinal(rest, words)),
                (_, 0) => cardinal(year, words),
                _ => format!("{century}{hundred} {}", cardinal(rest, words)),
            }
        }
        _ => cardinal(year, words),
    }
}

/// Four digits as a year, if a word beside them says that they are one: `सन् 1947`, `১৯৪৭ সালে`.
pub(super) fn year(numeral: &Numeral, place: Place<'_>, after: &Cursor<'_>) -> Option<String> {
    let number = numeral.whole().filter(|_| numeral.integer.len() == 4 && !numeral.grouped)?;
    let calendar = &place.words.calendar;
    let behind = after.rest().strip_prefix(' ').unwrap_or_default();
    let said_before = calendar.year_before.iter().any(|word| ends_with_word(place.done, word));
    let said_behind = calendar.year_behind.iter().any(|word| behind.starts_with(word));
    (said_before || said_behind).then(|| year_in_words(number, place.words))
}

/// `1990s`, `90s`: said in English in every language.
pub(super) fn decade(numeral: &Numeral, cursor: &mut Cursor<'_>) -> Option<String> {
    let number = numeral.whole().filter(|number| number % 10 == 0 && !numeral.grouped)?;
    let english = Words::of(Language::English);
    let mut spoken = match numeral.integer.len() {
        2 => cardinal(number, english),
        4 => year_in_words(number, english),
        _ => return None,
    };
    cursor.eat_word(["s", "'s", "’s"])?;
    replace_end(&mut spoken, &[("y", "ies"), ("", "s")]);
    Some(spoken)
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let before = text.strip_suffix(' ').and_then(|text| text.strip_suffix(word));
    before.is_some_and(|before| !before.ends_with(is_wordish))
}

/// A year from 1000 to 2199 behind a month.
fn eat_year(cursor: &mut Cursor<'_>) -> Option<u64> {
    let year = cursor.number(4, 4).filter(|year| (1000..2200).contains(year))?;
    let ends = cursor.at_word_end() && !(cursor.eat(":") || cursor.eat("/"));
    ends.then_some(year.into())
}

/// `15 August 1947`, `15th August, 1947`.
fn with_name(place: Place<'_>) -> Option<Found> {
    let mut cursor = Cursor::new(place.rest);
    let day = cursor.number(1, 2).filter(|day| (1..=31).contains(day))?;
    let _ = cursor.eat_word(["st", "nd", "rd", "th"]);
    cursor.eat_if(|c| matches!(c, ' ' | '-'))?;
    let month_start = cursor.at();
    cursor.eat_word(ENGLISH_MONTHS.into_iter().chain(place.words.calendar.months))?;
    let month = place.rest.get(month_start..cursor.at())?;
    cursor.eat(",");
    cursor.eat_if(|c| matches!(c, ' ' | '-'))?;
    let year = eat_year(&mut cursor)?;
    let day = spoken_day(usize::try_from(day).ok()?, place.words);
    Some(Found::new(cursor.at(), format!("{day} {month} {}", year_in_words(year, place.words))))
}

/// `August 1947`, `August 15, 1947`.
pub(super) fn after_month(place: Place<'_>) -> Option<Found> {
    let mut cursor = Cursor::new(place.rest);
    cursor.eat_word(ENGLISH_MONTHS.into_iter().chain(place.words.calendar.months))?;
    let month = place.rest.get(..cursor.at())?;
    cursor.eat_if(|c| c == ' ')?;
    let mut with_day = cursor;
    if let Some((day, year)) = day_and_year(&mut with_day) {
        let day = spoken_day(day, place.words);
        return Some(Found::new(
            with_day.at(),
            format!("{month} {day}, {}", year_in_words(year, place.words)),
        ));
    }
    let year = eat_year(&mut cursor)?;
    Some(Found::new(cursor.at(), format!("{month} {}", year_in_words(year, place.words))))
}

fn day_and_year(cursor: &mut Cursor<'_>) -> Option<(usize, u64)> {
    let day = cursor.number(1, 2).filter(|day| (1..=31).contains(day))?;
    let _ = cursor.eat_word(["st", "nd", "rd", "th"]);
    if !cursor.eat(", ") {
        return None;
    }
    Some((usize::try_from(day).ok()?, eat_year(cursor)?))
}
