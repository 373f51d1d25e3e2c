//! Numbers with their signs, ranges, fractions, percent signs, units and endings.

use super::{
    Found, Place,
    cursor::{Cursor, is_wordish},
    date, sign_allowed,
};
use crate::{
    language::Language,
    languages::{Unit, Words},
    number::{Numeral, cardinal, replace_end},
    writing::{WritingSystem, digit_value},
};

/// The most parts of a version or IP address.
const MAX_CHAIN: usize = 8;

/// `-5`, `10-15 km`, `3/4`, `45%`, `12वीं`, `1.2.3`, `2024`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut cursor = Cursor::new(place.rest);
    let sign = cursor.eat_if(|c| matches!(c, '+' | '-' | '\u{2212}'));
    if sign.is_some() && !sign_allowed(place.before) {
        return None;
    }
    let numeral = Numeral::parse(cursor.rest())?;
    cursor.skip(numeral.len);
    let sign = match sign {
        Some('+') => format!("{} ", words.signs.plus),
        Some(_) => format!("{} ", words.signs.minus),
        None => String::new(),
    };
    if let Some(spoken) = chain(&numeral, &mut cursor, words) {
        return Some(Found::new(cursor.at(), format!("{sign}{spoken}")));
    }
    if let Some(second) = eat_second(&numeral, &mut cursor, place.before) {
        let (mut first, template) = (numeral.spoken(words), second.template(words));
        if second.is_range {
            replace_end(&mut first, words.signs.range_from);
        }
        let with_unit = measured(&second.numeral, &mut cursor, words);
        let spoken = template.replace("{a}", &first).replace("{b}", &with_unit);
        return Some(Found::new(cursor.at(), format!("{sign}{spoken}")));
    }
    if sign.is_empty()
        && let Some(year) = date::year(&numeral, place, &cursor)
    {
        return Some(Found::new(cursor.at(), year));
    }
    let unmeasured = cursor.at();
    if let Some(spoken) = date::decade(&numeral, &mut cursor) {
        return Some(Found::new(cursor.at(), format!("{sign}{spoken}")));
    }
    if let Some(spoken) = with_ending(&numeral, &mut cursor, words) {
        return Some(Found::new(cursor.at(), format!("{sign}{spoken}")));
    }
    let mut spoken = measured(&numeral, &mut cursor, words);
    let joined = words.before_ending.is_empty() && cursor.peek().is_some_and(WritingSystem::is_indic);
    if cursor.at() == unmeasured
        && cursor.rest().strip_prefix(' ').is_some_and(|rest| rest.starts_with(WritingSystem::is_indic))
    {
        // A word behind a number is usually what it counts.
        spoken = before_noun(spoken, words);
    }
    Some(Found { len: cursor.at(), spoken: format!("{sign}{spoken}"), joined })
}

/// Reads the end of a range of sums: `-1000` behind `₹500`.
pub(super) fn eat_range_end(first: &Numeral, cursor: &mut Cursor<'_>) -> Option<Numeral> {
    let mut ahead = *cursor;
    let second = eat_second(first, &mut ahead, None).filter(|second| second.is_range)?;
    *cursor = ahead;
    Some(second.numeral)
}

/// Puts number words into the form that stands before a noun.
pub(super) fn before_noun(mut spoken: String, words: &Words) -> String {
    let (one, adjective) = words.signs.one;
    if spoken == one {
        return adjective.to_owned();
    }
    replace_end(&mut spoken, words.signs.before_noun);
    spoken
}

/// Says a number with its percent sign or unit, if one follows.
fn measured(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> String {
    let spoken = numeral.spoken(words);
    let mut ahead = *cursor;
    ahead.eat_if(|c| matches!(c, ' ' | '\u{A0}' | '\u{202F}'));
    if ahead.eat("%") {
        *cursor = ahead;
        return format!("{} {}", before_noun(spoken, words), words.signs.percent);
    }
    if let Some((unit, len)) = Unit::parse(ahead.rest()) {
        ahead.skip(len);
        // "5 m" is a length; "5 m-dash", "5 l'eau" and "5 g+" aren't.
        let ends =
            ahead.at_word_end() && !ahead.rest().starts_with(['-', '\'', '’', '+', '&', '_', '²', '³']);
        if ends {
            *cursor = ahead;
            let name = unit.name(words.units);
            let name = if numeral.whole() == Some(1) { name.one } else { name.many };
            return format!("{} {name}", before_noun(spoken, words));
        }
    }
    spoken
}

/// Says a number with an ending typed behind its digits, such as that of an ordinal.
fn with_ending(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let number = numeral.whole()?;
    let mut start = *cursor;
    if !start.rest().starts_with(is_wordish) {
        start.eat_if(|c| c == '-')?;
    }
    // "21st" is an English word in every language.
    let english = Words::of(Language::English);
    let candidates = words.endings.iter().map(|ending| (ending, words));
    for (ending, words) in candidates.chain(english.endings.iter().map(|ending| (ending, english))) {
        let mut ahead = start;
        if ahead.eat_word(ending.marks.iter().copied()).is_none() {
            continue;
        }
        *cursor = ahead;
        if let Some((_, irregular)) = ending.irregular.iter().find(|(irregular, _)| *irregular == number) {
            return Some((*irregular).to_owned());
        }
        let mut spoken = cardinal(number, words);
        replace_end(&mut spoken, ending.joins);
        return Some(spoken);
    }
    None
}

/// Says `1.2.3` or `192.168.1.1`: three or more numbers with points between.
fn chain(first: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let second = first.fraction.as_ref()?;
    let part = |digits: &str| Numeral {
        integer: digits.to_owned(),
        fraction: None,
        grouped: false,
        len: digits.len(),
    };
    let mut parts = vec![part(&first.integer), part(second)];
    while parts.len() < MAX_CHAIN {
        let mut ahead = *cursor;
        let Some(digits) = ahead.eat(".").then(|| ahead.digits(1, 20)).flatten() else { break };
        parts.push(part(&digits));
        *cursor = ahead;
    }
    if parts.len() < 3 {
        return None;
    }
    let spoken: Vec<String> = parts.iter().map(|part| part.spoken(words)).collect();
    Some(spoken.join(&format!(" {} ", words.signs.point)))
}

/// The second number of a range or a fraction.
struct Second {
    numeral: Numeral,
    is_range: bool,
}

impl Second {
    const fn template(&self, words: &Words) -> &'static str {
        if self.is_range { words.signs.range } else { words.signs.fraction }
    }
}

/// `10-15` and `10 – 15` are ranges if the second number is greater, `3/4` is a fraction if both are whole and short.
fn eat_second(first: &Numeral, cursor: &mut Cursor<'_>, before: Option<char>) -> Option<Second> {
    if before.is_some_and(|c| "/-–—".contains(c)) {
        return None;
    }
    let mut ahead = *cursor;
    let spaced = ahead.eat(" ");
    let mark = ahead.eat_if(|c| matches!(c, '-' | '–' | '/'))?;
    if spaced && (mark != '–' || !ahead.eat(" ")) {
        return None;
    }
    let numeral = Numeral::parse(ahead.rest())?;
    ahead.skip(numeral.len);
    let mut after = ahead;
    let runs_on = after.eat_if(|c| "-–/.:".contains(c)).is_some()
        && after.peek().is_some_and(|c| digit_value(c).is_some());
    if runs_on {
        return None;
    }
    let is_range = mark != '/';
    let fits = if is_range {
        value(first)? < value(&numeral)?
    } else {
        let short = |n: &Numeral| n.whole().is_some_and(|value| value < 1000);
        short(first) && short(&numeral)
    };
    if !fits {
        return None;
    }
    *cursor = ahead;
    Some(Second { numeral, is_range })
}

/// The value, precise enough to compare.
fn value(numeral: &Numeral) -> Option<f64> {
    numeral.quantity()?;
    format!("{}.{}", numeral.integer, numeral.fraction.as_deref().unwrap_or("0")).parse().ok()
}
