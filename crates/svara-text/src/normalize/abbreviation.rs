//! Abbreviations and titles: `डॉ. अमित`, `Dr. Evil`, `१२० ई. पू.`, and the `0` that Hindi offices write for the point.

use super::{
    cursor::{Cursor, is_dash, is_space, is_wordish},
    place::{Found, Place},
    spelling::{prefix_len, same},
};
use crate::{
    language::Language,
    languages::{When, Words},
    writing::{WritingSystem, digit_value},
};

/// The abbreviation at the place, in full.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    listed(place)
}

/// The full form of an English abbreviation without its point.
pub(super) fn english_abbreviation(stem: &str) -> Option<&'static str> {
    let english = Words::of(Language::English).context.abbreviations;
    english.iter().find(|(short, ..)| short.strip_suffix('.') == Some(stem)).map(|(_, long, _)| *long)
}

fn listed(place: Place<'_>) -> Option<Found> {
    let english = Words::of(Language::English).context;
    let own = place.words.context.abbreviations;
    // Spelled-out initials hold others: in "एस. के. डॉ." the last is one, in "के.डॉ." none is.
    let found = own.iter().chain(english.abbreviations).filter_map(|(short, long, when)| {
        let len = match short.is_ascii() {
            true => place.rest.starts_with(short).then_some(short.len())?,
            false => prefix_len(place.rest, short)?,
        };
        let mut cursor = place.cursor();
        cursor.skip(len);
        let complete = short.ends_with('.') || cursor.at_letters_end();
        // In "X L M/s", the M is the last of spelled letters.
        let spelled = short.contains('/')
            && place.words_before().next().is_some_and(|(word, gap)| {
                gap == " " && word.len() == 1 && word.starts_with(|c: char| c.is_ascii_uppercase())
            });
        (complete && !spelled && fits(*when, &cursor, &place)).then_some((
            len,
            *long,
            *when,
            short.ends_with('.'),
        ))
    });
    let (len, long, when, point) = found.max_by_key(|(len, ..)| *len)?;
    let rest = place.rest.get(len..).unwrap_or_default();
    // The point was also the end of the sentence.
    let ends = when == When::Always && point && rest.trim_start_matches(is_space).starts_with(['\n', '\r']);
    let ends = ends || (when == When::Always && point && rest.trim_start().is_empty());
    let spoken = if ends { format!("{long}.") } else { long.to_owned() };
    Some(Found::new(len, spoken))
}

/// Whether what follows lets the abbreviation be said in full.
fn fits(when: When, cursor: &Cursor<'_>, place: &Place<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.eat_space();
    match when {
        When::Always => true,
        When::BehindNumber => place.done.trim_end_matches(is_space).ends_with(|c| digit_value(c).is_some()),
        // Numbers and signs will be words.
        When::BeforeWord => match ahead.eat_if(|c| !c.is_whitespace() && !",;:!?)]}।॥\"'’”".contains(c))
        {
            Some('.') => ahead.at_digit(),
            other => other.is_some(),
        },
        When::BeforeNumber => {
            ahead.eat_if(|c| matches!(c, ':' | '+') || is_dash(c));
            ahead.eat_space();
            ahead.at_digit()
        }
    }
}

/// The `0` in `पो0`: a point, which isn't said.
pub(super) fn office_zero(place: Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    if !cursor.peek().is_some_and(|c| WritingSystem::of(c) == Some(WritingSystem::Devanagari)) {
        return None;
    }
    let word = cursor.word();
    // Two letters with their signs at most.
    let letter = || ('A'..='Z').any(|c| place.words.letters.name(c).is_some_and(|name| same(word, name)));
    let long =
        word.chars().filter(|c| c.is_alphabetic() && !is_sign(*c)).count() > 2 || word.chars().count() > 5;
    if long && !letter() {
        return None;
    }
    cursor.skip(word.len());
    let zero = cursor.eat_if(|c| digit_value(c) == Some(0)).is_some();
    let mut after = cursor;
    after.eat_if(|c| ".,:/%".contains(c));
    let ends = zero && !cursor.at_digit() && !after.at_digit();
    // As if the point were there.
    let in_full = place.words.context.abbreviations.iter().find_map(|(short, long, _)| {
        short.strip_suffix('.').filter(|short| same(word, short)).map(|_| *long)
    });
    (ends && !place.before.is_some_and(is_wordish))
        .then(|| Found::new(cursor.at(), in_full.unwrap_or(word).to_owned()))
}

const fn is_sign(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{903}' | '\u{93A}'..='\u{94F}')
}
