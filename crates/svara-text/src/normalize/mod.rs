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
    if !text.contains(|c| c == '@' || c == '.' || is_currency_sign(c) || digit_value(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let words = Words::of(language);
    let mut out = Output::new(text);
    let mut at = 0;
    let mut before = None;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let len = if let Some(len) = tag_len(rest) {
            out.keep(rest, len);
            len
        } else if let Some(found) =
            recognize(Place { done: text.get(..at).unwrap_or_default(), rest, before, words })
        {
            out.say(&found);
            found.len
        } else {
            let len = rest.chars().next().map_or(rest.len(), char::len_utf8);
            out.keep(rest, len);
            len
        };
        at += len;
        // The character before the next piece in the result: normalizing the result must find the same again.
        before = if out.separates(text.get(at..).unwrap_or_default()) {
            Some(' ')
        } else {
            text.get(..at).and_then(|done| done.chars().next_back())
        };
    }
    out.finish()
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
