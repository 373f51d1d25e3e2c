//! Fractions: `3/4`, `1 1/2`, `½`, `2½`.

use super::{
    cricket,
    cursor::{Cursor, is_dash},
    date::{self, is_season},
    either,
    half::half_past_words,
    measure::{half_before, is_halved, measured_words},
    place::{Found, Place},
    rating,
    scale::idiomatic,
    spelling::is_one_of,
    words::before_noun,
    year::year_in_words,
};
use crate::{
    languages::Words,
    number::{Numeral, cardinal},
};

/// Characters for fractions, with their parts.
const CHARACTERS: [(char, u64, u64); 18] = [
    ('½', 1, 2),
    ('¼', 1, 4),
    ('¾', 3, 4),
    ('⅓', 1, 3),
    ('⅔', 2, 3),
    ('⅕', 1, 5),
    ('⅖', 2, 5),
    ('⅗', 3, 5),
    ('⅘', 4, 5),
    ('⅙', 1, 6),
    ('⅚', 5, 6),
    ('⅐', 1, 7),
    ('⅛', 1, 8),
    ('⅜', 3, 8),
    ('⅝', 5, 8),
    ('⅞', 7, 8),
    ('⅑', 1, 9),
    ('⅒', 1, 10),
];

/// Whether `c` is a fraction.
fn is_fraction(c: char) -> bool {
    !c.is_ascii() && CHARACTERS.iter().any(|(fraction, ..)| *fraction == c)
}

/// A fraction in one character, alone.
pub(super) fn alone(place: Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    let (above, below) = eat_character(&mut cursor)?;
    Some(measured(proper(above, below, &cursor, place.words), above < below, &mut cursor, &place))
}

/// A fraction that starts with the number `first`, which is read already.
pub(super) fn recognize(first: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<Found> {
    let words = place.words;
    if let Some(spoken) = cricket::recognize(first, cursor, place) {
        return Some(Found::new(cursor.at(), spoken));
    }
    if let Some(found) = rating::recognize(first, cursor, place) {
        return Some(found);
    }
    let mut ahead = *cursor;
    // "No. 05/2023"
    let numbered = ahead.rest().starts_with('/') && date::is_numbered(*place);
    let bare = first.without_zero().filter(|_| numbered);
    let first = bare.as_ref().unwrap_or(first);
    let whole = first.whole()?;
    if ahead.eat("/") {
        let second = eat_whole(&mut ahead)?;
        // A year and the next one are a season.
        let season = first.integer.len() == 4
            && first.integer.starts_with(['1', '2'])
            && second.integer.len() == 2
            && (second.len == 2 || second.whole() == Some((whole + 1) % 100));
        let of_season = is_season(&second.integer, ahead);
        if season || !(of_season || ends(&ahead)) {
            return None;
        }
        if (whole, second.whole()) == (24, Some(7)) && second.integer.len() == 1 {
            // All day and all week.
            *cursor = ahead;
            let (day, week) = (first.spoken(words), second.spoken(words));
            return Some(Found::new(ahead.at(), format!("{day} {} {week}", words.maths.by)));
        }
        if matches!((whole, second.whole()), (9 | 26, Some(11))) {
            // Two days that everyone knows.
            *cursor = ahead;
            return Some(Found::new(ahead.at(), format!("{} {}", first.spoken(words), second.spoken(words))));
        }
        if let Some(found) = either::recognize(whole, second.whole()?, &ahead, words) {
            *cursor = ahead;
            return Some(Found::new(ahead.at(), found));
        }
        let year = second.whole().filter(|year| second.integer.len() == 4 && (1900..2100).contains(year));
        if let Some(year) = year.filter(|_| numbered || of_season) {
            *cursor = ahead;
            let (number, year) = (cardinal(whole, words), year_in_words(year, words));
            let spoken = words.signs.fraction.replace("{a}", &number).replace("{b}", &year);
            return Some(Found::new(ahead.at(), spoken));
        }
        // "1/4th" is the same as "1/4".
        ahead.eat_word(["st", "nd", "rd", "th", "rds", "ths"]);
        *cursor = ahead;
        let below = second.whole()?;
        let halved = !words.calendar.ordinal_day && is_halved(cursor, words) && !either::is_noun(cursor);
        let halved = halved || quarters(whole, below, cursor, words).is_some();
        let parts = if halved { proper(whole, below, cursor, words) } else { by(whole, below, words) };
        return Some(measured(parts, whole < below, cursor, place));
    }
    let (above, below) = match eat_character(&mut ahead) {
        Some(parts) => parts,
        None => {
            let dashed = !ahead.eat_space();
            if dashed && ahead.eat_if(is_dash).is_none() {
                return None;
            }
            match eat_character(&mut ahead) {
                Some(parts) => parts,
                None => {
                    let above = eat_whole(&mut ahead)?;
                    if !ahead.eat("/") {
                        return None;
                    }
                    let below = eat_whole(&mut ahead)?;
                    if !ends(&ahead) {
                        return None;
                    }
                    // A number and a date, or two numbers of a list, aren't mixed.
                    let small = above.integer.len() <= 3
                        && below.integer.len() <= 3
                        && !below.integer.starts_with('0');
                    // "2-1/2 cups"
                    let proper = above.whole() < below.whole() && below.whole() <= Some(16) && whole < 100;
                    if !small || whole > 9_999 || (dashed && !proper) {
                        return None;
                    }
                    (above.whole()?, below.whole()?)
                }
            }
        }
    };
    *cursor = ahead;
    Some(measured(mixed(whole, above, below, words), false, cursor, place))
}

/// A fraction with the unit that follows, if any: less than one of it is "half kilogram", more "one and a half kilograms".
fn measured(spoken: String, below_one: bool, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Found {
    let measure = measured_words(spoken, below_one.then_some(1), cursor, place);
    Found { named: measure.named, ..Found::new(cursor.at(), measure.spoken) }
}

fn eat_character(cursor: &mut Cursor<'_>) -> Option<(u64, u64)> {
    let c = cursor.eat_if(is_fraction)?;
    CHARACTERS.iter().find(|(fraction, ..)| *fraction == c).map(|(_, above, below)| (*above, *below))
}

fn eat_whole(cursor: &mut Cursor<'_>) -> Option<Numeral> {
    let numeral =
        Numeral::parse(cursor.rest()).filter(|numeral| numeral.whole().is_some() && !numeral.grouped)?;
    cursor.skip(numeral.len);
    Some(numeral)
}

/// Whether no more of a date or chain follows.
fn ends(cursor: &Cursor<'_>) -> bool {
    let mut after = *cursor;
    !(after.eat_if(|c| is_dash(c) || "/.:".contains(c)).is_some() && after.at_digit())
}

fn by(above: u64, below: u64, words: &Words) -> String {
    let (above, below) = (cardinal(above, words), cardinal(below, words));
    words.signs.fraction.replace("{a}", &above).replace("{b}", &below)
}

fn proper(above: u64, below: u64, cursor: &Cursor<'_>, words: &Words) -> String {
    if let Some(quarters) = quarters(above, below, cursor, words) {
        return quarters.to_owned();
    }
    if (above, below) == (1, 2) { half_before(cursor, words).to_owned() } else { by(above, below, words) }
}

/// The word for one quarter or three, before what people measure in them.
fn quarters(above: u64, below: u64, cursor: &Cursor<'_>, words: &Words) -> Option<&'static str> {
    let (one, three, nouns) = words.context.quarters.filter(|_| below == 4)?;
    let mut ahead = *cursor;
    ahead.eat_space();
    let noun = ahead.word();
    let fits = !noun.is_empty() && is_one_of(noun, nouns);
    match above {
        1 if fits => Some(one),
        3 if fits => Some(three),
        _ => None,
    }
}

/// A whole number and a fraction, as people say it where they have a word for it.
fn mixed(whole: u64, above: u64, below: u64, words: &Words) -> String {
    let decimal = match (above, below) {
        (1, 2) => Some("5"),
        (1, 4) => Some("25"),
        (3, 4) => Some("75"),
        _ => None,
    };
    let idiom = decimal.and_then(|fraction| {
        idiomatic(&Numeral { fraction: Some(fraction.to_owned()), ..Numeral::of(whole) }, words)
    });
    let half = words.clock.half.filter(|_| (above, below) == (1, 2) && whole > 0);
    let half = half.and_then(|half| Some(half_past_words(u32::try_from(whole).ok()?, &half, words)));
    idiom.or(half).unwrap_or_else(|| {
        let whole = before_noun(cardinal(whole, words), words);
        let part = if (above, below) == (1, 2) && words.calendar.ordinal_day {
            "a half".to_owned()
        } else {
            by(above, below, words)
        };
        words.signs.mixed.replace("{a}", &whole).replace("{b}", &part)
    })
}
