//! Angles and places on the globe: `28°36′50″ N`.

use super::{cursor::Cursor, unit::of_unit};
use crate::{
    languages::{Unit, Words},
    number::Numeral,
};

/// Says degrees with their minutes and seconds. `degrees` are read already.
pub(super) fn recognize(degrees: &Numeral, cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    if !ahead.eat("°") {
        return None;
    }
    let whole = degrees.whole().filter(|degrees| *degrees <= 360)?;
    let minutes = eat_sixtieth(&mut ahead, &["′", "'", "’"])?;
    let mut parts = vec![(whole, Unit::DEGREE), (minutes, Unit::MINUTE)];
    if let Some(seconds) = eat_sixtieth(&mut ahead, &["″", "\"", "”", "''", "′′"]) {
        parts.push((seconds, Unit::SECOND));
    }
    *cursor = ahead;
    let mut said: Vec<String> = parts.into_iter().map(|(count, unit)| of_unit(count, unit, words)).collect();
    said.extend(eat_direction(cursor, words));
    Some(said.join(" "))
}

/// Reads a number below sixty with one of the marks behind it.
fn eat_sixtieth(cursor: &mut Cursor<'_>, marks: &[&str]) -> Option<u64> {
    let mut ahead = *cursor;
    ahead.eat_space();
    let number = ahead.number(1, 2).filter(|number| *number < 60)?;
    marks.iter().any(|mark| ahead.eat(mark)).then(|| {
        *cursor = ahead;
        number.into()
    })
}

/// Reads the letter of a direction and names it.
fn eat_direction(cursor: &mut Cursor<'_>, words: &Words) -> Option<String> {
    let mut ahead = *cursor;
    ahead.eat_space();
    let letter = ahead.eat_if(|c| matches!(c, 'N' | 'S' | 'E' | 'W')).filter(|_| ahead.at_word_end())?;
    *cursor = ahead;
    let english = match letter {
        'N' => "north",
        'S' => "south",
        'E' => "east",
        _ => "west",
    };
    let named = words.letters.name(letter).filter(|_| !words.calendar.ordinal_day);
    Some(named.unwrap_or(english).to_owned())
}
