//! Lists of years: `1947, 1965 और 1971 के युद्ध`, `in 1947, 1962 and 1965`. What says that one of them is a year says it of
//! all.

use super::{
    cursor::Cursor,
    place::Place,
    spelling::{is_one_of, same},
    words::counts,
    year::{BEFORE, has_postposition, is_counted, is_told_behind, may_be_year},
};
use crate::{
    languages::{AND_OR, EVENTS, Words},
    number::digits,
};

/// The most years of a list that are looked at on either side.
const MOST: usize = 8;

/// Years beside the one at a place.
#[derive(Default)]
struct Others {
    number: usize,
    /// Whether a word such as "and" or "or" stands between.
    joined: bool,
}

/// Whether the year at `place`, which ends at `after`, is one of a list of which one is surely a year.
pub(super) fn is_listed(place: &Place<'_>, after: &Cursor<'_>) -> bool {
    let words = place.words;
    let (behind, end) = behind(after);
    let beside_comma = place.done.ends_with([',', ' ']);
    if behind.number == 0 && !beside_comma {
        return false;
    }
    let (before, introduced) = before(place);
    let joined = behind.joined || before.joined || behind.number + before.number > 1;
    if behind.number + before.number == 0 || !joined {
        return false;
    }
    let told =
        behind.number > 0 && (has_postposition(words, &end) || is_told_behind(words, &end) || is_event(&end));
    told || (introduced && before.number > 0 && (behind.joined || before.joined) && !is_quantity(&end, words))
}

/// The years behind, and where the last one ends.
fn behind<'t>(after: &Cursor<'t>) -> (Others, Cursor<'t>) {
    let (mut others, mut end) = (Others::default(), *after);
    while others.number < MOST {
        let mut ahead = end;
        let comma = ahead.eat(",");
        if !ahead.eat_space() {
            break;
        }
        let and = ahead.eat_word(AND_OR.iter().copied());
        if !(comma || and) || (and && !ahead.eat_space()) {
            break;
        }
        if !ahead.digits(4, 4).is_some_and(|year| may_be_year(&year)) {
            break;
        }
        others.number += 1;
        others.joined |= and;
        end = ahead;
    }
    (others, end)
}

/// The years before, and whether a word before the first says that it is one.
fn before(place: &Place<'_>) -> (Others, bool) {
    let mut others = Others::default();
    let mut before = place.words_before();
    let mut current = before.next();
    while others.number < MOST {
        let (year, and) = match current {
            Some((word, " ")) if is_one_of(word, AND_OR) => (before.next(), true),
            Some((_, ", ")) => (current, false),
            _ => break,
        };
        let is_year = |(word, gap): (&str, &str)| {
            (gap == " " || gap == ", ") && digits(word).is_some_and(|(digits, _)| may_be_year(&digits))
        };
        if !year.is_some_and(is_year) {
            return (others, false);
        }
        others.number += 1;
        others.joined |= and;
        current = before.next();
    }
    let year_before = place.words.calendar.year_before;
    let introduced = current
        .is_some_and(|(word, gap)| gap == " " && BEFORE.iter().chain(year_before).any(|cue| same(word, cue)));
    (others, introduced)
}

/// Whether an English word follows for what happened in those years.
fn is_event(end: &Cursor<'_>) -> bool {
    let mut ahead = *end;
    ahead.eat_space() && is_one_of(ahead.word(), EVENTS)
}

/// Whether something follows that makes a quantity of the last number.
fn is_quantity(end: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *end;
    if !ahead.eat_space() {
        return ahead.rest().starts_with(['%', '-', '°', '/']) || !ahead.at_word_end();
    }
    is_counted(ahead.word()) || ahead.at_digit() || counts(end, words)
}
