//! What the letters of a text sound like, roughly: a vowel, a hiss, the closure of a stop, and how long each lasts.
//!
//! The unit of length is a hundredth of an Indian consonant with its vowel. The lengths are round numbers for what is
//! commonly known of these scripts: a written consonant is a syllable unless a sign takes its vowel away, and a long
//! vowel lasts about twice as long as a short one. They weren't fitted to recordings.

use svara_text::WritingSystem;

/// A kind of sound that can be told from the others by loudness and hiss alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Loud, without hiss.
    Vowel,
    /// Nasals, liquids and glides: softer than a vowel.
    Sonorant,
    /// Hiss: s, sh, f.
    Fricative,
    /// A closure, which is silent, and its release.
    Stop,
    /// h: a soft hiss.
    Breath,
    /// Silence, of any length.
    Pause,
    /// A letter of which nothing is known.
    Unknown,
}

/// A sound that a character stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sounded {
    pub(super) kind: Kind,
    /// How long it usually lasts.
    pub(super) length: u32,
    /// Which character of the text, counted from 0.
    pub(super) character: usize,
    /// Whether it is often left out.
    pub(super) optional: bool,
}

impl Sounded {
    pub(super) fn is_pause(&self) -> bool {
        self.kind == Kind::Pause
    }
}

/// A consonant without its vowel.
const CONSONANT: u32 = 50;
/// The vowel that a consonant has unless a sign says otherwise.
const INHERENT_VOWEL: u32 = 50;
const SHORT_VOWEL_SIGN: u32 = 60;
const LONG_VOWEL_SIGN: u32 = 100;
/// Vowels that stand alone.
const SHORT_VOWEL: u32 = 100;
const LONG_VOWEL: u32 = 150;
/// Anusvara, candrabindu, visarga.
const NASAL_SIGN: u32 = 30;
/// Latin letters: an English syllable has about two and a half.
const LATIN_VOWEL: u32 = 65;
const LATIN_CONSONANT: u32 = 43;
/// A Latin letter that is often silent.
const LATIN_SILENT: u32 = 25;
/// Pauses.
pub(super) const SENTENCE_END: u32 = 250;
pub(super) const CLAUSE_END: u32 = 150;
const LINE_END: u32 = 100;
pub(super) const SPACE: u32 = 15;
/// Letters of other scripts.
const OTHER_LETTER: u32 = 80;

/// The sounds of a text, in order. Some characters have none, others several.
pub(super) fn sounds(text: &str) -> Vec<Sounded> {
    let characters: Vec<char> = text.chars().collect();
    let mut sounds = Vec::with_capacity(characters.len() * 3 / 2);
    for (at, c) in characters.iter().copied().enumerate() {
        let before = at.checked_sub(1).and_then(|before| characters.get(before)).copied();
        let mut add = |kind, length, optional| {
            sounds.push(Sounded { kind, length, character: at, optional });
        };
        match c {
            '\n' => add(Kind::Pause, LINE_END, true),
            c if c.is_whitespace() => add(Kind::Pause, SPACE, true),
            '.' | '?' | '!' | '।' | '॥' | '…' => add(Kind::Pause, SENTENCE_END, true),
            ',' | ';' | ':' | '،' | '–' | '—' => add(Kind::Pause, CLAUSE_END, true),
            // A digit is spoken as a word.
            c if c.is_numeric() => {
                add(Kind::Stop, 50, false);
                add(Kind::Vowel, 100, false);
                add(Kind::Sonorant, 70, false);
            }
            c => match WritingSystem::of(c) {
                Some(WritingSystem::Latin) => {
                    let after = characters.get(at + 1).copied();
                    let (kind, length, optional) = latin(before, c, after);
                    add(kind, length, optional);
                }
                Some(system) => indian(system, c, characters.get(at + 1..).unwrap_or_default(), &mut add),
                None if c.is_alphabetic() => add(Kind::Unknown, OTHER_LETTER, false),
                None => {}
            },
        }
    }
    sounds
}

/// A Latin letter between its neighbours, mostly as in English.
fn latin(before: Option<char>, c: char, after: Option<char>) -> (Kind, u32, bool) {
    let letter = |c: Option<char>| c.filter(|c| c.is_alphabetic()).map(|c| c.to_ascii_lowercase());
    let (before, c, after) = (letter(before), c.to_ascii_lowercase(), letter(after));
    let vowel = |c: Option<char>| c.is_some_and(|c| "aeiou".contains(c));
    match c {
        'e' if after.is_none() && before.is_some() => (Kind::Vowel, LATIN_SILENT, true),
        'a' | 'e' | 'i' | 'o' | 'u' if vowel(before) => (Kind::Vowel, LATIN_SILENT, true),
        'a' | 'e' | 'i' | 'o' | 'u' => (Kind::Vowel, LATIN_VOWEL, false),
        'y' if after.is_none() => (Kind::Vowel, LATIN_VOWEL, false),
        'm' | 'n' | 'l' | 'r' | 'w' | 'y' => (Kind::Sonorant, LATIN_CONSONANT, before == Some(c)),
        'c' if !matches!(after, Some('e' | 'i' | 'y' | 'h')) => (Kind::Stop, LATIN_CONSONANT, false),
        's' | 'z' | 'f' | 'v' | 'x' | 'c' => (Kind::Fricative, LATIN_CONSONANT, before == Some(c)),
        'h' if matches!(before, Some('t' | 's' | 'c' | 'p' | 'g' | 'w')) => {
            (Kind::Breath, LATIN_SILENT, true)
        }
        'h' => (Kind::Breath, LATIN_CONSONANT, false),
        c if c.is_ascii() => (Kind::Stop, LATIN_CONSONANT, before == Some(c)),
        // Letters with diacritics.
        _ => (Kind::Vowel, LATIN_VOWEL, false),
    }
}

/// A character of an Indian script before `after`. The Unicode blocks of these scripts have the same layout: the same
/// place is the same sound.
fn indian(system: WritingSystem, c: char, after: &[char], add: &mut impl FnMut(Kind, u32, bool)) {
    match place(c) {
        0x00..=0x03 => add(Kind::Sonorant, NASAL_SIGN, true),
        0x05 | 0x07 | 0x09 | 0x0B | 0x0C | 0x0D | 0x0E | 0x11 | 0x12 => {
            add(Kind::Vowel, SHORT_VOWEL, false);
        }
        0x04 | 0x06 | 0x08 | 0x0A | 0x0F | 0x10 | 0x13 | 0x14 | 0x60 | 0x61 => {
            add(Kind::Vowel, LONG_VOWEL, false);
        }
        consonant @ (0x15..=0x39 | 0x58..=0x5F) => {
            let kind = match consonant {
                0x19 | 0x1E | 0x23 | 0x28 | 0x29 | 0x2E..=0x35 => Kind::Sonorant,
                0x36..=0x38 | 0x5B | 0x5E => Kind::Fricative,
                0x39 => Kind::Breath,
                _ => Kind::Stop,
            };
            add(kind, CONSONANT, false);
            let mut after = after.iter().copied().map(|c| WritingSystem::of(c).map(|_| place(c)));
            let mut next = after.next().flatten();
            if next == Some(0x3C) {
                // A nukta belongs to the consonant.
                next = after.next().flatten();
            }
            let keeps_last = keeps_last_vowels(system);
            match next {
                // A virama, or the sign of another vowel.
                Some(0x3E..=0x4D | 0x57 | 0x62 | 0x63) => {}
                None if !keeps_last => {}
                _ => add(Kind::Vowel, INHERENT_VOWEL, !keeps_last),
            }
        }
        0x3F | 0x41 | 0x43 | 0x45 | 0x46 | 0x4A | 0x62 => add(Kind::Vowel, SHORT_VOWEL_SIGN, false),
        0x3E | 0x40 | 0x42 | 0x44 | 0x47..=0x49 | 0x4B | 0x4C | 0x4E | 0x57 | 0x63 => {
            add(Kind::Vowel, LONG_VOWEL_SIGN, false);
        }
        // Nukta, virama and accents have no length of their own.
        0x3A..=0x3D | 0x4D | 0x51..=0x54 => {}
        _ => add(Kind::Sonorant, CONSONANT, true),
    }
}

/// Whether the vowel of a consonant is said at the end of a word. In the scripts of the north it mostly isn't, and often
/// not inside of one.
fn keeps_last_vowels(system: WritingSystem) -> bool {
    matches!(
        system,
        WritingSystem::Tamil | WritingSystem::Telugu | WritingSystem::Kannada | WritingSystem::Malayalam
    )
}

/// The place in the script's block of 128 characters.
fn place(c: char) -> u32 {
    u32::from(c) & 0x7F
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> u32 {
        sounds(text).iter().map(|sound| sound.length).sum()
    }

    #[test]
    fn a_virama_takes_the_vowel_away_in_every_script() {
        for (whole, bare) in
            [("कक", "क्क"), ("কক", "ক্ক"), ("કક", "ક્ક"), ("கக", "க்க"), ("కక", "క్క"), ("ಕಕ", "ಕ್ಕ"), ("കക", "ക്ക")]
        {
            assert_eq!(length(whole) - length(bare), INHERENT_VOWEL, "{bare}");
        }
    }

    #[test]
    fn long_vowels_last_longer_than_short_ones() {
        for (short, long) in [("कि", "की"), ("কু", "কূ"), ("கெ", "கே"), ("ഇ", "ഈ")]
        {
            assert!(length(short) < length(long), "{short} {long}");
        }
    }

    #[test]
    fn words_of_the_north_lose_their_last_vowel() {
        let kinds = |text: &str| sounds(text).iter().map(|sound| sound.kind).collect::<Vec<_>>();
        assert_eq!(kinds("घर"), [Kind::Stop, Kind::Vowel, Kind::Sonorant]);
        assert_eq!(kinds("ಘರ"), [Kind::Stop, Kind::Vowel, Kind::Sonorant, Kind::Vowel]);
        assert_eq!(kinds("ज़"), [Kind::Stop]);
        assert_eq!(kinds("so, "), [Kind::Fricative, Kind::Vowel, Kind::Pause, Kind::Pause]);
    }
}
