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
    number::{Numeral, cardinal, replace_end},
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
    if let Some(spoken) = rate(numeral, cursor, words)
        .or_else(|| feet_and_inches(numeral, cursor, words))
        .or_else(|| inches(numeral, cursor, place))
    {
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
        || letter_behind("/");
    // Sounds such as "AH0 L" aren't litres, and "in" is mostly a word.
    let letter_before = place.done.ends_with(|c: char| c.is_ascii_alphabetic()) && symbol.len() == 1;
    let another_word = ahead.rest().starts_with(' ')
        && ahead.rest().trim_start().starts_with(|c: char| c.is_ascii_alphabetic());
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

/// Something for each of something else.
pub(super) fn per(what: &str, mut each: String, words: &Words) -> String {
    replace_end(&mut each, words.signs.per_ends);
    words.signs.per.replace("{a}", what).replace("{b}", &each)
}

/// Says a number of units for each other unit: `5 mg/l`, `12/kg`.
fn rate(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    let number = before_noun(numeral.spoken(words), words);
    let glued = ahead.eat("/");
    if !glued {
        ahead.eat_space();
        let (unit, len) = Unit::parse(ahead.rest())?;
        ahead.skip(len);
        let name = form(unit.name(words), numeral.whole());
        if !ahead.eat("/") {
            return None;
        }
        let each = eat_unit_name(&mut ahead, words)?;
        *cursor = ahead;
        return Some(per(&counted(&number, name), each.to_owned(), words));
    }
    // A letter alone is the end of a number of a house or a file.
    let start = ahead;
    let each = eat_unit_name(&mut ahead, words)?;
    if ahead.at() - start.at() < 2 {
        return None;
    }
    *cursor = ahead;
    Some(per(&number, each.to_owned(), words))
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

/// Kilometres in an hour with a slash and words of an Indian script: `किमी/घंटा`.
fn eat_per_hour(symbol: &str, cursor: &mut Cursor<'_>) -> Option<Unit> {
    const KILOMETRES: &[&str] = &[
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
    const HOURS: &[&str] = &[
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
    let found = ahead.eat("/") && ahead.eat_word(HOURS.iter().copied());
    found.then(|| {
        *cursor = ahead;
        Unit::KILOMETRES_PER_HOUR
    })
}
