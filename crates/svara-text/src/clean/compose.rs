//! One spelling for one word: Unicode's composed form (NFC), and what it leaves open in Indian scripts.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{BinaryProperty, ExtendedPictographic};
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    edits::{Edited, Editor, Edits},
    normalize::Replacement,
    writing::{WritingSystem, digit_value},
};

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';
/// How far to look for what a joiner joins: more of them in a row mean nothing.
const MAX_JOINERS: usize = 8;

/// The sign that takes a consonant its vowel, in each script that has one.
const VIRAMAS: [char; 10] = [
    '\u{94d}', '\u{9cd}', '\u{a4d}', '\u{acd}', '\u{b4d}', '\u{bcd}', '\u{c4d}', '\u{ccd}', '\u{d4d}',
    '\u{dca}',
];

/// The dot that makes another consonant of one.
const NUKTAS: [char; 5] = ['\u{93c}', '\u{9bc}', '\u{a3c}', '\u{abc}', '\u{b3c}'];

/// Consonants that, with a virama and a joiner, were written for a letter that Unicode has since got: Malayalam's chillus
/// and Bengali's khanda ta.
const BARE_LETTERS: [(char, &str); 10] = [
    ('ണ', "ൺ"),
    ('ന', "ൻ"),
    ('ര', "ർ"),
    ('ല', "ൽ"),
    ('ള', "ൾ"),
    ('ക', "ൿ"),
    ('മ', "ൔ"),
    ('യ', "ൕ"),
    ('ഴ', "ൖ"),
    ('ত', "ৎ"),
];

/// Vowels typed as another vowel and a sign, which look the same.
const VOWELS: [(&str, &str); 19] = [
    ("अा", "आ"),
    ("अो", "ओ"),
    ("अौ", "औ"),
    ("अॉ", "ऑ"),
    ("आॅ", "ऑ"),
    ("एे", "ऐ"),
    ("অা", "আ"),
    ("ਅਾ", "ਆ"),
    ("ਅੈ", "ਐ"),
    ("ਅੌ", "ਔ"),
    ("અા", "આ"),
    ("અો", "ઓ"),
    ("અૌ", "ઔ"),
    ("અૉ", "ઑ"),
    ("અે", "એ"),
    ("અૈ", "ઐ"),
    ("આૅ", "ઑ"),
    ("अे", "ए"),
    ("अै", "ऐ"),
];

/// Vowel signs typed as two, which look the same: "डाॅक्टर", "माेबाइल".
const SIGNS: [(&str, &str); 6] = [
    ("\u{93e}\u{945}", "\u{949}"),
    ("\u{93e}\u{947}", "\u{94b}"),
    ("\u{93e}\u{948}", "\u{94c}"),
    ("\u{abe}\u{ac5}", "\u{ac9}"),
    ("\u{abe}\u{ac7}", "\u{acb}"),
    ("\u{abe}\u{ac8}", "\u{acc}"),
];

/// Puts `text` in NFC, spells chillus, khanda ta, nuktas and vowels one way, and removes joiners that mean nothing.
pub(super) fn compose(text: &str) -> Edited<'_> {
    if text.is_ascii() {
        return Editor::new(text).finish();
    }
    let joined = joiners(text);
    let Edited { text: spelled, edits } = match &joined.text {
        made if made.as_ref() == text => clusters(text),
        made => {
            let Edited { text, edits } = clusters(made);
            Edited { text: text.into_owned().into(), edits: joined.edits.then(&edits) }
        }
    };
    if nfc().is_normalized(&spelled) {
        return Edited { text: spelled, edits };
    }
    // Clusters that compose with each other, which no language has.
    let whole = nfc().normalize(&spelled).into_owned();
    let all = Replacement { typed: 0..spelled.len(), said: 0..whole.len() };
    Edited { edits: edits.then(&Edits::new(vec![all])), text: whole.into() }
}

const fn nfc() -> ComposingNormalizerBorrowed<'static> {
    ComposingNormalizerBorrowed::new_nfc()
}

/// Removes joiners, but for those that shape letters (behind a virama, and before that of a Bengali ya-phala), part words
/// of the Arabic script, or join pictures.
fn joiners(text: &str) -> Edited<'_> {
    let mut editor = Editor::new(text);
    // The last three characters that stay.
    let mut before: [Option<char>; 3] = [None; 3];
    for (at, c) in text.char_indices() {
        let [earlier, last_but_one, last] = before;
        if c != ZWNJ && c != ZWJ {
            before = [last_but_one, last, Some(c)];
            continue;
        }
        let is_joiner = |c: &char| *c == ZWNJ || *c == ZWJ;
        let next = text.get(at..).and_then(|rest| rest.chars().take(MAX_JOINERS).find(|c| !is_joiner(c)));
        let len = c.len_utf8();
        let is_letter =
            |c: Option<char>| c.is_some_and(|c| WritingSystem::is_indic(c) && !VIRAMAS.contains(&c));
        let behind_virama = last.is_some_and(|last| VIRAMAS.contains(&last));
        if behind_virama && c == ZWJ && bare_letter(last_but_one).is_some() {
            // The letter and its virama were kept so far.
            let start = at - last.map_or(0, char::len_utf8) - last_but_one.map_or(0, char::len_utf8);
            editor.replace(start..at + len, bare_letter(last_but_one).unwrap_or_default());
            before = [None, earlier, bare_letter(last_but_one).and_then(|letter| letter.chars().next())];
            continue;
        }
        let is_arabic = |c: Option<char>| c.is_some_and(|c| ('\u{620}'..='\u{6ff}').contains(&c));
        let is_picture =
            |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && ExtendedPictographic::for_char(c));
        let pictured = match last {
            // A picture may be followed by its variant or the colour of its skin.
            Some('\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}') => is_picture(last_but_one),
            _ => is_picture(last),
        };
        let keeps = (behind_virama && is_letter(next))
            || (c == ZWJ && is_letter(last) && next.is_some_and(|next| VIRAMAS.contains(&next)))
            || (c == ZWNJ && is_arabic(last) && is_arabic(next))
            || (c == ZWJ && pictured && (is_picture(next) || matches!(next, Some('\u{2640}' | '\u{2642}'))));
        if keeps {
            before = [last_but_one, last, Some(c)];
        } else {
            editor.replace(at..at + len, "");
        }
    }
    editor.finish()
}

fn bare_letter(consonant: Option<char>) -> Option<&'static str> {
    BARE_LETTERS.iter().find(|(letter, _)| Some(*letter) == consonant).map(|(_, bare)| *bare)
}

/// Spells each cluster of characters in its one way.
fn clusters(text: &str) -> Edited<'_> {
    let is_open =
        |c: char| NUKTAS.contains(&c) || VOWELS.iter().chain(&SIGNS).any(|(typed, _)| typed.ends_with(c));
    let mut editor = Editor::new(text);
    if nfc().is_normalized(text) && !text.contains(is_open) {
        return editor.finish();
    }
    for (at, cluster) in text.grapheme_indices(true) {
        if cluster.len() < 3 || cluster.is_ascii() {
            continue;
        }
        let composed = nfc().normalize(cluster);
        let spelled = nukta_first(&composed);
        let spelled = spelled.as_deref().unwrap_or(&composed);
        let joined = join_signs(spelled);
        let spelled = joined.as_deref().unwrap_or(spelled);
        let vowel = VOWELS.iter().find_map(|(typed, usual)| Some((usual, spelled.strip_prefix(typed)?)));
        match vowel {
            Some((usual, rest)) => editor.replace(at..at + cluster.len(), &format!("{usual}{rest}")),
            None => editor.replace(at..at + cluster.len(), spelled),
        }
    }
    editor.finish()
}

/// Joins two vowel signs that were typed for one.
fn join_signs(cluster: &str) -> Option<String> {
    let (typed, usual) = SIGNS.iter().find(|(typed, _)| cluster.contains(typed))?;
    Some(cluster.replacen(typed, usual, 1))
}

/// Moves a nukta that was typed behind a vowel sign to its consonant.
fn nukta_first(cluster: &str) -> Option<String> {
    let at = cluster.find(NUKTAS)?;
    let (before, behind) = cluster.split_at_checked(at)?;
    let is_sign = |c: char| {
        WritingSystem::is_indic(c) && !c.is_alphabetic() && !VIRAMAS.contains(&c) && digit_value(c).is_none()
            || VOWEL_SIGNS.iter().any(|signs| signs.contains(&u32::from(c)))
    };
    let base = before.trim_end_matches(is_sign);
    let signs = before.get(base.len()..).filter(|signs| !signs.is_empty() && !base.is_empty())?;
    let nukta = behind.chars().next()?;
    let rest = behind.get(nukta.len_utf8()..)?;
    Some(nfc().normalize(&format!("{base}{nukta}{signs}{rest}")).into_owned())
}

/// Dependent vowels of Devanagari, Bengali, Gurmukhi, Gujarati, Odia.
const VOWEL_SIGNS: [std::ops::RangeInclusive<u32>; 5] =
    [0x93e..=0x94c, 0x9be..=0x9cc, 0xa3e..=0xa4c, 0xabe..=0xacc, 0xb3e..=0xb4c];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_has_one_spelling() {
        for (one, other) in [
            ("\u{95b}रूरत", "\u{91c}\u{93c}रूरत"),
            ("15 \u{95e}रवरी", "15 \u{92b}\u{93c}रवरी"),
            ("জানু\u{9df}ারি", "জানু\u{9af}\u{9bc}ারি"),
            ("ব\u{9dc}", "ব\u{9a1}\u{9bc}"),
            ("\u{a5b}ਰੂਰ", "\u{a1c}\u{a3c}ਰੂਰ"),
            ("\u{a33}", "\u{a32}\u{a3c}"),
            ("ന\u{d4d}\u{200d}", "\u{d7b}"),
            ("അവര\u{d4d}\u{200d}", "അവ\u{d7c}"),
            ("க\u{bca}", "க\u{bc6}\u{bbe}"),
            ("க\u{bcb}", "க\u{bc7}\u{bbe}"),
            ("ক\u{9cb}", "ক\u{9c7}\u{9be}"),
            ("ക\u{d4a}", "ക\u{d46}\u{d3e}"),
            ("ಕ\u{cca}", "ಕ\u{cc6}\u{cc2}"),
            ("ಕ\u{ccb}", "ಕ\u{cc6}\u{cc2}\u{cd5}"),
            ("\u{929}", "\u{928}\u{93c}"),
            ("উৎসব", "উত\u{9cd}\u{200d}সব"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("ज\u{93c}\u{93e}", "ज\u{93e}\u{93c}"),
            ("आम", "अ\u{93e}म"),
            ("और", "अ\u{93e}\u{948}र"),
            ("ओर", "अ\u{93e}\u{947}र"),
            ("डॉक्टर", "ड\u{93e}\u{945}क्टर"),
            ("करोड़", "कर\u{93e}\u{947}ड़"),
            ("एक", "अ\u{947}क"),
            ("એક", "અ\u{ac7}ક"),
            ("ઔર", "અ\u{acc}ર"),
            ("મોદી", "મ\u{abe}\u{ac7}દી"),
        ] {
            assert_eq!(compose(one).text, compose(other).text, "{one} {other}");
        }
    }

    #[test]
    fn joiners_stay_where_they_shape_letters() {
        for text in [
            "क्\u{200d}ष",
            "సాఫ్ట్\u{200c}వేర్",
            "র\u{200d}্যাব",
            "ಸಾಫ್ಟ್\u{200c}ವೇರ್",
            "👨\u{200d}👩\u{200d}👧",
            "می\u{200c}خواهم",
        ] {
            assert_eq!(compose(text).text, text);
        }
        for (typed, said) in [
            ("नम\u{200d}स्ते\u{200c}", "नमस्ते"),
            ("a\u{200d}b\u{200c}", "ab"),
            ("క్\u{200c} అ", "క్ అ"),
            ("क्\u{200d}\u{200c}ष", "क्\u{200d}ष"),
            ("\u{200d}", ""),
        ] {
            assert_eq!(compose(typed).text, said, "{typed:?}");
        }
    }
}
