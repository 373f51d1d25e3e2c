//! Times of day.

use super::super::data::Clock;
use super::super::number::{cardinal, replace_end};
use super::cursor::Cursor;
use super::{Found, Place};

/// `7:30`, `19:30:15`, `7:30 pm`, `7pm`, `10:30-11:30`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if place.before.is_some_and(|c| "/-.:,".contains(c)) {
        return None;
    }
    let first = one(place.rest, place)?;
    let mut cursor = Cursor::new(place.rest);
    cursor.skip(first.len);
    let second = cursor.eat_if(|c| matches!(c, '-' | '–')).and_then(|_| one(cursor.rest(), place));
    let Some(second) = second else { return Some(first) };
    let mut from = first.spoken;
    replace_end(&mut from, place.words.signs.range_from);
    let spoken = place.words.signs.range.replace("{a}", &from).replace("{b}", &second.spoken);
    Some(Found { len: cursor.at() + second.len, spoken, joined: second.joined })
}

/// A single time.
fn one(text: &str, place: Place<'_>) -> Option<Found> {
    let clock = &place.words.clock;
    let mut cursor = Cursor::new(text);
    let hour = cursor.number(1, 2).filter(|hour| *hour < 25)?;
    let minute = eat_sixtieth(&mut cursor);
    let second = minute.and_then(|_| eat_sixtieth(&mut cursor));
    let mut after = cursor;
    if minute.is_some() && after.eat(":") {
        return None;
    }
    let half = (1..=12).contains(&hour).then(|| eat_half(&mut cursor)).flatten();
    if minute.is_none() && half.is_none() {
        return None;
    }
    let say = |number: u32| cardinal(number.into(), place.words);
    let mut typed = cursor;
    typed.eat_if(|c| c == ' ');
    if half.is_none() && typed_word_follows(&typed, clock) {
        // "7:30 बजे": the word is there already.
        let minutes =
            minute.filter(|minute| *minute > 0).map_or_else(String::new, |m| format!(" {}", say(m)));
        let seconds =
            second.filter(|second| *second > 0).map_or_else(String::new, |s| format!(" {}", say(s)));
        let joined = typed.at() == cursor.at();
        return Some(Found { len: cursor.at(), spoken: format!("{}{minutes}{seconds}", say(hour)), joined });
    }
    let template = match (minute, second) {
        (_, Some(1..)) => clock.second,
        (Some(1..), _) => clock.minute,
        _ => clock.hour,
    };
    // An hour with its half of the day needs no "o'clock" in English.
    let template = if half.is_some() && template == "{h} o'clock" { "{h}" } else { template };
    let minutes = match (minute.unwrap_or(0), clock.few_minutes) {
        (few @ 1..=9, Some(template)) => template.replace("{m}", &say(few)),
        (minutes, _) => say(minutes),
    };
    let time = template
        .replace("{h}", &say(hour))
        .replace("{m}", &minutes)
        .replace("{s}", &say(second.unwrap_or(0)));
    let spoken = match half {
        Some(half) => part_of_day(hour, half, clock).replace("{t}", &time),
        None => time,
    };
    Some(Found::new(cursor.at(), spoken))
}

fn eat_sixtieth(cursor: &mut Cursor<'_>) -> Option<u32> {
    let mut ahead = *cursor;
    let value = ahead.eat(":").then(|| ahead.number(2, 2))?.filter(|value| *value < 60)?;
    *cursor = ahead;
    Some(value)
}

/// A half of the day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Am,
    Pm,
}

fn eat_half(cursor: &mut Cursor<'_>) -> Option<Half> {
    let mut ahead = *cursor;
    ahead.eat_if(|c| matches!(c, ' ' | '\u{A0}' | '\u{202F}'));
    let word = ahead.eat_word(["a.m.", "p.m.", "a.m", "p.m", "am", "pm"])?;
    *cursor = ahead;
    Some(if word.starts_with('a') { Half::Am } else { Half::Pm })
}

fn typed_word_follows(cursor: &Cursor<'_>, clock: &Clock) -> bool {
    clock.typed.iter().any(|word| cursor.rest().starts_with(word))
}

fn part_of_day(hour: u32, half: Half, clock: &Clock) -> &'static str {
    let [night, morning, afternoon, evening] = clock.parts;
    match (hour % 12, half) {
        // English has but two halves.
        (0..4, Half::Am) if clock.few_minutes.is_some() => morning,
        (4..12, Half::Am) => morning,
        (0..4, Half::Pm) => afternoon,
        (4..8, Half::Pm) => evening,
        _ => night,
    }
}
