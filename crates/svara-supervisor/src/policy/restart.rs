//! Which exits lead to a restart, and when to give up.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Which exits lead to a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartPolicy {
    /// Every exit.
    Always,
    /// Every exit but a successful one.
    OnFailure,
    /// No exit.
    Never,
}

impl RestartPolicy {
    /// Whether an exit leads to a restart.
    pub fn restarts(self, success: bool) -> bool {
        match self {
            Self::Always => true,
            Self::OnFailure => !success,
            Self::Never => false,
        }
    }
}

/// The limit on restarts within a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartLimit {
    /// Restarts allowed within the window.
    pub max_restarts: u32,
    /// Length of the window.
    pub window: Duration,
}

/// One program's recent restarts, and its attempts since it last ran stably.
#[derive(Clone, Debug, Default)]
pub struct RestartHistory {
    recent: VecDeque<Instant>,
    attempts: u32,
}

impl RestartHistory {
    /// Requests a restart at `now`: returns the attempt number, or `None` if the limit is reached.
    pub fn admit(&mut self, now: Instant, limit: RestartLimit) -> Option<u32> {
        while let Some(&oldest) = self.recent.front() {
            if now.saturating_duration_since(oldest) < limit.window {
                break;
            }
            self.recent.pop_front();
        }
        if self.recent.len() >= limit.max_restarts as usize {
            return None;
        }
        // Without a limit, nothing has to be remembered.
        if limit.max_restarts < u32::MAX {
            self.recent.push_back(now);
        }
        self.attempts = self.attempts.saturating_add(1);
        Some(self.attempts)
    }

    /// The program ran stably: delays start from the beginning again. The window isn't reset, so a program that keeps
    /// dying just after becoming stable still reaches the limit.
    pub fn ran_stably(&mut self) {
        self.attempts = 0;
    }

    /// Forgets everything, after a start by the operator.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_more_than_the_limit_in_any_window(
            gaps_ms in proptest::collection::vec(0..5_000_u64, 1..200),
            max_restarts in 0..10_u32,
            window_ms in 1..20_000_u64,
        ) {
            let limit = RestartLimit { max_restarts, window: Duration::from_millis(window_ms) };
            let mut history = RestartHistory::default();
            let mut now = Instant::now();
            let mut admitted = Vec::new();
            for gap in gaps_ms {
                now += Duration::from_millis(gap);
                if history.admit(now, limit).is_some() {
                    admitted.push(now);
                }
            }
            for (first, at) in admitted.iter().enumerate() {
                let within = admitted[first..].iter().take_while(|later| **later - *at < limit.window).count();
                prop_assert!(within <= max_restarts as usize);
            }
        }

        #[test]
        fn a_program_slower_than_its_limit_is_never_given_up(
            max_restarts in 1..10_u32, window_ms in 10..10_000_u64, restarts in 1..100_u32,
        ) {
            let limit = RestartLimit { max_restarts, window: Duration::from_millis(window_ms) };
            let gap = limit.window / max_restarts + Duration::from_millis(1);
            let mut history = RestartHistory::default();
            let start = Instant::now();
            for n in 0..restarts {
                prop_assert!(history.admit(start + gap * n, limit).is_some());
            }
        }

        #[test]
        fn attempts_count_up_until_a_stable_run(before in 1..20_u32, after in 1..20_u32) {
            let limit = RestartLimit { max_restarts: u32::MAX, window: Duration::from_secs(1) };
            let mut history = RestartHistory::default();
            let now = Instant::now();
            for n in 1..=before {
                prop_assert_eq!(history.admit(now, limit), Some(n));
            }
            history.ran_stably();
            for n in 1..=after {
                prop_assert_eq!(history.admit(now, limit), Some(n));
            }
        }
    }

    #[test]
    fn policies() {
        use RestartPolicy::{Always, Never, OnFailure};
        let table = [(Always, true, true), (Always, false, true), (OnFailure, true, false)];
        let more = [(OnFailure, false, true), (Never, true, false), (Never, false, false)];
        for (policy, success, restarts) in table.into_iter().chain(more) {
            assert_eq!(policy.restarts(success), restarts, "{policy:?} {success}");
        }
    }
}
