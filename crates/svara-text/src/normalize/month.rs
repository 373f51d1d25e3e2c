//! Dates with the name of a month.

use super::{
    cursor::{Cursor, is_dash, is_space},
    date::spoken_day,
    place::{Found, Place},
    scale::range,
    spelling::prefix_len,
    year::{spoken_year, year_in_words},
};
use crate::{
    language::Language,
    languages::Words,
    writing::{WritingSystem, digit_value},
};

/// `15 August 1947`, `15th Aug, 1947`.
pub(super) fn behind_day(place: Place<'_>) -> Option<Found> {
    if place.behind_number_and(|c| is_dash(c) || "/.:".contains(c)) {
        return None;
    }
    let mut cursor = place.cursor();
    let first = eat_day(&mut cursor)?;
    let typed = cursor.rest().trim_start_matches(is_space);
    if place.starts.may_be_month(typed)
        && let Some(found) = up_to(&place)
    {
        return Some(found);
    }
    // "15-20 August"
    let mut ahead = cursor;
    let last = ahead.eat_if(is_dash).and_then(|_| eat_day(&mut ahead));
    if last.is_some() {
        cursor = ahead;
    }
    // "15अगस्त": only a name in an Indian script may be glued.
    let gap = cursor.eat_if(|c| is_space(c) || is_dash(c));
    let glued = gap.is_none();
    if glued && !cursor.peek().is_some_and(WritingSystem::is_indic) {
        return None;
    }
    if !place.starts.may_be_month(cursor.rest()) {
        return None;
    }
    let month =
        Month::eat(&mut cursor, place.words).or_else(|| Month::eat_before_year(&mut cursor, place.words))?;
    let days = spoken_day(first, place.words);
    let days = match last {
        Some(last) => day_range(days, last, place.words),
        None => days,
    };
    let mut with_year = cursor;
    with_year.eat(",");
    with_year.eat_if(|c| is_space(c) || is_dash(c));
    if let Some(year) = eat_year(&mut with_year) {
        let year = year_in_words(year, place.words);
        return Some(Found::new(with_year.at(), format!("{days} {} {year}", month.name)));
    }
    // "15-Jul-26"
    let dashed = gap.is_some_and(is_dash) && last.is_none() && month.is_short;
    if let Some((end, year)) = dashed.then(|| short_year(cursor)).flatten() {
        let year = spoken_year(&year, place.words);
        return Some(Found::new(end, format!("{days} {} {year}", month.name)));
    }
    // Without a year, the number is an ordinal in English, and a short name must become a long one.
    // "05 अगस्त": nobody says the zero of a day.
    let zero = place.rest.chars().next().and_then(digit_value) == Some(0);
    let matters = place.words.calendar.ordinal_day || month.is_short || glued || zero;
    (matters && month.surely).then(|| Found::new(cursor.at(), format!("{days} {}", month.name)))
}

/// `August 1947`, `August 15, 1947`, `Aug. 15`.
pub(super) fn before_day(place: Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut cursor = place.cursor();
    let month = Month::eat(&mut cursor, words)?;
    if let Some(found) = up_to(&place) {
        return Some(found);
    }
    let mut name = month.name.to_owned();
    // "Jan-Mar 2024"
    let mut ahead = cursor;
    let last = eat_dash(&mut ahead).and_then(|()| Month::eat(&mut ahead, words)).filter(|last| last.surely);
    let months = last.is_some();
    if let Some(last) = last {
        name = range(name, last.name, words.signs.range_before_noun.unwrap_or(words.signs.range), words);
        cursor = ahead;
    }
    let mut with_year = cursor;
    with_year.eat(",");
    // "ஆக.15"
    let pointed = cursor.read().ends_with('.');
    if with_year.eat_if(|c| is_space(c) || is_dash(c)).is_none() && !pointed {
        return months.then(|| Found::new(cursor.at(), name));
    }
    if let Some(year) = eat_year(&mut with_year) {
        return Some(Found::new(with_year.at(), format!("{name} {}", year_in_words(year, words))));
    }
    if months {
        return Some(Found::new(cursor.at(), name));
    }
    let named = cursor;
    if cursor.eat_if(|c| is_space(c) || is_dash(c)).is_none() && !pointed {
        return None;
    }
    let mut days = spoken_day(eat_day(&mut cursor)?, words);
    let mut ahead = cursor;
    if ahead.eat_if(is_dash).is_some()
        && let Some(last) = eat_day(&mut ahead)
    {
        days = day_range(days, last, words);
        cursor = ahead;
    }
    let mut with_year = cursor;
    with_year.eat(",");
    with_year.eat_if(|c| is_space(c) || is_dash(c));
    let spoken = format!("{name} {days}");
    if let Some(year) = eat_year(&mut with_year) {
        return Some(Found::new(with_year.at(), format!("{spoken}, {}", year_in_words(year, words))));
    }
    // "Jan 10-Jan 15"
    let mut ahead = cursor;
    if ahead.eat_if(is_dash).is_some()
        && let Some(last) = Month::eat(&mut ahead, words).filter(|last| last.surely)
        && ahead.eat_if(is_space).is_some()
        && let Some(day) = eat_day(&mut ahead)
        && ahead.at_word_end()
    {
        let last = format!("{} {}", last.name, spoken_day(day, words));
        let template = words.signs.range_before_noun.unwrap_or(words.signs.range);
        return Some(Found::new(ahead.at(), range(spoken, &last, template, words)));
    }
    let mut after = cursor;
    // The ending belongs to the day alone: "டிச.25-ம் தேதி".
    let mut ending = cursor;
    ending.eat_if(is_dash);
    if month.is_short && ending.peek().is_some_and(WritingSystem::is_indic) {
        return Some(Found::new(named.at(), name));
    }
    let runs_on = !cursor.at_word_end()
        || (after.eat_if(|c| is_dash(c) || ",.:/%".contains(c)).is_some() && after.at_digit());
    let matters = words.calendar.ordinal_day || month.is_short;
    (matters && (month.surely || is_alone(&place, &cursor)) && !runs_on)
        .then(|| Found::new(cursor.at(), spoken))
}

/// A date up to another: `28 Feb-2 Mar`, `1 जनवरी 2024 - 31 मार्च 2024`, `May 1 - June 15`, `Jan 2024 - Mar 2025`.
fn up_to(place: &Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut cursor = place.cursor();
    let from = eat_date(&mut cursor, words)?;
    eat_dash(&mut cursor)?;
    let to = eat_date(&mut cursor, words)?;
    let mut after = cursor;
    let runs_on = after.eat_if(|c| is_dash(c) || "/.:".contains(c)).is_some() && after.at_digit();
    let template = words.signs.range_before_noun.unwrap_or(words.signs.range);
    (!runs_on && cursor.at_word_end()).then(|| Found::new(cursor.at(), range(from, &to, template, words)))
}

/// Reads a dash with a space on both sides or none.
fn eat_dash(cursor: &mut Cursor<'_>) -> Option<()> {
    let spaced = cursor.eat_if(is_space).is_some();
    cursor.eat_if(is_dash)?;
    (cursor.eat_if(is_space).is_some() == spaced).then_some(())
}

/// Reads a day and its month in either order, with the year if it is there, or a month and its year.
fn eat_date(cursor: &mut Cursor<'_>, words: &'static Words) -> Option<String> {
    let mut ahead = *cursor;
    let day = eat_day(&mut ahead);
    ahead.eat_if(is_space);
    let month = Month::eat(&mut ahead, words).filter(|month| month.surely)?;
    let mut behind = ahead;
    behind.eat_if(is_space);
    let (spoken, mark) = match day {
        Some(day) => (format!("{} {}", spoken_day(day, words), month.name), " "),
        None => match eat_year(&mut behind) {
            Some(year) => {
                *cursor = behind;
                return Some(format!("{} {}", month.name, year_in_words(year, words)));
            }
            None => {
                let day = eat_day(&mut behind)?;
                ahead = behind;
                (format!("{} {}", month.name, spoken_day(day, words)), ", ")
            }
        },
    };
    let mut with_year = ahead;
    with_year.eat(",");
    with_year.eat_if(is_space);
    let year = eat_year(&mut with_year);
    *cursor = if year.is_some() { with_year } else { ahead };
    Some(year.map_or(spoken.clone(), |year| format!("{spoken}{mark}{}", year_in_words(year, words))))
}

/// Whether "march" or "may" and a number make a clause of their own, or a word says that they are a day: `on may 5`.
fn is_alone(place: &Place<'_>, end: &Cursor<'_>) -> bool {
    const BEFORE: [&str; 9] = ["to", "on", "by", "since", "until", "till", "from", "before", "after"];
    let told = place.words_before().next().is_none_or(|(word, gap)| {
        (gap == " " && BEFORE.contains(&word)) || gap.contains(['.', '\n', ':', ','])
    });
    let rest = end.rest().trim_start_matches(is_space);
    told && (rest.starts_with("to ") || rest.chars().next().is_none_or(|c| ".,;!?)\n".contains(c)))
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
            None => match eat_glued(cursor, short().map(|(name, _)| *name)) {
                Some(index) => index,
                None => {
                    // Before a dash, they need no point: "12-जन-2024".
                    let mut ahead = *cursor;
                    let index = ahead.eat_word_of(short().map(|(name, _)| name.trim_end_matches('.')))?;
                    ahead.peek().filter(|c| is_dash(*c))?;
                    *cursor = ahead;
                    index
                }
            },
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

/// Reads a name with a point, right behind which a number stands: "ஆக.15".
fn eat_glued<'w>(cursor: &mut Cursor<'_>, names: impl Iterator<Item = &'w str>) -> Option<usize> {
    let rest = cursor.rest();
    let (index, len) = names.enumerate().find_map(|(index, name)| {
        let len = prefix_len(rest, name).filter(|_| name.ends_with('.'))?;
        rest.get(len..)?.starts_with(|c| digit_value(c).is_some()).then_some((index, len))
    })?;
    cursor.skip(len);
    Some(index)
}

fn eat_day(cursor: &mut Cursor<'_>) -> Option<usize> {
    let day = cursor.number(1, 2).filter(|day| (1..=31).contains(day))?;
    cursor.eat_word(["st", "nd", "rd", "th"]);
    usize::try_from(day).ok()
}

/// Two digits behind a dash, and where they end.
fn short_year(mut cursor: Cursor<'_>) -> Option<(usize, String)> {
    cursor.eat_if(is_dash)?;
    let year = cursor.digits(2, 2)?;
    let mut after = cursor;
    let runs_on = after.eat_if(|c| is_dash(c) || ".:/".contains(c)).is_some()
        && after.peek().is_some_and(|c| c.is_alphanumeric());
    (!runs_on && !cursor.peek().is_some_and(|c| c.is_ascii_alphanumeric())).then(|| (cursor.at(), year))
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
