//! Numbers with a percent sign or a unit.

use super::{
    cursor::Cursor,
    place::Place,
    scale::{Amount, idiomatic},
    spelling::same,
    words::{before_noun, counted, form},
};
use crate::{
    languages::{Unit, Words},
    number::Numeral,
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
    let mut ahead = *cursor;
    if let Some(name) = eat_unit(&mut ahead, place, numeral.whole()) {
        *cursor = ahead;
        let number = idiomatic(numeral, words)
            .filter(|_| is_time(name, words))
            .unwrap_or_else(|| before_noun(numeral.spoken(words), words));
        return Measure { spoken: counted(&number, name), named: true };
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
    if let Some(whole) = eat_per_hour(symbol, &mut ahead) {
        *cursor = ahead;
        return Some(form(whole.name(words), count));
    }
    // "5 m" is a length; "5 m-dash", "5 l'eau" and "5 g+" aren't.
    let abbreviated =
        ahead.rest().strip_prefix('.').is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphabetic()));
    let ends = ahead.at_word_end()
        && !abbreviated
        && !ahead.rest().starts_with(['\'', '’', '+', '&', '_', '²', '³'])
        && !(ahead.rest().starts_with('-') && !ends_range(&ahead))
        && !(ahead.rest().starts_with('/')
            && ahead.rest().get(1..).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_alphanumeric())));
    // Sounds such as "AH0 L" aren't litres, and "in" is mostly a word.
    let letter_before = place.done.ends_with(|c: char| c.is_ascii_alphabetic()) && symbol.len() == 1;
    let another_word = ahead.rest().starts_with(' ')
        && ahead.rest().trim_start().starts_with(|c: char| c.is_ascii_alphabetic());
    let doubtful = Unit::is_doubtful(symbol) && (another_word || (!spaced && symbol.len() == 1));
    if !ends || letter_before || doubtful {
        return None;
    }
    *cursor = ahead;
    Some(form(unit.name(words), count))
}

/// Whether the dash at the cursor is that of a range: a number follows.
fn ends_range(cursor: &Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.eat_dash().is_some() && ahead.at_digit()
}

/// Kilometres in an hour with a slash and words of an Indian script: `किमी/घंटा`.
fn eat_per_hour(symbol: &str, cursor: &mut Cursor<'_>) -> Option<Unit> {
    const KILOMETRES: [&str; 18] = [
        "km",
        "kms",
        "किमी",
        "कि.मी.",
        "कि.मी",
        "কিমি",
        "কি.মি.",
        "কি.মি",
        "કિમી",
        "કિ.મી.",
        "કિ.મી",
        "ਕਿਮੀ",
        "கி.மீ.",
        "கி.மீ",
        "కి.మీ.",
        "కి.మీ",
        "ಕಿ.ಮೀ.",
        "കി.മീ.",
    ];
    const HOURS: [&str; 20] = [
        "h",
        "hr",
        "hour",
        "घंटा",
        "घंटे",
        "घं.",
        "घण्टा",
        "तास",
        "ঘণ্টা",
        "ঘন্টা",
        "કલાક",
        "ਘੰਟਾ",
        "ਘੰਟੇ",
        "மணி",
        "மணிநேரம்",
        "గంట",
        "గం.",
        "ಗಂಟೆ",
        "മണിക്കൂർ",
        "ঘন্টাত",
    ];
    if !KILOMETRES.contains(&symbol) {
        return None;
    }
    let mut ahead = *cursor;
    let found = ahead.eat("/") && ahead.eat_word(HOURS);
    found.then(|| {
        *cursor = ahead;
        Unit::KILOMETRES_PER_HOUR
    })
}
