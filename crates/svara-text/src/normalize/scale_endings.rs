//! Scale words with endings: the लाख of `₹५ लाखात`, the कोटी of `५०० कोटींचा`.

use super::{
    cursor::Cursor,
    scale::{MAX_WORDS, eat_gap, scales},
};
use crate::{languages::Words, writing::starts_with};

/// Reads scale words of which the last has an ending that changes it, and returns what is said and the ending.
pub(super) fn eat_oblique(cursor: &mut Cursor<'_>, words: &Words) -> Option<(String, &'static str)> {
    let oblique = words.context.oblique;
    let mut said = String::new();
    let mut ahead = *cursor;
    for _ in 0..MAX_WORDS.min(oblique.len() * MAX_WORDS) {
        eat_gap(&mut ahead, true);
        let word = ahead.joined_word();
        if word.is_empty() {
            return None;
        }
        // A number behind it makes it a greater part of the number.
        let mut behind = ahead;
        behind.skip(word.len());
        let linking = behind.eat_space() && behind.at_digit();
        let found = oblique.iter().filter(|_| !linking).find_map(|oblique| {
            oblique.stems.iter().find_map(|(stem, _, scale)| {
                let typed = word.strip_prefix(stem)?;
                let (len, said) = oblique.endings.iter().find_map(|(ending, said)| {
                    let rest = match ending.strip_suffix('~') {
                        Some(start) => typed.strip_prefix(start)?,
                        None => typed.strip_prefix(ending).filter(|rest| rest.is_empty())?,
                    };
                    Some((word.len() - rest.len(), *said))
                })?;
                Some((len, *scale, said))
            })
        });
        if let Some((len, scale, ending)) = found {
            ahead.skip(len);
            *cursor = ahead;
            return Some((format!("{said}{scale}"), ending));
        }
        if !ahead.eat_word(scales(ahead.rest()).map(|(word, _)| *word)) {
            return None;
        }
        said = format!("{said}{word} ");
    }
    None
}

/// Reads a scale word with an ending, which stays for what is counted: the कोटी of "₹५०० कोटींचा".
pub(super) fn eat_inflected(cursor: &mut Cursor<'_>, words: &Words) -> Option<u8> {
    if !words.before_ending.is_empty() {
        return None;
    }
    let rest = cursor.rest();
    let fits = |word: &&(&str, u8)| {
        let ending = rest.get(word.0.len()..).filter(|_| starts_with(rest, word.0));
        if ending.is_some_and(|ending| {
            ["ांच", "ांन", "ांप", "ांम", "ात", "ाच", "ाप", "ान", "ের", "েরও"]
                .iter()
                .any(|e| ending.starts_with(e))
        }) {
            return true;
        }
        let ending = ending.and_then(|ending| ending.chars().next());
        // A vowel sign would make another word of it, but not the nasal of Marathi's oblique plural.
        ending.is_some_and(|c| {
            c == 'ं' || (super::cursor::is_letter(c) && !matches!(u32::from(c) & 0x7F, 0..=3 | 0x3C..=0x4D))
        })
    };
    let (word, exponent) = scales(rest).filter(fits).max_by_key(|(word, _)| word.len()).copied()?;
    cursor.skip(word.len());
    Some(exponent)
}
