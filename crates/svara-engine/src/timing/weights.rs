//! Estimates times from how long letters usually sound: the samples of a piece are divided by the weight of each
//! character.
//!
//! The unit is a hundredth of an Indian consonant with its vowel. The weights are round numbers for what is commonly
//! known of these scripts: a written consonant is a syllable unless a sign takes its vowel away, and a long vowel lasts
//! about twice as long as a short one. They weren't fitted to recordings.

use svara_text::WritingSystem;

/// A consonant with its inherent or written short vowel.
const SYLLABLE: u64 = 100;
/// A consonant whose vowel a virama takes away: part of a conjunct.
const BARE_CONSONANT: u64 = 50;
/// What a sign for a long vowel or a diphthong adds.
const LONG_VOWEL_SIGN: u64 = 50;
/// What a sign for a short vowel adds: it replaces the inherent one.
const SHORT_VOWEL_SIGN: u64 = 10;
/// Anusvara, candrabindu, visarga.
const NASAL_SIGN: u64 = 30;
/// A Latin letter: an English syllable has about two and a half.
const LATIN_VOWEL: u64 = 60;
const LATIN_CONSONANT: u64 = 40;
/// A digit, which is spoken as a word.
const DIGIT: u64 = 220;
/// Pauses.
const SENTENCE_END: u64 = 250;
const CLAUSE_END: u64 = 150;
const LINE_END: u64 = 100;
const SPACE: u64 = 15;
/// Letters of other scripts.
const OTHER_LETTER: u64 = 80;

/// Where each character (Unicode scalar value) of a piece's text ends, in samples of the speech. The ends never
/// decrease, none is before `start_samples`, and the last is `end_samples`.
pub(super) fn character_ends(text: &str, start_samples: u64, end_samples: u64) -> Vec<u64> {
    let mut total = 0;
    let mut ends = Vec::with_capacity(text.len() / 2);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        total += weight(c, characters.peek().copied());
        ends.push(total);
    }
    if total == 0 {
        // Nothing sounds: divide evenly.
        total = ends.len() as u64;
        ends = (1..=total).collect();
    }
    let samples = u128::from(end_samples.saturating_sub(start_samples));
    for end in &mut ends {
        let share = samples * u128::from(*end) / u128::from(total.max(1));
        // A share is at most all samples, which fit a u64.
        *end = start_samples + u64::try_from(share).unwrap_or(u64::MAX - start_samples);
    }
    ends
}

/// The weight of a character before `next`.
fn weight(c: char, next: Option<char>) -> u64 {
    match c {
        '\n' => LINE_END,
        c if c.is_whitespace() => SPACE,
        '.' | '?' | '!' | '।' | '॥' | '…' => SENTENCE_END,
        ',' | ';' | ':' | '،' | '–' | '—' => CLAUSE_END,
        c if c.is_numeric() => DIGIT,
        c => match WritingSystem::of(c) {
            Some(WritingSystem::Latin) if "aeiouyAEIOUY".contains(c) => LATIN_VOWEL,
            Some(WritingSystem::Latin) => LATIN_CONSONANT,
            Some(_) => indic_weight(c, next),
            None if c.is_alphabetic() => OTHER_LETTER,
            None => 0,
        },
    }
}

/// The Unicode blocks of the Indian scripts have the same layout: the same place is the same sound.
fn indic_weight(c: char, next: Option<char>) -> u64 {
    match place(c) {
        0x00..=0x03 => NASAL_SIGN,
        // Independent vowels.
        0x05 | 0x07 | 0x09 | 0x0B | 0x0C | 0x0D | 0x0E | 0x11 | 0x12 => SYLLABLE,
        0x04 | 0x06 | 0x08 | 0x0A | 0x0F | 0x10 | 0x13 | 0x14 | 0x60 | 0x61 => SYLLABLE + LONG_VOWEL_SIGN,
        0x15..=0x39 | 0x58..=0x5F if next.is_some_and(is_virama) => BARE_CONSONANT,
        0x15..=0x39 | 0x58..=0x5F => SYLLABLE,
        0x3F | 0x41 | 0x43 | 0x45 | 0x46 | 0x4A | 0x62 => SHORT_VOWEL_SIGN,
        0x3E | 0x40 | 0x42 | 0x44 | 0x47..=0x49 | 0x4B | 0x4C | 0x4E | 0x57 | 0x63 => LONG_VOWEL_SIGN,
        // Nukta, virama and accents have no length of their own.
        0x3A..=0x3D | 0x4D | 0x51..=0x54 => 0,
        _ => BARE_CONSONANT,
    }
}

fn is_virama(c: char) -> bool {
    WritingSystem::of(c).is_some_and(|system| system != WritingSystem::Latin) && place(c) == 0x4D
}

/// The place in the script's block of 128 characters.
fn place(c: char) -> u32 {
    u32::from(c) & 0x7F
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virama_takes_the_vowel_away_in_every_script() {
        for (whole, bare) in
            [("क", "क्"), ("ক", "ক্"), ("ક", "ક્"), ("க", "க்"), ("క", "క్"), ("ಕ", "ಕ್"), ("ക", "ക്")]
        {
            let weigh = |text: &str| {
                let mut characters = text.chars().peekable();
                let mut sum = 0;
                while let Some(c) = characters.next() {
                    sum += weight(c, characters.peek().copied());
                }
                sum
            };
            assert_eq!((weigh(whole), weigh(bare)), (SYLLABLE, BARE_CONSONANT), "{bare}");
        }
    }

    #[test]
    fn long_vowels_weigh_more_than_short_ones() {
        for (short, long) in [('ि', 'ी'), ('ু', 'ূ'), ('ெ', 'ே'), ('ഇ', 'ഈ')] {
            assert!(weight(short, None) < weight(long, None), "{short} {long}");
        }
    }
}
