//! Times of day.

use super::{Found, Place, cursor::Cursor, quantity::before_noun};
use crate::{
    languages::{Clock, Half, Words},
    number::{cardinal, replace_end},
};

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
    let half_day = (1..=12).contains(&hour).then(|| eat_half_day(&mut cursor)).flatten();
    if minute.is_none() && half_day.is_none() {
        return None;
    }
    let say = |number: u32| before_noun(cardinal(number.into(), place.words), place.words);
    let (minute, second) = (minute.unwrap_or(0), second.unwrap_or(0));
    let half_past = clock.half.filter(|_| (1..=12).contains(&hour) && minute == 30 && second == 0);
    let (hours, minute) = match half_past {
        Some(half) => (half_past_words(hour, &half, place.words), 0),
        None => (say(hour), minute),
    };
    let mut typed = cursor;
    typed.eat_if(|c| c == ' ');
    if half_day.is_none() && typed_word_follows(&typed, clock) {
        // In "7:30 बजे", the word is already there.
        let rest: String =
            [minute, second].into_iter().filter(|n| *n > 0).map(|n| format!(" {}", say(n))).collect();
        let joined = typed.at() == cursor.at();
        return Some(Found { len: cursor.at(), spoken: hours + &rest, joined });
    }
    let template = match (minute, second) {
        (_, 1..) => clock.second,
        (1.., _) => clock.minute,
        // English says "seven p m", not "seven o'clock p m".
        _ if half_day.is_some() && clock.hour == "{h} o'clock" => "{h}",
        _ => clock.hour,
    };
    let minutes = match (minute, clock.few_minutes) {
        (1..=9, Some(template)) => template.replace("{m}", &say(minute)),
        _ => say(minute),
    };
    let time = template.replace("{h}", &hours).replace("{m}", &minutes).replace("{s}", &say(second));
    let spoken = match half_day {
        Some(half_day) => part_of_day(hour, half_day, clock).replace("{t}", &time),
        None => time,
    };
    Some(Found::new(cursor.at(), spoken))
}

/// Says half past an hour: "साढ़े सात".
fn half_past_words(hour: u32, half: &Half, words: &Words) -> String {
    if let Some((_, irregular)) = half.irregular.iter().find(|(irregular, _)| *irregular == hour) {
        return (*irregular).to_owned();
    }
    let mut hours = cardinal(hour.into(), words);
    replace_end(&mut hours, half.ends);
    format!("{}{hours}", half.before)
}

fn eat_sixtieth(cursor: &mut Cursor<'_>) -> Option<u32> {
    let mut ahead = *cursor;
    let value = ahead.eat(":").then(|| ahead.number(2, 2))?.filter(|value| *value < 60)?;
    *cursor = ahead;
    Some(value)
}

/// Which half of the day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HalfDay {
    Am,
    Pm,
}

fn eat_half_day(cursor: &mut Cursor<'_>) -> Option<HalfDay> {
    let mut ahead = *cursor;
    ahead.eat_if(|c| matches!(c, ' ' | '\u{A0}' | '\u{202F}'));
    let word = ahead.eat_word(["a.m.", "p.m.", "a.m", "p.m", "am", "pm"])?;
    *cursor = ahead;
    Some(if word.starts_with('a') { HalfDay::Am } else { HalfDay::Pm })
}

fn typed_word_follows(cursor: &Cursor<'_>, clock: &Clock) -> bool {
    clock.typed.iter().any(|word| cursor.rest().starts_with(word))
}

fn part_of_day(hour: u32, half_day: HalfDay, clock: &Clock) -> &'static str {
    let [night, morning, afternoon, evening] = clock.parts;
    match (hour % 12, half_day) {
        // English knows only a.m. and p.m.
        (0..4, HalfDay::Am) if clock.few_minutes.is_some() => morning,
        (4..12, HalfDay::Am) => morning,
        (0..4, HalfDay::Pm) => afternoon,
        (4..8, HalfDay::Pm) => evening,
        _ => night,
    }
}
