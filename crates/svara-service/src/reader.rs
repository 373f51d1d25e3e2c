//! How fast a listener takes the audio. Pure: times are values.

use std::time::Duration;

/// The least speed of listeners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeastSpeed {
    /// Seconds of audio in a second of waiting for the listener: 1 is the speed of playback. 0: whatever they take.
    pub speed: f64,
    /// How much waiting is looked at together. A listener may take nothing for most of that.
    pub window: Duration,
}

/// A listener's speed so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    least: LeastSpeed,
    waited: Duration,
    taken: Duration,
}

impl Reader {
    pub(crate) fn new(least: LeastSpeed) -> Self {
        Self { least, waited: Duration::ZERO, taken: Duration::ZERO }
    }

    /// Notes that the listener took `audio` after the server had `waited` for it; returns whether it is too slow.
    pub(crate) fn took(&mut self, audio: Duration, waited: Duration) -> bool {
        self.waited += waited;
        self.taken += audio;
        if self.waited < self.least.window {
            return false;
        }
        let slow = self.taken.as_secs_f64() < self.waited.as_secs_f64() * self.least.speed;
        *self = Self::new(self.least);
        slow
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// How long a listener lasts that takes chunks of 100 ms with this pause before each; none if it isn't cut off.
    fn lasts(pause: Duration) -> Option<Duration> {
        let mut reader = Reader::new(LeastSpeed { speed: 0.5, window: ms(20_000) });
        (1..2000).find(|_| reader.took(ms(100), pause)).map(|chunks| pause * chunks)
    }

    #[test]
    fn slow_listeners_are_found_within_the_window() {
        assert_eq!(lasts(ms(100)), None, "one that plays what comes");
        assert_eq!(lasts(ms(200)), None);
        assert_eq!(lasts(ms(250)), Some(ms(20_000)));
        assert_eq!(lasts(ms(21_000)), Some(ms(21_000)));
        let mut any = Reader::new(LeastSpeed { speed: 0.0, window: ms(1) });
        assert!(!any.took(ms(1), ms(1_000_000)));
    }

    proptest! {
        /// Whoever plays the audio at its own speed, however unevenly within a quarter of the window, goes on.
        #[test]
        fn players_are_not_cut_off(chunks in prop::collection::vec(1u64..5_000, 1..200)) {
            let mut reader = Reader::new(LeastSpeed { speed: 0.5, window: ms(20_000) });
            for chunk in chunks {
                prop_assert!(!reader.took(ms(chunk), ms(chunk)));
            }
        }
    }
}
