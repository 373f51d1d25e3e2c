//! Ranges: `10-15 km`, `40°C-45°C`, `10-12वीं`, `1980-1986`.

use super::{
    cursor::{Cursor, is_dash, is_letter},
    date::is_numbered,
    endings::ordinal,
    follows,
    measure::{halved_start, measured},
    place::{Found, Place},
    scale::{self, exponent, is_scale},
    spelling::{is_one_of, same},
    unit::eat_unit,
    words::{before_noun, counted_form, counts, led_by},
    year,
};
use crate::{
    languages::{COUNTED_STEMS, HOUSES, NUMBER_WORDS, Unit, Words},
    number::Numeral,
    writing::WritingSystem,
};

/// Abbreviations behind years that count down.
const BEFORE_CHRIST: [&str; 8] = ["ई. पू", "ई.पू", "ई०पू", "इ.स.पू", "ईसा पूर्व", "BC", "B.C", "கி.மு"];

/// Nouns with their plurals, of which the second number of a range has the one and the first the other.
const PLURALS: [(&str, &str); 12] = [
    ("hour", "hours"),
    ("day", "days"),
    ("week", "weeks"),
    ("month", "months"),
    ("year", "years"),
    ("minute", "minutes"),
    ("second", "seconds"),
    ("metre", "metres"),
    ("घंटा", "घंटे"),
    ("महीना", "महीने"),
    ("हफ्ता", "हफ्ते"),
    ("ਘੰਟਾ", "ਘੰਟੇ"),
];

/// Makers whose models have two numbers, and a short word before years: "Boeing 737-800", "FY 24-25".
const MAKERS: [&str; 11] =
    ["Boeing", "Airbus", "बोइंग", "एयरबस", "বোয়িং", "போயிங்", "బోయింగ్", "બોઇંગ", "ബോയിങ്", "Ryzen", "FY"];

/// A range with the number `first`, which is read already. The second number must be greater.
pub(super) fn recognize(first: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<Found> {
    let words = place.words;
    if let Some(spoken) = year::years(first, place, cursor) {
        return Some(Found::new(cursor.at(), spoken));
    }
    // "i7-12700H", "FY24-25": the first number is a part of a name.
    if place.done.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    if let Some(found) = of_typed_nouns(first, cursor, words) {
        return Some(found);
    }
    let mut ahead = *cursor;
    let unit = eat_unit(&mut ahead, place, None);
    let spaced = ahead.eat_space();
    let dash = ahead.eat_if(is_dash)?;
    // With spaces, only a dash between them makes a range of two bare numbers: a hyphen may be a minus or a pause.
    if spaced != ahead.eat_space() {
        return None;
    }
    let second = Numeral::parse(ahead.rest())?;
    ahead.skip(second.len);
    let measures = eat_unit(&mut { ahead }, place, None).is_some() || is_counted_time(&ahead);
    let measures =
        measures || (spaced && follows::quantity(&ahead, place)) || (spaced && are_years(first, &second));
    if spaced && dash == '-' && unit.is_none() && !measures {
        return None;
    }
    let mut after = ahead;
    let runs_on = after.eat_if(|c| is_dash(c) || "/.:".contains(c)).is_some() && after.at_digit();
    if runs_on || (unit.is_none() && (place.behind_word(&MAKERS) || (!measures && is_of_house(place)))) {
        return None;
    }
    // "Order No. 12-2023"
    if second.integer.len() == 4 && first.integer.len() < 4 && is_numbered(*place) {
        return None;
    }
    let measured_second = Unit::parse(ahead.rest().trim_start_matches(' ')).is_some();
    let (from, to) = (first.value()?, second.value()?);
    let before_christ = || {
        let behind = ahead.rest().trim_start_matches(' ');
        BEFORE_CHRIST.iter().any(|short| behind.starts_with(short))
    };
    if from == to || (from > to && !measured_second && !before_christ()) {
        return None;
    }
    if let Some(unit) = unit {
        let mut measured = ahead;
        if eat_unit(&mut measured, place, None) != Some(unit) {
            return None;
        }
    }
    *cursor = ahead;
    let from = halved_start(first, cursor, words).unwrap_or_else(|| first.spoken(words));
    let mut template = words.signs.range;
    let (to, named) = match ordinal(&second, cursor, words) {
        Some(to) => {
            if cursor.rest().strip_prefix(' ').is_some_and(|r| r.starts_with(WritingSystem::is_indic)) {
                template = words.signs.range_before_noun.unwrap_or(template);
            }
            (to, false)
        }
        None => {
            let unmeasured = cursor.at();
            let measure = measured(&second, cursor, place);
            let mut to = measure.spoken;
            if cursor.at() == unmeasured && second.fraction.is_none() && counts(cursor, words) {
                to = before_noun(to, words);
            }
            // "10-12ാം", "10-15பேர்"
            let glued = {
                let mut ending = *cursor;
                ending.eat_if(is_dash);
                ending.peek().is_some_and(WritingSystem::is_indic)
            };
            let rest = cursor.rest();
            // "2-3 लोग", "২-৩টি"
            let noun = cursor.at() == unmeasured
                && (rest.strip_prefix(' ').is_some_and(|rest| rest.starts_with(WritingSystem::is_indic))
                    || COUNTED_STEMS.iter().any(|stem| rest.starts_with(stem)));
            if noun || glued {
                template = words.signs.range_before_noun.unwrap_or(template);
            }
            let about = words.idiom.filter(|_| noun && in_a_row(first, &second));
            template = about.map_or(template, |idiom| idiom.about);
            (to, measure.named)
        }
    };
    let spoken = scale::range(from, &to, template, words);
    let joins = cursor.peek().is_some_and(is_letter);
    Some(Found { named: named && !joins, ..Found::new(cursor.at(), spoken) })
}

/// Whether both numbers look like years: "2010 - 2015".
fn are_years(first: &Numeral, second: &Numeral) -> bool {
    let is_one = |number: &Numeral| {
        number.integer.len() == 4 && number.whole().is_some_and(|year| (1900..2100).contains(&year))
    };
    is_one(first) && is_one(second)
}

/// Whether an English word for a length of time follows.
fn is_counted_time(cursor: &Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.eat_space()
        && ahead.eat_word(["seconds", "minutes", "hours", "days", "weeks", "months", "years", "percent"])
}

/// A range with one noun typed behind both numbers, which is said once: `5 किलो-10 किलो`.
fn of_typed_nouns(first: &Numeral, cursor: &mut Cursor<'_>, words: &'static Words) -> Option<Found> {
    let mut ahead = *cursor;
    ahead.eat_space();
    let noun = ahead.word();
    ahead.skip(noun.len());
    // Units and marks of ordinals are no nouns.
    if Unit::parse(noun).is_some_and(|(_, len)| len == noun.len()) {
        return None;
    }
    let plural = PLURALS.iter().find(|(one, _)| same(noun, one)).map_or(noun, |(_, plural)| *plural);
    if !(noun.starts_with(WritingSystem::is_indic) || is_scale(noun) || plural != noun)
        || ordinal(first, &mut { *cursor }, words).is_some()
    {
        return None;
    }
    ahead.eat_if(is_dash)?;
    let second = Numeral::parse(ahead.rest())?;
    ahead.skip(second.len);
    let mut behind = ahead;
    behind.eat_space();
    // "50 हजार-1 लाख"
    let scales = exponent(noun).is_some() && exponent(noun) < exponent(behind.word());
    if !(scales || behind.eat_word([noun, plural])) {
        return None;
    }
    *cursor = ahead;
    let template = words.signs.range_before_noun.unwrap_or(words.signs.range);
    let to = counted_form(&second, words);
    let mut from = first.spoken(words);
    if scales {
        from = format!("{} {noun}", counted_form(first, words));
    }
    Some(Found::new(ahead.at(), scale::range(from, &to, template, words)))
}

/// An ordinal with another behind a dash: `5वीं-8वीं`.
pub(super) fn of_ordinals(first: String, cursor: &mut Cursor<'_>, words: &'static Words) -> String {
    let mut ahead = *cursor;
    let second = ahead.eat_if(is_dash).and_then(|_| Numeral::parse(ahead.rest()));
    let to = second.and_then(|second| {
        ahead.skip(second.len);
        ordinal(&second, &mut ahead, words)
    });
    let Some(to) = to else { return first };
    *cursor = ahead;
    scale::range(first, &to, words.signs.range, words)
}

/// Whether the numbers are small and follow each other.
fn in_a_row(first: &Numeral, second: &Numeral) -> bool {
    matches!((first.whole(), second.whole()), (Some(a), Some(b)) if b == a + 1 && b <= 10)
}

/// Whether the numbers are that of a house: "House No. 12-45", "Flat 4-5".
fn is_of_house(place: &Place<'_>) -> bool {
    const FLATS: [&str; 4] = ["Flat", "फ्लैट", "फ़्लैट", "फ्लॅट"];
    let number = |typed: &str| is_one_of(typed, NUMBER_WORDS);
    let house = |typed: &str| is_one_of(typed, HOUSES);
    let mut before = place.words_before();
    let Some((word, gap)) = before.next() else { return false };
    let flat = gap == " " && FLATS.contains(&word);
    flat || (number(word) && led_by(place, house, number, 3))
}
