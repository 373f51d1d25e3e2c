//! Changes a verdict only after several equal results in a row.

/// A verdict that changes after `failures` or `successes` equal results in a row. Created anew for every process.
#[derive(Clone, Debug)]
pub struct Threshold {
    failures: u32,
    successes: u32,
    passing: bool,
    streak: u32,
}

impl Threshold {
    /// Starts with the verdict `passing`; thresholds of 0 count as 1.
    pub fn new(failures: u32, successes: u32, passing: bool) -> Self {
        Self { failures: failures.max(1), successes: successes.max(1), passing, streak: 0 }
    }

    /// Records one result; returns the new verdict if it changed.
    pub fn record(&mut self, success: bool) -> Option<bool> {
        if success == self.passing {
            self.streak = 0;
            return None;
        }
        self.streak += 1;
        let needed = if success { self.successes } else { self.failures };
        if self.streak < needed {
            return None;
        }
        self.passing = success;
        self.streak = 0;
        Some(success)
    }

    /// Consecutive results against the current verdict.
    pub fn streak(&self) -> u32 {
        self.streak
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_verdict_changes_after_exactly_the_threshold(
            answers in proptest::collection::vec(any::<bool>(), 0..200), failures in 1..6_u32, successes in 1..6_u32,
        ) {
            let mut threshold = Threshold::new(failures, successes, false);
            let mut verdict = false;
            let mut run = 0;
            for answer in answers {
                run = if answer == verdict { 0 } else { run + 1 };
                let needed = if answer { successes } else { failures };
                let flips = run == needed;
                prop_assert_eq!(threshold.record(answer), flips.then_some(answer));
                if flips {
                    verdict = answer;
                    run = 0;
                }
            }
        }
    }
}
