//! Whose call is made first. Pure: times are values.

use std::time::{Duration, Instant};

/// When a listener needs what a call gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Due {
    /// He waits and has heard nothing yet.
    #[default]
    FirstAudio,
    /// What he has runs out then.
    At(Instant),
}

/// How far first audio, or a listener who has run out, comes before its time. Who waits longer than this comes before
/// every newcomer.
const HEAD_START: Duration = Duration::from_millis(500);
/// How long the call of a listener with plenty in hand may be put off.
const PATIENCE: Duration = Duration::from_secs(2);

impl Due {
    /// The place in the queue of a call queued at `queued_at`: the earliest is made first.
    ///
    /// Between two listeners the one nearer to silence wins, and one who hears nothing yet wins over both. A place never
    /// changes and is at most [`PATIENCE`] after the time it was asked for, [`HEAD_START`] before it at least: so nothing
    /// that comes more than their sum later can pass, and every call's turn comes.
    pub(crate) fn place(self, queued_at: Instant) -> Instant {
        // Before the clock's beginning there is nothing to be earlier than.
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
    fn first_audio_comes_first_then_who_is_nearest_to_silence() {
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
    fn who_waits_long_enough_comes_before_newcomers() {
        let now = Instant::now() + ms(10_000);
        let waiting = Due::At(now + ms(60_000)).place(now);
        assert!(waiting < Due::FirstAudio.place(now + PATIENCE + HEAD_START + ms(1)));
        assert!(Due::At(now).place(now) < Due::FirstAudio.place(now + HEAD_START + ms(1)));
    }

    proptest! {
        /// A call is passed only by such as were queued soon after it, whatever they say of themselves.
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
