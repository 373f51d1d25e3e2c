//! Numbers with a percent sign or a unit.

use super::{
    angle,
    cursor::Cursor,
    inflection::{is_inflected, is_inflected_scale},
    place::Place,
    quotient,
    scale::{Amount, idiomatic, is_scale, scale_word},
    spelling::{is_one_of, same},
    unit::{eat_unit, of_unit},
    words::{before_noun, counted, counted_form, form},
};
use crate::{
    languages::{AGES, LONG_UNITS, SPELLED_UNITS, Unit, Words},
    number::{Numeral, cardinal},
    writing::WritingSystem,
};

/// Words for "per hundred", typed before a percentage.
const HUNDREDS: [&str; 7] = ["ಶೇ", "ಶೇ.", "ಶೇಕಡ", "शेकडा", "শতকরা", "সতকৰা", "ശതമാനം"];

/// What is counted in thousands by letters.
const COUNTED_IN_THOUSANDS: [&str; 26] = [
    "followers",
    "views",
    "likes",
    "users",
    "subscribers",
    "downloads",
    "members",
    "people",
    "customers",
    "installs",
    "streams",
    "shares",
    "reviews",
    "jobs",
    "visitors",
    "employees",
    "फॉलोअर्स",
    "फॉलोवर्स",
    "व्यूज",
    "लाइक्स",
    "यूजर्स",
    "सब्सक्राइबर्स",
    "सब्सक्राइबर",
    "डाउनलोड",
    "लोग",
    "ফলোয়ার",
];

/// A number in words, with what it measures if that follows.
pub(super) struct Measure {
    pub spoken: String,
    /// Whether it ends in the name of a unit.
    pub named: bool,
}

/// Says a number with its percent sign or unit, if one follows.
pub(super) fn measured(numeral: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Measure {
    let words = place.words;
    if let Some(spoken) = percent_said_before(numeral, cursor, place) {
        return Measure { spoken, named: false };
    }
    if let Some(spoken) = quotient::recognize(numeral, cursor, words) {
        return Measure { spoken, named: true };
    }
    if let Some(spoken) = angle::recognize(numeral, cursor, words) {
        return Measure { spoken, named: true };
    }
    if let Some(spoken) = in_crores(numeral, cursor, words) {
        return Measure { spoken, named: false };
    }
    let mut ahead = *cursor;
    if let Some(name) = eat_unit(&mut ahead, place, numeral.whole()) {
        let number = idiomatic(numeral, words)
            .filter(|_| is_time(name, words))
            .unwrap_or_else(|| counted_form(numeral, words));
        *cursor = ahead;
        return Measure { spoken: counted(&number, name), named: true };
    }
    if let Some(spoken) = half_short(numeral, cursor, words) {
        return Measure { spoken, named: true };
    }
    if let Some(spoken) = in_thousands(numeral, cursor, words) {
        return Measure { spoken, named: false };
    }
    if let Some(spoken) = spelled_unit(numeral, cursor, words) {
        return Measure { spoken, named: true };
    }
    if let Some(spoken) = hours_and_minutes(numeral, cursor, words) {
        return Measure { spoken, named: true };
    }
    if let Some(spoken) = feet_and_inches(numeral, cursor, words)
        .or_else(|| feet_by_feet(numeral, cursor, place))
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
        if let Some(spoken) = idiomatic(numeral, words) {
            return Measure { spoken, named: false };
        }
    }
    let halved = numeral.fraction.is_some() && is_halved(cursor, words);
    let spoken =
        halved.then(|| half(numeral, cursor, words)).flatten().unwrap_or_else(|| numeral.spoken(words));
    Measure { spoken, named: false }
}

/// Adds the unit that follows a number in words, if any. `count` is what its form depends on.
pub(super) fn measured_words(
    number: String,
    count: Option<u64>,
    cursor: &mut Cursor<'_>,
    place: &Place<'_>,
) -> Measure {
    if let Some(spoken) = quotient::of_words(|| number.clone(), count, cursor, place.words) {
        return Measure { spoken, named: true };
    }
    let name = eat_unit(cursor, place, count)
        .or_else(|| eat_inch_mark(cursor, place).then(|| form(Unit::INCH.name(place.words), count)));
    match name {
        Some(name) => Measure { spoken: counted(&number, name), named: true },
        None => Measure { spoken: number, named: false },
    }
}

/// The first number of a range before what people halve: the 1.5 of "1.5-2 घंटे" and "2.5-3 लाख".
pub(super) fn halved_start(numeral: &Numeral, behind: &Cursor<'_>, words: &Words) -> Option<String> {
    numeral.fraction.as_ref()?;
    if is_halved(behind, words) {
        return half(numeral, behind, words);
    }
    let mut ahead = *behind;
    (ahead.eat_space() && is_scale(ahead.rest())).then(|| idiomatic(numeral, words)).flatten()
}

/// Says a half, or a number and a half or a quarter.
fn half(numeral: &Numeral, cursor: &Cursor<'_>, words: &Words) -> Option<String> {
    let is_half = numeral.quantity() == Some(0) && matches!(numeral.fraction.as_deref(), Some("5" | "50"));
    if is_half && !words.calendar.ordinal_day {
        return Some(half_before(cursor, words).to_owned());
    }
    idiomatic(numeral, words)
}

/// The word for a half, in the form that agrees with the noun that follows: "आधी कटोरी".
pub(super) fn half_before(cursor: &Cursor<'_>, words: &Words) -> &'static str {
    let mut ahead = *cursor;
    ahead.eat_space();
    let noun = ahead.word();
    let forms = words.context.half_forms.iter();
    let form = forms.filter(|_| !noun.is_empty()).find(|(_, nouns)| is_one_of(noun, nouns));
    form.map_or(words.signs.half, |(half, _)| *half)
}

/// Whether what follows is something of which people say halves.
pub(super) fn is_halved(cursor: &Cursor<'_>, words: &Words) -> bool {
    let mut ahead = *cursor;
    ahead.eat_space();
    let noun = ahead.word();
    is_time(noun, words)
        || is_one_of(noun, words.context.halved)
        || (!noun.is_empty() && words.context.half_forms.iter().any(|(_, nouns)| is_one_of(noun, nouns)))
        || is_case_of_halved(noun, words)
}

/// Whether `typed` is a noun of which people say halves, or a scale word, with an ending: "2.5 வருடத்தில்", "2.5 लाखों".
fn is_case_of_halved(typed: &str, words: &Words) -> bool {
    if !typed.starts_with(WritingSystem::is_indic) {
        return false;
    }
    let times = words.units.last().into_iter().chain(words.loans.units.get(17));
    let times = times.flat_map(|noun| [noun.one, noun.many]);
    let halved = words.context.halved.iter().chain(AGES).chain(words.clock.hours).copied();
    AGES.iter().any(|age| same(typed, age))
        || times.chain(halved).any(|noun| is_inflected(typed, noun, words))
        || is_inflected_scale(typed, words)
}

/// Whether `name` is an hour or a year, of which people say halves.
fn is_time(name: &str, words: &Words) -> bool {
    let hour = words.units.last().is_some_and(|hour| same(name, hour.one) || same(name, hour.many));
    let year = words.loans.units.get(17).is_some_and(|year| same(name, year.one));
    hour || year || (!name.is_empty() && is_one_of(name, words.clock.hours))
}

/// Says a number with a percent sign whose word is typed before it: "ಶೇ. 10%".
fn percent_said_before(numeral: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<String> {
    let mut ahead = *cursor;
    ahead.eat("%").then_some(())?;
    let spellings = place.words.context.spellings.get(1).copied().unwrap_or_default();
    if !(place.behind_word(spellings) || place.behind_word(&HUNDREDS)) {
        return None;
    }
    *cursor = ahead;
    Some(numeral.spoken(place.words))
}

/// Says a count in thousands, millions or billions: `20k`, `1.2M`, `5M views`.
fn in_thousands(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    let letter = ahead.eat_if(|c| matches!(c, 'k' | 'K' | 'M' | 'B'))?;
    // "i7-12700K"
    if !ahead.at_word_end() || (numeral.integer.len() > 4 && !numeral.grouped) {
        return None;
    }
    let mut behind = ahead;
    behind.eat("+");
    behind.eat_space();
    let next = behind.word();
    let is_next = |nouns: &[&str]| is_one_of(next, nouns);
    let counted = is_next(&COUNTED_IN_THOUSANDS);
    let whole = numeral.whole();
    let told = match letter {
        'k' => !matches!(whole, Some(2 | 4 | 5 | 8)) && !is_next(&["run", "race", "video", "TV", "रन"]),
        // Of gold, or of a screen.
        'K' => whole.is_none_or(|whole| whole >= 25),
        _ => whole.is_none(),
    };
    if !(counted || told) {
        return None;
    }
    *cursor = ahead;
    let [million, billion, _] = words.loans.western;
    match letter {
        'M' => Some(format!("{} {million}", counted_form(numeral, words))),
        'B' => Some(format!("{} {billion}", counted_form(numeral, words))),
        _ => {
            let digits = format!("{:0<3}", numeral.fraction.as_deref().unwrap_or_default());
            let thousand = format!("{}{digits}", numeral.integer).parse().ok().filter(|_| digits.len() == 3);
            Some(before_noun(cardinal(thousand?, words), words))
        }
    }
}

/// Says a count in crores or millions by letters: `10 Cr`, `5 mn users`, and in lakhs before what is counted so: `10L views`.
fn in_crores(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    ahead.eat_space();
    let lakhs = ahead.eat("L");
    let exponent = if lakhs { 5 } else { [7, 7, 6].get(ahead.eat_word_of(["Cr", "crs", "mn"])?).copied()? };
    let mut behind = ahead;
    behind.eat("+");
    // "156 Cr.P.C."
    let abbreviated = behind.eat(".") && behind.peek().is_some_and(char::is_alphabetic);
    let counted = behind.eat_space() && is_one_of(behind.word(), &COUNTED_IN_THOUSANDS);
    if abbreviated || !ahead.at_word_end() || (lakhs && !counted) {
        return None;
    }
    *cursor = ahead;
    let number = idiomatic(numeral, words).unwrap_or_else(|| counted_form(numeral, words));
    Some(format!("{number} {}", scale_word(exponent, words)))
}

/// Says a number with a unit of which only the first part is short, and its ending stays: "10 కి.మీటర్ల".
fn half_short(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    ahead.eat_space();
    ahead.peek().filter(|c| WritingSystem::is_indic(*c))?;
    let (behind, said) = LONG_UNITS.iter().find_map(|(short, long, said)| {
        let mut behind = ahead;
        behind.eat(short).then_some(())?;
        behind.eat_space();
        let more = behind.word().strip_prefix(long).is_some_and(|rest| !rest.is_empty());
        more.then_some((behind, said))
    })?;
    let unit = behind.word();
    *cursor = behind;
    cursor.skip(unit.len());
    Some(format!("{} {said}{unit}", counted_form(numeral, words)))
}

/// Says a number with a unit whose letters are named: `72 bpm`, `150cc`.
fn spelled_unit(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    ahead.eat_space();
    ahead.peek().filter(char::is_ascii_alphabetic)?;
    let unit = ahead.word();
    ahead.skip(unit.len());
    if !SPELLED_UNITS.contains(&unit) || !ahead.at_word_end() {
        return None;
    }
    *cursor = ahead;
    let names: Vec<&str> = unit.chars().filter_map(|c| words.letters.name(c)).collect();
    Some(counted(&counted_form(numeral, words), &names.join(" ")))
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
    Some(format!("{} {}", of_unit(hours, Unit::HOUR, words), of_unit(minutes.into(), Unit::MINUTE, words)))
}

/// Says the height of a person: `5'10"`.
fn feet_and_inches(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let feet = numeral.whole().filter(|feet| (1..10).contains(feet))?;
    let mut ahead = *cursor;
    ahead.eat_if(|c| matches!(c, '\'' | '′' | '’'))?;
    ahead.eat_space();
    let inches = ahead.number(1, 2).filter(|inches| *inches < 12)?;
    if !(ahead.eat("''") || ahead.eat_if(|c| matches!(c, '"' | '″' | '”')).is_some()) {
        return None;
    }
    *cursor = ahead;
    Some(format!("{} {}", of_unit(feet, Unit::FOOT, words), of_unit(inches.into(), Unit::INCH, words)))
}

/// Says the size of a room: `10' x 12'`.
fn feet_by_feet(numeral: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<String> {
    let words = place.words;
    let is_mark = |c| matches!(c, '\'' | '′' | '’');
    let mut ahead = *cursor;
    ahead.eat_if(is_mark)?;
    ahead.eat_space();
    ahead.eat_if(|c| matches!(c, 'x' | 'X' | '×' | '*'))?;
    ahead.eat_space();
    let second = Numeral::parse(ahead.rest())?;
    ahead.skip(second.len);
    ahead.eat_if(is_mark)?;
    let quoted = place.before.is_some_and(|c| matches!(c, '\'' | '‘'));
    if quoted || !ahead.at_word_end() || ahead.peek().is_some_and(is_mark) {
        return None;
    }
    *cursor = ahead;
    let feet = |numeral: &Numeral| {
        let name = form(Unit::FOOT.name(words), numeral.whole());
        counted(&counted_form(numeral, words), name)
    };
    Some(format!("{} {} {}", feet(numeral), words.maths.by, feet(&second)))
}

/// Says `12"`, unless the mark ends a quotation.
fn inches(numeral: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<String> {
    eat_inch_mark(cursor, place).then_some(())?;
    let number = counted_form(numeral, place.words);
    Some(counted(&number, form(Unit::INCH.name(place.words), numeral.whole())))
}

/// Reads the mark of inches, unless it ends a quotation.
fn eat_inch_mark(cursor: &mut Cursor<'_>, place: &Place<'_>) -> bool {
    let mut ahead = *cursor;
    let Some(mark) = ahead.eat_if(|c| matches!(c, '"' | '″')) else { return false };
    let line = place.done.rsplit('\n').next().unwrap_or_default();
    let quoted = mark == '"' && !line.matches('"').count().is_multiple_of(2);
    if quoted || !ahead.at_word_end() {
        return false;
    }
    *cursor = ahead;
    true
}
