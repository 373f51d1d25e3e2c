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
    /// At no time: nobody listens. Such calls give way to all others.
    Whenever,
}

/// Whose call it is, among the open streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rank {
    /// Streams that were opened before.
    pub(crate) elders: usize,
    /// Open streams, this one included.
    pub(crate) streams: usize,
}

/// A listener with less audio than this is in danger of a gap: it is about a frame, so their next call is the last one that
/// can prevent it.
const GUARD: Duration = Duration::from_millis(85);
/// The head start of every listener in danger before those who have heard nothing yet.
const DANGER_HEAD_START: Duration = Duration::from_millis(500);
/// What the eldest stream in danger has beyond that. It decides who suffers if the machine is too slow for all.
const ELDEST_HEAD_START: Duration = Duration::from_millis(1500);
/// How long the call of a listener with plenty of audio may be postponed.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a call that nobody waits for may be postponed.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(4);

impl Due {
    /// The place in the queue of a call queued at `queued_at`; the earliest goes first.
    ///
    /// Listeners in danger of a gap come first, the eldest of them before the others; then those who have heard nothing
    /// yet; then those who run out sooner; then what nobody waits for. A place never changes, and lies at most
    /// [`DANGER_HEAD_START`] and [`ELDEST_HEAD_START`] before and [`BACKGROUND_PATIENCE`] after `queued_at`. So no call
    /// that is queued later than their sum can overtake, and no call starves.
    pub(crate) fn place(self, queued_at: Instant, rank: Rank) -> Instant {
        match self {
            Self::FirstAudio => queued_at,
            Self::At(runs_out) if runs_out <= queued_at + GUARD => {
                let juniors = rank.streams.saturating_sub(rank.elders);
                let part = juniors as f64 / rank.streams.max(1) as f64;
                let head_start = DANGER_HEAD_START + ELDEST_HEAD_START.mul_f64(part.clamp(0.0, 1.0));
                // The clock can't go below its origin.
                queued_at.checked_sub(head_start).unwrap_or(queued_at)
            }
            Self::At(runs_out) => (runs_out - GUARD).min(queued_at + PATIENCE),
            Self::Whenever => queued_at + BACKGROUND_PATIENCE,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONLY: Rank = Rank { elders: 0, streams: 1 };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn danger_comes_first_then_first_audio_then_the_nearest_to_silence() {
        let now = Instant::now() + ms(10_000);
        let order = [
            Due::At(now + ms(20)),
            Due::FirstAudio,
            Due::At(now + ms(100)),
            Due::At(now + ms(900)),
            Due::At(now + ms(60_000)),
            Due::Whenever,
        ];
        assert!(order.windows(2).all(|pair| pair[0].place(now, ONLY) < pair[1].place(now, ONLY)));
    }

    #[test]
    fn of_those_in_danger_the_eldest_comes_first() {
        let now = Instant::now() + ms(10_000);
        let place = |elders, runs_out| Due::At(runs_out).place(now, Rank { elders, streams: 3 });
        assert!(place(0, now) < place(1, now - ms(400)));
        assert!(place(1, now) < place(2, now - ms(400)));
        assert!(place(2, now) < Due::FirstAudio.place(now, ONLY));
    }

    #[test]
    fn a_call_that_waited_long_enough_beats_newcomers() {
        let now = Instant::now() + ms(10_000);
        let later = |after: Duration| Due::At(now).place(now + after, ONLY);
        assert!(Due::At(now + ms(60_000)).place(now, ONLY) < later(ms(4001)));
        assert!(Due::FirstAudio.place(now, ONLY) < later(ms(2001)));
        assert!(Due::Whenever.place(now, ONLY) < later(ms(6001)));
    }

    proptest! {
        /// A call is overtaken only by calls queued soon after it, whatever their due times.
        #[test]
        fn nobody_starves(
            calls in prop::collection::vec((0u64..20_000, prop::option::of(0u64..40_000), 0usize..9), 2..40),
        ) {
            let start = Instant::now() + ms(10_000);
            let longest = DANGER_HEAD_START + ELDEST_HEAD_START + BACKGROUND_PATIENCE;
            let places: Vec<(u64, Instant)> = calls
                .iter()
                .map(|(queued, at, elders)| {
                    let due = match at {
                        Some(at) => Due::At(start + ms(*at)),
                        None if elders % 2 == 0 => Due::FirstAudio,
                        None => Due::Whenever,
                    };
                    (*queued, due.place(start + ms(*queued), Rank { elders: *elders, streams: 9 }))
                })
                .collect();
            for (queued, place) in &places {
                for (later, other) in &places {
                    prop_assert!(ms(*later) <= ms(*queued) + longest || other > place);
                }
            }
        }
    }
}
