//! What follows a number and makes a quantity of it: a unit, money, a scale, something counted. What looks like a code, a
//! telephone number or a year is none then.

use super::{
    cursor::Cursor,
    inflection::{is_continued, is_inflected},
    place::Place,
    scale::is_scale,
    spelling::is_one_of,
    unit::{eat_unit, is_noun_of_money},
    words::counts,
    year::is_counted,
};
use crate::{
    languages::{COUNTED_NOUNS, Currency, SHARED, Words},
    writing::WritingSystem,
};

/// Whether what follows makes a quantity of the number that ends here, whatever is before it.
pub(super) fn quantity(end: &Cursor<'_>, place: &Place<'_>) -> bool {
    let mut ahead = *end;
    if ahead.eat_if(|c| ".,:/".contains(c)).is_some() && (ahead.at_digit() || end.rest().starts_with("/-")) {
        return true;
    }
    let mut ahead = *end;
    ahead.eat_space();
    let rest = ahead.rest();
    rest.starts_with(['%', '°', '×'])
        || is_measured(end, place)
        || Currency::behind(rest).is_some()
        || is_noun_of_money(rest)
        || is_scale(rest)
        || is_noun(&ahead)
        || is_more_than(end, place.words)
}

/// Whether a unit follows, by its symbol or by its name.
pub(super) fn is_measured(end: &Cursor<'_>, place: &Place<'_>) -> bool {
    eat_unit(&mut { *end }, place, None).is_some() || is_name_of_unit(end, place.words)
}

/// Whether the name of a unit follows behind a space: "150 मिनट", "1200 kilometres".
fn is_name_of_unit(end: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *end;
    if !ahead.eat_space() {
        return false;
    }
    let rest = ahead.rest();
    if rest.starts_with(|c: char| c.is_ascii()) {
        let english = &Words::of(crate::Language::English).units;
        let names = english.iter().flat_map(|unit| [unit.one, unit.many]);
        return ahead.eat_word(names.chain(SHARED.spellings.iter().copied().flatten().copied()));
    }
    let names = words.units.iter().flat_map(|unit| [unit.one, unit.many]);
    let spellings = words.context.spellings.iter().skip(1).copied().flatten().copied();
    let word = ahead.word();
    let is_at =
        |name: &str| !name.contains('{') && (is_continued(word, name) || is_inflected(word, name, words));
    rest.starts_with(WritingSystem::is_indic) && names.chain(spellings).any(is_at)
}

/// Whether a noun that people count is at the cursor.
fn is_noun(cursor: &Cursor<'_>) -> bool {
    let word = cursor.word();
    !word.is_empty() && is_one_of(word, COUNTED_NOUNS)
}

/// Whether any word follows that a number may count: a plural in English, a word that is no postposition in the others.
pub(super) fn counted(end: &Cursor<'_>, words: &Words) -> bool {
    is_plural(end) || (end.rest().starts_with(' ') && counts(end, words))
}

/// Whether an English plural follows: "5000 users".
pub(super) fn is_plural(end: &Cursor<'_>) -> bool {
    let mut ahead = *end;
    let word = if ahead.eat_space() { ahead.word() } else { "" };
    word.ends_with('s') && is_counted(word)
}

/// Whether a postposition and a word for "more" follow: "500 से ज्यादा".
fn is_more_than(end: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *end;
    ahead.eat_space()
        && ahead.eat_word(words.context.year_words.iter().copied())
        && ahead.eat_space()
        && is_one_of(ahead.word(), words.context.more_than)
}
