//! Numbers in words.

mod numeral;
mod sanskrit;

pub(crate) use numeral::{Numeral, digits};

use crate::{
    language::Language,
    languages::{Above, AfterHundreds, Descending, Form, Join, Numbers, Scale, Words},
    writing::digit_value,
};

/// The greatest number that every language says as a quantity: just below a crore crores. Greater ones are said digit by
/// digit, unless the language has a name for so many.
pub(crate) const MAX_SPELLED: u64 = CRORE * CRORE - 1;

const CRORE: u64 = 10_000_000;
const LAKH: u64 = 100_000;

/// Spells out `number` in `language`, in lakhs and crores: 150000 is "एक लाख पचास हज़ार".
///
/// A number of a crore crores (10^14) or more is said digit by digit where the language has no names for such scales.
#[must_use]
pub fn spell(number: u64, language: Language) -> String {
    cardinal(number, Words::of(language))
}

pub(crate) fn cardinal(number: u64, words: &Words) -> String {
    if number > max_spelled(words) {
        return one_by_one(&number.to_string(), words);
    }
    match &words.numbers.above {
        Above::Descending(parts) => descending(number, &words.numbers, parts),
        Above::Sanskrit => sanskrit::compound(number, &words.numbers),
    }
}

/// The greatest number that the language says as a quantity: below a hundred of its greatest scale.
fn max_spelled(words: &Words) -> u64 {
    let greatest = match &words.numbers.above {
        Above::Descending(parts) => parts.beyond.first().map_or(0, |(scale, _)| *scale),
        Above::Sanskrit => 0,
    };
    MAX_SPELLED.max(greatest.saturating_mul(100).saturating_sub(1))
}

/// Says the digits in `digits` one by one, of any digit system. Other characters are skipped.
pub(crate) fn one_by_one(digits: &str, words: &Words) -> String {
    let mut spoken = String::new();
    for digit in digits.chars().filter_map(digit_value) {
        append(&mut spoken, " ", words.numbers.below_hundred(digit.into()));
    }
    spoken
}

/// Replaces the end of `word` by the first of `ends` that matches.
pub(crate) fn replace_end(word: &mut String, ends: &[(&str, &str)]) {
    if let Some((end, new)) = ends.iter().find(|(end, _)| word.ends_with(end)) {
        word.truncate(word.len() - end.len());
        word.push_str(new);
    }
}

impl Numbers {
    fn below_hundred(&self, number: u64) -> &'static str {
        usize::try_from(number)
            .ok()
            .and_then(|number| self.below_hundred.get(number))
            .copied()
            .unwrap_or_default()
    }
}

impl Form {
    const fn word(self, followed: bool) -> &'static str {
        if followed { self.followed } else { self.last }
    }
}

fn append(spoken: &mut String, gap: &str, word: &str) {
    if !spoken.is_empty() {
        spoken.push_str(gap);
    }
    spoken.push_str(word);
}

fn descending(number: u64, numbers: &Numbers, parts: &Descending) -> String {
    if let Some((_, word)) = parts.exact.iter().find(|(exact, _)| *exact == number) {
        return (*word).to_owned();
    }
    let mut spoken = String::new();
    let mut number = number;
    for (scale, name) in parts.beyond {
        if number >= *scale {
            append(&mut spoken, " ", &descending(number / scale, numbers, parts));
            append(&mut spoken, " ", name);
            number %= scale;
        }
    }
    for (count, scale, below) in [
        (number / CRORE, &parts.crore, number % CRORE),
        (number / LAKH % 100, &parts.lakh, number % LAKH),
        (number / 1000 % 100, &parts.thousand, number % 1000),
    ] {
        if count > 0 {
            append(&mut spoken, " ", &scaled(count, scale, below > 0, numbers, parts));
        }
    }
    let rest = number % 100;
    let hundreds = usize::try_from(number / 100 % 10).ok().and_then(|hundreds| hundreds.checked_sub(1));
    if let Some(form) = hundreds.and_then(|hundreds| parts.hundreds.get(hundreds)) {
        append(&mut spoken, " ", form.word(rest > 0));
    }
    if rest == 0 && !spoken.is_empty() {
        return spoken;
    }
    let word = numbers.below_hundred(rest);
    if spoken.is_empty() {
        return word.to_owned();
    }
    match parts.after_hundreds {
        AfterHundreds::Elide if hundreds.is_some() => elide(&mut spoken, word),
        AfterHundreds::MeltFifties { ending, melted, fifties } if (50..60).contains(&rest) => {
            let fifty = usize::try_from(rest - 50).ok().and_then(|fifty| fifties.get(fifty));
            match fifty.filter(|_| hundreds.is_some() && spoken.ends_with(ending)) {
                Some(fifty) => {
                    replace_end(&mut spoken, &[(ending, melted)]);
                    spoken.push_str(fifty);
                }
                None => append(&mut spoken, " ", word),
            }
        }
        _ => {
            if let Some(and) = parts.and {
                append(&mut spoken, " ", and);
            }
            append(&mut spoken, " ", word);
        }
    }
    spoken
}

/// Says `count` thousands, lakhs or crores.
fn scaled(count: u64, scale: &Scale, followed: bool, numbers: &Numbers, parts: &Descending) -> String {
    if let Some((_, form)) = scale.irregular.iter().find(|(irregular, _)| *irregular == count) {
        return form.word(followed).to_owned();
    }
    let word = scale.word.word(followed);
    let mut spoken = descending(count, numbers, parts);
    replace_end(&mut spoken, parts.before_scale);
    match scale.join {
        Join::TogetherBelowTen if count < 10 => spoken.push_str(word),
        Join::Melt(ends) => {
            replace_end(&mut spoken, ends);
            spoken.push_str(word);
        }
        Join::Space | Join::TogetherBelowTen => append(&mut spoken, " ", word),
    }
    spoken
}

/// Appends a Kannada word to one that ends in an inherent vowel, which an initial vowel of `word` replaces.
fn elide(spoken: &mut String, word: &str) {
    const VOWELS: [(char, &str); 11] = [
        ('ಅ', ""),
        ('ಆ', "ಾ"),
        ('ಇ', "ಿ"),
        ('ಈ', "ೀ"),
        ('ಉ', "ು"),
        ('ಊ', "ೂ"),
        ('ಎ', "ೆ"),
        ('ಏ', "ೇ"),
        ('ಐ', "ೈ"),
        ('ಒ', "ೊ"),
        ('ಓ', "ೋ"),
    ];
    match VOWELS.iter().find_map(|(vowel, sign)| Some((sign, word.strip_prefix(*vowel)?))) {
        Some((sign, rest)) => {
            spoken.push_str(sign);
            spoken.push_str(rest);
        }
        None => spoken.push_str(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compounds_follow_their_language() {
        for (language, number, spoken) in [
            (Language::Hindi, 0, "शून्य"),
            (Language::Hindi, 12_345_678, "एक करोड़ तेईस लाख पैंतालीस हज़ार छह सौ अठहत्तर"),
            (Language::Hindi, 1_000_000_000_000, "दस खरब"),
            (Language::Bhojpuri, 45, "पैंतालीस"),
            (Language::Marathi, 100, "शंभर"),
            (Language::Marathi, 150, "एकशे पन्नास"),
            (Language::Bodo, 100, "जौसे"),
            (Language::Bodo, 1_100, "सेरोजा सेजौ"),
            (Language::Kannada, 101, "ನೂರೊಂದು"),
            (Language::Kannada, 1_150, "ಒಂದು ಸಾವಿರದ ನೂರೈವತ್ತು"),
            (Language::Malayalam, 10_150, "പതിനായിരത്തി നൂറ്റമ്പത്"),
            (Language::Malayalam, 950, "തൊള്ളായിരത്തി അമ്പത്"),
            (Language::Tamil, 6_001, "ஆறாயிரத்து ஒன்று"),
            (Language::Telugu, 21_000, "ఇరవై ఒక్క వేలు"),
            (Language::English, 100_001, "one lakh and one"),
            (Language::Sanskrit, 1_947, "सप्तचत्वारिंशदुत्तरनवशताधिकसहस्रम्"),
        ] {
            assert_eq!(spell(number, language), spoken, "{language} {number}");
        }
    }

    #[test]
    fn greater_numbers_are_said_digit_by_digit() {
        let spoken = spell(MAX_SPELLED + 1, Language::English);
        assert!(spoken.starts_with("one zero zero"), "{spoken}");
        assert_eq!(one_by_one("९8-7", Words::of(Language::Hindi)), "नौ आठ सात");
    }

    #[test]
    fn no_two_numbers_sound_alike() {
        for language in Language::ALL {
            let mut spoken: Vec<String> = (0..20_000).map(|number| spell(number, language)).collect();
            spoken.sort_unstable();
            spoken.dedup();
            assert_eq!(spoken.len(), 20_000, "{language}");
        }
    }
}
