//! How a listener fares that plays audio as it arrives. Pure: times are values on a clock of the caller's, which starts
//! at zero.
//!
//! A crate of its own, so that a tool that only measures needs no codec. `svara-audio` passes it on.

use std::time::Duration;

/// A player: it starts once its start buffer is full, plays in real time, stops where it has nothing left to play (an
/// underrun), and goes on as soon as more arrives.
///
/// The default has no start buffer: it starts at the first audio. Then [`Listener::silence`] is also what it would have
/// had to wait after the first audio to play it all without an underrun, and a player with a start buffer never has more.
///
/// ```
/// use std::time::Duration;
/// use svara_listener::Listener;
///
/// let ms = Duration::from_millis;
/// let mut listener = Listener::default();
/// listener.receive(ms(500), ms(100)); // plays until 600
/// assert_eq!(listener.buffered(ms(580)), Some(ms(20)));
/// listener.receive(ms(630), ms(50)); // 30 ms late
/// assert_eq!((listener.underruns(), listener.silence()), (1, ms(30)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listener {
    start_buffer: Duration,
    received: Duration,
    last_arrival: Duration,
    started_at: Option<Duration>,
    /// When all that has arrived will have been played; none before the start.
    runs_out_at: Option<Duration>,
    underruns: u32,
    silence: Duration,
    longest_silence: Duration,
}

impl Listener {
    /// One that gathers this much audio before it starts.
    pub fn with_start_buffer(start_buffer: Duration) -> Self {
        Self { start_buffer, ..Self::default() }
    }

    /// `audio` arrives at `at`, which isn't before the last arrival.
    pub fn receive(&mut self, at: Duration, audio: Duration) {
        self.receive_requested(Duration::ZERO, at, audio);
    }

    /// [`Self::receive`], for audio that the listener had to request: silence before `requested` is its own doing, and
    /// isn't counted.
    pub fn receive_requested(&mut self, requested: Duration, at: Duration, audio: Duration) {
        if audio.is_zero() {
            return;
        }
        self.received += audio;
        self.last_arrival = at;
        let Some(runs_out_at) = self.runs_out_at else {
            if self.received >= self.start_buffer {
                self.start();
            }
            return;
        };
        let silence = at.saturating_sub(runs_out_at.max(requested));
        if !silence.is_zero() {
            self.underruns += 1;
            self.silence += silence;
            self.longest_silence = self.longest_silence.max(silence);
        }
        self.runs_out_at = Some(runs_out_at.max(at) + audio);
    }

    /// There will be no more audio: a listener that still gathers its start buffer starts with what it has.
    pub fn end(&mut self) {
        if self.runs_out_at.is_none() && !self.received.is_zero() {
            self.start();
        }
    }

    /// It had no room for more during the last `time`: what it has buffered is at least what it was before.
    pub fn was_full(&mut self, time: Duration) {
        self.runs_out_at = self.runs_out_at.map(|at| at + time);
    }

    fn start(&mut self) {
        self.started_at = Some(self.last_arrival);
        self.runs_out_at = Some(self.last_arrival + self.received);
    }

    /// Audio that it has and hasn't played yet; none before the start.
    pub fn buffered(&self, now: Duration) -> Option<Duration> {
        self.runs_out_at.map(|at| at.saturating_sub(now))
    }

    /// When it runs out of audio, or ran out; none before the start.
    pub fn runs_out_at(&self) -> Option<Duration> {
        self.runs_out_at
    }

    /// When it started to play; none before that.
    pub fn started_at(&self) -> Option<Duration> {
        self.started_at
    }

    /// Audio that has arrived, in all.
    pub fn received(&self) -> Duration {
        self.received
    }

    /// Times that it had nothing to play, after its start and before the last arrival.
    pub fn underruns(&self) -> u32 {
        self.underruns
    }

    /// How long it had nothing to play, in all.
    pub fn silence(&self) -> Duration {
        self.silence
    }

    /// The longest underrun.
    pub fn longest_silence(&self) -> Duration {
        self.longest_silence
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn play(start_buffer_ms: u64, events: &[(u64, u64)]) -> Listener {
        let mut listener = Listener::with_start_buffer(ms(start_buffer_ms));
        for (at, audio) in events {
            listener.receive(ms(*at), ms(*audio));
        }
        listener.end();
        listener
    }

    #[test]
    fn late_audio_is_a_gap_as_long_as_it_is_late() {
        let heard = play(0, &[(500, 100), (580, 100), (730, 50), (800, 20)]);
        assert_eq!(heard.started_at(), Some(ms(500)));
        assert_eq!((heard.underruns(), heard.silence(), heard.longest_silence()), (2, ms(50), ms(30)));
    }

    #[test]
    fn a_start_buffer_hides_what_fits_into_it() {
        // It starts at 580 with 200 ms, which last until 780.
        let heard = play(150, &[(500, 100), (580, 100), (730, 50), (840, 20)]);
        assert_eq!((heard.started_at(), heard.underruns(), heard.silence()), (Some(ms(580)), 1, ms(10)));
        // Less audio than the buffer is played all the same.
        let heard = play(1000, &[(10, 100), (300, 100)]);
        assert_eq!((heard.started_at(), heard.underruns()), (Some(ms(300)), 0));
        assert_eq!(play(0, &[]), Listener::default());
    }

    #[test]
    fn silence_before_a_request_is_the_listeners_own() {
        let mut listener = Listener::default();
        listener.receive_requested(ms(0), ms(10), ms(100));
        listener.receive_requested(ms(5000), ms(5000), ms(100));
        assert_eq!((listener.underruns(), listener.runs_out_at()), (0, Some(ms(5100))));
        listener.receive_requested(ms(9000), ms(9007), ms(100));
        assert_eq!((listener.underruns(), listener.silence()), (1, ms(7)));
    }

    #[test]
    fn a_full_listener_does_not_run_out() {
        let mut listener = Listener::default();
        listener.was_full(ms(5));
        assert_eq!(listener.buffered(ms(5)), None);
        listener.receive(ms(10), ms(100));
        listener.was_full(ms(5000));
        assert_eq!(listener.buffered(ms(5010)), Some(ms(100)));
    }

    proptest! {
        /// By another way: playback must have been put off until the last chunk was in time.
        #[test]
        fn silence_is_what_the_latest_chunk_was_late(
            start_buffer_ms in 0u64..500,
            steps in prop::collection::vec((0u64..200, 0u64..200), 1..50),
        ) {
            let (mut at, mut audio_before, mut events, mut latest) = (0, 0, Vec::new(), 0i64);
            for (pause, audio) in steps {
                at += pause;
                events.push((at, audio));
                if audio > 0 {
                    // Started at this moment, this chunk would be just in time.
                    latest = latest.max(at as i64 - audio_before as i64);
                    audio_before += audio;
                }
            }
            let heard = play(start_buffer_ms, &events);
            prop_assert_eq!(heard.started_at().is_some(), audio_before > 0);
            if let Some(started_at) = heard.started_at() {
                let late = latest - started_at.as_millis() as i64;
                prop_assert_eq!(heard.silence().as_millis() as i64, late.max(0));
                prop_assert_eq!(heard.runs_out_at(), Some(started_at + heard.received() + heard.silence()));
            }
            prop_assert_eq!(heard.underruns() == 0, heard.silence().is_zero());
            prop_assert!(heard.longest_silence() <= heard.silence());
            prop_assert!(heard.silence() <= heard.longest_silence() * heard.underruns());
        }

        #[test]
        fn a_larger_start_buffer_never_makes_more_silence(
            small in 0u64..500,
            more in 0u64..500,
            steps in prop::collection::vec((0u64..200, 0u64..200), 1..50),
        ) {
            let mut at = 0;
            let events: Vec<(u64, u64)> = steps.into_iter().map(|(pause, audio)| {
                at += pause;
                (at, audio)
            }).collect();
            prop_assert!(play(small + more, &events).silence() <= play(small, &events).silence());
        }
    }
}
