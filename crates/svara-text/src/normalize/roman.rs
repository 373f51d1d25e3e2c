//! Roman numerals, where a word says that they are some: `PART XL`, `Chapter IV`, `भाग II`, `Elizabeth II`.

use super::{
    cursor::{Cursor, is_dash, is_letter},
    place::{Found, Place},
    scale::range,
    spelling::{is_one_of, same},
};
use crate::{
    language::Language,
    languages::{RULERS, SHARED, Words},
    number::{cardinal, replace_end},
};

/// Words that are shortened with a point before a numeral: "Vol. III".
const SHORT: [&str; 5] = ["vol", "ch", "sec", "art", "fig"];

/// Words between two numerals.
const LINKS: [&str; 15] =
    ["to", "and", "or", "से", "और", "एवं", "व", "या", "ते", "आणि", "থেকে", "ও", "અને", "ਤੋਂ", "ਅਤੇ"];

/// The numeral at the place in words.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    let token = cursor.word();
    if token.len() > 8 || !token.bytes().all(|b| b"IVXLCDM".contains(&b)) {
        return None;
    }
    cursor.skip(token.len());
    if !cursor.at_letters_end()
        || cursor.rest().starts_with(['.', '\'', '’', '&'])
            && cursor.rest().get(1..).is_some_and(|r| r.starts_with(is_letter))
    {
        return None;
    }
    let value = value(token)?;
    let words = place.words;
    let is_cue = |text: &str| SHARED.romans.iter().chain(words.context.romans).any(|word| same(text, word));
    let short = || {
        place
            .words_before()
            .next()
            .is_some_and(|(word, gap)| gap == ". " && token.len() > 1 && is_one_of(word, &SHORT))
    };
    // "÷" is said with the word for "part" in some languages, behind which the numeral is one.
    let divided = place.done.trim_end_matches(between).ends_with('÷') && is_cue(words.maths.divided);
    let before = place.words_before().next().filter(|(_, gap)| gap.chars().all(between));
    // Single letters but these name groups and vitamins.
    if (divided || short() || before.is_some_and(|(word, _)| is_cue(word)))
        && (token.len() > 1 || matches!(token, "I" | "V" | "X"))
    {
        if let Some((end, spoken)) = up_to(value, cursor, words) {
            return Some(Found::new(end, spoken));
        }
        return Some(Found::new(cursor.at(), cardinal(value, words)));
    }
    // "Year II", but not "last year CM Yogi" or "this year I".
    let of_course = token.len() > 1 && value <= 12 && token.bytes().all(|b| b"IVX".contains(&b));
    if of_course && before.is_some_and(|(word, _)| same(word, "year")) {
        return Some(Found::new(cursor.at(), cardinal(value, words)));
    }
    let (before, gap) = before?;
    let name = before.starts_with(|c: char| c.is_ascii_uppercase())
        && before.ends_with(|c: char| c.is_ascii_lowercase());
    let royal = || {
        const TITLES: [&str; 8] = ["king", "queen", "pope", "emperor", "tsar", "prince", "princess", "shah"];
        place.words_before().nth(1).is_some_and(|(title, _)| is_one_of(title, &TITLES))
    };
    let ruler = name && gap == " " && (token.len() > 1 || royal()) && (2..40).contains(&value);
    if !ruler {
        return None;
    }
    // "Zone II" and "Apollo XI" rule nowhere.
    if !royal() && !is_one_of(before, RULERS) {
        return Some(Found::new(cursor.at(), cardinal(value, words)));
    }
    let english = Words::of(Language::English);
    let mut ordinal = cardinal(value, english);
    replace_end(&mut ordinal, english.endings.first()?.joins);
    Some(Found::new(cursor.at(), format!("the {ordinal}")))
}

/// The numeral `first` and a greater one behind a dash or a word: "IX-XII", "I to V", "II और III". Returns where they end.
fn up_to(first: u64, mut cursor: Cursor<'_>, words: &Words) -> Option<(usize, String)> {
    let link = match cursor.eat_if(is_dash) {
        Some(_) => None,
        None => {
            cursor.eat_space().then_some(())?;
            let rest = cursor.rest();
            let link = LINKS
                .into_iter()
                .find(|link| rest.strip_prefix(link).is_some_and(|behind| behind.starts_with(' ')))?;
            cursor.skip(link.len());
            cursor.eat_space();
            Some(link)
        }
    };
    let token = cursor.word();
    // "Part I and I will" and "Group V and C" are no ranges.
    let sure = token.len() > 1 || matches!(token, "V" | "X");
    let last = (token.len() <= 8 && sure).then(|| value(token)).flatten().filter(|last| *last > first)?;
    cursor.skip(token.len());
    if !cursor.at_letters_end() || cursor.at_digit() || cursor.rest().starts_with(['.', '\'', '’', '-', '&'])
    {
        return None;
    }
    let (first, last) = (cardinal(first, words), cardinal(last, words));
    let spoken = match link {
        Some(link) => format!("{first} {link} {last}"),
        None => range(first, &last, words.signs.range, words),
    };
    Some((cursor.at(), spoken))
}

/// Whether a numeral of several letters is at the cursor.
pub(super) fn is_at(cursor: &Cursor<'_>) -> bool {
    let token = cursor.word();
    (2..=8).contains(&token.len()) && value(token).is_some()
}

/// What may stand between a cue and its numeral.
fn between(c: char) -> bool {
    " :-–".contains(c)
}

/// The value of a numeral in its one right form.
fn value(token: &str) -> Option<u64> {
    const PARTS: [(&str, u64); 13] = [
        ("M", 1000),
        ("CM", 900),
        ("D", 500),
        ("CD", 400),
        ("C", 100),
        ("XC", 90),
        ("L", 50),
        ("XL", 40),
        ("X", 10),
        ("IX", 9),
        ("V", 5),
        ("IV", 4),
        ("I", 1),
    ];
    let (mut left, mut value) = (token, 0);
    for (part, worth) in PARTS {
        let most = if part.len() == 2 || matches!(worth, 5 | 50 | 500) { 1 } else { 3 };
        for _ in 0..most {
            let Some(rest) = left.strip_prefix(part) else { break };
            (left, value) = (rest, value + worth);
        }
    }
    (left.is_empty() && value > 0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_right_forms_have_a_value() {
        for (token, expected) in [
            ("XL", Some(40)),
            ("IV", Some(4)),
            ("MCMXLVII", Some(1947)),
            ("IIII", None),
            ("VX", None),
            ("IC", None),
            ("", None),
        ] {
            assert_eq!(value(token), expected, "{token}");
        }
    }
}
