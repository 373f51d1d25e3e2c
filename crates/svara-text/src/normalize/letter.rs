//! Capital letters beside digits, and initials, which are named in the script of the voice: `5G`, `T20`, `H1N1`, `F-16`, `CO2`,
//! `A. P. J.`.

use super::{
    cursor::{Cursor, is_dash, is_letter},
    place::{Found, Place},
    spelling::is_one_of,
};
use crate::{
    languages::{NUMBER_WORDS, NUMBERED},
    number::digits,
    writing::{WritingSystem, digit_value},
};

/// Letters of gases, which could be read as words: `CO2`. Most others have no vowel and are acronyms.
const OXIDES: [&str; 3] = ["CO", "NO", "SO"];

/// The names of one or two capital letters that digits are glued to, and of a row of initials.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if let Some(found) = initials(&place) {
        return Some(found);
    }
    if let Some(found) = signed(&place) {
        return Some(found);
    }
    let mut cursor = place.cursor();
    while cursor.at() < 2 && cursor.eat_if(|c| c.is_ascii_uppercase()).is_some() {}
    let letters = cursor.read();
    let next = cursor.peek();
    let is_digit = |c: char| digit_value(c).is_some() || matches!(c, '₀'..='₉');
    let glued = next.is_some_and(is_digit);
    let told = match letters.len() {
        // Letters are the same in English.
        1 if place.words.letters.words.is_empty() => false,
        // "Class 10-A"
        1 => {
            glued
                || place.done.ends_with(is_digit)
                || place.behind_number_and(is_dash)
                || is_before_dash(&cursor)
                || is_of_numbered(&place)
        }
        2 => glued && OXIDES.contains(&letters),
        _ => false,
    };
    if !told || next.is_some_and(|c| is_letter(c) && !WritingSystem::is_indic(c)) || place.before == Some('@')
    {
        return None;
    }
    let names: Vec<&str> = letters.chars().filter_map(|c| place.words.letters.name(c)).collect();
    let joined = place.words.before_ending.is_empty() && next.is_some_and(WritingSystem::is_indic);
    Some(Found { joined, ..Found::new(cursor.at(), names.join(" ")) })
}

/// Whether the letter is the last part of a number behind a space: "Section 194 J", "कक्षा 10 A".
fn is_of_numbered(place: &Place<'_>) -> bool {
    let mut before = place.words_before();
    let number = before.next().is_some_and(|(word, gap)| gap == " " && digits(word).is_some());
    number
        && before.next().is_some_and(|(word, _)| is_one_of(word, NUMBERED) || is_one_of(word, NUMBER_WORDS))
}

/// Whether a dash and a short number follow: `F-16`, `U-19`.
fn is_before_dash(cursor: &Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.eat_if(is_dash).is_some() && ahead.digits(1, 3).is_some() && ahead.at_letters_end()
}

/// Capitals with a sign between or behind them: `J&K`, `R&D`; `A+`, `AB+`, as blood and grades are named.
fn signed(place: &Place<'_>) -> Option<Found> {
    let words = place.words;
    if place.before.is_some_and(|c| ".&@_/'’+-".contains(c)) {
        return None;
    }
    let capitals = |cursor: &mut Cursor<'_>| {
        let mut names = Vec::new();
        while names.len() < 2
            && let Some(letter) = cursor.eat_if(|c| c.is_ascii_uppercase())
        {
            names.push(words.letters.name(letter)?);
        }
        (!names.is_empty()).then(|| names.join(" "))
    };
    let mut cursor = place.cursor();
    let first = capitals(&mut cursor)?;
    if cursor.eat("+") {
        let blood = matches!(cursor.read(), "AB+") || cursor.at() == 2;
        let ends = cursor.peek().is_none_or(|c| c.is_whitespace() || ",.;:)।".contains(c));
        return (blood && ends).then(|| Found::new(cursor.at(), format!("{first} {}", words.web.plus)));
    }
    // Letters are the same in English.
    if words.letters.words.is_empty() || !cursor.eat("&") {
        return None;
    }
    let second = capitals(&mut cursor)?;
    let ends = cursor.at_word_end() && !cursor.rest().starts_with(['&', '\'', '’', '_', '@']);
    ends.then(|| Found::new(cursor.at(), format!("{first} {} {second}", words.web.and)))
}

/// The names of initials with points: `A. P. J.`, `I.I.T.`, `U.S.A`. The last point stays: it may also end the sentence.
fn initials(place: &Place<'_>) -> Option<Found> {
    // Letters are the same in English.
    if place.words.letters.words.is_empty() || place.before.is_some_and(|c| ".&@_/'’".contains(c)) {
        return None;
    }
    let (mut cursor, mut names) = (place.cursor(), Vec::new());
    let (mut ahead, mut spaced) = (cursor, false);
    while let Some(letter) = ahead.eat_if(|c| c.is_ascii_uppercase()) {
        let pointed = ahead.peek() == Some('.');
        // "U.S.A"
        if !pointed && (spaced || names.is_empty() || !ahead.at_word_end()) {
            break;
        }
        names.push(place.words.letters.name(letter)?);
        cursor = ahead;
        ahead.eat(".");
        spaced = ahead.eat_if(|c| c == ' ').is_some();
    }
    (names.len() > 1).then(|| Found::new(cursor.at(), names.join(" ")))
}
