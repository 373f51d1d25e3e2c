//! Abbreviations and titles: `डॉ. अमित`, `Dr. Evil`, `१२० ई. पू.`, and the `0` that Hindi offices write for the point.

use super::{
    cursor::{Cursor, is_dash, is_letter, is_space, is_wordish},
    place::{Found, Place},
    roman,
    scale::is_scale,
    spelling::{is_one_of, prefix_len, same},
};
use crate::{
    language::Language,
    languages::{Clock, Currency, When, Words},
    writing::{WritingSystem, digit_value, starts_with},
};

/// Words behind which "no." means no.
const NO_NOUNS: [&str; 12] =
    ["is", "was", "are", "say", "says", "said", "or", "but", "and", "have", "answered", "there"];

/// Marks that end an abbreviation, so that a name may be glued to it: "ডাঃরায়".
const POINTS: [char; 5] = ['.', ':', 'ঃ', '°', '॥'];

/// The abbreviation at the place, in full.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    listed(place)
}

/// The full form of an English abbreviation without its point.
pub(super) fn english_abbreviation(stem: &str) -> Option<&'static str> {
    let english = Words::of(Language::English).context.abbreviations;
    let whole = |when: When| !matches!(when, When::BeforeNumber | When::OfNoun);
    english
        .iter()
        .find(|(short, _, when)| short.strip_suffix('.') == Some(stem) && whole(*when))
        .map(|(_, long, _)| *long)
}

fn listed(place: Place<'_>) -> Option<Found> {
    // Spelled-out initials hold others: in "एस. के. डॉ." the last is one, in "के.डॉ." none is.
    let found = place.starts.abbreviations(place.rest).filter_map(|(short, long, when)| {
        let len = prefix_len(place.rest, short)?;
        let len = match short.is_ascii() {
            true => starts_with(place.rest, short).then_some(short.len())?,
            false => len,
        };
        let mut cursor = place.cursor();
        cursor.skip(len);
        let complete = short.ends_with(POINTS) || cursor.at_letters_end();
        // In "X L M/s", the M is the last of spelled letters; in "5L M/s", the L is a unit.
        let spelled = short.contains('/')
            && place.words_before().next().is_some_and(|(word, gap)| {
                let before = place.done.strip_suffix(' ').and_then(|done| done.strip_suffix(word));
                gap == " "
                    && word.len() == 1
                    && word.starts_with(|c: char| c.is_ascii_uppercase())
                    && !before.is_some_and(|before| before.ends_with(char::is_numeric))
            });
        let chained = || matches!(when, When::Lone | When::LoneNumber) && in_chain(short, &cursor, &place);
        (complete && !spelled && fits(*when, &cursor, &place) && !chained()).then_some((
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
    // What follows a title is a name: "डॉ.आंबेडकर".
    Some(Found { apart: when != When::Always, ..Found::new(len, spoken) })
}

/// Whether the abbreviation `short` at the place is a part of a longer one that the list doesn't have: the पं. of
/// "पं.स.", the मा. of "उ.मा.वि.". Initials and other titles are none: "मा.एस.एम.जोशी", "ता.जि. पुणे".
fn in_chain(short: &str, cursor: &Cursor<'_>, place: &Place<'_>) -> bool {
    let own = short.trim_end_matches('.');
    let listed = || {
        place.words.context.abbreviations.iter().filter_map(|(listed, _, when)| {
            let stem = listed.strip_suffix('.').filter(|stem| !same(own, stem))?;
            Some((stem, *when))
        })
    };
    let is_title = |part: &str| {
        listed().any(|(stem, when)| matches!(when, When::BeforeWord | When::Lone) && same(part, stem))
    };
    // What is said in full leaves no part of a longer one.
    let said = || {
        listed().any(|(stem, when)| {
            let mut behind = *cursor;
            behind.skip(prefix_len(cursor.rest(), stem).unwrap_or(0));
            behind.at() > cursor.at() && behind.eat(".") && fits(when, &behind, place)
        }) || Currency::signs().any(|sign| cursor.rest().starts_with(sign))
    };
    let is_initial = |part: &str| ('A'..='Z').any(|c| place.words.letters.name(c) == Some(part));
    let next = cursor.word();
    let before = place.done.strip_suffix('.').filter(|_| place.before == Some('.')).unwrap_or_default();
    let start = before.trim_end_matches(is_letter).len();
    let before = before.get(start..).unwrap_or_default();
    (is_syllable(next) && !is_title(next) && !is_initial(next) && !said())
        || (is_syllable(before) && !is_title(before))
}

/// Whether `part` is one syllable of an Indian script, as the parts of most abbreviations are.
fn is_syllable(part: &str) -> bool {
    let (mut letters, mut joined) = (0, false);
    for c in part.chars() {
        // The scripts have their letters and signs in one order.
        match u32::from(c) % 0x80 {
            0x04..=0x39 | 0x58..=0x61 if !c.is_ascii() => {
                letters += usize::from(!joined);
                joined = false;
            }
            place => joined = place == 0x4D,
        }
    }
    letters == 1
}

/// Whether what follows lets the abbreviation be said in full.
fn fits(when: When, cursor: &Cursor<'_>, place: &Place<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.eat_space();
    match when {
        When::Always => true,
        When::BehindNumber => place.done.trim_end_matches(is_space).ends_with(|c| digit_value(c).is_some()),
        // Numbers and signs will be words.
        When::BeforeWord | When::Lone => {
            match ahead.eat_if(|c| !c.is_whitespace() && !",;:!?)]}।॥\"'’”".contains(c)) {
                Some('.') => ahead.at_digit(),
                other => other.is_some(),
            }
        }
        When::BeforeTime => is_time(ahead, &place.words.clock),
        When::BeforeDay => {
            ahead.number(1, 2).is_some_and(|day| (1..32).contains(&day))
                && ahead.peek().is_some_and(WritingSystem::is_indic)
        }
        When::BeforeBareDay => {
            let day = ahead.number(1, 2).is_some_and(|day| (1..32).contains(&day));
            let mut after = ahead;
            let runs_on = after.eat_if(|c| ".,:/".contains(c)).is_some() && after.at_digit();
            // "ಡಿ. 5 ಕೋಟಿ" and "ಜ. 5 ಜನ" are no days.
            let counts = ahead.rest().strip_prefix(' ').is_some_and(|noun| {
                let clock = place.words.clock.typed;
                is_scale(noun)
                    || place.words.context.counted.iter().chain(clock).any(|word| noun.starts_with(word))
            });
            day && !runs_on && !counts && !ahead.at_digit() && !ahead.rest().starts_with('%')
        }
        When::OfNoun => {
            let noun = place.words_before().next().is_some_and(|(word, gap)| {
                gap == " " && word.starts_with(is_letter) && !is_one_of(word, &NO_NOUNS)
            });
            noun && fits(When::BeforeNumber, cursor, place)
        }
        When::BeforeNumber | When::LoneNumber => {
            // "मो0:- 98…"
            for _ in 0..2 {
                ahead.eat_if(|c| matches!(c, ':' | '+') || is_dash(c));
            }
            ahead.eat_space();
            ahead.at_digit() || roman::is_at(&ahead) || is_code(ahead)
        }
    }
}

/// Whether a number with capitals before its digits follows: `UP-32`, `B/12`, `A-45`.
fn is_code(mut ahead: Cursor<'_>) -> bool {
    let mut letters = 0;
    while letters < 3 && ahead.eat_if(|c| c.is_ascii_uppercase()).is_some() {
        letters += 1;
    }
    let parted = ahead.eat_if(|c| is_dash(c) || c == '/').is_some();
    (1..if parted { 4 } else { 3 }).contains(&letters) && ahead.at_digit()
}

/// Whether an hour follows, with minutes or a word or ending of a time.
fn is_time(mut ahead: Cursor<'_>, clock: &Clock) -> bool {
    if ahead.number(1, 2).is_none_or(|hour| !(1..25).contains(&hour)) {
        return false;
    }
    let mut minutes = ahead;
    if minutes.eat_if(|c| matches!(c, '.' | ':')).is_some() && minutes.at_digit() {
        return minutes.number(2, 2).is_some_and(|minute| minute < 60);
    }
    let at = ahead.eat_word(clock.at.iter().copied());
    ahead.eat_space();
    at || clock.typed.iter().any(|word| ahead.rest().starts_with(word))
}

/// The marks that stand for the point of an abbreviation: `पो0`, `पो०`, `पो॰`, `पोo`.
const fn is_point(c: char) -> bool {
    matches!(c, '॰' | 'o') || matches!(digit_value(c), Some(0))
}

const fn is_devanagari(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{963}' | '\u{971}'..='\u{97F}')
}

/// An abbreviation whose points are typed as zeros or the like: `डा0`, `उ॰प्र॰`, `मोo`.
pub(super) fn office_zero(place: Place<'_>) -> Option<Found> {
    // Most words have no mark behind them.
    let end = place.rest.find(|c| !is_devanagari(c))?;
    let marked = place.rest.get(end..).is_some_and(|rest| rest.starts_with(is_point));
    if end == 0 || !marked || place.before.is_some_and(is_wordish) {
        return None;
    }
    whole(&place).or_else(|| single(&place))
}

/// The most characters of an abbreviation.
const MAX_CHARS: usize = 16;

/// All of an abbreviation that the list has with points.
fn whole(place: &Place<'_>) -> Option<Found> {
    let mut dotted = String::new();
    let mut len = 0;
    let mut marked = 0;
    for c in place.rest.chars().take(MAX_CHARS) {
        if is_point(c) && !dotted.ends_with('.') {
            marked += 1;
            dotted.push('.');
        } else if is_devanagari(c) {
            dotted.push(c);
        } else {
            break;
        }
        len += c.len_utf8();
    }
    if marked == 0 || !dotted.ends_with('.') {
        return None;
    }
    let mut cursor = place.cursor();
    cursor.skip(len);
    if runs_on(&cursor) || !cursor.at_letters_end() {
        return None;
    }
    let abbreviations = place.words.context.abbreviations;
    let (_, long, _) = abbreviations.iter().find(|(short, _, when)| {
        short.ends_with('.') && same(&dotted, short) && fits_office(*when, &cursor, place)
    })?;
    Some(Found::new(len, (*long).to_owned()))
}

/// One letter or short word and its mark, which isn't said: the पो0 of "पो0 बसंतपुर".
fn single(place: &Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    let end = place.rest.find(|c| !is_devanagari(c))?;
    let word = place.rest.get(..end)?;
    // Two letters with their signs at most.
    let letter = || ('A'..='Z').any(|c| place.words.letters.name(c).is_some_and(|name| same(word, name)));
    let long =
        word.chars().filter(|c| c.is_alphabetic() && !is_sign(*c)).count() > 2 || word.chars().count() > 5;
    if long && !letter() {
        return None;
    }
    cursor.skip(word.len());
    let mark = cursor.eat_if(is_point)?;
    if runs_on(&cursor) {
        return None;
    }
    // Some type the point, too. It is the mark's, unless it ends a sentence.
    let before_point = cursor;
    cursor.eat(".");
    // In "बी0एड0", the last is no advocate.
    let chained = place.done.ends_with(is_point) || cursor.rest().starts_with(is_devanagari);
    let in_full =
        place.words.context.abbreviations.iter().filter(|_| !chained).find_map(|(short, long, when)| {
            let short = short.strip_suffix('.')?;
            (same(word, short) && fits_office(*when, &cursor, place)).then_some(*long)
        });
    if in_full.is_none() && !chained {
        cursor = before_point;
    }
    // A letter is no mark unless the list has the word: "मोo".
    if mark == 'o' && (in_full.is_none() || !cursor.at_letters_end()) {
        return None;
    }
    Some(Found::new(cursor.at(), in_full.unwrap_or(word).to_owned()))
}

/// [`fits`], also over another abbreviation: the क्र0 of "क्र0 सं0 5".
fn fits_office(when: When, cursor: &Cursor<'_>, place: &Place<'_>) -> bool {
    let mut ahead = *cursor;
    let over = when == When::BeforeNumber && ahead.eat_space() && {
        ahead.skip(ahead.rest().find(|c| !is_devanagari(c)).unwrap_or(0));
        ahead.eat_if(is_point).is_some()
    };
    fits(when, if over { &ahead } else { cursor }, place)
}

/// Whether digits go on behind the mark, which is a zero then.
fn runs_on(cursor: &Cursor<'_>) -> bool {
    let mut after = *cursor;
    after.eat_if(|c| ".,:/%".contains(c));
    cursor.at_digit() || after.at_digit()
}

const fn is_sign(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{903}' | '\u{93A}'..='\u{94F}')
}
