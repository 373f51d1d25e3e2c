//! Chapters and verses, which look like times: `यूहन्ना 3:16`, `Gita 2.47`, `Matthew 5:3-12`.

use super::{
    cursor::is_dash,
    place::{Found, Place},
    scale::range,
    time::is_half_day,
};
use crate::{
    languages::{BOOKS, SONGS},
    number::cardinal,
};

/// The chapter and verse at the place, behind the name of a book.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut cursor = place.cursor();
    let chapter = cursor.number(1, 3)?;
    let mark = cursor.eat_if(|c| matches!(c, ':' | '.' | 'ः' | 'ঃ' | 'ઃ'))?;
    let verse = cursor.number(1, 3)?;
    if place.behind_number_and(|c| is_dash(c) || "/.:".contains(c))
        || !(place.behind_word(SONGS) || (mark != '.' && place.behind_word(BOOKS)))
    {
        return None;
    }
    let mut spoken = cardinal(verse.into(), words);
    let mut ahead = cursor;
    if ahead.eat_if(is_dash).is_some()
        && let Some(last) = ahead.number(1, 3).filter(|last| *last > verse)
    {
        spoken = range(spoken, &cardinal(last.into(), words), words.signs.range, words);
        cursor = ahead;
    }
    let mut after = cursor;
    let runs_on = after.eat_if(|c| is_dash(c) || "/.:%".contains(c)).is_some() && after.at_digit();
    if runs_on || !cursor.at_word_end() || is_half_day(&cursor) {
        return None;
    }
    // "Two, two hundred and fifty five".
    let comma = if verse > 99 { "," } else { "" };
    Some(Found::new(cursor.at(), format!("{}{comma} {spoken}", cardinal(chapter.into(), words))))
}
