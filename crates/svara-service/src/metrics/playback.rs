//! How a listener who plays what comes as it comes would fare. Pure: times are values.

use std::time::Duration;

/// Audio on its way to a listener, and when it would have run out.
///
/// The listener is thought to start at the first audio and to stop wherever there is none left, with no buffer of his
/// own: so this counts more gaps than a player with a buffer hears, never fewer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Playback {
    /// When the audio so far has been played; `None` before the first.
    plays_until: Option<Duration>,
    underruns: u32,
    silence: Duration,
    waited: Duration,
    audio: Duration,
    nobody_listens: bool,
}

impl Playback {
    /// The audio isn't played as it comes, so that it can't run out.
    pub(crate) fn nobody_listens(&mut self) {
        self.nobody_listens = true;
    }

    /// A chunk of `audio` that was asked for at `asked` and there at `ready`, both since the same moment.
    ///
    /// Chunks are asked for when the connection has room. What comes late because it was asked for late is the
    /// client's own doing, and doesn't count.
    pub(crate) fn chunk(&mut self, asked: Duration, ready: Duration, audio: Duration) {
        self.waited += ready.saturating_sub(asked);
        self.audio += audio;
        let start = match self.plays_until {
            Some(until) if ready > until => {
                let silence = ready.saturating_sub(until.max(asked));
                if !silence.is_zero() && !self.nobody_listens {
                    self.underruns += 1;
                    self.silence += silence;
                }
                ready
            }
            Some(until) => until,
            None => ready,
        };
        self.plays_until = Some(start + audio);
    }

    /// Times that the listener had nothing to play.
    pub(crate) fn underruns(&self) -> u32 {
        self.underruns
    }

    /// How long he had nothing to play, after the first audio.
    pub(crate) fn silence(&self) -> Duration {
        self.silence
    }

    /// Audio so far.
    pub(crate) fn audio(&self) -> Duration {
        self.audio
    }

    /// Seconds waited for each second of audio; none before there is any. Below 1 it is made faster than it plays.
    pub(crate) fn real_time_factor(&self) -> Option<f64> {
        (!self.audio.is_zero()).then(|| self.waited.as_secs_f64() / self.audio.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_late_chunk_is_a_gap_as_long_as_it_is_late() {
        let mut playback = Playback::default();
        playback.chunk(ms(0), ms(500), ms(100)); // plays from 500 to 600
        playback.chunk(ms(500), ms(580), ms(100)); // to 700
        assert_eq!((playback.underruns(), playback.silence()), (0, ms(0)));
        playback.chunk(ms(580), ms(730), ms(50)); // 30 late
        assert_eq!((playback.underruns(), playback.silence()), (1, ms(30)));
        assert_eq!(playback.real_time_factor(), Some(0.73 / 0.25));
    }

    #[test]
    fn who_asks_late_makes_his_own_gap() {
        let mut playback = Playback::default();
        playback.chunk(ms(0), ms(10), ms(100));
        playback.chunk(ms(5000), ms(5000), ms(100));
        assert_eq!(playback.underruns(), 0);
        playback.chunk(ms(9000), ms(9007), ms(100));
        assert_eq!((playback.underruns(), playback.silence()), (1, ms(7)));
    }

    proptest! {
        /// Chunks are asked for one after the other: the time between is the client's.
        #[test]
        fn gaps_are_part_of_the_waiting(steps in prop::collection::vec((0u64..300, 0u64..300, 1u64..200), 1..40)) {
            let (mut playback, mut now, mut first) = (Playback::default(), 0, None);
            for (pause, wait, audio) in steps {
                let asked = now + pause;
                now = asked + wait;
                first.get_or_insert(wait);
                playback.chunk(ms(asked), ms(now), ms(audio));
            }
            prop_assert!(playback.silence() + ms(first.unwrap_or(0)) <= playback.waited);
            prop_assert_eq!(playback.underruns() == 0, playback.silence().is_zero());
            let late = ms(now) + ms(200);
            prop_assert!(playback.plays_until.is_some_and(|until| until <= late + playback.audio()));
        }
    }
}
