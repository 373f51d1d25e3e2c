//! Priority of calls. Pure: times are values.

use std::time::{Duration, Instant};

/// When a listener needs the audio of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Due {
    /// Now: they have heard nothing yet.
    #[default]
    FirstAudio,
    /// At this time, when the audio they have runs out.
    At(Instant),
}

/// Head start of first audio, and of a listener who has run out. A call that has waited longer than this goes before
/// every newcomer.
const HEAD_START: Duration = Duration::from_millis(500);
/// How long the call of a listener with plenty of audio may be postponed.
const PATIENCE: Duration = Duration::from_secs(2);

impl Due {
    /// The place in the queue of a call queued at `queued_at`; the earliest goes first.
    ///
    /// Of two listeners, the one who runs out sooner wins; one who has heard nothing yet beats both. A place never
    /// changes and lies between [`HEAD_START`] before and [`PATIENCE`] after `queued_at`. So no call that is queued
    /// later than their sum can overtake, and no call starves.
    pub(crate) fn place(self, queued_at: Instant) -> Instant {
        // The clock can't go below its origin.
        let earliest = queued_at.checked_sub(HEAD_START).unwrap_or(queued_at);
        match self {
            Self::FirstAudio => earliest,
            Self::At(runs_out) => runs_out.clamp(earliest, queued_at + PATIENCE),
        }
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
    fn first_audio_comes_first_then_the_nearest_to_silence() {
        let now = Instant::now() + ms(10_000);
        let place = |due: Due| due.place(now);
        let order = [
            Due::FirstAudio,
            Due::At(now - ms(100)),
            Due::At(now + ms(20)),
            Due::At(now + ms(900)),
            Due::At(now + ms(60_000)),
        ];
        assert!(order.windows(2).all(|pair| place(pair[0]) < place(pair[1])));
    }

    #[test]
    fn a_call_that_waited_long_enough_beats_newcomers() {
        let now = Instant::now() + ms(10_000);
        let waiting = Due::At(now + ms(60_000)).place(now);
        assert!(waiting < Due::FirstAudio.place(now + PATIENCE + HEAD_START + ms(1)));
        assert!(Due::At(now).place(now) < Due::FirstAudio.place(now + HEAD_START + ms(1)));
    }

    proptest! {
        /// A call is overtaken only by calls queued soon after it, whatever their due times.
        #[test]
        fn nobody_starves(calls in prop::collection::vec((0u64..20_000, prop::option::of(0u64..40_000)), 2..40)) {
            let start = Instant::now() + ms(10_000);
            let due = |at: Option<u64>| at.map_or(Due::FirstAudio, |at| Due::At(start + ms(at)));
            let places: Vec<(u64, Instant)> =
                calls.iter().map(|(queued, at)| (*queued, due(*at).place(start + ms(*queued)))).collect();
            for (queued, place) in &places {
                for (later, other) in &places {
                    prop_assert!(ms(*later) <= ms(*queued) + PATIENCE + HEAD_START || other > place);
                }
            }
        }
    }
}
