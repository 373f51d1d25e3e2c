//! Commands scheduled by cron expressions.

use std::{
    str::FromStr,
    time::{Duration, Instant, SystemTime},
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;

/// The wall clock is read at least this often, so that schedules follow it when it is set.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The wall clock may be slewed; beyond this it was set.
const SET_BY: Duration = Duration::from_secs(2);

/// A command and its schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleSpec {
    /// Its name in events.
    pub name: String,
    /// When it runs.
    pub cron: Cron,
    /// The time zone of `cron`.
    pub timezone: Tz,
    /// The command: program file and arguments.
    pub command: Vec<String>,
    /// It is killed after this time.
    pub timeout: Duration,
    /// Skip it unless all of these programs are ready.
    pub when_ready: Vec<String>,
    /// Start it even if the last one still runs.
    pub overlap: bool,
}

/// Parses `minute hour day-of-month month day-of-week`, optionally preceded by seconds.
///
/// # Errors
/// A message that says what is wrong with the expression.
pub fn parse_cron(expression: &str) -> Result<Cron, String> {
    Cron::from_str(expression).map_err(|_| {
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let names = ["second", "minute", "hour", "day", "month", "weekday"];
        let names = names.get(6_usize.saturating_sub(fields.len())..).unwrap_or_default();
        // Which field is wrong by itself.
        let alone = |at: usize, field: &str| {
            let others = (0..fields.len()).map(|other| if other == at { field } else { "*" });
            Cron::from_str(&others.collect::<Vec<_>>().join(" ")).is_err()
        };
        let wrong = fields.iter().zip(names).enumerate().find(|(at, (field, _))| alone(*at, field));
        let what = match wrong {
            Some((_, (field, name))) if matches!(fields.len(), 5 | 6) => format!("{name} `{field}` is wrong"),
            _ => format!("has {} fields", fields.len()),
        };
        format!("{what}; expected minute (0-59), hour (0-23), day (1-31), month (1-12) and weekday (0-7), or seconds before them")
    })
}

/// Whether a schedule has a time to come; 30 February has none.
pub fn comes(cron: &Cron, timezone: Tz) -> bool {
    let now = DateTime::<Utc>::from(SystemTime::now()).with_timezone(&timezone);
    cron.find_next_occurrence(&now, false).is_ok()
}

/// One reading of both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    /// Goes on steadily.
    pub steady: Instant,
    /// May be set.
    pub wall: SystemTime,
}

impl Clocks {
    /// Reads them.
    pub fn read() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }
}

/// What to do about a schedule now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing yet.
    NotYet,
    /// Run it.
    Now,
    /// The wall clock was set to after its time.
    JumpedOver,
}

/// When a schedule runs next: by the wall clock, whichever way that is set. No time comes twice.
#[derive(Clone, Debug)]
pub struct Plan {
    next: Option<SystemTime>,
    /// When that is, should the wall clock not be set.
    expected: Instant,
    looked: Instant,
}

impl Plan {
    /// The first run after now.
    pub fn new(spec: &ScheduleSpec, now: Clocks) -> Self {
        Self::after(spec, now, now.wall)
    }

    fn after(spec: &ScheduleSpec, now: Clocks, time: SystemTime) -> Self {
        let next = next_after(spec, time);
        let wait = next.and_then(|next| next.duration_since(now.wall).ok());
        // A time too far away for the clock comes after many looks.
        let expected = wait.and_then(|wait| now.steady.checked_add(wait));
        Self { next, expected: expected.unwrap_or(now.steady + LOOK_AGAIN), looked: now.steady }
    }

    /// The time of the next run.
    pub fn next(&self) -> Option<SystemTime> {
        self.next
    }

    /// When to call [`Plan::poll`] next.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        self.next.map(|_| self.expected.min(now + LOOK_AGAIN))
    }

    /// Whether it is due.
    pub fn poll(&mut self, spec: &ScheduleSpec, now: Clocks) -> Due {
        let Some(next) = self.next else { return Due::NotYet };
        let passed = now.steady.saturating_duration_since(self.looked);
        if let Ok(late) = now.wall.duration_since(next) {
            *self = Self::after(spec, now, now.wall);
            // Its time came since the last look, unless the clock went further than that.
            return if late > passed + SET_BY { Due::JumpedOver } else { Due::Now };
        }
        let left = next.duration_since(now.wall).unwrap_or_default();
        let expected = now.steady.checked_add(left).unwrap_or(self.expected);
        let set_back = expected > self.expected + SET_BY;
        *self = if set_back {
            Self::new(spec, now)
        } else {
            Self { expected, looked: now.steady, ..self.clone() }
        };
        Due::NotYet
    }
}

/// The first time after this one; `None` if there is none (such as 30 February).
fn next_after(spec: &ScheduleSpec, time: SystemTime) -> Option<SystemTime> {
    let time = DateTime::<Utc>::from(time).with_timezone(&spec.timezone);
    spec.cron.find_next_occurrence(&time, false).ok().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-01-01T00:00:00Z, a Thursday.
    const NEW_YEAR: u64 = 1_767_225_600;

    fn spec(expression: &str, timezone: &str) -> ScheduleSpec {
        ScheduleSpec {
            name: "job".into(),
            cron: parse_cron(expression).unwrap(),
            timezone: timezone.parse().unwrap(),
            command: vec!["true".into()],
            timeout: Duration::from_secs(1),
            when_ready: vec![],
            overlap: false,
        }
    }

    fn wall(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NEW_YEAR + seconds)
    }

    fn seconds_to_next(expression: &str, timezone: &str, from: u64) -> u64 {
        let next = next_after(&spec(expression, timezone), wall(from)).unwrap();
        next.duration_since(wall(from)).unwrap().as_secs()
    }

    #[test]
    fn the_next_time_is_found_in_its_zone() {
        let table =
            [("* * * * *", 30), ("0 * * * *", 3510), ("0 6 * * *", 6 * 3600 - 90), ("*/10 * * * * *", 10)];
        for (expression, seconds) in table {
            assert_eq!(seconds_to_next(expression, "UTC", 90), seconds, "{expression}");
        }
        assert_eq!(seconds_to_next("0 6 * * *", "Asia/Kolkata", 0), 1800);
        // Summer time begins on 29 March 2026: 06:00 is an hour earlier by UTC.
        let march = 87 * 86_400;
        assert_eq!(seconds_to_next("0 6 * * *", "Europe/Berlin", march - 86_400 + 7200), 3 * 3600);
        assert_eq!(seconds_to_next("0 6 * * *", "Europe/Berlin", march + 7200), 2 * 3600);
    }

    #[test]
    fn a_bad_expression_is_refused() {
        let table = [
            ("", "has 0 fields;"),
            ("61 * * * *", "minute `61` is wrong;"),
            ("* * *", "has 3 fields;"),
            ("every day", "has 2 fields;"),
            ("0 25 * * *", "hour `25` is wrong;"),
            ("70 * * * * *", "second `70` is wrong;"),
            ("* * * 13 *", "month `13` is wrong;"),
            ("* * * * funday", "weekday `funday` is wrong;"),
            ("* * * * * * * *", "has 8 fields;"),
        ];
        for (expression, words) in table {
            let error = parse_cron(expression).unwrap_err();
            assert!(error.starts_with(words), "{expression}: {error}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_is_followed() {
        let spec = spec("* * * * *", "UTC");
        let steady = Instant::now();
        let at = |passed: u64, clock: u64| Clocks {
            steady: steady + Duration::from_secs(passed),
            wall: wall(clock),
        };
        let mut plan = Plan::new(&spec, at(0, 50));
        assert_eq!(plan.next(), Some(wall(60)));
        // Set back by 40 seconds: its old moment isn't its time.
        assert_eq!(plan.poll(&spec, at(10, 20)), Due::NotYet);
        assert_eq!(plan.poll(&spec, at(20, 30)), Due::NotYet);
        assert_eq!(plan.poll(&spec, at(50, 60)), Due::Now);
        assert_eq!(plan.poll(&spec, at(51, 61)), Due::NotYet);
        // Set back by an hour: the next time is the next minute, not one an hour away.
        let before = |passed: u64| Clocks {
            wall: wall(61 + passed) - Duration::from_secs(3600),
            ..at(51 + passed, 0)
        };
        assert_eq!(plan.poll(&spec, before(1)), Due::NotYet);
        assert_eq!(plan.poll(&spec, before(59)), Due::Now);
    }

    #[test]
    fn a_clock_that_is_set_forward_skips_what_it_jumped_over() {
        let spec = spec("0 6 * * *", "UTC");
        let steady = Instant::now();
        let at = |passed: u64, clock: u64| Clocks {
            steady: steady + Duration::from_secs(passed),
            wall: wall(clock),
        };
        let mut plan = Plan::new(&spec, at(0, 0));
        assert_eq!(plan.poll(&spec, at(10, 9 * 3600)), Due::JumpedOver);
        assert_eq!(plan.next(), Some(wall(30 * 3600)));
    }

    #[test]
    fn a_clock_that_is_set_forward_to_before_a_time_misses_nothing() {
        let spec = spec("* * * * *", "UTC");
        let steady = Instant::now();
        let at = |passed: u64, clock: u64| Clocks {
            steady: steady + Duration::from_secs(passed),
            wall: wall(clock),
        };
        let mut plan = Plan::new(&spec, at(0, 0));
        assert_eq!(plan.poll(&spec, at(10, 10)), Due::NotYet);
        // Set from 15 to 55 between the looks.
        assert_eq!(plan.poll(&spec, at(20, 60)), Due::Now);
    }

    proptest! {
        #[test]
        fn every_time_comes_once_however_late_the_looks(looks_ms in proptest::collection::vec(1..9_000_u64, 1..300)) {
            let spec = spec("*/10 * * * * *", "UTC");
            let steady = Instant::now();
            let mut passed = Duration::ZERO;
            let mut plan = Plan::new(&spec, Clocks { steady, wall: wall(5) });
            let mut runs = 0;
            for look in looks_ms {
                passed += Duration::from_millis(look);
                let now = Clocks { steady: steady + passed, wall: wall(5) + passed };
                runs += u64::from(plan.poll(&spec, now) == Due::Now);
            }
            prop_assert_eq!(runs, (passed.as_millis() as u64 + 5000) / 10_000);
        }
    }
}
