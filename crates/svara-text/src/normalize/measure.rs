//! Numbers with a percent sign or a unit.

use super::{
    cursor::Cursor,
    place::Place,
    quotient,
    scale::{Amount, idiomatic},
    spelling::same,
    unit::eat_unit,
    words::{before_noun, counted, form},
};
use crate::{
    languages::{Unit, Words},
    number::{Numeral, cardinal},
};

/// A number in words, with what it measures if that follows.
pub(super) struct Measure {
    pub spoken: String,
    /// Whether it ends in the name of a unit.
    pub named: bool,
}

/// Says a number with its percent sign or unit, if one follows.
pub(super) fn measured(numeral: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Measure {
    let words = place.words;
    if let Some(spoken) = quotient::recognize(numeral, cursor, words) {
        return Measure { spoken, named: true };
    }
    let mut ahead = *cursor;
    if let Some(name) = eat_unit(&mut ahead, place, numeral.whole()) {
        *cursor = ahead;
        let number = idiomatic(numeral, words)
            .filter(|_| is_time(name, words))
            .unwrap_or_else(|| before_noun(numeral.spoken(words), words));
        return Measure { spoken: counted(&number, name), named: true };
    }
    if let Some(spoken) = hours_and_minutes(numeral, cursor, words) {
        return Measure { spoken, named: true };
    }
    if let Some(spoken) = feet_and_inches(numeral, cursor, words).or_else(|| inches(numeral, cursor, place)) {
        return Measure { spoken, named: true };
    }
    // "100 million kg", "5 लाख टन".
    let mut ahead = *cursor;
    let amount = Amount::eat_scale(numeral.clone(), &mut ahead, false, words);
    if amount.scale.is_some() {
        let mut behind = ahead;
        if let Some(name) = eat_unit(&mut behind, place, None) {
            *cursor = behind;
            return Measure { spoken: counted(&amount.spoken(words), name), named: true };
        }
        if idiomatic(numeral, words).is_some() {
            *cursor = ahead;
            return Measure { spoken: amount.spoken(words), named: false };
        }
    }
    let typed_time = {
        let mut ahead = *cursor;
        ahead.eat_space() && is_time(ahead.word(), words)
    };
    let spoken = idiomatic(numeral, words).filter(|_| typed_time).unwrap_or_else(|| numeral.spoken(words));
    Measure { spoken, named: false }
}

/// Whether `name` is an hour or a year, of which people say halves.
fn is_time(name: &str, words: &Words) -> bool {
    let hour = words.units.last().is_some_and(|hour| same(name, hour.one) || same(name, hour.many));
    let year = words.loans.units.get(17).is_some_and(|year| same(name, year.one));
    hour || year || (!name.is_empty() && words.clock.hours.iter().any(|hours| same(name, hours)))
}

/// Says a length of time in letters: `2h 30m`, `1hr 15min`.
fn hours_and_minutes(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let hours = numeral.whole().filter(|hours| *hours < 100)?;
    let mut ahead = *cursor;
    ahead.eat_space();
    ahead.eat("h").then_some(())?;
    let _ = ahead.eat("rs") || ahead.eat("r");
    ahead.eat_space();
    let minutes = ahead.number(1, 2).filter(|minutes| *minutes < 60)?;
    ahead.eat_space();
    ahead.eat_word(["m", "min", "mins", "mins."]).then_some(())?;
    *cursor = ahead;
    let say = |count: u64, unit: Unit| {
        counted(&before_noun(cardinal(count, words), words), form(unit.name(words), Some(count)))
    };
    Some(format!("{} {}", say(hours, Unit::HOUR), say(minutes.into(), Unit::MINUTE)))
}

/// Says the height of a person: `5'10"`.
fn feet_and_inches(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let feet = numeral.whole().filter(|feet| (1..10).contains(feet))?;
    let mut ahead = *cursor;
    ahead.eat_if(|c| matches!(c, '\'' | '′' | '’'))?;
    let inches = ahead.number(1, 2).filter(|inches| *inches < 12)?;
    if !(ahead.eat("''") || ahead.eat_if(|c| matches!(c, '"' | '″' | '”')).is_some()) {
        return None;
    }
    *cursor = ahead;
    let say = |count: u64, unit: Unit| {
        counted(&before_noun(cardinal(count, words), words), form(unit.name(words), Some(count)))
    };
    Some(format!("{} {}", say(feet, Unit::FOOT), say(inches.into(), Unit::INCH)))
}

/// Says `12"`, unless the mark ends a quotation.
fn inches(numeral: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<String> {
    let mut ahead = *cursor;
    let mark = ahead.eat_if(|c| matches!(c, '"' | '″'))?;
    let line = place.done.rsplit('\n').next().unwrap_or_default();
    let quoted = mark == '"' && !line.matches('"').count().is_multiple_of(2);
    if quoted || !ahead.at_word_end() {
        return None;
    }
    *cursor = ahead;
    let number = before_noun(numeral.spoken(place.words), place.words);
    Some(counted(&number, form(Unit::INCH.name(place.words), numeral.whole())))
}
