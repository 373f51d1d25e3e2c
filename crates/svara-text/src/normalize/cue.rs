//! Words before or behind a number that say it is a code.

use std::borrow::Cow;

use super::{
    cursor::{Cursor, is_dash, is_letter, is_space},
    place::Place,
    spelling::{is_one_of, same},
    words::{is_mark, joins, led_by},
    year::is_counted,
};
use crate::{
    languages::{CHEQUES, DEVICES, FREE, HELPLINES, IS, NUMBER_WORDS, ONE_TIME, SHARED, WEAK_LINKS, Words},
    number::digits,
};

/// The most words between a code and the word that says what it is.
const MAX_WORDS: usize = 7;
/// The most letters and signs of a letter's name, and the most of them in a word: "ओ.टी.पी.".
const PART_LETTERS: usize = 3;
const MAX_PARTS: usize = 3;
/// The most letters that a code begins with.
const MAX_LETTERS: usize = 4;

/// Secret numbers come before their names, too, besides one-time passwords: "4582 is your PIN".
const BEHIND: [&str; 4] = ["PIN", "पिन", "পিন", "પિન"];

/// Other words for them, behind "is": "482913 is your one-time password".
const BEHIND_IS: [&str; 6] = ["password", "passcode", "code", "पासवर्ड", "कोड", "passkey"];

/// What the words before say about a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cue {
    /// It is a code: "OTP", "फोन नंबर".
    Sure,
    /// It is one if it looks like one: "फोन".
    Device,
}

/// Whether a word before says that a code follows.
pub(super) fn follows_cue(place: &Place<'_>) -> bool {
    cue(place).is_some()
}

/// What the words before say about a number.
pub(super) fn cue(place: &Place<'_>) -> Option<Cue> {
    let context = place.words.context;
    // Words with an apostrophe in them: "ক'ড".
    if is_behind_account(place) || place.behind_word(context.codes) && !is_device(place) {
        return Some(Cue::Sure);
    }
    // The letters of a code stand right before its digits: "ab9453".
    let glued = place.before.filter(char::is_ascii_alphabetic).and_then(|_| place.words_before().next());
    let glued = glued.map(|(word, _)| word).filter(|word| word.len() <= MAX_LETTERS);
    let (mut sure, mut linked, mut marked) = (false, false, false);
    for (word, gap) in pointed_before(place).take(MAX_WORDS) {
        let word = &*word;
        // "the last 4 digits"
        let count = linked && digits(word).is_some_and(|(digits, _)| digits.len() == 1);
        let mark = is_mark(word, gap) && !marked;
        if (joins(gap) && count) || mark {
            marked = mark;
            continue;
        }
        if !joins(gap) || !word.starts_with(is_letter) || (marked && !gap.is_empty()) {
            return None;
        }
        marked = false;
        linked = is_link(word, place);
        sure |= gap.contains([':', '#']);
        if is_cue(word, place) {
            return Some(if sure || !is_one_of(word, DEVICES) { Cue::Sure } else { Cue::Device });
        }
        let number = is_one_of(word, NUMBER_WORDS) || is_one_of(word, FREE);
        if glued != Some(word) && !number && !is_link(word, place) {
            return None;
        }
        sure |= !is_one_of(word, WEAK_LINKS);
    }
    None
}

fn is_cue(typed: &str, place: &Place<'_>) -> bool {
    let context = place.words.context;
    [SHARED.codes, SHARED.phones, context.codes, context.phones, HELPLINES]
        .iter()
        .any(|words| is_one_of(typed, words))
}

fn is_link(typed: &str, place: &Place<'_>) -> bool {
    is_one_of(typed, SHARED.links)
        || is_one_of(typed, place.words.context.links)
        || same(typed, "in")
        || same(typed, "with")
}

/// Whether the word right before is the bare name of a device, a card or an account.
fn is_device(place: &Place<'_>) -> bool {
    place
        .words_before()
        .next()
        .is_some_and(|(word, gap)| is_one_of(word, DEVICES) && !gap.contains([':', '#']))
}

/// Whether the "a/c" of a bank is before: "a/c no. 1234", "A/c ending 1234".
pub(super) fn is_behind_account(place: &Place<'_>) -> bool {
    if place.behind_word(&["acc no", "acc. no."]) {
        return true;
    }
    let mut before = place.words_before().take(MAX_WORDS).peekable();
    while let Some((word, gap)) = before.next() {
        if !joins(gap) {
            return false;
        }
        if same(word, "c") {
            return before.peek().is_some_and(|(word, gap)| same(word, "a") && *gap == "/");
        }
        if !(is_one_of(word, NUMBER_WORDS)
            || ["ending", "ends", "with", "in", "is", "linked"].contains(&word))
        {
            return false;
        }
    }
    false
}

/// Whether the last digits of a number follow: "ending with 1234", but not "the year ending 2024".
pub(super) fn follows_ending(place: &Place<'_>) -> bool {
    let link = |word: &str| same(word, "in") || same(word, "with");
    led_by(place, |word| same(word, "ending"), link, 2)
}

/// How far a one-time password may be from the word for it, in words.
const FAR_WORDS: usize = 20;

/// Whether the number of `digits` up to `end` is the password of an "OTP" further before in its sentence: "OTP for the
/// payment of Rs. 500 is 482913".
pub(super) fn follows_one_time(digits: usize, place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let behind = end.rest();
    let next = { behind.trim_start_matches(is_space) };
    let mut ahead = Cursor::new(next);
    let is = ahead.eat_word(IS.iter().copied());
    let clause = !next.starts_with(is_letter) && !next.starts_with(['+', '-', '–', '*', '/', '(']);
    let mut before = pointed_before(place).take(FAR_WORDS).peekable();
    let linked = before.peek().is_some_and(|(word, gap)| {
        (is_one_of(word, IS) && joins(gap)) || gap.trim_end_matches(is_space).ends_with([':', '='])
    });
    if behind.starts_with(['\'', '’', '-']) || is_counted(ahead.word()) {
        return false;
    }
    if !(linked || (digits == 6 && (clause || is))) {
        return false;
    }
    let mut previous = Cow::Borrowed("");
    before.find_map(|(word, gap)| {
        // The point of "Rs. 500" ends no sentence.
        let stop =
            gap.contains(['।', '॥', '?', '!', '\n', ';']) || (gap.contains(". ") && word.chars().count() > 3);
        let told = is_one_of(&word, ONE_TIME);
        let led = std::mem::replace(&mut previous, word);
        if stop { Some(false) } else { (told && !same(&led, "fraud")).then_some(true) }
    }) == Some(true)
}

/// Whether a word for what has a long number is before, with a word for "number": "ref no. ABC123456".
pub(super) fn follows_series(place: &Place<'_>) -> bool {
    let context = place.words.context;
    let series =
        |typed: &str| SHARED.series.iter().chain(context.series).chain(CHEQUES).any(|word| same(typed, word));
    let number = |typed: &str| is_one_of(typed, NUMBER_WORDS);
    let linked = place.done.trim_end_matches(is_space).ends_with('#')
        || place.words_before().find(|(word, gap)| !is_mark(word, gap)).is_some_and(|(word, _)| number(word));
    linked && led_by(place, series, number, 3)
}

/// Whether one of the next words says that the number is a one-time password: "4582 is your OTP".
pub(super) fn leads_to_cue(end: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *end;
    let mut is = false;
    for number in 0..MAX_WORDS {
        if !(ahead.eat_space() || (number > 0 && ahead.eat_if(is_dash).is_some())) {
            return false;
        }
        let start = ahead;
        let word = &*eat_pointed(&mut ahead);
        // "2024 में OTP" tells of a year.
        let year = number == 0 && is_one_of(word, words.context.year_words);
        if word.is_empty() || year || (number == 4 && !is) {
            return false;
        }
        is |= number == 0 && (same(word, "is") || same(word, "as"));
        if is_one_of(word, ONE_TIME) || is_one_of(word, &BEHIND) || (is && is_one_of(word, &BEHIND_IS)) {
            return true;
        }
        if ahead.at() == start.at() {
            return false;
        }
    }
    false
}

/// Reads a word, with the points between its letters left out: the "ओटीपी" of "ओ.टी.पी.".
fn eat_pointed<'t>(cursor: &mut Cursor<'t>) -> Cow<'t, str> {
    let first = cursor.word();
    cursor.skip(first.len());
    let mut joined = Cow::Borrowed(first);
    let is_part = |word: &str| !word.is_empty() && word.chars().count() <= PART_LETTERS;
    for _ in 1..MAX_PARTS {
        let mut ahead = *cursor;
        let fits = is_part(first) && ahead.eat(".") && is_part(ahead.word());
        if !fits {
            break;
        }
        joined.to_mut().push_str(ahead.word());
        ahead.skip(ahead.word().len());
        *cursor = ahead;
    }
    if matches!(joined, Cow::Owned(_)) {
        cursor.eat(".");
    }
    joined
}

/// [`Place::words_before`], with the points between the letters of a word left out: "ओ.टी.पी." is "ओटीपी".
fn pointed_before<'t>(place: &Place<'t>) -> impl Iterator<Item = (Cow<'t, str>, &'t str)> {
    let mut before = place.words_before().peekable();
    let is_part = |word: &str| word.starts_with(is_letter) && word.chars().count() <= PART_LETTERS;
    std::iter::from_fn(move || {
        let (word, gap) = before.next()?;
        let mut joined = Cow::Borrowed(word);
        for _ in 1..MAX_PARTS {
            let Some((part, _)) =
                before.next_if(|(part, point)| *point == "." && is_part(part) && is_part(word))
            else {
                break;
            };
            joined.to_mut().insert_str(0, part);
        }
        // The last point is one of the word.
        let gap = if matches!(joined, Cow::Owned(_)) { gap.strip_prefix('.').unwrap_or(gap) } else { gap };
        Some((joined, gap))
    })
}
