//! Hang detection: work pending, and no progress.

use std::time::{Duration, Instant};

/// One reading of the program's metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Requests in progress.
    pub running: f64,
    /// Work done since the program started: any counter that only grows.
    pub progress: f64,
}

/// Decides from samples whether the program hangs. Created anew for every process.
///
/// The canary matters because a frozen engine also stops updating its gauges: a request that arrives after the freeze
/// never shows as running. A slow answer isn't a hang as long as the counter moves.
#[derive(Clone, Debug)]
pub struct HangDetector {
    stall: Duration,
    progress: Option<f64>,
    stalled_since: Option<Instant>,
}

impl HangDetector {
    /// A detector that reports a hang after `stall` without progress.
    pub fn new(stall: Duration) -> Self {
        Self { stall, progress: None, stalled_since: None }
    }

    /// Takes a sample at `now`; returns the time without progress once that is a hang.
    ///
    /// `waiting` means that a canary is unanswered. A failed reading (`None`) proves nothing: whether the program
    /// answers at all is up to the liveness probe.
    pub fn observe(&mut self, now: Instant, sample: Option<Sample>, waiting: bool) -> Option<Duration> {
        let sample = sample?;
        let moved = self.progress.replace(sample.progress) != Some(sample.progress);
        let has_work = sample.running > 0.0 || waiting;
        if moved || !has_work {
            self.stalled_since = None;
        }
        if !has_work {
            return None;
        }
        let since = *self.stalled_since.get_or_insert(now);
        let stalled = now.saturating_duration_since(since);
        (stalled >= self.stall).then_some(stalled)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STALL: Duration = Duration::from_secs(30);

    /// Feeds one sample per second; returns the second at which a hang is reported.
    fn hung_at(samples: impl IntoIterator<Item = (f64, f64, bool)>) -> Option<u64> {
        let start = Instant::now();
        let mut detector = HangDetector::new(STALL);
        (0..).zip(samples).find_map(|(second, (running, progress, waiting))| {
            let now = start + Duration::from_secs(second);
            detector.observe(now, Some(Sample { running, progress }), waiting).map(|_| second)
        })
    }

    #[test]
    fn work_without_progress_is_a_hang_after_the_stall() {
        let frozen_at_5 = (0..100_u32).map(|n| (2.0, f64::from(n.min(5)), false));
        assert_eq!(hung_at(frozen_at_5), Some(35));
    }

    #[test]
    fn an_unanswered_canary_is_work() {
        assert_eq!(hung_at((0..100).map(|n| (0.0, 7.0, n >= 10))), Some(40));
    }

    #[test]
    fn a_failed_reading_proves_nothing() {
        let mut detector = HangDetector::new(STALL);
        assert_eq!(detector.observe(Instant::now(), None, true), None);
    }

    proptest! {
        #[test]
        fn idle_is_never_a_hang(progress in proptest::collection::vec(0.0..1e9_f64, 0..200)) {
            prop_assert_eq!(hung_at(progress.into_iter().map(|p| (0.0, p, false))), None);
        }

        #[test]
        fn progress_within_the_stall_is_never_a_hang(gaps in proptest::collection::vec(1..30_usize, 1..20)) {
            let mut done = 0.0;
            let samples = gaps.into_iter().flat_map(|gap| { done += 1.0; std::iter::repeat_n((3.0, done, true), gap) });
            prop_assert_eq!(hung_at(samples.collect::<Vec<_>>()), None);
        }
    }
}
