//! How much audio the listener has. Pure: times are values, since the start of the speech.

use std::time::Duration;

use svara_audio::Listener;

/// A listener that plays what comes as it comes, and the time in which it had no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Playout {
    listener: Listener,
    /// Time in which it had no room for more.
    full: Duration,
}

impl Playout {
    /// It got `audio`.
    pub(crate) fn given(&mut self, now: Duration, audio: Duration) {
        self.listener.receive(now, audio);
    }

    /// It had no room for more during `time`.
    pub(crate) fn was_full(&mut self, time: Duration) {
        self.full += time;
        self.listener.was_full(time);
    }

    /// Audio that it has; none before the first.
    pub(crate) fn in_hand(&self, now: Duration) -> Option<Duration> {
        self.listener.buffered(now)
    }

    /// When it will run out, or ran out.
    pub(crate) fn runs_out_at(&self) -> Option<Duration> {
        self.listener.runs_out_at()
    }

    /// Time in which it had no room for more, in all.
    pub(crate) fn full(&self) -> Duration {
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_played_while_more_comes_and_a_gap_is_not_made_up() {
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
    fn who_has_no_room_does_not_run_out() {
        let ms = Duration::from_millis;
        let mut playout = Playout::default();
        playout.given(ms(0), ms(100));
        playout.was_full(ms(5000));
        assert_eq!((playout.in_hand(ms(5010)), playout.full()), (Some(ms(90)), ms(5000)));
    }
}
