//! Dates with the name of a month.

use super::{
    cursor::{Cursor, is_dash, is_space},
    date::spoken_day,
    endings::ordinal,
    place::{Found, Place},
    scale::range,
    year::year_in_words,
};
use crate::{language::Language, languages::Words, number::Numeral, writing::WritingSystem};

/// `15 August 1947`, `15th Aug, 1947`.
pub(super) fn behind_day(place: Place<'_>) -> Option<Found> {
    if place.behind_number_and(|c| is_dash(c) || "/.:".contains(c)) {
        return None;
    }
    let mut cursor = place.cursor();
    let mut days = spoken_day(eat_day(&mut cursor)?, place.words);
    // "15-20 August"
    let mut ahead = cursor;
    if ahead.eat_if(is_dash).is_some()
        && let Some(last) = eat_day(&mut ahead)
    {
        days = day_range(days, last, place.words);
        cursor = ahead;
    }
    // "15अगस्त": only a name in an Indian script may be glued.
    let glued = cursor.eat_if(|c| is_space(c) || is_dash(c)).is_none();
    if glued && !cursor.peek().is_some_and(WritingSystem::is_indic) {
        return None;
    }
    let month =
        Month::eat(&mut cursor, place.words).or_else(|| Month::eat_before_year(&mut cursor, place.words))?;
    let mut with_year = cursor;
    with_year.eat(",");
    with_year.eat_if(|c| is_space(c) || is_dash(c));
    if let Some(year) = eat_year(&mut with_year) {
        let year = year_in_words(year, place.words);
        return Some(Found::new(with_year.at(), format!("{days} {} {year}", month.name)));
    }
    // Without a year, the number is an ordinal in English, and a short name must become a long one.
    let matters = place.words.calendar.ordinal_day || month.is_short || glued;
    (matters && month.surely).then(|| Found::new(cursor.at(), format!("{days} {}", month.name)))
}

/// `August 1947`, `August 15, 1947`, `Aug. 15`.
pub(super) fn before_day(place: Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut cursor = place.cursor();
    let month = Month::eat(&mut cursor, words)?;
    let mut name = month.name.to_owned();
    // "Jan-Mar 2024"
    let mut ahead = cursor;
    let last = ahead.eat_if(is_dash).and_then(|_| Month::eat(&mut ahead, words)).filter(|last| last.surely);
    let months = last.is_some();
    if let Some(last) = last {
        name = range(name, last.name, words.signs.range_before_noun.unwrap_or(words.signs.range), words);
        cursor = ahead;
    }
    let mut with_year = cursor;
    with_year.eat(",");
    // "ஆக.15"
    let glued = !months && month.is_short && cursor.read().ends_with('.') && cursor.at_digit();
    if !glued && with_year.eat_if(|c| is_space(c) || is_dash(c)).is_none() {
        return months.then(|| Found::new(cursor.at(), name));
    }
    if let Some(year) = eat_year(&mut with_year) {
        return Some(Found::new(with_year.at(), format!("{name} {}", year_in_words(year, words))));
    }
    if months {
        return Some(Found::new(cursor.at(), name));
    }
    if !glued {
        cursor.eat_if(|c| is_space(c) || is_dash(c))?;
    }
    let day = eat_day(&mut cursor)?;
    let mut days = spoken_day(day, words);
    let mut ahead = cursor;
    if ahead.eat_if(is_dash).is_some()
        && let Some(last) = eat_day(&mut ahead)
    {
        days = day_range(days, last, words);
        cursor = ahead;
    } else if month.is_short
        && let Some(ordinal) = ordinal(&Numeral::of(day as u64), &mut cursor, words)
    {
        // "டிச.25-ம் தேதி"
        days = ordinal;
    }
    let mut with_year = cursor;
    with_year.eat(",");
    with_year.eat_if(|c| is_space(c) || is_dash(c));
    let spoken = format!("{name} {days}");
    if let Some(year) = eat_year(&mut with_year) {
        return Some(Found::new(with_year.at(), format!("{spoken}, {}", year_in_words(year, words))));
    }
    let mut after = cursor;
    // Endings will melt into the day: "டிச.25ல்".
    let runs_on = (!cursor.at_word_end() && !cursor.peek().is_some_and(WritingSystem::is_indic))
        || cursor.at_digit()
        || (after.eat_if(|c| is_dash(c) || ",.:/%".contains(c)).is_some() && after.at_digit());
    let matters = words.calendar.ordinal_day || month.is_short;
    (matters && month.surely && !runs_on).then(|| Found::new(cursor.at(), spoken))
}

/// Days up to another.
fn day_range(first: String, last: usize, words: &Words) -> String {
    let template = words.signs.range_before_noun.unwrap_or(words.signs.range);
    range(first, &spoken_day(last, words), template, words)
}

/// The name of a month in a text.
struct Month<'t> {
    name: &'t str,
    is_short: bool,
    /// Whether it can be nothing else: "may" and "march" are verbs, too.
    surely: bool,
}

impl<'t> Month<'t> {
    fn eat(cursor: &mut Cursor<'t>, words: &'static Words) -> Option<Self> {
        let start = *cursor;
        let english = Words::of(Language::English);
        let calendar = &words.calendar;
        let long = english.calendar.months.into_iter().chain(calendar.months);
        if cursor.eat_word(long.chain(calendar.spellings.iter().map(|(name, _)| *name))) {
            let name = start.rest().get(..cursor.at() - start.at())?;
            return Some(Self { name, is_short: false, surely: !matches!(name, "may" | "march") });
        }
        let english = &Words::of(Language::English).calendar;
        let short = || english.short.iter().chain(calendar.short);
        let index = match cursor.eat_word_of(short().map(|(name, _)| *name)) {
            Some(index) => index,
            None => {
                // Before a dash, they need no point: "12-जन-2024". A point may stand right before the day: "ஆக.15".
                let mut ahead = *cursor;
                let index = ahead.eat_word_of(short().map(|(name, _)| name.trim_end_matches('.')))?;
                let mut behind = ahead;
                let day = behind.eat(".") && behind.at_digit();
                ahead.peek().filter(|c| day || is_dash(*c))?;
                *cursor = ahead;
                index
            }
        };
        let (_, number) = short().nth(index)?;
        cursor.eat(".");
        Some(Self { name: calendar.months.get(number - 1)?, is_short: true, surely: true })
    }
}

impl Month<'static> {
    /// A short name without its point, which a year behind it makes one: "२६ जाने १९५०".
    fn eat_before_year(cursor: &mut Cursor<'_>, words: &'static Words) -> Option<Self> {
        let mut ahead = *cursor;
        let index =
            ahead.eat_word_of(words.calendar.short.iter().map(|(name, _)| name.trim_end_matches('.')))?;
        let mut behind = ahead;
        behind.eat(",");
        behind.eat_if(is_space)?;
        eat_year(&mut behind)?;
        *cursor = ahead;
        let (_, number) = words.calendar.short.get(index)?;
        Some(Self { name: words.calendar.months.get(number.checked_sub(1)?)?, is_short: true, surely: true })
    }
}

fn eat_day(cursor: &mut Cursor<'_>) -> Option<usize> {
    let day = cursor.number(1, 2).filter(|day| (1..=31).contains(day))?;
    cursor.eat_word(["st", "nd", "rd", "th"]);
    usize::try_from(day).ok()
}

/// A year from 1000 to 2199 behind a month.
fn eat_year(cursor: &mut Cursor<'_>) -> Option<u64> {
    let mut ahead = *cursor;
    let year = ahead.number(4, 4).filter(|year| (1000..2200).contains(year))?;
    let mut after = ahead;
    let runs_on = after.eat_if(|c| ":/".contains(c)).is_some() && after.at_digit();
    if runs_on || ahead.peek().is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    *cursor = ahead;
    Some(year.into())
}
