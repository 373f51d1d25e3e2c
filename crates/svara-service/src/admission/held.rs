//! How long speeches hold their places. Pure: times are values.

use std::time::Duration;

/// How long a speech holds its place, by the characters of its text, as those before it did that came to their end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Held {
    seconds: f64,
    characters: f64,
}

/// What is assumed at first: about 13 characters a second, with the weight of a few speeches.
const FIRST: Held = Held { seconds: 37.5, characters: 500.0 };
/// Beside the characters: the engine's first tokens, and the codec's delay.
const BEFORE_AUDIO: Duration = Duration::from_millis(500);
/// How much those before count beside each further one.
const KEPT: f64 = 0.95;
/// No single speech counts for more: an hour is longer than any.
const LONGEST_S: f64 = 3600.0;

impl Default for Held {
    fn default() -> Self {
        FIRST
    }
}

impl Held {
    /// For a text of this length.
    pub(crate) fn expected(&self, characters: usize) -> Duration {
        let seconds = self.seconds / self.characters.max(1.0) * characters as f64;
        BEFORE_AUDIO + Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_S))
    }

    /// A speech of `characters` characters held its place for `held`.
    pub(crate) fn add(&mut self, characters: usize, held: Duration) {
        let seconds = held.saturating_sub(BEFORE_AUDIO).as_secs_f64().min(LONGEST_S);
        self.seconds = self.seconds * KEPT + seconds;
        self.characters = self.characters * KEPT + characters.max(1) as f64;
    }
}

/// What is left of a speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remaining {
    begun: Duration,
    expected: Duration,
}

impl Remaining {
    /// Of a speech that begins now.
    pub(crate) fn new(now: Duration, expected: Duration) -> Self {
        Self { begun: now, expected }
    }

    /// How long it has run.
    pub(crate) fn ran(self, now: Duration) -> Duration {
        now.saturating_sub(self.begun)
    }

    /// How much longer it is expected to run. One that is longer than expected will go on for half of what it has run.
    pub(crate) fn at(self, now: Duration) -> Duration {
        let ran = self.ran(now);
        self.expected.saturating_sub(ran).max(if ran > self.expected { ran / 2 } else { Duration::ZERO })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_learns_how_long_a_text_takes() {
        let mut held = Held::default();
        assert_eq!(held.expected(100), s(8));
        for _ in 0..100 {
            held.add(6, Duration::from_millis(5500));
        }
        assert!((held.expected(6).as_secs_f64() - 5.5).abs() < 0.3, "{:?}", held.expected(6));
        held.add(0, Duration::MAX);
        assert!(held.expected(usize::MAX) <= s(3601));
    }

    #[test]
    fn a_speech_that_takes_longer_than_expected_is_not_over_at_once() {
        let remaining = Remaining::new(s(100), s(8));
        assert_eq!(
            [100, 103, 108, 109, 120].map(|now| remaining.at(s(now)).as_secs_f64()),
            [8., 5., 0., 4.5, 10.]
        );
    }
}
