//! Normalization: digits and signs become words.
//!
//! The text is read once from left to right. At each place where something may start, [`recognize`] tries one recognizer after
//! the other, and the first that finds something wins: its words go through [`output::Output::say`], the one place
//! that changes the text. A recognizer may look at what follows, as far as the thing itself and one more word or mark
//! reach, and back at the typed text by [`place::Place`] alone, at most 160 bytes, or 480 in Indian scripts. What it may not
//! look at is what another recognizer said.
//!
//! [`number`] has the order at a digit, a sign before a number or a currency, and [`word`] that at the start of a word; `mask`
//! (the stars or crosses before the last digits of an account) comes before both of them where no number starts. What is
//! sure goes before what is likely:
//!
//! * `web`: addresses, whose digits and points are nothing else;
//! * `shape`, `code`: codes of letters and digits; a word before says "digit by digit", whatever the number looks like;
//! * `timestamp`, `date`, `month`, `weekday`: separators and names of months and days;
//! * `verse`, `ratio`: a colon and a word that says so beside it, or no time;
//! * `time`: a colon, or a point with a word of time beside it;
//! * `phone`: numbers that their shape makes codes;
//! * `money`, `price`: a sign or code of a currency on either side, the word for a coin, or a sign that is alone;
//! * `maths`: a sign between numbers;
//! * `quantity`: everything else, that is `chain` (versions, IP addresses), `scientific`, `fraction`, `range`, `year`,
//!   ordinals, units, and the bare number;
//! * `account`, `unit` behind "per", `abbreviation`, `letter`, `roman`, `acronym`: words and letters.
//!
//! Last, `endings` joins what is typed right behind: case endings melt into the last word, and a noun that is typed
//! once more is said once.

mod abbreviation;
mod account;
mod acronym;
mod angle;
mod code;
mod cricket;
mod cue;
mod cursor;
mod date;
mod decade;
mod either;
mod endings;
mod follows;
mod fraction;
mod half;
mod hours;
mod inflection;
mod leading_zero;
mod letter;
mod mask;
mod maths;
mod measure;
mod moment;
mod money;
mod month;
mod operand;
mod output;
mod phone;
mod place;
mod power;
mod price;
mod quantity;
mod quotient;
mod range;
mod rating;
mod ratio;
mod roman;
mod scale;
mod scale_endings;
mod scientific;
mod season;
mod shape;
mod spelling;
mod starts;
mod time;
mod timestamp;
mod unit;
mod verse;
mod web;
mod weekday;
mod words;
mod year;
mod year_list;

use std::borrow::Cow;

pub use self::{
    acronym::{Acronyms, NoAcronym},
    output::{Normalized, Replacement},
};
use self::{
    cursor::{is_dash, is_letter, is_space, is_wordish},
    output::Output,
    place::{Found, Place},
    starts::Starts,
};
use crate::{
    language::Language,
    languages::{Currency, Words},
    tag::tag_len,
    writing::{WritingSystem, digit_value},
};

/// Spells out numbers, dates, times, money, percentages, phone numbers, codes, units, mathematical signs,
/// abbreviations, acronyms, e-mail addresses and URLs in the words of `language`.
///
/// Digits may be of any Indian digit system. Everything else stays as typed: words of any language, `<tag>`s with their
/// contents, and whatever isn't recognized. The result has no digits outside tags, and normalizing it again changes
/// nothing.
///
/// ```
/// use svara_text::{Language, normalize};
///
/// assert_eq!(normalize("on 15/08/1947", Language::English), "on fifteenth August nineteen forty seven");
/// assert_eq!(normalize("₹1.5 लाख", Language::Hindi), "डेढ़ लाख रुपये");
/// ```
#[must_use]
pub fn normalize(text: &str, language: Language) -> Cow<'_, str> {
    normalize_mapped(text, language).said
}

/// [`normalize`], with the map from what is said to the text as typed.
///
/// ```
/// use svara_text::{Language, normalize_mapped};
///
/// let typed = "Take 2 or ₹5.";
/// let normalized = normalize_mapped(typed, Language::English);
/// let pairs: Vec<_> = normalized
///     .replacements
///     .iter()
///     .map(|replaced| (&typed[replaced.typed.clone()], &normalized.said[replaced.said.clone()]))
///     .collect();
///
/// assert_eq!(pairs, [("2", "two"), ("₹5", "five rupees")]);
/// ```
#[must_use]
pub fn normalize_mapped(text: &str, language: Language) -> Normalized<'_> {
    normalize_with(text, language, &Acronyms::default())
}

/// [`normalize_mapped`], with acronyms of an operator.
#[must_use]
pub fn normalize_with<'t>(text: &'t str, language: Language, acronyms: &Acronyms) -> Normalized<'t> {
    let words = Words::of(language);
    let starts = Starts::of(language);
    let mut out = Output::new(text);
    while !out.rest().is_empty() {
        let rest = out.rest();
        if let Some(len) = tag_len(rest) {
            out.keep(len);
            continue;
        }
        let place =
            Place { done: out.done(), rest, before: out.before(), to_mark: out.to_mark(), words, starts };
        match recognize(place, acronyms) {
            Some(found) => out.say(&found),
            None => out.keep(unrecognized_len(rest)),
        }
    }
    out.finish()
}

/// The length in bytes of what can't be recognized at the start of `rest`: the rest of a word, or one character.
fn unrecognized_len(rest: &str) -> usize {
    match rest.find(|c| !is_letter(c)) {
        Some(0) => rest.chars().next().map_or(rest.len(), char::len_utf8),
        Some(end) => end,
        None => rest.len(),
    }
}

fn recognize(place: Place<'_>, acronyms: &Acronyms) -> Option<Found> {
    let c = place.rest.chars().next().filter(|c| !is_space(*c))?;
    if c.is_ascii() && !c.is_ascii_alphanumeric() && !"+-.$*=<>/^~@".contains(c) {
        return None;
    }
    if (is_dash(c) || c == '+')
        && let Some(found) = timestamp::behind_zone(place)
    {
        return Some(found);
    }
    if (is_dash(c) || matches!(c, '+' | '.')) && place.behind_digit() {
        // Between numbers, it is no sign of the second one.
        return maths::sign(place);
    }
    let found = if digit_value(c).is_some() || Currency::is_sign(c) || matches!(c, '+' | '.') || is_dash(c) {
        number(place)?
    } else if let Some(found) = mask::recognize(place) {
        found
    } else if !is_letter(c) {
        return maths::sign(place).or_else(|| fraction::alone(place));
    } else if !place.before.is_some_and(is_wordish) {
        match word(place, c) {
            Some(found) => found,
            // Names of letters take endings as they are.
            None => return acronym::recognize(place, acronyms).filter(|_| c.is_ascii_uppercase()),
        }
    } else {
        return None;
    };
    Some(endings::attach(found, &place))
}

/// What starts with a digit, a sign or a currency.
fn number(place: Place<'_>) -> Option<Found> {
    let digits = place.rest.starts_with(|c| digit_value(c).is_some());
    web::recognize(place)
        .or_else(|| shape::recognize(place))
        .or_else(|| code::recognize(place))
        .or_else(|| timestamp::recognize(place))
        .or_else(|| date::recognize(place))
        .or_else(|| month::behind_day(place))
        .or_else(|| verse::recognize(place))
        .or_else(|| ratio::recognize(place))
        .or_else(|| time::recognize(place))
        .or_else(|| phone::recognize(place))
        .or_else(|| money::recognize(place))
        .or_else(|| maths::between(place))
        .or_else(|| if digits { None } else { maths::sign(place) })
        .or_else(|| quantity::recognize(place))
        .or_else(|| price::sign_alone(place))
}

/// What starts with a letter at the start of a word.
fn word(place: Place<'_>, c: char) -> Option<Found> {
    let latin = c.is_ascii_alphabetic();
    if !latin && !WritingSystem::is_indic(c) {
        return None;
    }
    let may_be = place.starts.kinds(place.rest);
    let named = || {
        let money = if may_be.money { money::recognize(place) } else { None };
        money
            .or_else(|| if may_be.coin { price::behind_word(&place) } else { None })
            .or_else(|| if may_be.month { month::before_day(place) } else { None })
            .or_else(|| if may_be.day { weekday::recognize(place) } else { None })
            .or_else(|| if may_be.abbreviation { abbreviation::recognize(place) } else { None })
    };
    if let Some(unit) = unit::behind_per(&place) {
        return Some(unit);
    }
    if !latin {
        return named().or_else(|| abbreviation::office_zero(place));
    }
    let capital = c.is_ascii_uppercase();
    web::recognize(place)
        .or_else(|| if matches!(c, 'a' | 'A') { account::recognize(place) } else { None })
        .or_else(|| if matches!(c, 'x' | 'X') { maths::sign(place) } else { None })
        .or_else(|| if capital { code::mixed(place) } else { None })
        .or_else(named)
        .or_else(|| if capital { letter::recognize(place) } else { None })
        .or_else(|| if capital { roman::recognize(place) } else { None })
}
