//! The characters of a calendar month. Pure: time is a value.

use std::time::Duration;

use crate::clock::DAY_SECONDS;

/// Characters spoken in a month, which begins at midnight UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Month {
    /// Months since the year 0.
    month: u64,
    characters: u64,
}

impl Month {
    /// Adds characters; `now` is the time since 1970, UTC.
    pub(crate) fn add(&mut self, characters: u64, now: Duration) {
        self.characters = self.used(now).saturating_add(characters);
        self.month = month_of(now);
    }

    /// Takes characters back that were added at `added`, if it is still that month.
    pub(crate) fn take_back(&mut self, characters: u64, added: Duration) {
        if self.month == month_of(added) {
            self.characters = self.characters.saturating_sub(characters);
        }
    }

    /// The characters of this month.
    pub(crate) fn used(&self, now: Duration) -> u64 {
        if self.month == month_of(now) { self.characters } else { 0 }
    }
}

/// Months from the year 0 to a time since 1970, in the Gregorian calendar.
fn month_of(unix: Duration) -> u64 {
    // Years that begin with March have their leap day at the end; 1970 began 719,468 days after March of the year 0.
    let days = unix.as_secs() / DAY_SECONDS + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    (era * 400 + year_of_era) * 12 + months_since_march + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(days: u64) -> Duration {
        Duration::from_secs(days * DAY_SECONDS)
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        for (days, year, month) in [
            (0, 1970, 1),
            (30, 1970, 1),
            (31, 1970, 2),
            (59, 1970, 3),
            (364, 1970, 12),
            (365, 1971, 1),
            // 29 February and 1 March 2024.
            (19_782, 2024, 2),
            (19_783, 2024, 3),
            (20_787, 2026, 11),
            (20_788, 2026, 12),
        ] {
            assert_eq!(month_of(day(days)), year * 12 + month - 1, "day {days}");
        }
    }

    #[test]
    fn a_month_begins_with_nothing() {
        let mut month = Month::default();
        month.add(5, day(10));
        month.add(7, day(30));
        assert_eq!((month.used(day(30)), month.used(day(31))), (12, 0));
        month.take_back(2, day(30));
        assert_eq!(month.used(day(30)), 10);
        // Those of another month are gone already.
        month.take_back(10, day(31));
        month.add(1, day(31));
        month.take_back(3, day(31));
        assert_eq!(month.used(day(31)), 0);
    }
}
