//! Units for each other unit: `5 mg/l`, `80 किमी/घं`, `60 रुपये/लीटर`, `12/kg`.

use super::{
    cursor::{Cursor, is_letter},
    spelling::{is_one_of, prefix_len},
    unit::{eat_unit_name, per},
    words::{counted, counted_form, form},
};
use crate::{
    languages::{BEFORE_SLASH, BEHIND_SLASH, COUNTED_NOUNS, EACH, Noun, Unit, Words},
    number::Numeral,
    writing::{WritingSystem, starts_with},
};

/// Says a number with a unit and what it is for each of, or with the latter alone.
pub(super) fn recognize(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    of_words(|| counted_form(numeral, words), numeral.whole(), cursor, words)
}

/// [`recognize`] for a number in the words that `number` gives; `count` is what a noun behind it depends on.
pub(super) fn of_words(
    number: impl Fn() -> String,
    count: Option<u64>,
    cursor: &mut Cursor<'_>,
    words: &Words,
) -> Option<String> {
    let mut ahead = *cursor;
    if ahead.eat("/") {
        // A letter alone is the end of a number of a house or a file.
        let start = ahead;
        let each = eat_each(&mut ahead, words).filter(|_| ahead.at() - start.at() > 1)?;
        *cursor = ahead;
        return Some(per(&number(), each.name(words), words));
    }
    ahead.eat_space();
    // An acceleration.
    let squared = ["m/s²", "m/s2", "m s⁻²", "m·s⁻²", "ms⁻²"];
    if squared.iter().any(|symbol| ahead.eat(symbol)) && ahead.at_word_end() {
        *cursor = ahead;
        let speed = counted(&number(), form(Unit::METRES_PER_SECOND.name(words), count));
        return Some(format!("{speed} {}", words.maths.squared));
    }
    let left = eat_left(&mut ahead, words)?;
    if !ahead.eat("/") {
        return None;
    }
    let each = eat_each(&mut ahead, words)?;
    *cursor = ahead;
    let number = &number();
    let spoken = match (&left, &each) {
        (Part::Unit(Unit::KILOMETRE), Part::Unit(Unit::HOUR)) => {
            counted(number, form(Unit::KILOMETRES_PER_HOUR.name(words), count))
        }
        (Part::Unit(Unit::METRE), Part::Unit(Unit::SECOND)) => {
            counted(number, form(Unit::METRES_PER_SECOND.name(words), count))
        }
        (Part::Unit(unit), _) => {
            per(&counted(number, form(unit.name(words), count)), each.name(words), words)
        }
        (Part::Typed(word), _) => per(&counted(number, word), each.name(words), words),
    };
    // "5 mg/kg/day"
    let mut ahead = *cursor;
    let second = if ahead.eat("/") { eat_each(&mut ahead, words) } else { None };
    Some(match second {
        Some(second) => {
            *cursor = ahead;
            per(&spoken, second.name(words), words)
        }
        None => spoken,
    })
}

/// Reads what a sum or a number is for each of, behind a slash, and returns its name.
pub(super) fn eat_name(cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    eat_each(cursor, words).map(|each| each.name(words))
}

/// One side of a slash.
enum Part<'t> {
    Unit(Unit),
    /// A word that is said as it is typed.
    Typed(&'t str),
}

impl Part<'_> {
    fn name(&self, words: &Words) -> String {
        match self {
            Self::Unit(unit) => unit.name(words).one.to_owned(),
            Self::Typed(word) => (*word).to_owned(),
        }
    }
}

/// Reads what is counted, with a slash behind it.
fn eat_left<'t>(cursor: &mut Cursor<'t>, words: &Words) -> Option<Part<'t>> {
    let symbol = Unit::parse(cursor.rest());
    let unit = symbol.into_iter().chain(short(cursor.rest(), BEFORE_SLASH)).max_by_key(|(_, len)| *len);
    if let Some((unit, len)) = unit.filter(|(_, len)| behind(cursor, *len).starts_with('/')) {
        cursor.skip(len);
        return Some(Part::Unit(unit));
    }
    let word = cursor.word();
    if !behind(cursor, word.len()).starts_with('/') {
        return None;
    }
    let plural = word.len() > 2 && word.ends_with('s') && word.bytes().all(|b| b.is_ascii_lowercase());
    let money = words.context.spellings.first().copied().unwrap_or_default();
    let known = plural
        || (word.starts_with(WritingSystem::is_indic)
            && (money.iter().any(|name| is(word, name))
                || words.money.iter().any(|coin| is(word, coin.unit.one) || is(word, coin.unit.many))
                || is_one_of(word, COUNTED_NOUNS)
                || is_name_of_unit(word, words)));
    known.then(|| {
        cursor.skip(word.len());
        Part::Typed(word)
    })
}

fn eat_each<'t>(cursor: &mut Cursor<'t>, words: &Words) -> Option<Part<'t>> {
    let mut ahead = *cursor;
    ahead.eat_space();
    let start = ahead;
    if let Some((unit, len)) = short(ahead.rest(), BEHIND_SLASH) {
        cursor.skip(ahead.at() - cursor.at() + len);
        return Some(Part::Unit(unit));
    }
    if let Some((unit, len)) = Unit::parse(ahead.rest())
        && eat_unit_name(&mut ahead, words).is_some()
    {
        cursor.skip(start.at() - cursor.at() + len);
        return Some(Part::Unit(unit));
    }
    let word = ahead.word();
    if !word.starts_with(is_letter)
        || !(EACH.iter().any(|each| is(word, each)) || is_name_of_unit(word, words))
    {
        return None;
    }
    cursor.skip(start.at() - cursor.at() + word.len());
    let hour = words.units.last().is_some_and(|hour| is(word, hour.one));
    Some(if hour { Part::Unit(Unit::HOUR) } else { Part::Typed(word) })
}

/// The longest of `table` that `text` starts with as a whole word, and its length in bytes.
fn short(text: &str, table: &[(&str, Unit)]) -> Option<(Unit, usize)> {
    let found = table.iter().filter_map(|(short, unit)| {
        let rest = text.get(short.len()..).filter(|_| starts_with(text, short))?;
        (short.ends_with('.') || !rest.starts_with(is_letter)).then_some((*unit, short.len()))
    });
    found.max_by_key(|(_, len)| *len)
}

fn behind<'t>(cursor: &Cursor<'t>, len: usize) -> &'t str {
    cursor.rest().get(len..).unwrap_or_default()
}

fn is_name_of_unit(word: &str, words: &Words) -> bool {
    let named = |unit: &Noun| is(word, unit.one) || is(word, unit.many);
    !word.is_empty() && (words.units.iter().any(named) || words.loans.units.iter().any(named))
}

fn is(word: &str, name: &str) -> bool {
    prefix_len(word, name) == Some(word.len())
}
