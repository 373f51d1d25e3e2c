//! How much audio a listener has buffered. Pure: times are durations since the start of the speech.

use std::time::Duration;

use svara_audio::Listener;

/// The buffer of a listener who plays audio as it arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Playout {
    listener: Listener,
    /// Total time in which the buffer was full.
    full: Duration,
}

impl Playout {
    /// Adds `audio`, delivered at `now`.
    pub(crate) fn given(&mut self, now: Duration, audio: Duration) {
        self.listener.receive(now, audio);
    }

    /// Records that the buffer was full for `time`: it then holds at least as much as before.
    pub(crate) fn was_full(&mut self, time: Duration) {
        self.full += time;
        self.listener.was_full(time);
    }

    /// The buffered audio. `None` before the first.
    pub(crate) fn in_hand(&self, now: Duration) -> Option<Duration> {
        self.listener.buffered(now)
    }

    /// When the buffer runs out, or ran out. `None` before the first audio.
    pub(crate) fn runs_out_at(&self) -> Option<Duration> {
        self.listener.runs_out_at()
    }

    /// The total time in which the buffer was full.
    pub(crate) fn full(&self) -> Duration {
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_plays_as_it_arrives_and_gaps_stay_lost() {
        let ms = Duration::from_millis;
        let mut playout = Playout::default();
        assert_eq!((playout.in_hand(ms(5)), playout.runs_out_at()), (None, None));
        playout.given(ms(100), ms(60));
        playout.given(ms(110), ms(40));
        assert_eq!((playout.in_hand(ms(150)), playout.runs_out_at()), (Some(ms(50)), Some(ms(200))));
        assert_eq!(playout.in_hand(ms(250)), Some(ms(0)));
        playout.given(ms(300), ms(10));
        assert_eq!(playout.runs_out_at(), Some(ms(310)));
    }

    #[test]
    fn a_full_buffer_does_not_run_out() {
        let ms = Duration::from_millis;
        let mut playout = Playout::default();
        playout.given(ms(0), ms(100));
        playout.was_full(ms(5000));
        assert_eq!((playout.in_hand(ms(5010)), playout.full()), (Some(ms(90)), ms(5000)));
    }
}
