//! Words before or behind a number that say it is a code.

use super::{
    cursor::{Cursor, is_dash, is_space},
    place::Place,
    spelling::same,
    words::led_by,
};
use crate::languages::{NUMBER_WORDS, SHARED};

/// The most words between a code and the word that says what it is.
const MAX_WORDS: usize = 7;
/// The most letters that a code begins with.
const MAX_LETTERS: usize = 4;

/// One-time passwords come before the word, too: "4582 is your OTP".
const BEHIND: [&str; 8] = ["OTP", "PIN", "ओटीपी", "पिन", "ওটিপি", "ઓટીપી", "ఓటీపీ", "ഒടിപി"];

/// Other words for them, behind "is": "482913 is your one-time password".
const BEHIND_IS: [&str; 6] = ["password", "passcode", "code", "पासवर्ड", "कोड", "passkey"];

/// Whether a word before says that a code follows.
pub(super) fn follows_cue(place: &Place<'_>) -> bool {
    let context = place.words.context;
    let any = |words: &[&str], typed: &str| words.iter().any(|word| same(typed, word));
    let cue = |typed: &str| {
        [SHARED.codes, SHARED.phones, context.codes, context.phones].iter().any(|words| any(words, typed))
    };
    // The letters of a code stand right before its digits: "ab9453".
    let glued = place.before.filter(char::is_ascii_alphabetic).and_then(|_| place.words_before().next());
    let glued = glued.map(|(word, _)| word).filter(|word| word.len() <= MAX_LETTERS);
    let link = |typed: &str| {
        glued == Some(typed)
            || any(SHARED.links, typed)
            || any(context.links, typed)
            || same(typed, "in")
            || same(typed, "with")
    };
    led_by(place, cue, link, MAX_WORDS)
        // Words with an apostrophe in them: "ক'ড".
        || place.behind_word(context.codes)
        || place.behind_word(&["a/c", "a/c no", "a/c no.", "A/c number", "acc no", "acc. no."])
}

/// Whether a word for what has a long number is before, with a word for "number": "ref no. ABC123456".
pub(super) fn follows_series(place: &Place<'_>) -> bool {
    let context = place.words.context;
    let series = |typed: &str| SHARED.series.iter().chain(context.series).any(|word| same(typed, word));
    let number = |typed: &str| NUMBER_WORDS.iter().any(|word| same(typed, word));
    let linked = place.done.trim_end_matches(is_space).ends_with('#')
        || place.words_before().next().is_some_and(|(word, _)| number(word));
    linked && led_by(place, series, number, 3)
}

/// Whether one of the next words says that the number is a one-time password: "4582 is your OTP".
pub(super) fn leads_to_cue(end: &Cursor<'_>) -> bool {
    let mut ahead = *end;
    let mut is = false;
    for number in 0..MAX_WORDS {
        if !(ahead.eat_space() || (number > 0 && ahead.eat_if(is_dash).is_some())) {
            return false;
        }
        let word = ahead.word();
        if word.is_empty() || (number == 4 && !is) {
            return false;
        }
        is |= number == 0 && same(word, "is");
        let cue = |cue: &&str| same(word, cue);
        if BEHIND.iter().any(cue) || (is && BEHIND_IS.iter().any(cue)) {
            return true;
        }
        ahead.skip(word.len());
    }
    false
}
