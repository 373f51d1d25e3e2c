//! Commands scheduled by cron expressions in UTC.

use std::{
    str::FromStr,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Utc};
use croner::Cron;

/// A command and its schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleSpec {
    /// Its name in events.
    pub name: String,
    /// When it runs, in UTC.
    pub cron: Cron,
    /// The command: program file and arguments.
    pub command: Vec<String>,
    /// It is killed after this time.
    pub timeout: Duration,
    /// Skip it unless all of these programs are ready.
    pub when_ready: Vec<String>,
}

/// Parses `minute hour day-of-month month day-of-week`, optionally preceded by seconds.
///
/// # Errors
/// A message that says what is wrong with the expression.
pub fn parse_cron(expression: &str) -> Result<Cron, String> {
    Cron::from_str(expression).map_err(|error| error.to_string())
}

/// The time from `now` until the next run; `None` if there is none (such as 30 February).
pub fn until_next(cron: &Cron, now: SystemTime) -> Option<Duration> {
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let now = DateTime::<Utc>::from_timestamp(
        i64::try_from(since_epoch.as_secs()).ok()?,
        since_epoch.subsec_nanos(),
    )?;
    let next = cron.find_next_occurrence(&now, false).ok()?;
    (next - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T00:00:00Z, a Thursday.
    const NEW_YEAR: Duration = Duration::from_secs(1_767_225_600);

    #[test]
    fn the_next_time_is_found() {
        let now = SystemTime::UNIX_EPOCH + NEW_YEAR + Duration::from_secs(90);
        let table =
            [("* * * * *", 30), ("0 * * * *", 3510), ("0 6 * * *", 6 * 3600 - 90), ("*/10 * * * * *", 10)];
        for (expression, seconds) in table {
            let cron = parse_cron(expression).unwrap();
            assert_eq!(until_next(&cron, now), Some(Duration::from_secs(seconds)), "{expression}");
        }
    }

    #[test]
    fn a_bad_expression_is_refused() {
        for expression in ["", "61 * * * *", "* * *", "every day"] {
            assert!(parse_cron(expression).is_err(), "{expression}");
        }
    }
}
