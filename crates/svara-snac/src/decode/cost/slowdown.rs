//! How much slower calls are than they were at start. Pure: times are values.

use std::time::Duration;

/// The ratio of what calls take to what they should take, from the newest calls.
///
/// A mean over time spent decoding in which older calls count less and less, together with a baseline that follows more
/// slowly and holds while nothing is decoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slowdown {
    /// Seconds that the newest calls should have taken, older ones counting less.
    expected_s: f64,
    /// Seconds that they took.
    took_s: f64,
    /// When the last call ended.
    at: Duration,
    baseline: f64,
}

/// After this time, a call counts half.
const HALF_LIFE: Duration = Duration::from_secs(3);
/// What the baseline counts: as much as calls that should take this long.
const BASELINE_S: f64 = 0.1;
/// The baseline comes near a new speed once calls have taken this long.
const BASELINE_FOLLOWS_S: f64 = 10.0;
/// A single call counts as at most this much slower or faster than the calls before it: one that was suspended says nothing
/// of the others.
const OUTLIER: f64 = 4.0;
/// The limits of the ratio, so that it always finds its way back.
const LIMITS: std::ops::RangeInclusive<f64> = 0.1..=1000.0;

impl Default for Slowdown {
    fn default() -> Self {
        Self { expected_s: 0.0, took_s: 0.0, at: Duration::ZERO, baseline: 1.0 }
    }
}

impl Slowdown {
    /// Adds a call that ended at `now`, a time that doesn't go backwards by much.
    pub(crate) fn add(&mut self, now: Duration, expected_s: f64, took: Duration) {
        if expected_s.is_nan() || expected_s <= 0.0 {
            return;
        }
        let usual = self.ratio(now);
        let ratio = (took.as_secs_f64() / expected_s).clamp(usual / OUTLIER, usual * OUTLIER);
        let faded = self.faded(now);
        self.expected_s = self.expected_s * faded + expected_s;
        self.took_s = self.took_s * faded + expected_s * ratio;
        self.at = self.at.max(now);
        let step = (expected_s * ratio.max(1.0) / BASELINE_FOLLOWS_S).min(1.0);
        self.baseline =
            (self.baseline + (ratio - self.baseline) * step).clamp(*LIMITS.start(), *LIMITS.end());
    }

    /// The ratio at `now`: 1 if calls take what they did at start.
    pub(crate) fn ratio(&self, now: Duration) -> f64 {
        let faded = self.faded(now);
        let (expected_s, took_s) = (self.expected_s * faded, self.took_s * faded);
        let ratio = (took_s + BASELINE_S * self.baseline) / (expected_s + BASELINE_S);
        ratio.clamp(*LIMITS.start(), *LIMITS.end())
    }

    fn faded(&self, now: Duration) -> f64 {
        let age = now.saturating_sub(self.at).as_secs_f64();
        0.5f64.powf(age / HALF_LIFE.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CALL_S: f64 = 0.02;

    /// Calls of `ratio` times their usual time, one after the other, from `start_s` on for `seconds`.
    fn calls(slowdown: &mut Slowdown, start_s: f64, seconds: f64, ratio: f64) -> f64 {
        let mut now_s = start_s;
        while now_s < start_s + seconds {
            now_s += CALL_S * ratio;
            slowdown.add(Duration::from_secs_f64(now_s), CALL_S, Duration::from_secs_f64(CALL_S * ratio));
        }
        now_s
    }

    fn ratio(slowdown: &Slowdown, now_s: f64) -> f64 {
        slowdown.ratio(Duration::from_secs_f64(now_s))
    }

    #[test]
    fn one_call_that_was_suspended_changes_little() {
        let mut slowdown = Slowdown::default();
        let now_s = calls(&mut slowdown, 0.0, 2.0, 1.0);
        slowdown.add(Duration::from_secs_f64(now_s + 5.0), CALL_S, Duration::from_secs(5));
        assert!(ratio(&slowdown, now_s + 5.0) < 1.1, "{}", ratio(&slowdown, now_s + 5.0));
    }

    #[test]
    fn what_was_measured_in_a_bad_moment_is_mended() {
        let mut slowdown = Slowdown::default();
        let mut now_s = 0.0;
        // A single stream: a call of 2 ms that should take 20, twelve times a second.
        for _ in 0..240 {
            now_s += 0.085;
            slowdown.add(Duration::from_secs_f64(now_s), CALL_S, Duration::from_millis(2));
        }
        assert!(ratio(&slowdown, now_s) < 0.3, "{}", ratio(&slowdown, now_s));
    }

    proptest! {
        /// It follows the machine's speed up and down within seconds.
        #[test]
        fn it_follows_and_recovers(first in 0.2f64..20.0, second in 0.2f64..20.0) {
            let mut slowdown = Slowdown::default();
            let now_s = calls(&mut slowdown, 0.0, 40.0, first);
            prop_assert!((ratio(&slowdown, now_s) / first - 1.0).abs() < 0.1);
            let now_s = calls(&mut slowdown, now_s, 60.0, second);
            prop_assert!((ratio(&slowdown, now_s) / second - 1.0).abs() < 0.1);
        }

        /// Whatever calls say, and however time goes, it stays in its limits.
        #[test]
        fn it_is_always_a_number(
            calls in prop::collection::vec((0u64..10_000, 0.0f64..10.0, 0u64..100_000), 0..100), idle_s in 0u64..1_000_000,
        ) {
            let mut slowdown = Slowdown::default();
            for (at_ms, expected_s, took_ms) in calls {
                slowdown.add(Duration::from_millis(at_ms), expected_s, Duration::from_millis(took_ms));
            }
            prop_assert!(LIMITS.contains(&slowdown.ratio(Duration::from_secs(idle_s))));
        }
    }
}
