//! Typed nouns with endings: whether a word is a noun of the tables in one of its cases.

use super::{scale::scales, spelling::prefix_len};
use crate::{languages::Words, writing::WritingSystem};

/// The fewest letters and signs of a noun: shorter ones begin too many others.
const MIN_CHARS: usize = 3;

/// Whether `typed` is `noun` with an ending of the language behind it.
pub(super) fn is_inflected(typed: &str, noun: &str, words: &Words) -> bool {
    let ends = words.context.case_ends;
    if ends.is_empty() || noun.chars().count() < MIN_CHARS {
        return false;
    }
    let fits = |stem: &str| {
        let ending = prefix_len(typed, stem).and_then(|len| typed.get(len..));
        ending.is_some_and(|ending| {
            ends.iter().any(|end| match end.strip_suffix('|') {
                Some(whole) => ending == whole,
                None => ending.starts_with(end),
            })
        })
    };
    fits(noun) || without_sign(noun).is_some_and(fits)
}

/// Whether a word is one for a thousand or more with an ending: "लाखों", "ലക്ഷത്തിന്റെ".
pub(super) fn is_inflected_scale(typed: &str, words: &Words) -> bool {
    scales(typed).any(|(word, exponent)| *exponent > 2 && is_inflected(typed, word, words))
}

/// Whether `typed` goes on behind a whole `noun` as one of its forms may. What begins with another vowel, or doubles its first
/// letter as compounds of the South do, is a word of its own: "ટકાઉ" isn't "ટકા", "அடிப்படை" isn't "அடி". English has no
/// endings but that of the plural.
pub(super) fn is_continued(typed: &str, noun: &str) -> bool {
    if noun.chars().count() < MIN_CHARS {
        return false;
    }
    let ending = prefix_len(typed, noun).and_then(|len| typed.get(len..));
    let is_vowel = |c: char| WritingSystem::is_indic(c) && matches!(u32::from(c) & 0x7F, 0x05..=0x14);
    ending.is_some_and(|ending| {
        let compound = ["ப்ப", "പ്പ"].iter().any(|start| ending.starts_with(start));
        if typed.is_ascii() { ending == "s" } else { !ending.starts_with(is_vowel) && !compound }
    })
}

/// A noun without its last sign, which endings take the place of: மாத- of மாதம், ఏళ్ల- of ఏళ్లు, മണിക്കൂ- of മണിക്കൂർ.
fn without_sign(noun: &str) -> Option<&str> {
    let mut letters = noun.chars();
    let last = letters.next_back().filter(|c| !c.is_ascii())?;
    // The scripts have their signs in one order, and Malayalam its chillus behind them.
    let sign = matches!(u32::from(last) % 0x80, 0x02 | 0x3E..=0x4D) || matches!(last, '\u{D7A}'..='\u{D7F}');
    let stem = letters.as_str();
    let stem = if last == '\u{BCD}' { stem.strip_suffix('ம').unwrap_or(stem) } else { stem };
    (sign && stem.chars().count() > 1).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    #[test]
    fn cases_of_a_noun_are_found_and_other_words_are_not() {
        for (language, noun, typed, wanted) in [
            (Language::Tamil, "மாதம்", "மாதத்தில்", true),
            (Language::Tamil, "அடி", "அடிப்படை", false),
            (Language::Telugu, "ఏళ్లు", "ఏళ్ల", true),
            (Language::Malayalam, "മണിക്കൂർ", "മണിക്കൂറിനുള്ളിൽ", true),
            (Language::Bengali, "বছর", "বছরের", true),
            (Language::Bengali, "দিন", "দিনাজপুর", false),
            (Language::Hindi, "घंटे", "घंटों", true),
            (Language::English, "hour", "hours", false),
        ] {
            assert_eq!(is_inflected(typed, noun, Words::of(language)), wanted, "{typed}");
        }
    }
}
