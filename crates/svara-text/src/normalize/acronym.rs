//! Words in capitals: `GPU` letter by letter in the script of the voice, `NASA` as a word.

use std::collections::HashSet;

use super::{
    cursor::{Cursor, is_letter, is_wordish},
    place::{Found, Place},
};
use crate::{
    languages::{WORDS_IN_CAPITALS, is_known_acronym},
    writing::WritingSystem,
};

/// The longest word in capitals that is looked at, in bytes.
const MAX_BYTES: usize = 16;

/// The longest word that is spelled because it has no vowel.
const MAX_UNKNOWN: usize = 5;

/// Words that are often typed in capitals only because those around them are.
const ALSO_WORDS: [&str; 8] = ["IT", "US", "WHO", "UP", "OR", "AM", "IS", "OK"];

/// Sounds without a vowel.
const SOUNDS: [&str; 8] = ["HMM", "SHH", "PST", "PSST", "BRR", "MR", "MRS", "ZZZ"];

/// Acronyms that an operator adds to the known ones: they are said letter by letter, with the names that the voice's
/// language has for the letters. What an operator wants said as a word is a matter of dictionaries.
///
/// ```
/// use svara_text::{Acronyms, Language, normalize_with};
///
/// let ours = Acronyms::new(["SVARA"])?;
///
/// assert_eq!(normalize_with("SVARA", Language::Hindi, &ours).said, "एस वी ए आर ए");
/// # Ok::<(), svara_text::NoAcronym>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acronyms {
    words: HashSet<String>,
}

/// A word that can't be an acronym.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is no acronym: expected 2 to {MAX_BYTES} capital letters, A to Z")]
pub struct NoAcronym {
    word: String,
}

impl Acronyms {
    /// These words. They are found in capitals only.
    ///
    /// # Errors
    /// One of them has other signs than capital letters, or too few or too many.
    pub fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, NoAcronym> {
        let checked = |word: &'w str| {
            let is_one =
                (2..=MAX_BYTES).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
            if is_one {
                Ok(word.to_owned())
            } else {
                Err(NoAcronym { word: word.chars().take(32).collect() })
            }
        };
        Ok(Self { words: words.into_iter().map(checked).collect::<Result<_, _>>()? })
    }

    /// The words, in the order of the alphabet.
    #[must_use]
    pub fn words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        words.sort_unstable();
        words
    }
}

/// A word in capitals, as it is said.
pub(super) fn recognize(place: Place<'_>, ours: &Acronyms) -> Option<Found> {
    let mut cursor = place.cursor();
    let rest = cursor.rest();
    let len = rest.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(rest.len());
    if !(2..=MAX_BYTES).contains(&len) {
        return None;
    }
    cursor.skip(len);
    let word = cursor.read();
    // "GPUs"
    let plural = cursor.rest().starts_with('s') && {
        let mut behind = cursor;
        behind.skip(1);
        behind.at_letters_end()
    };
    let glued = cursor.peek().filter(|_| !plural);
    if glued.is_some_and(|c| is_letter(c) && !WritingSystem::is_indic(c)) {
        return None;
    }
    // Part of an abbreviation, an address or a code.
    if in_a_name(&cursor) || place.before.is_some_and(|c| "&'’@_".contains(c)) {
        return None;
    }
    let spoken =
        if ours.words.contains(word) { spelled(word, &place) } else { built_in(word, &place, &cursor)? };
    let letters = &place.words.letters;
    let ending = if plural && letters.words.is_empty() { "s" } else { "" };
    let len = len + usize::from(plural);
    let joined =
        place.words.before_ending.is_empty() && glued.is_some_and(|c| !c.is_ascii() && is_wordish(c));
    Some(Found { joined, ..Found::new(len, format!("{spoken}{ending}")) })
}

fn in_a_name(cursor: &Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    let Some(mark) = ahead.eat_if(|c| "&'’@_".contains(c)) else { return false };
    if mark == '@' {
        // What is said in full behind it has a space before it.
        ahead.eat_space();
    }
    ahead.peek().is_some_and(is_letter)
}

fn built_in(word: &str, place: &Place<'_>, behind: &Cursor<'_>) -> Option<String> {
    if let Some(index) = WORDS_IN_CAPITALS.iter().position(|known| *known == word) {
        return place.words.letters.words.get(index).map(|said| (*said).to_owned());
    }
    let ambiguous = ALSO_WORDS.contains(&word);
    (is_spelled(word) && !(ambiguous && is_shouting(place, behind))).then(|| spelled(word, place))
}

/// Whether a word in capitals is spelled, because it is known or can't be said otherwise.
fn is_spelled(word: &str) -> bool {
    let without_vowel = word.len() <= MAX_UNKNOWN && !word.contains(['A', 'E', 'I', 'O', 'U', 'Y']);
    is_known_acronym(word) || (without_vowel && !SOUNDS.contains(&word))
}

/// Whether the word before or behind is in capitals, too, and not an acronym itself.
fn is_shouting(place: &Place<'_>, behind: &Cursor<'_>) -> bool {
    let loud = |word: &str| {
        let capitals = word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase());
        capitals && !is_spelled(word) && !WORDS_IN_CAPITALS.contains(&word)
    };
    let mut ahead = *behind;
    ahead.eat_if(|c| !is_wordish(c));
    ahead.eat_space();
    let next = ahead.word();
    ahead.skip(next.len());
    let mut before = place.words_before();
    let last = before.next();
    // Letters behind digits are the end of a code.
    let in_code = before.next().is_some_and(|(_, gap)| gap.is_empty());
    (loud(next) && !ahead.at_digit()) || (!in_code && last.is_some_and(|(word, _)| loud(word)))
}

/// The names of the letters, in the script of the language.
fn spelled(word: &str, place: &Place<'_>) -> String {
    let names: Vec<&str> = word.chars().filter_map(|c| place.words.letters.name(c)).collect();
    names.join(" ")
}
