//! Names of units and of money behind a number.

use super::{
    cursor::Cursor,
    place::Place,
    spelling::prefix_len,
    words::{before_noun, counted, form},
};
use crate::{
    languages::{Unit, Words},
    number::{cardinal, replace_end},
    writing::WritingSystem,
};

/// Reads a percent sign or a unit, and returns its name behind `count`.
pub(super) fn eat_unit(
    cursor: &mut Cursor<'_>,
    place: &Place<'_>,
    count: Option<u64>,
) -> Option<&'static str> {
    let words = place.words;
    let mut ahead = *cursor;
    let spaced = ahead.eat_space();
    if ahead.eat("%") {
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
    let runs_on = !ahead.at_word_end()
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
    let doubtful = Unit::is_doubtful(symbol) && (another_word || (!spaced && symbol.len() == 1));
    if runs_on || letter_before || doubtful {
        return None;
    }
    *cursor = ahead;
    Some(form(unit.name(words), count))
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
