//! Years and decades.

use super::{
    cursor::{Cursor, is_dash, is_letter},
    follows::is_measured,
    place::Place,
    scale::range,
    season::business_year,
    spelling::{is_one_of, prefix_len, same},
    words::{UP_TO, before_noun},
    year_list,
};
use crate::{
    language::Language,
    languages::{AND_OR, ANDS, CASES, DECADES, EVENTS, NAMED, NUMBER_WORDS, OF, Unit, Words},
    number::{Numeral, cardinal, digits, one_by_one},
    writing::WritingSystem,
};

/// English words before a year, if what follows isn't counted by it.
pub(super) const BEFORE: [&str; 20] = [
    "pre", "post", "circa", "in", "by", "since", "until", "till", "from", "before", "after", "during",
    "early", "late", "mid", "summer", "winter", "spring", "around", "between",
];

/// How far the word for a decade may be behind a number, in bytes.
const DECADE_BYTES: usize = 40;

/// English words before "as" and a year.
const TIMELY: [&str; 4] = ["early", "late", "back", "recently"];

/// English words between two years.
const BETWEEN: [&str; 6] = ["to", "and", "till", "until", "through", "or"];

/// English words behind a quantity rather than a year, besides plurals.
const COUNTED: [&str; 14] = [
    "people", "men", "women", "children", "percent", "per", "to", "or", "of", "feet", "million", "crore",
    "lakh", "dozen",
];

/// The year of a date in words.
pub(super) fn spoken_year(year: &str, words: &Words) -> String {
    match year.parse::<u64>() {
        Ok(number) if year.len() == 4 && number >= 1000 => year_in_words(number, words),
        Ok(number) if year.len() == 2 && number > 9 => cardinal(number, words),
        _ => one_by_one(year, words),
    }
}

/// Says 1947 as "nineteen forty seven" where the language says years like that.
pub(super) fn year_in_words(year: u64, words: &Words) -> String {
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
                (_, 0) => format!("{century}{hundred}"),
                _ => format!("{century}{hundred} {}", cardinal(rest, words)),
            }
        }
        _ => cardinal(year, words),
    }
}

/// Four digits as a year, if what is beside them says that they are one: `सन् 1947`, `১৯৪৭ সালে`, `1950 में`, `1950లో`,
/// `In 1947`, `(1947)`.
pub(super) fn year(numeral: &Numeral, place: &Place<'_>, after: &Cursor<'_>) -> Option<String> {
    let number = of_four_digits(numeral)?;
    is_year(number, place, after).then(|| {
        let spoken = year_in_words(number, place.words);
        let noun = after
            .rest()
            .strip_prefix(' ')
            .is_some_and(|rest| place.words.calendar.year_behind.iter().any(|word| rest.starts_with(word)));
        if noun { before_noun(spoken, place.words) } else { spoken }
    })
}

pub(super) fn of_four_digits(numeral: &Numeral) -> Option<u64> {
    numeral.whole().filter(|_| numeral.integer.len() == 4 && !numeral.grouped)
}

/// Whether `number` is said like a year of past centuries.
fn fits(number: u64, words: &Words) -> bool {
    (1100..2000).contains(&number) || (words.calendar.halves_from_2010 && (2010..2100).contains(&number))
}

fn is_year(number: u64, place: &Place<'_>, after: &Cursor<'_>) -> bool {
    let calendar = &place.words.calendar;
    if place.behind_word(calendar.year_before) || is_told_behind(place.words, after) {
        return true;
    }
    if !fits(number, place.words) {
        return false;
    }
    let bracketed = place.done.ends_with('(') && after.rest().starts_with([')', ',']);
    bracketed
        || has_postposition(place.words, after)
        || is_english(place, after)
        || is_event(place, after)
        || is_paired(place, after)
        || is_second(place, after)
        || is_before_month(after, place.words)
        || year_list::is_listed(place, after)
        || is_decade(after)
}

/// Whether another decade and the word for it follow: "1980 और 90 के दशक".
fn is_decade(after: &Cursor<'_>) -> bool {
    let mut ahead = *after;
    let joined = ahead.eat_space() && ahead.eat_word(AND_OR.iter().copied()) && ahead.eat_space();
    if !joined || ahead.number(2, 2).is_none_or(|decade| decade % 10 != 0) {
        return false;
    }
    let rest = ahead.rest();
    let near = rest.get(..rest.floor_char_boundary(DECADE_BYTES)).unwrap_or_default();
    DECADES.iter().any(|decade| near.contains(decade))
}

/// Whether a word behind says that any four digits are a year.
pub(super) fn is_told_behind(words: &Words, after: &Cursor<'_>) -> bool {
    let behind = after.rest().strip_prefix(' ').unwrap_or_default();
    words.calendar.year_behind.iter().any(|word| behind.starts_with(word))
}

/// Whether the name of a month follows: "1956 నవంబర్ 1".
fn is_before_month(after: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *after;
    if !ahead.eat_space() || ahead.peek().is_some_and(|c| c.is_ascii_lowercase()) {
        return false;
    }
    let english = &Words::of(Language::English).calendar;
    let spellings = words.calendar.spellings.iter().map(|(name, _)| *name);
    ahead.eat_word(english.months.into_iter().chain(words.calendar.months).chain(spellings))
}

/// Whether an English word for what happened in a year is beside the number: "the revolt of 1857", "the 1857 revolt".
fn is_event(place: &Place<'_>, after: &Cursor<'_>) -> bool {
    let mut before = place.words_before();
    let of = before.next().is_some_and(|(word, gap)| same(word, "of") && gap == " ");
    // "Act No. 45 of 1860"
    let what = before.next().filter(|_| of);
    let numbered =
        |word: &str| is_one_of(word, NUMBER_WORDS) || is_one_of(word, OF) || is_one_of(word, CASES);
    let told = what.is_some_and(|(word, _)| {
        is_one_of(word, OF)
            || (digits(word).is_some() && before.next().is_some_and(|(word, _)| numbered(word)))
    });
    let mut ahead = *after;
    let spaced = ahead.eat_space();
    let named = place
        .words_before()
        .next()
        .is_some_and(|(word, gap)| matches!(gap, " " | ", ") && is_one_of(word, NAMED));
    (told || named) && !(spaced && is_counted(ahead.word())) || (spaced && is_one_of(ahead.word(), EVENTS))
}

/// Whether this is the second of two years with a word of an Indian language between, and nothing that it counts:
/// "१९४७ ते १९५०", "1947 और 1950 के बीच".
fn is_second(place: &Place<'_>, after: &Cursor<'_>) -> bool {
    let context = place.words.context;
    let link = |typed: &str| ANDS.iter().chain(context.year_words).any(|link| same(typed, link));
    let mut ahead = *after;
    if ahead.eat_space() && is_one_of(ahead.word(), ANDS) {
        // It may also be the first.
        ahead.skip(ahead.word().len());
        let second = ahead.eat_space().then(|| ahead.digits(4, 4)).flatten();
        let ends = ahead.at_word_end() && ahead.rest().starts_with(['.', ',', '।', ';', ')', '\n']);
        let ends = ends || ahead.rest().is_empty();
        let told = ends || has_postposition_of_years(&ahead, place.words);
        if second.is_some_and(|year| may_be_year(&year)) && told {
            return true;
        }
    }
    let mut before = place.words_before();
    let joined = before.next().is_some_and(|(word, gap)| gap == " " && link(word));
    let first = joined
        && before.next().is_some_and(|(year, _)| digits(year).is_some_and(|(year, _)| may_be_year(&year)));
    let mut ahead = *after;
    let spaced = ahead.eat_space();
    let next = ahead.word();
    let follows = next.is_empty() || is_one_of(next, context.year_words);
    first && follows && (spaced || next.is_empty())
}

/// Whether a word follows that years have, even one that quantities may have, too.
fn has_postposition_of_years(after: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *after;
    let spaced = ahead.eat_space();
    let next = ahead.word();
    let all = if spaced { words.context.year_words } else { words.context.year_endings };
    is_one_of(next, all)
}

/// Whether four digits can be a year.
pub(super) fn may_be_year(digits: &str) -> bool {
    digits.len() == 4 && digits.parse().is_ok_and(|year: u64| (1100..2100).contains(&year))
}

/// Whether a postposition or ending follows that years have.
pub(super) fn has_postposition(words: &Words, after: &Cursor<'_>) -> bool {
    let context = words.context;
    if context.year_endings.iter().any(|ending| {
        // A hyphen may stand before it.
        let mut behind = *after;
        if !ending.starts_with('-') {
            behind.eat_if(is_dash);
        }
        prefix_len(behind.rest(), ending).is_some_and(|len| {
            behind.skip(len);
            let ends = behind.at_word_end();
            behind.eat_space();
            ends && !is_one_of(behind.word(), context.more_than)
        })
    }) {
        return true;
    }
    let mut ahead = *after;
    let spaced = ahead.eat_space();
    // Punjabi's short postpositions: "1947 'ਚ".
    ahead.eat_if(|c| matches!(c, '\'' | '’'));
    if !spaced || !ahead.eat_word(context.year_words.iter().copied()) {
        return false;
    }
    // "1500 म.प्र. में"
    let mut point = ahead;
    if point.eat(".") && point.peek().is_some_and(is_letter) {
        return false;
    }
    ahead.eat_space();
    let next = ahead.word();
    !is_one_of(next, context.more_than)
}

/// Whether an English word before says that this is a year, and none behind is counted.
fn is_english(place: &Place<'_>, after: &Cursor<'_>) -> bool {
    let mut before = place.words_before();
    let introduced = before.next().is_some_and(|(word, gap)| {
        gap.trim_matches([' ', '-']).is_empty()
            && (is_one_of(word, &BEFORE)
                // "as early as 1857"
                || (same(word, "as") && before.next().is_some_and(|(word, _)| is_one_of(word, &TIMELY))))
    });
    if !introduced {
        return false;
    }
    let mut ahead = *after;
    if !ahead.eat_space() {
        return !ahead.rest().starts_with(['%', '-', '°', '/']);
    }
    let next = ahead.word();
    !is_counted(next) && !ahead.at_digit() && !is_measured(after, place)
}

/// Whether another year is beside this one: "1995 to 2005", "between 1939 and 1945".
fn is_paired(place: &Place<'_>, after: &Cursor<'_>) -> bool {
    let is_one = may_be_year;
    let joins = |word: &str, introduced: bool| is_one_of(word, &BETWEEN) && introduced;
    // "Pages 1200 to 1300" aren't years.
    let introduces = |word: Option<(&str, &str)>, to: bool| match word {
        Some((word, _)) if to => !is_counted(&word.to_ascii_lowercase()),
        Some((word, _)) => same(word, "between") || same(word, "from") || same(word, "in"),
        None => to,
    };
    let mut before = place.words_before();
    let first = before.next();
    let mut ahead = *after;
    if ahead.eat_space() {
        let word = ahead.word();
        ahead.skip(word.len());
        if joins(word, introduces(first, same(word, "to"))) && ahead.eat_space() {
            let second = ahead.digits(4, 4);
            let counted = ahead.eat_space() && is_counted(ahead.word());
            if second.is_some_and(|year| is_one(&year)) && !counted {
                return true;
            }
        }
    }
    let counted = {
        let mut ahead = *after;
        ahead.eat_space() && is_counted(ahead.word())
    };
    let second = before.next();
    let joined = first.is_some_and(|(word, _)| joins(word, introduces(before.next(), same(word, "to"))));
    !counted && joined && second.is_some_and(|(year, _)| is_one(year))
}

/// Whether an English word is what a number before it counts: a plural, mostly.
pub(super) fn is_counted(next: &str) -> bool {
    let plural = next.ends_with('s')
        && next.starts_with(|c: char| c.is_ascii_lowercase())
        && !matches!(next, "was" | "is" | "has" | "as" | "this" | "its" | "us" | "his" | "does");
    plural || COUNTED.contains(&next)
}

/// Two years with a dash between, which is read: `1980-1986`, `1920-26 तक`, `1998-99`.
pub(super) fn years(first: &Numeral, place: &Place<'_>, cursor: &mut Cursor<'_>) -> Option<String> {
    let words = place.words;
    if let Some(spoken) = business_year(first, cursor, words) {
        return Some(spoken);
    }
    let from = of_four_digits(first).filter(|from| fits(*from, words))?;
    let mut ahead = *cursor;
    let spaced = ahead.eat_space();
    ahead.eat_if(is_dash)?;
    if spaced != ahead.eat_space() {
        return None;
    }
    let digits = ahead.digits(2, 4)?;
    let second: u64 = digits.parse().ok()?;
    let mut after = ahead;
    let runs_on = after.eat_if(|c| is_dash(c) || "/.:".contains(c)).is_some() && after.at_digit();
    if runs_on || ahead.peek().is_some_and(|c| c.is_ascii_alphabetic() || "%°".contains(c)) {
        return None;
    }
    let year = match digits.len() {
        2 => from / 100 * 100 + second,
        4 => second,
        _ => return None,
    };
    if year <= from {
        return None;
    }
    let template = {
        let mut ending = ahead;
        ending.eat_if(is_dash);
        let glued = ending.peek().is_some_and(WritingSystem::is_indic);
        words.signs.range_before_noun.filter(|_| glued).unwrap_or(words.signs.range)
    };
    let years = format_years(from, year, digits.len() == 2, template, words);
    // A season or business year keeps its hyphen.
    let season = digits.len() == 2 && year == from + 1;
    let mut behind = ahead;
    behind.eat_space();
    let next = behind.word();
    let measured = Unit::parse(behind.rest()).is_some() && !next.is_empty();
    let alone = next.is_empty() || (next.is_ascii() && !measured && !is_counted(next));
    let told = is_year(from, place, &ahead);
    if !(told || alone || (digits.len() == 2 && year < 2100)) {
        return None;
    }
    if digits.len() == 4 && year - from > 300 {
        return None;
    }
    *cursor = ahead;
    if season && (!told || is_between_seasons(place, &ahead)) {
        return Some(format!("{}-{}", year_in_words(from, words), cardinal(second, words)));
    }
    Some(years)
}

/// Whether another pair of years is beside this one, with a word such as "to" between, so that "to" isn't said within:
/// "1995-96 से 2004-05 तक".
fn is_between_seasons(place: &Place<'_>, after: &Cursor<'_>) -> bool {
    let mut ahead = *after;
    ahead.eat_space();
    let up_to = ahead.eat_word(UP_TO) && ahead.eat_space() && ahead.digits(4, 4).is_some();
    let mut before = place.words_before();
    let behind = before.next().is_some_and(|(word, _)| UP_TO.contains(&word))
        && before.next().is_some_and(|(word, gap)| gap == " " && digits(word).is_some());
    up_to || behind
}

/// Two years with "to" between.
fn format_years(from: u64, to: u64, short: bool, template: &str, words: &Words) -> String {
    let second = if short { cardinal(to % 100, words) } else { year_in_words(to, words) };
    range(year_in_words(from, words), &second, template, words)
}
