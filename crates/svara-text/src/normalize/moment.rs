//! How times of day and lengths of time are said.

use super::{
    cursor::{Cursor, is_dash, is_space},
    endings::joined,
    half::half_past_words,
    words::{before_noun, counted, form, one_minute},
};
use crate::{
    languages::{Clock, Unit, Words},
    number::cardinal,
};

/// The parts of a time.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    /// Whether a word for minutes is typed behind it, which halves can't have.
    pub(super) in_minutes: bool,
}

impl Moment {
    /// The hours in words, with the half if the language has a word for it, and the minutes that are left.
    fn hours(self, words: &Words) -> (String, u32) {
        let (hours, minutes) = self.counted_hours(words);
        match words.clock.cases.one.filter(|_| self.hour == 1 && hours == say(1, words)) {
            Some((one, _)) => (one.to_owned(), minutes),
            None => (hours, minutes),
        }
    }

    /// [`Self::hours`], as other nouns are counted.
    fn counted_hours(self, words: &Words) -> (String, u32) {
        let half = words.clock.half.filter(|_| (1..=12).contains(&self.hour) && !self.in_minutes);
        match half.filter(|_| self.minute == 30 && self.second == 0) {
            Some(half) => (half_past_words(self.hour, &half, words), 0),
            None => (say(self.hour, words), self.minute),
        }
    }

    /// The time in words.
    pub(super) fn spoken(self, has_half_day: bool, words: &Words) -> String {
        let clock = &words.clock;
        let midnight = Self { hour: if has_half_day && self.hour == 0 { 12 } else { self.hour }, ..self };
        let (hours, minute) = midnight.hours(words);
        let template = match (minute, self.second) {
            (_, 1..) => clock.second,
            (1.., _) => clock.minute,
            // English says "seven p m", not "seven o'clock p m".
            _ if has_half_day && clock.hour == "{h} o'clock" => "{h}",
            _ => clock.hour,
        };
        let minutes = match (minute, clock.few_minutes) {
            (1..=9, Some(template)) => template.replace("{m}", &say(minute, words)),
            _ => say(minute, words),
        };
        let template = one_minute(template, minute, words);
        fill_clock(&template, &hours, &minutes, words).replace("{s}", &say(self.second, words))
    }

    /// The time in words with a postposition that is typed behind it, and where that ends.
    pub(super) fn with_postposition<'t>(
        self,
        end: &Cursor<'t>,
        words: &Words,
    ) -> Option<(Cursor<'t>, String)> {
        let mut ahead = *end;
        if !ahead.eat_space() {
            ahead.eat_if(is_dash);
        }
        let cases = words.clock.cases.postpositions.iter();
        let (at, full, minutes) = cases.filter(|_| self.second == 0).find_map(|(typed, full, minutes)| {
            let mut behind = ahead;
            behind.eat_word([*typed]).then_some((behind, full, minutes))
        })?;
        let (hours, minute) = self.hours(words);
        let template = if minute == 0 { full } else { minutes };
        Some((at, fill(template, &hours, &say(minute, words))))
    }

    /// The time in words before a word for the hour that is typed, and how much of that word is said within.
    pub(super) fn before_typed(self, typed: &Cursor<'_>, words: &Words) -> (usize, String) {
        let (hours, minute) = self.hours(words);
        if let (Some((short, full)), 0, 0) = (eat_short(typed, &words.clock), minute, self.second) {
            // The point may also end the sentence.
            let rest = typed.rest().get(short..).unwrap_or_default();
            let point = typed.rest().get(..short).is_some_and(|word| word.ends_with('.'));
            let ends = rest.trim_start_matches(is_space).is_empty() || rest.starts_with('\n');
            return (short - usize::from(point && ends), fill_clock(full, &hours, "", words));
        }
        if (minute > 0 && (minute < 10 || words.clock.many_typed)) && self.second == 0 {
            for (word, template) in words.clock.few_typed {
                let mut ahead = *typed;
                if ahead.eat_word([*word]) {
                    return (
                        ahead.at() - typed.at(),
                        fill_clock(template, &hours, &say(minute, words), words),
                    );
                }
            }
        }
        if let (1..=9, 0, Some(template)) = (minute, self.second, words.clock.few_minutes) {
            return (0, format!("{hours} {}", template.replace("{m}", &say(minute, words))));
        }
        // "1:00 గంటలకు"
        let one = words.clock.cases.one.filter(|(one, _)| minute == 0 && self.second == 0 && *one == hours);
        for (full, said) in one.map_or(&[][..], |(_, rules)| rules) {
            let word = full.strip_prefix(hours.as_str()).unwrap_or_default().trim_start();
            let mut ahead = *typed;
            if ahead.eat_word([word]) {
                return (ahead.at() - typed.at(), (*said).to_owned());
            }
        }
        let parts = [minute, self.second].into_iter().filter(|n| *n > 0);
        let rest: String = parts.map(|n| format!(" {}", say(n, words))).collect();
        (0, hours + &rest)
    }

    /// The length of time in words, if a word for hours is typed, and how much of that word is said within.
    pub(super) fn duration(self, typed: &Cursor<'_>, words: &Words) -> Option<(usize, String)> {
        let mut ahead = *typed;
        let own = ahead.eat_word(words.clock.hours.iter().copied());
        // "17:45 hrs" is a time.
        let english = !own && self.hour < 10 && ahead.eat_word(["hours", "hour", "hrs", "hr"]);
        if !(own || english) {
            return None;
        }
        let (hours, minute) = self.counted_hours(words);
        let len = ahead.at() - typed.at();
        let noun = if own { typed.rest().get(..len)? } else { words.units.last()?.many };
        let spoken = if self.hour == 0 && minute > 0 {
            let minutes = words.clock.duration.find("{m}").and_then(|at| words.clock.duration.get(at..))?;
            minutes.replace("{m}", &say(minute, words))
        } else if self.second > 0 {
            let seconds = counted_unit(self.second, Unit::SECOND, words);
            format!("{} {seconds}", length_of(self.hour, minute, words))
        } else if minute > 0 {
            length(&hours, minute, noun, words)
        } else {
            // "2:30 घंटे": the typed word stays.
            format!("{hours} {noun}")
        };
        Some((len, spoken))
    }
}

/// Hours and minutes in words, with the ending that is typed behind the hours: "१:१५ तासांचा".
fn length(hours: &str, minutes: u32, typed: &str, words: &Words) -> String {
    let mut spoken = fill(words.clock.duration, hours, &say(minutes, words));
    if words.calendar.ordinal_day {
        spoken = spoken.replacen("one hours", "one hour", usize::from(hours == "one"));
        return spoken.replace(" one minutes", " one minute");
    }
    let hour = words.units.last().map_or("", |hour| hour.many);
    match typed.strip_prefix(hour).map(|ending| ending.trim_start_matches("ां")) {
        Some(ending) if !ending.is_empty() => joined(spoken, ending, words),
        _ => spoken,
    }
}

/// Minutes and seconds with a colon between, if the word for one of them is typed behind, and its length:
/// "3:45 मिनट का वीडियो".
pub(super) fn minutes_and_seconds(
    minutes: u32,
    seconds: u32,
    typed: &Cursor<'_>,
    words: &Words,
) -> Option<(usize, String)> {
    let mut ahead = *typed;
    let name = |unit: Unit| [unit.name(words).one, unit.name(words).many];
    if !ahead.eat_word(name(Unit::MINUTE).into_iter().chain(name(Unit::SECOND))) {
        return None;
    }
    // "at 9:45 minutes" is a time of day.
    let mut behind = ahead;
    behind.eat_space();
    if behind.eat_word(["पर", "ਤੇ", "'ਤੇ"]) {
        return None;
    }
    let minutes = (minutes > 0).then(|| counted_unit(minutes, Unit::MINUTE, words));
    let seconds = (seconds > 0).then(|| counted_unit(seconds, Unit::SECOND, words));
    let parts: Vec<String> = [minutes, seconds].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| (ahead.at() - typed.at(), parts.join(" ")))
}

/// A number of hours, minutes or seconds in words.
fn counted_unit(number: u32, unit: Unit, words: &Words) -> String {
    counted(&say(number, words), form(unit.name(words), Some(number.into())))
}

/// A length of time in words.
pub(super) fn length_of(hours: u32, minutes: u32, words: &Words) -> String {
    match (hours, minutes) {
        (_, 0) => counted_unit(hours, Unit::HOUR, words),
        (0, _) => counted_unit(minutes, Unit::MINUTE, words),
        _ => length(&say(hours, words), minutes, "", words),
    }
}

/// A short word for the hour, if it is typed, with the time in full: the वा. of "६.३० वा.".
pub(super) fn eat_short(typed: &Cursor<'_>, clock: &Clock) -> Option<(usize, &'static str)> {
    let (word, full) = clock.short.iter().find(|(word, _)| typed.rest().starts_with(word))?;
    Some((word.len(), full))
}

pub(super) fn say(number: u32, words: &Words) -> String {
    before_noun(cardinal(number.into(), words), words)
}

fn fill(template: &str, hours: &str, minutes: &str) -> String {
    template.replace("{h}", hours).replace("{m}", minutes)
}

/// [`fill`], with the name of one hour as it is behind its number.
fn fill_clock(template: &str, hours: &str, minutes: &str, words: &Words) -> String {
    let spoken = fill(template, hours, minutes);
    let rules = words.clock.cases.one.filter(|(one, _)| *one == hours).map_or(&[][..], |(_, rules)| rules);
    match rules.iter().find(|(typed, _)| spoken.contains(typed)) {
        Some((typed, said)) => spoken.replacen(typed, said, 1),
        None => spoken,
    }
}
