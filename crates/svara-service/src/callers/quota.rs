//! The quota of one API key. Pure: time is a value.

use std::time::Duration;

use super::month::Month;
use crate::clock::DAY_SECONDS;

/// The limits of a key; `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quota {
    /// Requests per minute; as many may come in one burst.
    pub(crate) requests_per_minute: Option<u32>,
    /// Concurrent streams.
    pub(crate) concurrent_streams: Option<u32>,
    /// Characters spoken per day, which begins at midnight UTC.
    pub(crate) characters_per_day: Option<u64>,
    /// Seconds of sound per day: spoken, and of recordings.
    pub(crate) audio_seconds_per_day: Option<u64>,
}

/// What a key is charged. It isn't known before how long a speech becomes: its sound is charged as it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) characters: u64,
    /// Sound.
    pub(crate) audio: Duration,
}

/// About how many characters are said in a second: what a second of a recording costs, and how long a text becomes that is
/// spoken later or was spoken before.
const CHARACTERS_PER_SECOND: u32 = 15;

impl Cost {
    /// A text that is spoken now.
    pub(crate) fn of_live(characters: u64) -> Self {
        Self { characters, audio: Duration::ZERO }
    }

    /// A text that is spoken later or was spoken before.
    pub(crate) fn of_text(characters: u64) -> Self {
        Self { characters, audio: Duration::from_secs(characters) / CHARACTERS_PER_SECOND }
    }

    /// A recording to be turned into a voice.
    pub(crate) fn of_recording(audio: Duration) -> Self {
        let characters = (audio * CHARACTERS_PER_SECOND).as_secs_f64().ceil();
        Self { characters: characters as u64, audio }
    }
}

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Time since an arbitrary start, on a monotonic clock.
    pub(crate) steady: Duration,
    /// Time since 1970, UTC.
    pub(crate) unix: Duration,
}

/// What a key has used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// When the bucket is full again.
    refilled: Duration,
    streams: u32,
    day: u64,
    spent: Cost,
    month: Month,
}

/// What is left of a key's limits now; `None`: there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remaining {
    /// Requests that would be admitted at once.
    pub requests: Option<u32>,
    /// Streams that aren't open.
    pub streams: Option<u32>,
    /// Characters of this day.
    pub characters: Option<u64>,
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverQuota {
    /// Too many requests.
    #[error("this key is limited to {per_minute} requests per minute")]
    Requests {
        /// The limit.
        per_minute: u32,
        /// When one more request is allowed.
        retry_after: Duration,
    },
    /// Too many streams.
    #[error("this key is limited to {at_once} concurrent streams")]
    Streams {
        /// The limit.
        at_once: u32,
    },
    /// Too many characters.
    #[error("this key is limited to {per_day} characters per day (UTC)")]
    Characters {
        /// The limit.
        per_day: u64,
        /// When the next day begins; none if the text alone exceeds a day's characters.
        retry_after: Option<Duration>,
    },
    /// Too much sound.
    #[error("this key is limited to {per_day} seconds of sound per day (UTC)")]
    Audio {
        /// The limit.
        per_day: u64,
        /// When the next day begins; none if this alone exceeds a day's sound.
        retry_after: Option<Duration>,
    },
}

const MINUTE: Duration = Duration::from_secs(60);

impl Usage {
    /// Takes a request.
    ///
    /// # Errors
    /// The requests of this minute are used up; nothing is taken.
    pub(crate) fn request(&mut self, quota: &Quota, now: Moment) -> Result<(), OverQuota> {
        let Some(per_minute) = quota.requests_per_minute else { return Ok(()) };
        // Each request postpones the moment at which the bucket is full again by its share of the minute.
        let share = MINUTE / per_minute.max(1);
        let refilled = self.refilled.max(now.steady) + share;
        let all = share * per_minute;
        match (refilled - now.steady).checked_sub(all) {
            None | Some(Duration::ZERO) => {
                self.refilled = refilled;
                Ok(())
            }
            Some(retry_after) => Err(OverQuota::Requests { per_minute, retry_after }),
        }
    }

    /// Takes a stream and the characters to speak. [`Self::end`] returns the stream.
    ///
    /// # Errors
    /// There are none left; nothing is taken.
    pub(crate) fn start(&mut self, quota: &Quota, characters: u64, now: Moment) -> Result<(), OverQuota> {
        if let Some(at_once) = quota.concurrent_streams.filter(|at_once| self.streams >= *at_once) {
            return Err(OverQuota::Streams { at_once });
        }
        self.charge(quota, Cost::of_live(characters), now)?;
        self.streams += 1;
        Ok(())
    }

    /// Takes characters and sound of the day, without a stream.
    ///
    /// # Errors
    /// There are none left; nothing is taken.
    pub(crate) fn charge(&mut self, quota: &Quota, cost: Cost, now: Moment) -> Result<(), OverQuota> {
        let spent = self.today(now);
        let total = Cost {
            characters: spent.characters.saturating_add(cost.characters),
            audio: spent.audio.saturating_add(cost.audio),
        };
        let tomorrow = Duration::from_secs((now.unix.as_secs() / DAY_SECONDS + 1) * DAY_SECONDS) - now.unix;
        if let Some(per_day) = quota.characters_per_day.filter(|per_day| total.characters > *per_day) {
            let retry_after = (cost.characters <= per_day).then_some(tomorrow);
            return Err(OverQuota::Characters { per_day, retry_after });
        }
        let over = |per_day: &u64| {
            let per_day = Duration::from_secs(*per_day);
            total.audio > per_day || spent.audio >= per_day
        };
        if let Some(per_day) = quota.audio_seconds_per_day.filter(over) {
            let retry_after = (cost.audio <= Duration::from_secs(per_day)).then_some(tomorrow);
            return Err(OverQuota::Audio { per_day, retry_after });
        }
        self.day = now.unix.as_secs() / DAY_SECONDS;
        self.spent = total;
        self.month.add(cost.characters, now.unix);
        Ok(())
    }

    /// Adds sound that was made.
    pub(crate) fn heard(&mut self, audio: Duration, now: Moment) {
        let spent = self.today(now);
        self.day = now.unix.as_secs() / DAY_SECONDS;
        self.spent = Cost { audio: spent.audio.saturating_add(audio), ..spent };
    }

    /// Returns a stream.
    pub(crate) fn end(&mut self) {
        self.streams = self.streams.saturating_sub(1);
    }

    /// Refunds what wasn't used of what was charged at `charged`, if that is the day that is counted now, or its month.
    pub(crate) fn refund(&mut self, unspent: Cost, charged: Moment) {
        self.month.take_back(unspent.characters, charged.unix);
        if charged.unix.as_secs() / DAY_SECONDS == self.day {
            self.spent.characters = self.spent.characters.saturating_sub(unspent.characters);
            self.spent.audio = self.spent.audio.saturating_sub(unspent.audio);
        }
    }

    fn today(&self, now: Moment) -> Cost {
        if now.unix.as_secs() / DAY_SECONDS == self.day { self.spent } else { Cost::default() }
    }

    /// The characters of this month.
    pub(crate) fn of_month(&self, now: Moment) -> u64 {
        self.month.used(now.unix)
    }

    /// What is left.
    pub(crate) fn remaining(&self, quota: &Quota, now: Moment) -> Remaining {
        let requests = quota.requests_per_minute.map(|per_minute| {
            let share = MINUTE / per_minute.max(1);
            let free = (share * per_minute).saturating_sub(self.refilled.saturating_sub(now.steady));
            let whole = free.as_nanos() / share.as_nanos().max(1);
            u32::try_from(whole).unwrap_or(per_minute)
        });
        let streams = quota.concurrent_streams.map(|at_once| at_once.saturating_sub(self.streams));
        let spoken = self.today(now).characters;
        let characters = quota.characters_per_day.map(|per_day| per_day.saturating_sub(spoken));
        Remaining { requests, streams, characters }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Moment {
        Moment { steady: Duration::from_millis(ms), unix: Duration::from_millis(ms) }
    }

    fn per_minute(count: u32) -> Quota {
        Quota { requests_per_minute: Some(count), ..Quota::default() }
    }

    #[test]
    fn requests_come_in_a_burst_and_refill_one_by_one() {
        let (mut usage, quota) = (Usage::default(), per_minute(2));
        assert_eq!(usage.request(&quota, at(0)), Ok(()));
        assert_eq!(usage.request(&quota, at(0)), Ok(()));
        let retry_after = Duration::from_secs(30);
        assert_eq!(usage.request(&quota, at(0)), Err(OverQuota::Requests { per_minute: 2, retry_after }));
        assert!(usage.request(&quota, at(29_999)).is_err());
        assert_eq!(usage.request(&quota, at(30_000)), Ok(()));
        assert!(usage.request(&quota, at(30_000)).is_err());
    }

    #[test]
    fn a_days_characters_come_back_at_midnight() {
        let quota = Quota { characters_per_day: Some(100), ..Quota::default() };
        let mut usage = Usage::default();
        let evening = at(86_400_000 - 5_000);
        usage.start(&quota, 70, evening).unwrap();
        let retry_after = Some(Duration::from_secs(5));
        assert_eq!(
            usage.start(&quota, 31, evening),
            Err(OverQuota::Characters { per_day: 100, retry_after })
        );
        assert_eq!(
            usage.start(&quota, 101, evening),
            Err(OverQuota::Characters { per_day: 100, retry_after: None })
        );
        usage.start(&quota, 30, evening).unwrap();
        usage.start(&quota, 100, at(86_400_000)).unwrap();
    }

    #[test]
    fn unspoken_characters_are_refunded_the_same_day() {
        let quota = Quota { characters_per_day: Some(100), ..Quota::default() };
        let mut usage = Usage::default();
        usage.start(&quota, 100, at(0)).unwrap();
        usage.end();
        usage.refund(Cost::of_live(100), at(1));
        usage.start(&quota, 100, at(2)).unwrap();
        // The next day has its own characters.
        usage.end();
        usage.refund(Cost::of_live(100), at(86_400_000));
        usage.start(&quota, 60, at(86_400_000)).unwrap();
        assert!(usage.start(&quota, 60, at(86_400_000)).is_err());
    }

    /// A speech that began before midnight and fails after it gives nothing back of the new day and month.
    #[test]
    fn a_refund_goes_to_the_day_of_its_charge() {
        let quota = Quota { characters_per_day: Some(10_000), ..Quota::default() };
        let (mut usage, evening, morning) =
            (Usage::default(), at(31 * 86_400_000 - 2000), at(31 * 86_400_000 + 1000));
        usage.start(&quota, 5000, evening).unwrap();
        usage.start(&quota, 100, morning).unwrap();
        usage.refund(Cost::of_live(5000), evening);
        assert_eq!(usage.remaining(&quota, morning).characters, Some(9900));
        assert_eq!(usage.of_month(morning), 100);
        usage.refund(Cost::of_live(100), morning);
        assert_eq!((usage.remaining(&quota, morning).characters, usage.of_month(morning)), (Some(10_000), 0));
    }

    #[test]
    fn a_days_sound_ends_with_the_speech_that_uses_it_up() {
        let quota = Quota { audio_seconds_per_day: Some(10), ..Quota::default() };
        let mut usage = Usage::default();
        usage.start(&quota, 1_000_000, at(0)).unwrap();
        usage.heard(Duration::from_secs(9), at(1));
        assert!(usage.charge(&quota, Cost::of_recording(Duration::from_secs(2)), at(2)).is_err());
        usage.start(&quota, 1, at(2)).unwrap();
        usage.heard(Duration::from_secs(2), at(3));
        let refused = usage.start(&quota, 1, at(4)).unwrap_err();
        assert!(matches!(refused, OverQuota::Audio { per_day: 10, retry_after: Some(_) }), "{refused:?}");
        usage.start(&quota, 1, at(86_400_000)).unwrap();
        assert_eq!(Cost::of_recording(Duration::from_millis(1500)).characters, 23);
    }

    #[test]
    fn what_is_left_is_told() {
        let quota = Quota {
            requests_per_minute: Some(3),
            concurrent_streams: Some(2),
            characters_per_day: Some(100),
            ..Quota::default()
        };
        let mut usage = Usage::default();
        let left = |usage: &Usage, ms| {
            let Remaining { requests, streams, characters } = usage.remaining(&quota, at(ms));
            (requests.unwrap(), streams.unwrap(), characters.unwrap())
        };
        assert_eq!(left(&usage, 0), (3, 2, 100));
        usage.request(&quota, at(0)).unwrap();
        usage.start(&quota, 40, at(0)).unwrap();
        assert_eq!(left(&usage, 0), (2, 1, 60));
        usage.end();
        usage.refund(Cost { characters: 40, ..Cost::default() }, at(20_000));
        assert_eq!(left(&usage, 20_000), (3, 2, 100));
        assert_eq!(usage.of_month(at(20_000)), 0);
        usage.charge(&quota, Cost { characters: 70, ..Cost::default() }, at(30_000)).unwrap();
        assert_eq!((left(&usage, 30_000).2, left(&usage, 86_400_000).2), (30, 100));
        assert_eq!((usage.of_month(at(86_400_000)), usage.of_month(at(32 * 86_400_000))), (70, 0));
        assert_eq!(usage.remaining(&Quota::default(), at(0)), Remaining::default());
    }

    proptest! {
        /// Never more than the bucket plus its refill; and a request that waits for `retry_after` is admitted.
        #[test]
        fn requests_keep_to_the_rate(count in 1u32..100, pauses in prop::collection::vec(0u64..5_000, 1..300)) {
            let (mut usage, quota, mut now, mut taken) = (Usage::default(), per_minute(count), 0, 0u32);
            for pause in pauses {
                now += pause;
                match usage.request(&quota, at(now)) {
                    Ok(()) => taken += 1,
                    Err(OverQuota::Requests { retry_after, .. }) => {
                        let mut later = usage.clone();
                        let steady = Duration::from_millis(now) + retry_after;
                        let soon = Moment { steady: steady - Duration::from_nanos(1), unix: steady };
                        prop_assert!(later.request(&quota, soon).is_err());
                        prop_assert_eq!(later.request(&quota, Moment { steady, unix: steady }), Ok(()));
                    }
                    Err(other) => prop_assert!(false, "{other}"),
                }
                let share = MINUTE / count;
                let most = u128::from(count) + Duration::from_millis(now).as_nanos() / share.as_nanos();
                prop_assert!(u128::from(taken) <= most, "{taken} in {now} ms");
            }
        }

        /// Open streams are those taken minus those returned, and never exceed the limit.
        #[test]
        fn streams_are_counted(at_once in 1u32..5, starts in prop::collection::vec(any::<bool>(), 1..200)) {
            let quota = Quota { concurrent_streams: Some(at_once), ..Quota::default() };
            let (mut usage, mut open) = (Usage::default(), 0);
            for start in starts {
                if start {
                    let started = usage.start(&quota, 1, at(0));
                    prop_assert_eq!(started.is_ok(), open < at_once);
                    open += u32::from(started.is_ok());
                } else if open > 0 {
                    usage.end();
                    open -= 1;
                }
                prop_assert_eq!(usage.streams, open);
            }
        }
    }
}
