//! Normalization: digits and signs become words.

mod cursor;
mod date;
mod money;
mod output;
mod phone;
mod quantity;
mod time;
mod web;

use std::borrow::Cow;

use self::output::Output;
pub use self::output::{Normalized, Replacement};
use crate::{
    language::Language,
    languages::Words,
    tag::tag_len,
    writing::{WritingSystem, digit_value},
};

/// Spells out numbers, dates, times, money, percentages, phone numbers, units, e-mail addresses and URLs in the words
/// of `language`.
///
/// Digits may be of any Indian digit system. Everything else stays as typed: words of any language, `<tag>`s with their
/// contents, and whatever isn't recognized. The result has no digits outside tags, and normalizing it again changes
/// nothing.
///
/// ```
/// use svara_text::{Language, normalize};
///
/// assert_eq!(normalize("on 15/08/1947", Language::English), "on fifteenth August nineteen forty seven");
/// assert_eq!(normalize("₹1.5 लाख", Language::Hindi), "एक दशमलव पाँच लाख रुपये");
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
    let words = Words::of(language);
    let mut out = Output::new(text);
    while !out.rest().is_empty() {
        let rest = out.rest();
        if let Some(len) = tag_len(rest) {
            out.keep(len);
        } else if let Some(found) = recognize(Place { done: out.done(), rest, before: out.before(), words }) {
            out.say(&found);
        } else {
            out.keep(unrecognized_len(rest));
        }
    }
    out.finish()
}

/// The length in bytes of what can't be recognized at the start of `rest`: the rest of a word, or one character.
fn unrecognized_len(rest: &str) -> usize {
    let is_letter = |c: char| c.is_alphabetic() || WritingSystem::is_indic(c);
    match rest.find(|c| !is_letter(c)) {
        Some(0) => rest.chars().next().map_or(rest.len(), char::len_utf8),
        Some(end) => end,
        None => rest.len(),
    }
}

/// A place in the text where something to spell out may start.
#[derive(Clone, Copy)]
struct Place<'t> {
    /// The text before it.
    done: &'t str,
    /// The text from it on.
    rest: &'t str,
    /// The character before it in the result.
    before: Option<char>,
    words: &'static Words,
}

/// Something recognized, and its words.
struct Found {
    /// Its length in the text, in bytes.
    len: usize,
    spoken: String,
    /// Whether the letters that follow are an ending of the last word.
    joined: bool,
}

impl Found {
    const fn new(len: usize, spoken: String) -> Self {
        Self { len, spoken, joined: false }
    }
}

fn recognize(place: Place<'_>) -> Option<Found> {
    let c = place.rest.chars().next()?;
    if c.is_whitespace() {
        return None;
    }
    let word_start = !place.before.is_some_and(cursor::is_wordish);
    if digit_value(c).is_some() || matches!(c, '+' | '-' | '\u{2212}') || is_currency_sign(c) {
        return web::recognize(place)
            .or_else(|| date::recognize(place))
            .or_else(|| time::recognize(place))
            .or_else(|| phone::recognize(place))
            .or_else(|| money::recognize(place))
            .or_else(|| quantity::recognize(place));
    }
    if !word_start {
        return None;
    }
    if c.is_ascii_alphanumeric() {
        return web::recognize(place)
            .or_else(|| money::recognize(place))
            .or_else(|| date::after_month(place));
    }
    WritingSystem::is_indic(c).then(|| money::recognize(place).or_else(|| date::after_month(place))).flatten()
}

const fn is_currency_sign(c: char) -> bool {
    matches!(c, '₹' | '$' | '€' | '£' | '৳' | '₨')
}

/// Whether a plus or minus sign may stand here: not right behind a word.
fn sign_allowed(before: Option<char>) -> bool {
    before.is_none_or(|c| c.is_whitespace() || "([{\"'“‘".contains(c))
}
