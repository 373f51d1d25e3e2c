//! Codes that their letters and digits give away: GSTIN, IFSC, PAN, passports.

use super::{
    cue::{follows_cue, follows_series},
    cursor::is_letter,
    place::{Found, Place},
};
use crate::{languages::Words, number::one_by_one};

/// The longest code of letters and digits, in bytes: looking further would take long in a long run of them.
const LONGEST_CODE: usize = 24;

/// The shapes: `A` is a letter, `9` a digit, anything else itself.
const SHAPES: [&str; 6] = [
    "AAAA0999999",
    "AAAAA9999A",
    "99AAAAA9999A9ZA",
    "99AAAAA9999A9Z9",
    // Passports and voters.
    "A9999999",
    "AAA9999999",
];

/// A code of capital letters and digits, which begins with either.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let run = place.rest;
    let len = run.bytes().take(LONGEST_CODE).take_while(u8::is_ascii_alphanumeric).count();
    if len < 5 {
        return None;
    }
    let token = run.get(..len)?;
    let has = |kind: fn(&u8) -> bool| token.bytes().any(|byte| kind(&byte));
    if !has(u8::is_ascii_digit) || !has(u8::is_ascii_uppercase) || has(u8::is_ascii_lowercase) {
        return None;
    }
    let mut cursor = place.cursor();
    cursor.skip(len);
    // Longer ones are cut off in the middle, and are none.
    if !cursor.at_word_end() {
        return None;
    }
    let known =
        SHAPES.iter().any(|shape| is_shaped(token, shape)) || follows_cue(&place) || follows_series(&place);
    // In "1234M/s", the letter belongs to what is behind the digits.
    let run_on = token.trim_start_matches(|c: char| c.is_ascii_digit()).len() == 1
        && cursor.rest().strip_prefix('/').is_some_and(|rest| rest.starts_with(is_letter));
    (known && !run_on).then(|| Found::new(len, spelled(token, place.words)))
}

fn is_shaped(token: &str, shape: &str) -> bool {
    token.len() == shape.len()
        && token.bytes().zip(shape.bytes()).all(|(byte, kind)| match kind {
            b'A' => byte.is_ascii_uppercase(),
            b'9' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

/// Names letters and digits one by one.
pub(super) fn spelled(token: &str, words: &Words) -> String {
    let mut pieces: Vec<String> = Vec::new();
    for c in token.chars() {
        match words.letters.name(c).filter(|_| c.is_ascii_alphabetic()) {
            Some(name) => pieces.push(name.to_owned()),
            None => {
                let digit = one_by_one(c.encode_utf8(&mut [0; 4]), words);
                if !digit.is_empty() {
                    pieces.push(digit);
                }
            }
        }
    }
    pieces.join(" ")
}
