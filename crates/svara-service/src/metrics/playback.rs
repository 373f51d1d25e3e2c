//! An estimate of the gaps in playback, and how long chunks took. Pure: times are values.

use std::time::Duration;

use svara_audio::Listener;

/// Audio on its way to a listener that plays each chunk as it arrives.
///
/// The listener has no start buffer, so the underruns are an upper bound for a player that has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Playback {
    listener: Listener,
    waited: Duration,
    nobody_listens: bool,
}

impl Playback {
    /// Marks the audio as not played as it arrives: it has no underruns.
    pub(crate) fn nobody_listens(&mut self) {
        self.nobody_listens = true;
    }

    /// Adds a chunk of `audio` that was requested at `asked` and ready at `ready`, both since the same moment.
    ///
    /// Chunks are requested when the connection has room. A chunk that is late because the client read late doesn't
    /// count.
    pub(crate) fn chunk(&mut self, asked: Duration, ready: Duration, audio: Duration) {
        self.waited += ready.saturating_sub(asked);
        let requested = if self.nobody_listens { ready } else { asked };
        self.listener.receive_requested(requested, ready, audio);
    }

    /// Times that the listener had nothing to play.
    pub(crate) fn underruns(&self) -> u32 {
        self.listener.underruns()
    }

    /// How long the listener had nothing to play, after the first audio.
    pub(crate) fn silence(&self) -> Duration {
        self.listener.silence()
    }

    /// The length of the audio so far.
    pub(crate) fn audio(&self) -> Duration {
        self.listener.received()
    }

    /// Seconds waited for each second of audio: below 1 is faster than playback. None before there is audio.
    pub(crate) fn real_time_factor(&self) -> Option<f64> {
        (!self.audio().is_zero()).then(|| self.waited.as_secs_f64() / self.audio().as_secs_f64())
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
    fn a_late_chunk_is_a_gap() {
        let mut playback = Playback::default();
        playback.chunk(ms(0), ms(500), ms(100)); // plays from 500 to 600
        playback.chunk(ms(500), ms(580), ms(100)); // to 700
        assert_eq!((playback.underruns(), playback.silence()), (0, ms(0)));
        playback.chunk(ms(580), ms(730), ms(50)); // 30 late
        assert_eq!((playback.underruns(), playback.silence()), (1, ms(30)));
        assert_eq!(playback.real_time_factor(), Some(0.73 / 0.25));
    }

    #[test]
    fn a_client_that_reads_late_causes_no_underrun() {
        let mut playback = Playback::default();
        playback.chunk(ms(0), ms(10), ms(100));
        playback.chunk(ms(5000), ms(5000), ms(100));
        assert_eq!(playback.underruns(), 0);
        playback.chunk(ms(9000), ms(9007), ms(100));
        assert_eq!((playback.underruns(), playback.silence()), (1, ms(7)));
    }

    proptest! {
        /// Chunks are requested one after the other; the time in between belongs to the client.
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
            prop_assert!(playback.listener.runs_out_at().is_some_and(|until| until <= late + playback.audio()));
        }
    }
}
