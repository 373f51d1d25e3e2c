//! Forms of number words.

use std::borrow::Cow;

use super::{
    cursor::{Cursor, is_letter},
    place::Place,
    spelling::{is_one_of, same},
};
use crate::{
    languages::{NUMBER_WORDS, NUMBERED, Noun, UNITS, Words},
    number::{Numeral, cardinal, replace_end},
    writing::WritingSystem,
};

/// Words for "from" and "to" between times, years and sums: `9.30 से 5.30 बजे`.
pub(super) const UP_TO: [&str; 17] = [
    "से",
    "ते",
    "থেকে",
    "થી",
    "ਤੋਂ",
    "to",
    "till",
    "until",
    "देखि",
    "बाट",
    "முதல்",
    "నుంచి",
    "నుండి",
    "ರಿಂದ",
    "മുതൽ",
    "ৰ পৰা",
    "सँ",
];

/// Puts number words into the form that stands before a noun.
pub(super) fn before_noun(mut spoken: String, words: &Words) -> String {
    let (one, adjective) = words.signs.one;
    if spoken == one {
        return adjective.to_owned();
    }
    replace_end(&mut spoken, words.signs.before_noun);
    spoken
}

/// A number in words as it stands before a noun. The last digit behind a point is one of a row, and counts nothing.
pub(super) fn counted_form(numeral: &Numeral, words: &Words) -> String {
    let spoken = numeral.spoken(words);
    if numeral.fraction.is_some() { spoken } else { before_noun(spoken, words) }
}

/// Whether what follows is a word that a number may count, not a postposition, a conjunction or an ending.
pub(super) fn counts(cursor: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *cursor;
    if !ahead.eat_space() {
        let word = cursor.word();
        return words.context.counted.iter().any(|noun| word.starts_with(noun))
            && !is_one_of(word, words.context.uncounted);
    }
    let word = ahead.word();
    word.starts_with(WritingSystem::is_indic)
        && !words.context.uncounted.iter().chain(words.spaced).any(|uncounted| same(word, uncounted))
}

/// Whether the word before is of what has a number, which counts nothing then: "பக்கம் 1 பார்க்க".
pub(super) fn is_numbered(place: &Place<'_>) -> bool {
    place.words_before().next().is_some_and(|(word, gap)| {
        matches!(gap, " " | ". ")
            && (is_one_of(word, NUMBERED) || is_one_of(word, NUMBER_WORDS) || is_month(word, place.words))
    })
}

/// Whether `typed` is the name of a month, behind which a number is a day.
fn is_month(typed: &str, words: &Words) -> bool {
    let calendar = &words.calendar;
    let spellings = calendar.spellings.iter().chain(calendar.short).map(|(name, _)| *name);
    calendar.months.into_iter().chain(spellings).any(|name| same(typed, name))
}

/// A number with the name of what it counts. The names of speeds say where the number stands.
pub(super) fn counted(number: &str, name: &str) -> String {
    if name.contains("{n}") { name.replace("{n}", number) } else { format!("{number} {name}") }
}

/// So many of a coin.
pub(super) fn part(count: u64, noun: Noun, words: &Words) -> String {
    counted(&before_noun(cardinal(count, words), words), form(noun, Some(count)))
}

/// `5` and `50` are fifty hundredths. Longer fractions aren't coins.
pub(super) fn hundredths(fraction: &str) -> Option<u64> {
    match fraction.len() {
        1 => fraction.parse::<u64>().ok().map(|tenths| tenths * 10),
        2 => fraction.parse().ok(),
        _ => None,
    }
}

/// The template for a time, with the noun for one minute where it is one.
pub(super) fn one_minute<'w>(template: &'w str, minute: u32, words: &Words) -> Cow<'w, str> {
    match words.units.get(UNITS - 2) {
        Some(noun) if minute == 1 && noun.one != noun.many => {
            template.replace(&format!("{{m}} {}", noun.many), &format!("{{m}} {}", noun.one)).into()
        }
        _ => template.into(),
    }
}

/// The form of a noun behind a number.
pub(super) const fn form(noun: Noun, count: Option<u64>) -> &'static str {
    if matches!(count, Some(1)) { noun.one } else { noun.many }
}

/// Whether the words before the place, the nearest first, lead to one of `cues` over none but `links`.
pub(super) fn led_by(
    place: &Place<'_>,
    cues: impl Fn(&str) -> bool,
    links: impl Fn(&str) -> bool,
    most: usize,
) -> bool {
    let mut marked = false;
    for (word, gap) in place.words_before().take(most) {
        // "सं0"
        if is_mark(word, gap) && !marked {
            marked = true;
            continue;
        }
        if !joins(gap) || !word.starts_with(is_letter) || (marked && !gap.is_empty()) {
            return false;
        }
        marked = false;
        if cues(word) {
            return true;
        }
        if !links(word) {
            return false;
        }
    }
    false
}

/// Whether a word before a number is the zero that Hindi offices write for the point of an abbreviation.
pub(super) fn is_mark(word: &str, gap: &str) -> bool {
    matches!(word, "0" | "०") && joins(gap) && !gap.is_empty()
}

/// Whether what stands between two words leaves them together: no comma, and no end of a sentence but a full stop.
pub(super) fn joins(gap: &str) -> bool {
    gap.chars().all(|c| " :-–#.=()\"'*\u{A0}\u{2011}".contains(c) || super::cursor::is_invisible(c))
}
