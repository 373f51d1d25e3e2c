//! How a listener fares who plays what comes as it comes. Pure: times are values.

use std::time::Duration;

/// A player with a start buffer: it starts when so much audio is there (or when there will be no more), plays in real
/// time, stops where it has nothing to play, and goes on as soon as something comes.
///
/// With no start buffer, [`Report::silence`] is also what a listener would have had to wait after the first audio to
/// hear it all without a gap.
#[derive(Clone, Debug)]
pub struct Playback {
    start_buffer: Duration,
    received: Duration,
    last_arrival: Duration,
    /// When all that has come will have been played; `None` before the start.
    plays_until: Option<Duration>,
    report: Report,
}

/// What the listener heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// When the player started, on the clock of the arrivals.
    pub started_at: Duration,
    /// Times that the player had nothing to play, after its start and before the end.
    pub underruns: u32,
    /// How long it had nothing to play.
    pub silence: Duration,
    /// The longest such time.
    pub longest_silence: Duration,
}

impl Playback {
    /// A player that waits for so much audio.
    pub fn new(start_buffer: Duration) -> Self {
        let (received, last_arrival) = (Duration::ZERO, Duration::ZERO);
        Self { start_buffer, received, last_arrival, plays_until: None, report: Report::default() }
    }

    /// Audio that came at a time, which isn't before that of the last.
    pub fn arrived(&mut self, at: Duration, audio: Duration) {
        if audio.is_zero() {
            return;
        }
        self.received += audio;
        self.last_arrival = at;
        let Some(until) = self.plays_until else {
            if self.received >= self.start_buffer {
                self.start(at);
            }
            return;
        };
        let silence = at.saturating_sub(until);
        if !silence.is_zero() {
            self.report.underruns += 1;
            self.report.silence += silence;
            self.report.longest_silence = self.report.longest_silence.max(silence);
        }
        self.plays_until = Some(until.max(at) + audio);
    }

    /// There is no more audio: a player that still waits starts. Gives what was heard.
    pub fn finish(mut self) -> Report {
        if self.plays_until.is_none() && !self.received.is_zero() {
            self.start(self.last_arrival);
        }
        self.report
    }

    fn start(&mut self, at: Duration) {
        self.report.started_at = at;
        self.plays_until = Some(at + self.received);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn play(start_buffer_ms: u64, events: &[(u64, u64)]) -> Report {
        let mut playback = Playback::new(ms(start_buffer_ms));
        for (at, audio) in events {
            playback.arrived(ms(*at), ms(*audio));
        }
        playback.finish()
    }

    #[test]
    fn late_audio_is_a_gap_as_long_as_it_is_late() {
        let heard = play(0, &[(500, 100), (580, 100), (730, 50), (800, 20)]);
        assert_eq!(heard.started_at, ms(500));
        assert_eq!((heard.underruns, heard.silence, heard.longest_silence), (2, ms(50), ms(30)));
    }

    #[test]
    fn a_start_buffer_hides_what_fits_into_it() {
        // It starts at 580 with 200 ms, which last until 780.
        let heard = play(150, &[(500, 100), (580, 100), (730, 50), (840, 20)]);
        assert_eq!((heard.started_at, heard.underruns, heard.silence), (ms(580), 1, ms(10)));
        // Less audio than the buffer is played all the same.
        let heard = play(1000, &[(10, 100), (300, 100)]);
        assert_eq!((heard.started_at, heard.underruns), (ms(300), 0));
        assert_eq!(play(0, &[]), Report::default());
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
            let late = latest - heard.started_at.as_millis() as i64;
            if audio_before > 0 {
                prop_assert_eq!(heard.silence.as_millis() as i64, late.max(0));
            }
            prop_assert_eq!(heard.underruns == 0, heard.silence.is_zero());
            prop_assert!(heard.longest_silence <= heard.silence);
            prop_assert!(heard.silence <= heard.longest_silence * heard.underruns);
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
            prop_assert!(play(small + more, &events).silence <= play(small, &events).silence);
        }
    }
}
