//! Times of day, and lengths of time that are typed like them.

use super::{
    cursor::{Cursor, is_dash},
    hours,
    moment::{Moment, eat_short, minutes_and_seconds, say},
    place::{Found, Place},
    scale::range,
    words::UP_TO,
};
use crate::{
    languages::{AT_HOURS, Clock, UNITS, Words},
    number::{digits, replace_end},
    writing::digit_value,
};

/// Words for the time, right behind which a point stands before minutes.
const NAMES: [&str; 16] = [
    "time",
    "Time",
    "timing",
    "Timing",
    "timings",
    "Timings",
    "समय",
    "समयः",
    "वेळ",
    "সময়",
    "સમય",
    "ਸਮਾਂ",
    "நேரம்",
    "సమయం",
    "ಸಮಯ",
    "സമയം",
];

/// `7:30`, `19:30:15`, `7:30 pm`, `7pm`, `9.30 बजे`, `10:30-11:30`, `2:30 घंटे`.
pub(super) fn recognize(place: Place<'_>) -> Option<Found> {
    if place.behind_number_and(|c| is_dash(c) || "/.:".contains(c)) && !follows_slash(&place) {
        return None;
    }
    if let Some(found) = hours::recognize(&place) {
        return Some(found);
    }
    let Some(first) = Time::eat(place.rest, &place) else {
        return up_to(&place);
    };
    let mut cursor = place.cursor();
    cursor.skip(first.len);
    cursor.eat_space();
    let second = cursor.eat_if(is_dash).and_then(|_| {
        cursor.eat_space();
        Time::eat(cursor.rest(), &place)
    });
    let Some(second) = second.filter(|second| first.surely || second.surely) else {
        return first.surely.then(|| Found { joined: first.joined, ..Found::named(first.len, first.spoken) });
    };
    let mut end = cursor;
    end.skip(second.len);
    let (hour, template) = range_of_hours(&mut end, place.words);
    let mut spoken = up_to_time(first.spoken, second.spoken + &hour, template, place.words);
    let mut typed = end;
    typed.eat_space();
    if typed.eat_word(["hrs"]) {
        // Other languages have their own word in each time.
        if place.words.clock.few_minutes.is_some() {
            spoken.push_str(" hours");
        }
        return Some(Found::new(typed.at(), spoken));
    }
    Some(Found { joined: second.joined, ..Found::named(end.at(), spoken) })
}

/// The template for a range of times, and the typed word for the hour that belongs into it: where a word stands behind the
/// range, it stands behind that one, too ("4:00 - 6:00 மணி").
fn range_of_hours<'w>(end: &mut Cursor<'_>, words: &'w Words) -> (String, &'w str) {
    let range = words.signs.range;
    let (Some(before_noun), Some(hour)) = (words.signs.range_before_noun, words.clock.typed.first()) else {
        return (String::new(), range);
    };
    let mut ahead = *end;
    ahead.eat_space();
    if !ahead.rest().starts_with(hour) {
        return (String::new(), range);
    }
    let whole = ahead.eat_word([*hour]);
    let mut behind = ahead;
    behind.eat_space();
    let last = range.rsplit(' ').next().unwrap_or_default();
    if !whole || behind.rest().starts_with(last) {
        return (String::new(), before_noun);
    }
    *end = ahead;
    (format!(" {hour}"), range)
}

/// A time up to another, in the cases that the language has for them.
fn up_to_time(mut from: String, mut to: String, template: &str, words: &Words) -> String {
    replace_end(&mut from, words.clock.cases.from);
    replace_end(&mut to, words.clock.cases.until);
    range(from, &to, template, words)
}

/// A full hour up to a time with its half of the day: `7-9 pm`.
fn up_to(place: &Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut cursor = place.cursor();
    let hour = cursor.number(1, 2).filter(|hour| (1..13).contains(hour))?;
    cursor.eat_if(is_dash)?;
    let second = Time::eat(cursor.rest(), place).filter(|time| time.in_halves)?;
    let spoken = up_to_time(say(hour, words), second.spoken, words.signs.range, words);
    Some(Found { joined: second.joined, ..Found::named(cursor.at() + second.len, spoken) })
}

/// A single time.
struct Time {
    len: usize,
    spoken: String,
    joined: bool,
    /// Whether a.m. or p.m. says which half of the day it is in.
    in_halves: bool,
    /// Whether it is one: with a colon, or with a word that says so.
    surely: bool,
}

impl Time {
    fn eat(text: &str, place: &Place<'_>) -> Option<Self> {
        let (clock, words) = (&place.words.clock, place.words);
        let mut cursor = Cursor::new(text);
        let hour = cursor.number(1, 2).filter(|hour| *hour < 25)?;
        let colon = eat_colon(&mut cursor).or_else(|| eat_hyphen(&mut cursor, place));
        let minute = match colon {
            Some(minute) => Some(minute),
            None => eat_sixtieth(&mut cursor, |c| c == '.'),
        };
        let second = colon.and_then(|_| eat_colon(&mut cursor));
        let mut after = cursor;
        if minute.is_some()
            && after.eat_if(|c| matches!(c, ':' | '.' | ',')).is_some()
            && runs_on(hour, &after, &cursor)
        {
            return None;
        }
        let half_day = (1..=12).contains(&hour).then(|| eat_half_day(&mut cursor)).flatten();
        let mut typed = cursor;
        typed.eat_space();
        let named = || place.behind_word(clock.day_parts);
        if minute.is_none()
            && half_day.is_none()
            && eat_short(&typed, clock).is_none()
            && !(hour == 1 && has_own_one(&typed, clock) && named())
        {
            return None;
        }
        let named = named();
        let is_typed = half_day.is_none() && clock.typed.iter().any(|word| typed.rest().starts_with(word));
        let surely = colon.is_some()
            || half_day.is_some()
            || is_typed
            || named
            || is_at(&cursor, clock)
            || (place.behind_word(&NAMES) && ends_as_time(&cursor))
            || { typed }.eat_word(["IST", "GMT"])
            || follows_time(place, clock)
            || leads_to_time(&cursor, clock);
        let in_minutes = words.units.get(UNITS - 2).is_some_and(|name| typed.rest().starts_with(name.one));
        let moment = Moment { hour, minute: minute.unwrap_or(0), second: second.unwrap_or(0), in_minutes };
        // In English, "10:30 hours" and "09:30 hrs" are times of day.
        let of_day = clock.half.is_none() && (hour > 9 || (text.starts_with('0') && !text.starts_with("0:")));
        if half_day.is_none()
            && colon.is_some()
            && !of_day
            && let Some((len, spoken)) = moment.duration(&typed, words)
        {
            return Some(Self {
                len: typed.at() + len,
                spoken,
                joined: false,
                in_halves: half_day.is_some(),
                surely,
            });
        }
        if let (None, Some(minute), None, false) = (half_day, colon, second, named)
            && let Some((len, spoken)) = minutes_and_seconds(hour, minute, &typed, words)
        {
            return Some(Self { len: typed.at() + len, spoken, joined: false, in_halves: false, surely });
        }
        if is_typed {
            // "00:30 बजे" is half past twelve at night.
            let midnight = hour == 0 && clock.few_minutes.is_none();
            let moment = Moment { hour: if midnight { 12 } else { hour }, ..moment };
            let (len, spoken) = moment.before_typed(&typed, words);
            let spoken = if midnight && !named {
                part_of_day(0, HalfDay::Am, clock).replace("{t}", &spoken)
            } else {
                spoken
            };
            // Of the words for the hour, only "টা" is an ending.
            let joined = len == 0 && typed.at() == cursor.at() && typed.rest().starts_with("টা");
            let len = if len == 0 { cursor.at() } else { typed.at() + len };
            return Some(Self { len, spoken, joined, in_halves: false, surely });
        }
        if half_day.is_none()
            && let Some((end, spoken)) = moment.with_postposition(&cursor, words)
        {
            return Some(Self { len: end.at(), spoken, joined: false, in_halves: false, surely });
        }
        let half_day = half_day.or_else(|| (hour == 0 && clock.few_minutes.is_none()).then_some(HalfDay::Am));
        let time = moment.spoken(half_day.is_some(), words);
        let spoken = match half_day {
            Some(half_day) if !named => part_of_day(hour, half_day, clock).replace("{t}", &time),
            Some(half_day) if clock.few_minutes.is_some() => {
                part_of_day(hour, half_day, clock).replace("{t}", &time)
            }
            _ => time,
        };
        Some(Self { len: cursor.at(), spoken, joined: false, in_halves: half_day.is_some(), surely })
    }
}

/// Whether the digits at `after`, behind a mark at `mark`, make something else of a time: `1:10,000`, but not `9:30,10:30`.
fn runs_on(hour: u32, after: &Cursor<'_>, mark: &Cursor<'_>) -> bool {
    if !mark.rest().starts_with(',') {
        return after.at_digit();
    }
    let mut ahead = *after;
    hour == 1 && ahead.digits(3, 3).is_some() && !ahead.rest().starts_with(':')
}

/// Whether a.m. or p.m. follows.
pub(super) fn is_half_day(cursor: &Cursor<'_>) -> bool {
    eat_half_day(&mut { *cursor }).is_some()
}

/// Whether a word for the hour follows before which one has a word of its own: "1 గంటకు".
fn has_own_one(typed: &Cursor<'_>, clock: &Clock) -> bool {
    clock.cases.one.is_some() && clock.typed.iter().any(|word| typed.rest().starts_with(word))
}

/// Whether an ending follows that only times have behind a point: "9.30ന്".
fn is_at(cursor: &Cursor<'_>, clock: &Clock) -> bool {
    let fives = cursor.read().ends_with(|c| matches!(digit_value(c), Some(0 | 5)));
    let mut ahead = *cursor;
    ahead.eat_if(is_dash);
    fives && ahead.eat_word(clock.at.iter().copied())
}

/// Whether a slash and another time with a colon come right before: `9:30/10:30`.
fn follows_slash(place: &Place<'_>) -> bool {
    let is_time = |word: Option<(&str, &str)>, mark: &str| {
        word.is_some_and(|(word, gap)| gap == mark && digits(word).is_some())
    };
    let mut before = place.words_before();
    is_time(before.next(), "/") && is_time(before.next(), ":")
}

/// Whether the minutes read so far are fives, and nothing follows that they could count: `Time: 9.30`.
fn ends_as_time(cursor: &Cursor<'_>) -> bool {
    let fives = cursor.read().ends_with(|c| matches!(digit_value(c), Some(0 | 5)));
    let mut ahead = *cursor;
    ahead.eat_space();
    let clause = ahead.peek().is_none_or(|c| ",;।॥)\n".contains(c))
        || (ahead.eat(".") && ahead.peek().is_none_or(char::is_whitespace));
    fives && (clause || ahead.eat_word(UP_TO))
}

/// Whether another time with a point and a part of the day is before, and a word such as "to" between: "सुबह 9.30 से 5.30".
fn follows_time(place: &Place<'_>, clock: &Clock) -> bool {
    let is_digits = |word: Option<(&str, &str)>, gap: &str| {
        word.is_some_and(|(word, found)| found == gap && word.starts_with(|c| digit_value(c).is_some()))
    };
    let mut before = place.words_before();
    let to = before.next().is_some_and(|(word, gap)| gap == " " && UP_TO.contains(&word));
    to && before
        .next()
        .is_some_and(|(minutes, _)| digits(minutes).is_some_and(|(minutes, _)| minutes.len() == 2))
        && is_digits(before.next(), ".")
        && before.next().is_some_and(|(word, _)| clock.day_parts.contains(&word) || NAMES.contains(&word))
}

/// Whether another time follows behind a word such as "to", with a word that makes both times.
fn leads_to_time(cursor: &Cursor<'_>, clock: &Clock) -> bool {
    let mut ahead = *cursor;
    ahead.eat_space();
    if !ahead.eat_word(UP_TO) || !ahead.eat_space() || ahead.number(1, 2).is_none_or(|hour| hour > 24) {
        return false;
    }
    let _ = eat_sixtieth(&mut ahead, |c| matches!(c, ':' | '.'));
    if eat_half_day(&mut ahead).is_some() {
        return true;
    }
    ahead.eat_space();
    clock.typed.iter().any(|word| ahead.rest().starts_with(word))
}

/// A colon and what follows, also where a visarga is typed for it, which looks the same: "१०ः३०".
fn eat_colon(cursor: &mut Cursor<'_>) -> Option<u32> {
    eat_sixtieth(cursor, |c| matches!(c, ':' | 'ः' | 'ঃ' | 'ઃ' | 'ః' | 'ಃ' | 'ഃ'))
}

/// Minutes behind a hyphen, where a word for the hour follows and the minutes can be no hour: "9-30 बजे".
fn eat_hyphen(cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<u32> {
    let mut ahead = *cursor;
    let minutes = eat_sixtieth(&mut ahead, |c| c == '-').filter(|minutes| *minutes > 24 || *minutes == 0)?;
    let mut typed = ahead;
    typed.eat_space();
    let clock = &place.words.clock;
    let part_of_day = place.behind_word(clock.day_parts);
    let minutes_typed =
        place.words.units.get(UNITS - 2).is_some_and(|name| typed.rest().starts_with(name.one));
    let told = AT_HOURS.iter().any(|word| typed.rest().starts_with(word))
        || (part_of_day && (minutes_typed || is_at(&ahead, clock)));
    if !told {
        return None;
    }
    *cursor = ahead;
    Some(minutes)
}

fn eat_sixtieth(cursor: &mut Cursor<'_>, is_mark: impl Fn(char) -> bool) -> Option<u32> {
    let mut ahead = *cursor;
    ahead.eat_if(is_mark)?;
    let value = ahead.number(2, 2).filter(|value| *value < 60)?;
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
    ahead.eat_space();
    let half = ahead.eat_word_of(["a.m.", "a.m", "am", "p.m.", "p.m", "pm"])?;
    *cursor = ahead;
    Some(if half < 3 { HalfDay::Am } else { HalfDay::Pm })
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
