//! When tokens are due. Pure: times are values.

use std::time::Duration;

/// How fast tokens come. The default: at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// From a request's start to its first token.
    pub first_token: Duration,
    /// Tokens per second of each stream, above 0.
    pub tokens_per_second: f64,
    /// Tokens per second of all streams together, above 0. `None`: no limit.
    pub total_tokens_per_second: Option<f64>,
    /// Maximum random delay of an event.
    pub jitter: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first_token: Duration::ZERO,
            tokens_per_second: f64::INFINITY,
            total_tokens_per_second: None,
            jitter: Duration::ZERO,
        }
    }
}

impl Pace {
    /// Seconds for one token of a stream while `running` streams run.
    fn token_seconds(&self, running: usize) -> f64 {
        let alone = 1.0 / self.tokens_per_second;
        match self.total_tokens_per_second {
            Some(total) => alone.max(running as f64 / total),
            None => alone,
        }
    }
}

/// When the events of one stream are due. Each due time follows from the one before, not from when that event was sent:
/// a late sender catches up.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    pace: Pace,
    due_s: f64,
    sent: Duration,
    tokens: u64,
    random: fastrand::Rng,
}

impl Schedule {
    /// The schedule of a stream; the seed draws its jitter.
    pub(super) fn new(pace: Pace, seed: u64) -> Self {
        let due_s = pace.first_token.as_secs_f64();
        Self { pace, due_s, sent: Duration::ZERO, tokens: 0, random: fastrand::Rng::with_seed(seed) }
    }

    /// When an event with the next `tokens` tokens (at least 1) is due, since the stream's start: once the last of them
    /// is generated, plus jitter. Never before the previous event.
    pub(super) fn next(&mut self, tokens: usize, running: usize) -> Duration {
        // The first token's time is in `due_s` from the start.
        let waited_for = if self.tokens == 0 { tokens.saturating_sub(1) } else { tokens };
        self.tokens += tokens as u64;
        self.due_s += waited_for as f64 * self.pace.token_seconds(running);
        let late_s = self.pace.jitter.as_secs_f64() * self.random.f64();
        self.sent = self.sent.max(Duration::from_secs_f64(self.due_s + late_s));
        self.sent
    }
}

/// The sizes of a stream's events, as in vLLM: the first token alone, then `interval` at a time, then the rest.
pub(super) fn event_tokens(total: usize, interval: usize) -> impl Iterator<Item = usize> {
    let interval = interval.max(1);
    let after_first = total.saturating_sub(1);
    let (whole, rest) = (after_first / interval, after_first % interval);
    (total > 0)
        .then_some(1)
        .into_iter()
        .chain(std::iter::repeat_n(interval, whole))
        .chain((rest > 0).then_some(rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pace(jitter_ms: u64) -> Pace {
        Pace {
            first_token: Duration::from_millis(50),
            tokens_per_second: 200.0,
            total_tokens_per_second: Some(1000.0),
            jitter: Duration::from_millis(jitter_ms),
        }
    }

    fn ms(seconds: Duration) -> f64 {
        (seconds.as_secs_f64() * 1e6).round() / 1e3
    }

    #[test]
    fn tokens_are_due_by_the_clock() {
        let mut schedule = Schedule::new(pace(0), 1);
        let dues: Vec<f64> = [1, 7, 7].map(|tokens| ms(schedule.next(tokens, 1))).into();
        assert_eq!(dues, [50.0, 85.0, 120.0]);
    }

    #[test]
    fn a_full_engine_is_slower_for_everybody() {
        let mut schedule = Schedule::new(pace(0), 1);
        // Five streams share 1000 tokens a second at full pace, ten at half.
        assert_eq!([(1, 5), (10, 5), (10, 10)].map(|(n, r)| ms(schedule.next(n, r))), [50.0, 100.0, 200.0]);
    }

    #[test]
    fn events_are_cut_as_vllm_cuts_them() {
        let sizes = |total, interval| event_tokens(total, interval).collect::<Vec<_>>();
        assert_eq!(sizes(22, 7), [1, 7, 7, 7]);
        assert_eq!(sizes(24, 7), [1, 7, 7, 7, 2]);
        assert_eq!(sizes(3, 1), [1, 1, 1]);
        assert_eq!(sizes(1, 7), [1]);
        assert!(sizes(0, 7).is_empty());
    }

    proptest! {
        #[test]
        fn jitter_never_adds_up_and_never_reorders(
            jitter_ms in 0u64..100,
            seed: u64,
            events in prop::collection::vec(1usize..10, 1..100),
        ) {
            let (mut exact, mut late) = (Schedule::new(pace(0), seed), Schedule::new(pace(jitter_ms), seed));
            let mut before = Duration::ZERO;
            for tokens in events {
                let (due, sent) = (exact.next(tokens, 1), late.next(tokens, 1));
                prop_assert!(sent >= due && sent <= due + Duration::from_millis(jitter_ms) + Duration::from_nanos(1));
                prop_assert!(sent >= before);
                before = sent;
            }
        }

        #[test]
        fn no_token_is_left_out(total in 0usize..3000, interval in 0usize..50) {
            prop_assert_eq!(event_tokens(total, interval).sum::<usize>(), total);
            prop_assert!(event_tokens(total, interval).all(|tokens| tokens > 0));
        }
    }
}
