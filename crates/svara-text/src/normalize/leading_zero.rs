//! A zero before a day, an hour or a count, which forms and tables type and nobody says: `05 अगस्त`, `09 बजे`, `05ನೇ`.

use super::{
    cursor::{Cursor, is_dash, is_space},
    endings::ordinal,
    place::Place,
    scale::is_scale,
    spelling::{is_one_of, same},
    unit::eat_unit,
};
use crate::{
    languages::{COUNTED_NOUNS, COUNTED_STEMS, NUMBER_WORDS, UNITS, Words},
    number::Numeral,
};

/// The number without its zero, if it is one digit and what follows says that it is no code.
pub(super) fn dropped(numeral: Numeral, end: &Cursor<'_>, place: &Place<'_>) -> Numeral {
    if let Some(year) = short_year(&numeral, end, place) {
        return year;
    }
    let Some(bare) = numeral.without_zero() else { return numeral };
    let behind_digits =
        place.behind_digit() || place.behind_number_and(|c| is_dash(c) || is_space(c) || "/.:,+".contains(c));
    let numbered = place.words_before().next().is_some_and(|(word, _)| is_one_of(word, NUMBER_WORDS));
    let counts = !behind_digits
        && !numbered
        && (ordinal(&bare, &mut { *end }, place.words).is_some()
            || eat_unit(&mut { *end }, place, None).is_some()
            || is_before_count(end, place.words));
    if counts { bare } else { numeral }
}

/// A year of Bikram Sambat without its thousands: "०७२ साल".
fn short_year(numeral: &Numeral, end: &Cursor<'_>, place: &Place<'_>) -> Option<Numeral> {
    let calendar = &place.words.calendar;
    let short = numeral.integer.strip_prefix('0').filter(|rest| rest.len() == 2 && !rest.starts_with('0'))?;
    let mut ahead = *end;
    let told = calendar.bikram_sambat.is_some()
        && numeral.fraction.is_none()
        && ahead.eat_space()
        && ahead.rest().starts_with("साल");
    told.then(|| Numeral { integer: short.to_owned(), ..numeral.clone() })
}

/// Whether a word follows that counts, or that only days and times have.
fn is_before_count(end: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *end;
    let spaced = ahead.eat_space();
    let rest = ahead.rest();
    let times = words.units.iter().skip(UNITS - 3).flat_map(|unit| [unit.one, unit.many]);
    let stems = COUNTED_STEMS.iter().chain(words.context.counted).chain(words.clock.typed).copied();
    if stems
        .clone()
        .any(|stem| rest.starts_with(stem) && !stem.starts_with(|c: char| c.is_ascii_alphanumeric()))
    {
        return true;
    }
    let word = ahead.word();
    let nouns = COUNTED_NOUNS.iter().chain(words.context.halved).chain(words.clock.hours).copied();
    spaced && !word.is_empty() && (is_scale(rest) || nouns.chain(times).any(|noun| same(word, noun)))
}
