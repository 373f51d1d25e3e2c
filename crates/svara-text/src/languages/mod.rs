//! The words of each language: one file per language, so that a speaker can check it without reading code.
//!
//! `docs/text.md` names their sources.

use crate::language::Language;

/// An array of words without commas, so that a row of the source is ten numbers.
macro_rules! words {
    ($($word:literal)*) => { [$($word),*] };
}

mod abbreviated_units;
mod assamese;
mod bare_units;
mod bengali;
mod bengali_endings;
mod bodo;
mod cases;
mod clock_cases;
mod coins;
mod context;
mod counts;
mod cricket;
mod cues;
mod currencies;
mod dates;
mod dogri;
mod english;
mod gujarati;
mod halved;
mod hindi;
mod hindi_abbreviations;
mod idiom;
mod kannada;
mod letters;
mod loans;
mod long_units;
mod maithili;
mod malayalam;
mod malayalam_endings;
mod marathi;
mod marathi_endings;
mod maths;
mod nepali;
mod numbers;
mod papers;
mod punjabi;
mod quotients;
mod rare_units;
mod rulers;
mod sanskrit;
mod scales;
mod series;
mod symbols;
mod tamil;
mod tamil_endings;
mod telugu;
mod telugu_endings;
mod telugu_obliques;
mod towns;
mod units;
mod verses;
mod years;

pub(crate) use cases::AGES;
pub(crate) use clock_cases::{AT_HOURS, ClockCases};
pub(crate) use coins::Coin;
pub(crate) use context::{Context, NUMBER_WORDS, SHARED, TRAINS, When};
pub(crate) use counts::{COUNTED_NOUNS, COUNTED_STEMS};
pub(crate) use cues::{DEVICES, FREE, HELPLINES, IS, ONE_TIME, WEAK_LINKS};
pub(crate) use currencies::{Currency, FOREIGN};
pub(crate) use dates::{BEFORE_DATES, BEHIND_DATES, CASES, NUMBERED};
pub(crate) use english::DAYS;
pub(crate) use idiom::Idiom;
pub(crate) use letters::{Letters, WORDS_IN_CAPITALS, is_known_acronym};
pub(crate) use loans::Loans;
pub(crate) use long_units::LONG_UNITS;
pub(crate) use maths::Maths;
pub(crate) use numbers::{Above, AfterHundreds, Descending, Form, Join, Numbers, Scale, fixed, form, plain};
pub(crate) use papers::{ACCOUNTS, ALSO_PARTS, BEFORE_ACCOUNTS, CHEQUES, HOUSES, ONE_OR_OTHER};
pub(crate) use quotients::{BEFORE_SLASH, BEHIND_SLASH, EACH};
pub(crate) use rulers::RULERS;
pub(crate) use scales::{LINKING, Oblique, SCALES};
pub(crate) use symbols::SPELLED_UNITS;
pub(crate) use units::{UNITS, Unit};
pub(crate) use verses::{BOOKS, SONGS};
pub(crate) use years::{AND_OR, ANDS, DECADES, EVENTS, NAMED, OF};

/// Everything that one language contributes.
pub(crate) struct Words {
    pub numbers: Numbers,
    pub signs: Signs,
    pub calendar: Calendar,
    pub clock: Clock,
    /// Rupee, dollar, euro, pound.
    pub money: [Money; 4],
    /// In the order of [`Unit`].
    pub units: &'static [Noun; UNITS],
    /// Rare units, foreign currencies and Western numbers, which languages of one script share.
    pub loans: &'static Loans,
    pub web: &'static Web,
    pub maths: &'static Maths,
    pub letters: &'static Letters,
    /// Endings typed behind digits that change how the number is said.
    pub endings: &'static [Ending],
    /// How other endings join the words before them: the end of the words, the start of the ending (a whole one if it
    /// ends in `|`), and what both become. The first that fits counts.
    pub sandhi: &'static [(&'static str, &'static str, &'static str)],
    /// Endings that may stand behind a space.
    pub spaced: &'static [&'static str],
    /// What separates a number's words from any other letters typed right behind its digits.
    pub before_ending: &'static str,
    pub idiom: Option<&'static Idiom>,
    pub context: &'static Context,
}

impl Words {
    pub(crate) const fn of(language: Language) -> &'static Self {
        match language {
            Language::Hindi | Language::Bhojpuri | Language::Magahi | Language::Chhattisgarhi => {
                &hindi::WORDS
            }
            Language::Bengali => &bengali::WORDS,
            Language::Marathi => &marathi::WORDS,
            Language::Telugu => &telugu::WORDS,
            Language::Kannada => &kannada::WORDS,
            Language::Maithili => &maithili::WORDS,
            Language::Assamese => &assamese::WORDS,
            Language::Bodo => &bodo::WORDS,
            Language::Dogri => &dogri::WORDS,
            Language::Gujarati => &gujarati::WORDS,
            Language::Malayalam => &malayalam::WORDS,
            Language::Punjabi => &punjabi::WORDS,
            Language::Tamil => &tamil::WORDS,
            Language::English => &english::WORDS,
            Language::Nepali => &nepali::WORDS,
            Language::Sanskrit => &sanskrit::WORDS,
        }
    }
}

/// The names of the signs around numbers. `{a}` and `{b}` stand for number words.
#[derive(Clone, Copy)]
pub(crate) struct Signs {
    pub point: &'static str,
    pub minus: &'static str,
    pub plus: &'static str,
    pub percent: &'static str,
    /// From `{a}` to `{b}`.
    pub range: &'static str,
    /// The same before a noun, if it differs.
    pub range_before_noun: Option<&'static str>,
    /// How the ends of the words for `{a}` change in a range.
    pub range_from: &'static [(&'static str, &'static str)],
    /// `{a}` divided by `{b}`.
    pub fraction: &'static str,
    /// The whole `{a}` and the fraction `{b}`.
    pub mixed: &'static str,
    /// A half, before a noun and alone.
    pub half: &'static str,
    /// `{a}` for each `{b}`.
    pub per: &'static str,
    /// How the end of the word for `{b}` changes in it.
    pub per_ends: &'static [(&'static str, &'static str)],
    /// How the words of 1 change before a noun.
    pub one: (&'static str, &'static str),
    /// How the ends of number words change before a noun.
    pub before_noun: &'static [(&'static str, &'static str)],
}

/// How dates are said.
#[derive(Clone, Copy)]
pub(crate) struct Calendar {
    pub months: [&'static str; 12],
    /// Other spellings of months, each with its number from 1. They are said as typed.
    pub spellings: &'static [(&'static str, usize)],
    /// Short forms of months, which are said in full.
    pub short: &'static [(&'static str, usize)],
    /// The months of Bikram Sambat, in which years from 2050 on are dated.
    pub bikram_sambat: Option<&'static [&'static str; 12]>,
    /// Whether the day of a date is an ordinal.
    pub ordinal_day: bool,
    /// The word behind the first two digits of a year from 1100 to 1999, where years are said in hundreds.
    pub century: Option<&'static str>,
    /// Whether years from 2010 on are also said in two halves.
    pub halves_from_2010: bool,
    /// Words that make the four digits behind them a year.
    pub year_before: &'static [&'static str],
    /// Beginnings of words that make the four digits before them a year.
    pub year_behind: &'static [&'static str],
}

/// How times of day are said. `{h}`, `{m}` and `{s}` stand for number words, `{t}` for the time.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    pub hour: &'static str,
    pub minute: &'static str,
    pub second: &'static str,
    /// How minutes 1..=9 are said, where they differ from the others.
    pub few_minutes: Option<&'static str>,
    /// How half past is said, unless in minutes.
    pub half: Option<Half>,
    /// Night to dawn, morning, afternoon, evening: 20–4, 4–12, 12–16, 16–20.
    pub parts: [&'static str; 4],
    /// Words that, typed behind a time, make those of the templates superfluous.
    pub typed: &'static [&'static str],
    /// Short words for the hour, each with the time in full.
    pub short: &'static [(&'static str, &'static str)],
    /// How minutes are said before such a word, which is said within.
    pub few_typed: &'static [(&'static str, &'static str)],
    /// Whether that holds for ten minutes and more, too; else they are said before the word: "ஆறு முப்பது மணிக்கு".
    pub many_typed: bool,
    /// How the names of hours change with what is beside them.
    pub cases: &'static ClockCases,
    /// How a length of time is said.
    pub duration: &'static str,
    /// Words that, typed behind a time, make it a length of time.
    pub hours: &'static [&'static str],
    /// Endings that make a time of a number with a point: the "at" of "9.30ന്".
    pub at: &'static [&'static str],
    /// Parts of the day, typed before a time.
    pub day_parts: &'static [&'static str],
}

/// How half past an hour is said.
#[derive(Clone, Copy)]
pub(crate) struct Half {
    /// The word before the full hours.
    pub before: &'static str,
    /// How the end of the word for the hours changes.
    pub ends: &'static [(&'static str, &'static str)],
    /// Hours whose half past has a word of its own.
    pub irregular: &'static [(u32, &'static str)],
}

/// A noun that can be counted.
#[derive(Clone, Copy)]
pub(crate) struct Noun {
    pub one: &'static str,
    pub many: &'static str,
}

pub(crate) const fn noun(one: &'static str, many: &'static str) -> Noun {
    Noun { one, many }
}

/// Nouns with one form for one and for many.
pub(crate) const fn same<const N: usize>(words: [&'static str; N]) -> [Noun; N] {
    let mut nouns = [noun("", ""); N];
    let mut i = 0;
    while i < N {
        #[expect(clippy::indexing_slicing, reason = "i < N, in const evaluation")]
        {
            nouns[i] = noun(words[i], words[i]);
        }
        i += 1;
    }
    nouns
}

/// A currency and its hundredth.
#[derive(Clone, Copy)]
pub(crate) struct Money {
    pub unit: Noun,
    pub hundredth: Noun,
}

pub(crate) const fn money(unit: Noun, hundredth: Noun) -> Money {
    Money { unit, hundredth }
}

/// The names of the signs in addresses.
pub(crate) struct Web {
    pub at: &'static str,
    pub dot: &'static str,
    pub slash: &'static str,
    pub hyphen: &'static str,
    pub underscore: &'static str,
    pub colon: &'static str,
    pub question: &'static str,
    pub equals: &'static str,
    pub and: &'static str,
    pub hash: &'static str,
    pub percent: &'static str,
    pub plus: &'static str,
    pub tilde: &'static str,
}

/// An ending that can be typed behind digits, such as that of an ordinal, and how it changes the words.
pub(crate) struct Ending {
    /// Marks that any number takes.
    pub marks: &'static [&'static str],
    /// Marks that only these numbers take: the 1 of `1st`. Behind other numbers they mean something else.
    pub own_marks: &'static [(u64, &'static str)],
    /// Numbers that have a word of their own with this ending.
    pub irregular: &'static [(u64, &'static str)],
    /// The first of these ends that the number's words have is replaced. `""` matches all.
    pub joins: &'static [(&'static str, &'static str)],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_empty_or_holds_a_digit() {
        for language in Language::ALL {
            let words = Words::of(language);
            let signs = words.signs;
            let all = words
                .numbers
                .below_hundred
                .into_iter()
                .chain(words.calendar.months)
                .chain(words.units.iter().flat_map(|unit| [unit.one, unit.many]))
                .chain(
                    words
                        .money
                        .iter()
                        .flat_map(|m| [m.unit.one, m.unit.many, m.hundredth.one, m.hundredth.many]),
                )
                .chain([signs.point, signs.minus, signs.plus, signs.percent]);
            for word in all {
                assert!(!word.trim().is_empty() && word == word.trim(), "{language}: {word:?}");
                assert!(!word.chars().any(char::is_numeric), "{language}: {word:?}");
            }
        }
    }

    /// Recognizers pass over what can begin none of these.
    #[test]
    fn marks_of_ordinals_begin_with_letters() {
        for language in Language::ALL {
            for ending in Words::of(language).endings {
                for mark in ending.marks.iter().chain(ending.own_marks.iter().map(|(_, mark)| mark)) {
                    let fits = |c: char| !c.is_ascii() || c.is_ascii_alphabetic();
                    assert!(mark.starts_with(fits), "{language}: {mark}");
                }
            }
        }
    }

    #[test]
    fn numbers_below_a_hundred_differ() {
        for language in Language::ALL {
            let mut words = Words::of(language).numbers.below_hundred.to_vec();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), 100, "{language}");
        }
    }

    #[test]
    fn templates_have_their_places() {
        for language in Language::ALL {
            let Words { signs, clock, .. } = Words::of(language);
            for template in [signs.range, signs.fraction, signs.mixed, signs.per] {
                assert!(template.contains("{a}") && template.contains("{b}"), "{language}: {template}");
            }
            assert!(clock.hour.contains("{h}"), "{language}");
            assert!(clock.minute.contains("{h}") && clock.minute.contains("{m}"), "{language}");
            assert!(["{h}", "{m}", "{s}"].iter().all(|place| clock.second.contains(place)), "{language}");
        }
    }
}
