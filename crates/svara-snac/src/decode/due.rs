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

/// A listener with less audio than this is in danger of a gap. It is a frame and a half: one that has just had a gap, and
/// has the frame that ended it, is still in danger.
const GUARD: Duration = Duration::from_millis(128);
/// How much more audio the eldest stream in danger has in hand than the newest before it gives way to it. It decides who
/// suffers where the machine is too slow for all, and is little enough to harm nobody where it isn't.
const ELDEST_KEEPS: Duration = Duration::from_millis(64);
/// How long a call may wait while others of its listener's kind are made.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a call may wait that nobody misses yet.
const LONG_PATIENCE: Duration = Duration::from_secs(4);

/// What the queue knows of a call's listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Urgency {
    pub(crate) due: Due,
    pub(crate) rank: Rank,
}

/// The place in the queue at one moment; the least goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    tier: Tier,
    within: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    /// Has waited for so long that nothing overtakes it any more.
    Overdue,
    /// The listener is about to run out of audio, or has.
    Danger,
    /// The listener has heard nothing yet.
    FirstAudio,
    /// The listener has plenty.
    AtEase,
    /// Nobody listens.
    Background,
}

impl Urgency {
    /// The place at `now` of a call queued at `queued_at`.
    ///
    /// Listeners in danger of a gap come first, nearest to silence first, but the elder ones a little before the others:
    /// so a machine that is too slow for all fails the newest. Then those who have heard nothing yet; then those who run
    /// out sooner; then what nobody hears. A call that has waited for [`LONG_PATIENCE`] is overtaken by none that is
    /// queued later, so no call starves.
    pub(crate) fn place(self, queued_at: Instant, now: Instant) -> Place {
        let waited = now.saturating_duration_since(queued_at);
        let (tier, within, patience) = match self.due {
            Due::At(runs_out) if runs_out <= now + GUARD => {
                let keeps = ELDEST_KEEPS.mul_f64(self.rank.elders as f64 / self.rank.streams.max(1) as f64);
                (Tier::Danger, runs_out.max(now) + keeps, PATIENCE)
            }
            Due::FirstAudio => (Tier::FirstAudio, queued_at, PATIENCE),
            Due::At(runs_out) => (Tier::AtEase, runs_out, LONG_PATIENCE),
            Due::Whenever => (Tier::Background, queued_at, LONG_PATIENCE),
        };
        if waited >= patience {
            return Place { tier: Tier::Overdue, within: queued_at };
        }
        Place { tier, within }
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

    fn place(due: Due, rank: Rank, queued_at: Instant, now: Instant) -> Place {
        Urgency { due, rank }.place(queued_at, now)
    }

    #[test]
    fn danger_comes_first_then_first_audio_then_the_nearest_to_silence() {
        let now = Instant::now() + ms(10_000);
        let order = [
            Due::At(now - ms(20)),
            Due::At(now + ms(20)),
            Due::FirstAudio,
            Due::At(now + ms(150)),
            Due::At(now + ms(900)),
            Due::At(now + ms(60_000)),
            Due::Whenever,
        ];
        assert!(order.windows(2).all(|pair| place(pair[0], ONLY, now, now) < place(pair[1], ONLY, now, now)));
        // A call that waits comes into danger.
        let due = Due::At(now + ms(150));
        assert!(place(due, ONLY, now, now + ms(30)) < place(Due::FirstAudio, ONLY, now, now + ms(30)));
    }

    #[test]
    fn of_those_in_danger_the_elder_ones_come_a_little_earlier() {
        let now = Instant::now() + ms(10_000);
        let place = |elders, runs_out| place(Due::At(runs_out), Rank { elders, streams: 4 }, now, now);
        assert!(place(0, now) < place(1, now - ms(400)), "a gap that has begun is no reason to make others");
        assert!(place(0, now + ms(40)) < place(3, now));
        assert!(place(3, now) < place(0, now + ms(50)));
    }

    #[test]
    fn a_call_that_waited_long_enough_beats_newcomers() {
        let now = Instant::now() + ms(10_000);
        let newcomer = |after: u64| place(Due::At(now), ONLY, now + ms(after), now + ms(after));
        let waiting = |due, after: u64| place(due, ONLY, now, now + ms(after));
        assert!(waiting(Due::At(now + ms(60_000)), 4000) < newcomer(4000));
        assert!(waiting(Due::FirstAudio, 2000) < newcomer(2000));
        assert!(waiting(Due::FirstAudio, 1999) > newcomer(1999));
        assert!(waiting(Due::Whenever, 4000) < newcomer(4000));
    }

    proptest! {
        /// Nothing overtakes a call that has waited long enough, but those that have waited longer.
        #[test]
        fn nobody_starves(
            calls in prop::collection::vec((0u64..20_000, prop::option::of(0u64..40_000), 0usize..9), 2..40),
            now_ms in 4_000u64..30_000,
        ) {
            let start = Instant::now() + ms(10_000);
            let now = start + ms(now_ms);
            let places: Vec<(u64, Place)> = calls
                .iter()
                .filter(|(queued, _, _)| *queued <= now_ms)
                .map(|(queued, at, elders)| {
                    let due = match at {
                        Some(at) => Due::At(start + ms(*at)),
                        None if elders % 2 == 0 => Due::FirstAudio,
                        None => Due::Whenever,
                    };
                    (*queued, place(due, Rank { elders: *elders, streams: 9 }, start + ms(*queued), now))
                })
                .collect();
            for (queued, place) in places.iter().filter(|(queued, _)| queued + 4000 <= now_ms) {
                for (later, other) in places.iter().filter(|(later, _)| later > queued) {
                    prop_assert!(place < other, "queued at {later} before {queued}");
                }
            }
        }
    }
}
