//! Decades, which are said in English in every language: `1990s`, `90s`, `1960s-80s`.

use super::{
    cursor::{Cursor, is_dash},
    place::Place,
    year::year_in_words,
};
use crate::{
    language::Language,
    languages::Words,
    number::{Numeral, cardinal, replace_end},
};

/// `1990s`, `90s`, `1960s-80s`: said in English in every language.
pub(super) fn recognize(numeral: &Numeral, place: &Place<'_>, cursor: &mut Cursor<'_>) -> Option<String> {
    let mut spoken = one_decade(numeral, place, cursor)?;
    let mut ahead = *cursor;
    if ahead.eat_if(is_dash).is_some()
        && let Some(second) = Numeral::parse(ahead.rest())
    {
        ahead.skip(second.len);
        if let Some(to) = one_decade(&second, place, &mut ahead) {
            spoken = format!("{spoken} to {to}");
            *cursor = ahead;
        }
    }
    Some(spoken)
}

fn one_decade(numeral: &Numeral, place: &Place<'_>, cursor: &mut Cursor<'_>) -> Option<String> {
    let number = numeral.whole().filter(|number| number % 10 == 0 && !numeral.grouped)?;
    let english = Words::of(Language::English);
    let mut ahead = *cursor;
    let led = || place.behind_word(&["the", "his", "her", "their", "my", "mid", "early", "late"]);
    // "1000 s" is a number of seconds, too.
    let spaced = |ahead: &mut Cursor<'_>| {
        numeral.integer.len() == 4 && led() && ahead.eat_space() && ahead.eat_word(["s"])
    };
    if !(ahead.eat_word(["s", "'s", "’s"]) || spaced(&mut ahead)) {
        return None;
    }
    let mut spoken = match numeral.integer.len() {
        // "wait 20s" is a number of seconds.
        2 if number >= 50 || place.done.ends_with(['\'', '’', '-']) || led() => cardinal(number, english),
        4 => year_in_words(number, english),
        _ => return None,
    };
    *cursor = ahead;
    replace_end(&mut spoken, &[("y", "ies"), ("", "s")]);
    Some(spoken)
}
