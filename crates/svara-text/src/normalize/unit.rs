//! Names of units and of money behind a number.

use super::{
    cursor::{Cursor, is_letter, is_space},
    endings::takes_ending,
    place::{Found, Place},
    spelling::prefix_len,
    words::{before_noun, counted, form, is_numbered},
};
use crate::{
    languages::{Unit, Words},
    number::{cardinal, replace_end},
    writing::WritingSystem,
};

/// Words for "per" before a unit.
const PER: &[&str] = &["per", "Per", "प्रति", "প্রতি", "প্ৰতি", "પ્રતિ", "ਪ੍ਰਤੀ", "ప్రతి", "ಪ್ರತಿ"];

/// Reads a percent sign or a unit, and returns its name behind `count`.
pub(super) fn eat_unit(
    cursor: &mut Cursor<'_>,
    place: &Place<'_>,
    count: Option<u64>,
) -> Option<&'static str> {
    let words = place.words;
    let mut ahead = *cursor;
    let spaced = ahead.eat_space();
    let hyphen = !spaced && eat_hyphen(&mut ahead);
    if !hyphen && ahead.eat("%") {
        *cursor = ahead;
        return Some(words.signs.percent);
    }
    let (unit, len) = Unit::parse(ahead.rest())?;
    let symbol = ahead.rest().get(..len)?;
    ahead.skip(len);
    // "5 m" is a length; "5 m-dash", "5 l'eau" and "5 g+" aren't.
    let abbreviated =
        ahead.rest().strip_prefix('.').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphabetic()));
    let letter_behind = |mark: &str| {
        ahead
            .rest()
            .strip_prefix(mark)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    // "a 10 kg bag"
    let behind_article = words.calendar.ordinal_day
        && ahead.rest().strip_prefix(' ').is_some_and(|rest| rest.starts_with(is_letter))
        && place.behind_word(&["a", "an"]);
    let name = form(unit.name(words), if hyphen || behind_article { Some(1) } else { count });
    let sure = symbol.len() > 1 && !Unit::is_doubtful(symbol);
    let ends = ahead.at_word_end() || (sure && takes_ending(symbol, name, &ahead, words));
    let runs_on = !ends
        || abbreviated
        || ahead.rest().starts_with(['\'', '’', '+', '&', '_', '²', '³'])
        || (letter_behind("-")
            && !ahead.rest().get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
        || (letter_behind("/")
            && !ahead.rest().get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())));
    // Sounds such as "AH0 L" aren't litres, and "in" is mostly a word.
    let letter_before = place.done.ends_with(|c: char| c.is_ascii_alphabetic()) && symbol.len() == 1;
    let another_word = ahead.rest().starts_with(' ')
        && ahead.rest().trim_start().starts_with(|c: char| c.is_ascii_alphanumeric());
    // "5 ft 10 in tall"
    let behind_feet = symbol == "in"
        && place
            .words_before()
            .next()
            .is_some_and(|(word, gap)| gap == " " && matches!(word, "ft" | "feet" | "foot"));
    let doubtful =
        !behind_feet && Unit::is_doubtful(symbol) && (another_word || (!spaced && symbol.len() == 1));
    let is_word = Unit::is_word(symbol) && ahead.rest().trim_start_matches(is_space).starts_with(is_letter);
    // "Section 194 J", "कक्षा 10 A"; and fifty kelvins are nowhere.
    let numbered = spaced
        && symbol.len() == 1
        && symbol.starts_with(|c: char| c.is_ascii_uppercase())
        && (is_numbered(place) || (symbol == "K" && count.is_some_and(|count| count < 77)));
    if runs_on || letter_before || doubtful || is_word || numbered || (hyphen && !sure) {
        return None;
    }
    *cursor = ahead;
    Some(name)
}

/// Reads the hyphen between a number and a unit in Latin letters: "a 500-ml bottle".
fn eat_hyphen(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let found = ahead.eat_if(|c| matches!(c, '-' | '\u{2011}')).is_some()
        && ahead.peek().is_some_and(|c| c.is_ascii_alphabetic());
    if found {
        *cursor = ahead;
    }
    found
}

/// A unit without a number, behind a word for "per": "₹100 per kg", "प्रति कि.ग्रा.".
pub(super) fn behind_per(place: &Place<'_>) -> Option<Found> {
    // Most words are passed over here.
    let near = place.done.strip_suffix(' ')?;
    if place.before != Some(' ') || !near.ends_with(|c| PER.iter().any(|per| per.ends_with(c))) {
        return None;
    }
    let (word, _) = place.words_before().next()?;
    if !PER.contains(&word) {
        return None;
    }
    let mut cursor = place.cursor();
    let (unit, len) = Unit::parse(cursor.rest())?;
    let symbol = cursor.rest().get(..len)?;
    cursor.skip(len);
    let name = unit.name(place.words).one;
    let sure = !Unit::is_doubtful(symbol)
        && !Unit::is_word(symbol)
        && (symbol.contains('.') || symbol.chars().count() > if symbol.is_ascii() { 1 } else { 3 });
    let ends = cursor.at_word_end() || takes_ending(symbol, name, &cursor, place.words);
    let runs_on = cursor.rest().starts_with(['\'', '’', '&', '_', '²', '³', '/', '-', '@']);
    (sure && ends && !runs_on && !name.contains('{')).then(|| Found::named(cursor.at(), name.to_owned()))
}

/// Reads a unit that ends a word, and returns its name for one.
pub(super) fn eat_unit_name(cursor: &mut Cursor<'_>, words: &Words) -> Option<&'static str> {
    let (unit, len) = Unit::parse(cursor.rest())?;
    let mut ahead = *cursor;
    ahead.skip(len);
    ahead.at_word_end().then(|| {
        *cursor = ahead;
        unit.name(words).one
    })
}

/// So many of a unit: "five feet".
pub(super) fn of_unit(count: u64, unit: Unit, words: &Words) -> String {
    counted(&before_noun(cardinal(count, words), words), form(unit.name(words), Some(count)))
}

/// Something for each of something else.
pub(super) fn per(what: &str, mut each: String, words: &Words) -> String {
    replace_end(&mut each, words.signs.per_ends);
    words.signs.per.replace("{a}", what).replace("{b}", &each)
}

/// Whether a name of the home currency or another is at the start of `text`.
pub(super) fn is_noun_of_money(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    let english = ["rupees", "rupee", "dollars", "dollar", "euros", "points", "paise"];
    cursor.eat_word(english) || {
        let indic = cursor.peek().is_some_and(WritingSystem::is_indic);
        indic
            && crate::Language::ALL.into_iter().any(|language| {
                let words = Words::of(language);
                words
                    .context
                    .spellings
                    .first()
                    .is_some_and(|names| names.iter().any(|name| prefix_len(cursor.rest(), name).is_some()))
            })
    }
}
