//! Commands scheduled by cron expressions.

use std::{
    str::FromStr,
    time::{Duration, Instant, SystemTime},
};

use croner::Cron;
use jiff::{Timestamp, Zoned, tz::TimeZone};

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
    pub timezone: TimeZone,
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
        // Which fields are wrong by themselves.
        let alone = |at: usize, field: &str| {
            let others = (0..fields.len()).map(|other| if other == at { field } else { "*" });
            Cron::from_str(&others.collect::<Vec<_>>().join(" ")).is_err()
        };
        let wrong = fields.iter().zip(names).enumerate().filter(|(at, (field, _))| alone(*at, field));
        let wrong: Vec<String> = wrong.map(|(_, (field, name))| format!("{name} `{field}`")).collect();
        let what = match wrong.as_slice() {
            [one] if matches!(fields.len(), 5 | 6) => format!("{one} is wrong"),
            [_, ..] if matches!(fields.len(), 5 | 6) => format!("{} are wrong", wrong.join(", ")),
            _ if fields.len() == 1 => "has 1 field".to_owned(),
            _ => format!("has {} fields", fields.len()),
        };
        format!("{what}; expected minute (0-59), hour (0-23), day (1-31), month (1-12) and weekday (0-7), or seconds before them")
    })
}

/// Finds a time zone by its name: in the system's database, else in the one that this program brings.
///
/// # Errors
/// A message that says what is wrong with the name.
pub fn parse_timezone(name: &str) -> Result<TimeZone, String> {
    match name {
        // Needs no database.
        "UTC" => Ok(TimeZone::UTC),
        _ => TimeZone::get(name)
            .map_err(|_| format!("`{name}`: expected a time zone such as UTC or Asia/Kolkata")),
    }
}

/// Whether a schedule has a time to come; 30 February has none.
pub fn comes(cron: &Cron, timezone: &TimeZone) -> bool {
    next_time(cron, timezone, SystemTime::now()).is_some()
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
        let next = next_time(&spec.cron, &spec.timezone, time);
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
fn next_time(cron: &Cron, timezone: &TimeZone, time: SystemTime) -> Option<SystemTime> {
    let time: Zoned = Timestamp::try_from(time).ok()?.to_zoned(timezone.clone());
    cron.find_next_occurrence(&time, false).ok().map(SystemTime::from)
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
            timezone: parse_timezone(timezone).unwrap(),
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
        let spec = spec(expression, timezone);
        let next = next_time(&spec.cron, &spec.timezone, wall(from)).unwrap();
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

    /// The times of a job from one time (UTC) to another.
    fn times(expression: &str, timezone: &str, from: Timestamp, to: Timestamp) -> Vec<String> {
        let (spec, mut at) = (spec(expression, timezone), SystemTime::from(from));
        let mut times = Vec::new();
        while let Some(next) = next_time(&spec.cron, &spec.timezone, at).filter(|next| *next < to.into()) {
            times.push(Timestamp::try_from(next).unwrap().strftime("%H:%M").to_string());
            at = next;
        }
        times
    }

    #[test]
    fn a_change_of_the_clock_neither_loses_nor_repeats_a_job() {
        // From the given time (UTC), for three hours.
        let table: [(&str, &str, &str, &[&str]); 8] = [
            // 02:00 to 03:00 doesn't exist: what is due then comes when the clock goes on.
            ("30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", &["01:00"]),
            ("0 3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", &["01:00"]),
            (
                "*/30 * * * *",
                "Europe/Berlin",
                "2026-03-29T00:00:00Z",
                &["00:30", "01:00", "01:30", "02:00", "02:30"],
            ),
            // 02:00 to 03:00 comes twice: a time of day counts once, a period goes on.
            ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", &["00:30"]),
            ("0 3 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", &["02:00"]),
            (
                "*/30 * * * *",
                "Europe/Berlin",
                "2026-10-25T00:00:00Z",
                &["00:30", "01:00", "01:30", "02:00", "02:30"],
            ),
            // Half an hour, and midnight.
            ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T14:00:00Z", &["15:30"]),
            ("0 0 * * *", "America/Santiago", "2026-09-06T02:00:00Z", &["04:00"]),
        ];
        for (expression, zone, from, expected) in table {
            let from: Timestamp = from.parse().unwrap();
            let to = from + jiff::SignedDuration::from_hours(3);
            assert_eq!(times(expression, zone, from, to), expected, "{expression} {zone} {from}");
        }
        let at = |time: &str| time.parse::<Timestamp>().unwrap();
        let year = (at("2026-01-01T12:00:00Z"), at("2027-01-01T12:00:00Z"));
        // A day of 23 or 25 hours has one run of a daily job, in any zone.
        for zone in [
            "America/New_York",
            "Australia/Lord_Howe",
            "America/Santiago",
            "Africa/Casablanca",
            "Asia/Kolkata",
        ] {
            for expression in ["30 2 * * *", "15 2 * * *", "0 0 * * *", "0 3 * * *", "59 23 * * *"] {
                let days = times(expression, zone, year.0, year.1);
                assert_eq!(days.len(), 365, "{expression} {zone}");
            }
            let hours = times("0 * * * *", zone, year.0, year.1);
            assert!((8758..=8760).contains(&hours.len()), "{zone}: {}", hours.len());
        }
    }

    #[test]
    fn zones_are_found_by_their_names_alone() {
        for name in ["UTC", "Asia/Kolkata", "Europe/Berlin", "Etc/GMT+5", "US/Pacific"] {
            assert!(parse_timezone(name).is_ok(), "{name}");
        }
        for name in
            ["", "Mars", "../../etc/passwd", "/usr/share/zoneinfo/UTC", "Asia/", "IST-5:30", "tzdata.zi"]
        {
            assert!(parse_timezone(name).unwrap_err().contains("expected a time zone"), "{name}");
        }
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
