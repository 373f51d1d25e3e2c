//! Short English names of days of the week, where a dash or a date shows what they are: `Mon-Fri`, `Mon, 5 Aug`.

use super::{
    cursor::{Cursor, is_dash},
    place::{Found, Place},
    scale::range,
};
use crate::languages::DAYS;

/// A short name before another, or before a date or time.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let mut cursor = place.cursor();
    let first = eat(&mut cursor)?;
    let mut ahead = cursor;
    ahead.eat_space();
    let to = ahead.eat_if(is_dash).is_some() || ahead.eat_word(["to"]);
    ahead.eat_space();
    if to && let Some(second) = eat(&mut ahead) {
        let spoken = range(first.to_owned(), second, place.words.signs.range, place.words);
        return Some(Found::new(ahead.at(), spoken));
    }
    cursor.eat(".");
    let mut ahead = cursor;
    let dated = (ahead.eat(",") || cursor.read().ends_with('.')) && ahead.eat_space() && ahead.at_digit();
    dated.then(|| Found::new(cursor.at(), first.to_owned()))
}

/// Reads a short name, in this letter case only: "sun" and "sat" are words.
fn eat(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    let word = cursor.word();
    let (_, long) = DAYS.iter().find(|(short, _)| *short == word)?;
    cursor.skip(word.len());
    Some(long)
}
