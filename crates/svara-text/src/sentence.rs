//! Sentence boundaries: UAX #29, adapted to Indian text.

use unicode_segmentation::UnicodeSegmentation;

use crate::writing::{WritingSystem, digit_value};

/// Splits `text` into sentences. Each keeps the white space after it, so their concatenation is `text`.
///
/// UAX #29 ends sentences at `.`, `?`, `!`, danda `।`, double danda `॥` and every line end. Here, a full stop after an
/// abbreviation ("Dr.", "डॉ."), an initial ("A. P. J.") or the number of a list item ("1.") doesn't end a sentence, and
/// a vertical bar after an Indian word does: it is often typed for a danda.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, segment) in text.split_sentence_bound_indices() {
        let end = at + segment.len();
        for bar in typed_dandas(segment) {
            found.extend(text.get(start..at + bar));
            start = at + bar;
        }
        let so_far = text.get(start..end).unwrap_or_default();
        if end < text.len() && runs_on(so_far, text.get(end..).unwrap_or_default()) {
            continue;
        }
        if start < end {
            found.push(so_far);
        }
        start = end;
    }
    found
}

/// Whether `sentence` goes on into `rest`, despite the full stop that it ends with.
fn runs_on(sentence: &str, rest: &str) -> bool {
    let trimmed = sentence.trim_end();
    // A line end always ends a sentence.
    if sentence[trimmed.len()..].contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
        return false;
    }
    let Some(before) = trimmed.strip_suffix('.') else { return false };
    let is_edge = |c: char| c.is_whitespace() || "([{\"'“‘-–—".contains(c);
    let word = before.rsplit(is_edge).next().unwrap_or(before);
    if word.is_empty() {
        return false;
    }
    let list_item = word.len() == before.trim_start().len() && word.chars().all(|c| digit_value(c).is_some());
    list_item
        || is_initial(word)
        || TITLES.iter().any(|titles| titles.contains(&word))
        || (BEFORE_NUMBERS.contains(&word) && rest.starts_with(|c| digit_value(c).is_some()))
}

/// One capital letter, one bare letter of an Indian script, the Hindi name of an English letter, or several of them
/// with stops between ("ई.पू"). A whole syllable isn't an initial: "है." ends a sentence.
fn is_initial(word: &str) -> bool {
    word.split('.').all(|part| {
        let mut chars = part.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => c.is_ascii_uppercase() || WritingSystem::is_indic(c),
            _ => DEVANAGARI_LETTER_NAMES.contains(&part),
        }
    })
}

/// Where a `|` or `||` typed for a danda ends a sentence within `segment`: after an Indian letter and before white
/// space. The positions include that space.
fn typed_dandas(segment: &str) -> impl Iterator<Item = usize> {
    segment.match_indices('|').filter_map(|(at, _)| {
        let (before, after) = (segment.get(..at)?.trim_end_matches('|').trim_end(), segment.get(at + 1..)?);
        let after_word = before.chars().next_back().is_some_and(WritingSystem::is_indic);
        // Whole graphemes, so that no combining mark is cut off from its base.
        let space: usize =
            after.graphemes(true).take_while(|g| g.chars().all(char::is_whitespace)).map(str::len).sum();
        (after_word && space > 0).then_some(at + 1 + space)
    })
}

/// A full stop after these never ends a sentence. One list per script.
const TITLES: [&[&str]; 9] = [
    &[
        "Dr", "Mr", "Mrs", "Ms", "Prof", "Sr", "Jr", "St", "Smt", "Shri", "Sri", "Kum", "Er", "Adv", "Hon",
        "Rev", "Gen", "Col", "Capt", "Lt", "Maj", "Sgt", "Gov", "Govt", "Dept", "Pvt", "vs", "viz", "approx",
        "Mt", "e.g", "i.e",
    ],
    &["डॉ", "डा", "प्रो", "प्रा", "श्री", "सुश्री", "स्व", "पं", "मि", "कु", "रु", "रू", "कं", "लि", "मो", "ई.पू"],
    &["ডঃ", "ডাঃ", "ডা", "ড", "মো", "অধ্যা", "শ্ৰী", "শ্রী"],
    &["ડૉ", "ડો", "પ્રો", "રૂ"],
    &["ਡਾ", "ਪ੍ਰੋ", "ਰੁ"],
    &["டாக்", "திரு", "ரூ"],
    &["డా", "ప్రొ", "రూ"],
    &["ಡಾ", "ಪ್ರೊ", "ರೂ"],
    &["ഡോ", "പ്രൊഫ", "രൂ"],
];

/// A full stop after these doesn't end a sentence if a number follows: "No. 5", but "No. I won't."
const BEFORE_NUMBERS: [&str; 16] =
    ["No", "no", "Nos", "Rs", "rs", "Fig", "fig", "Vol", "Ch", "Sec", "pp", "p", "नं", "क्र", "നമ്പർ", "ನಂ"];

/// The names of English letters in Devanagari: "ए. पी. जे. अब्दुल कलाम".
const DEVANAGARI_LETTER_NAMES: [&str; 24] = [
    "ए",
    "बी",
    "सी",
    "डी",
    "ई",
    "एफ",
    "जी",
    "एच",
    "आई",
    "जे",
    "के",
    "एल",
    "एम",
    "एन",
    "ओ",
    "पी",
    "क्यू",
    "आर",
    "एस",
    "टी",
    "यू",
    "वी",
    "वाई",
    "डब्ल्यू",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trimmed(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(str::trim).collect()
    }

    #[test]
    fn marks_of_every_script_end_sentences() {
        assert_eq!(trimmed("राम गया। सीता आई॥ कब? अभी!"), ["राम गया।", "सीता आई॥", "कब?", "अभी!"]);
        assert_eq!(trimmed("আমি ভালো। তুমি?"), ["আমি ভালো।", "তুমি?"]);
        assert_eq!(trimmed("அவன் வந்தான். நான் போனேன்."), ["அவன் வந்தான்.", "நான் போனேன்."]);
        assert_eq!(trimmed("He came. She left."), ["He came.", "She left."]);
        assert_eq!(trimmed("पहली पंक्ति\nदूसरी पंक्ति"), ["पहली पंक्ति", "दूसरी पंक्ति"]);
    }

    #[test]
    fn a_typed_bar_is_a_danda() {
        assert_eq!(trimmed("राम गया | सीता आई| फिर || अंत"), ["राम गया |", "सीता आई|", "फिर ||", "अंत"]);
        assert_eq!(trimmed("a | b"), ["a | b"]);
    }

    #[test]
    fn abbreviations_initials_and_decimals_end_no_sentence() {
        for text in [
            "Dr. Rao met Mr. Sen.",
            "डॉ. राम और प्रो. शर्मा आए।",
            "A. P. J. Abdul Kalam",
            "ए. पी. जे. अब्दुल कलाम",
            "कीमत रु. 500 है।",
            "It costs Rs. 500 today.",
            "See No. 5 there.",
            "Pi is 3.14 or so.",
            "1. पहला काम",
            "ಡಾ. ರಾಜ್ ಬಂದರು.",
            "ഡോ. മേനോൻ വന്നു.",
            "(डॉ. राम) आए",
        ] {
            assert_eq!(trimmed(text), [text]);
        }
    }

    #[test]
    fn a_full_stop_after_a_word_ends_a_sentence() {
        assert_eq!(trimmed("No. I won't."), ["No.", "I won't."]);
        assert_eq!(trimmed("यह अच्छा है. वह भी."), ["यह अच्छा है.", "वह भी."]);
        assert_eq!(trimmed("It was 2024. Then it ended."), ["It was 2024.", "Then it ended."]);
        assert_eq!(trimmed("Dr.\nRao"), ["Dr.", "Rao"]);
    }

    proptest! {
        #[test]
        fn concatenation_is_the_text(text in "(\\PC|[.|। \n]|Dr|डॉ){0,60}") {
            let found = sentences(&text);
            prop_assert!(found.iter().all(|sentence| !sentence.is_empty()));
            prop_assert_eq!(found.concat(), text);
        }
    }
}
