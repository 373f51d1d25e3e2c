//! Exponential backoff with a cap and jitter.

use std::time::Duration;

/// Delays between restarts: `initial · factor^(attempt-1)`, at most `cap`, each shortened by up to `jitter` of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    initial: Duration,
    cap: Duration,
    factor: f64,
    jitter: f64,
}

/// Invalid parameters of a backoff.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBackoff {
    /// The cap is below the first delay.
    #[error("cap is shorter than initial")]
    Cap,
    /// A factor below 1 would shrink the delays.
    #[error("factor must be between 1 and 10")]
    Factor,
    /// Jitter is a fraction, not a time.
    #[error("jitter must be between 0 and 1")]
    Jitter,
}

impl Default for Backoff {
    /// 1 s, 2 s, 4 s … 60 s, each up to a tenth shorter.
    fn default() -> Self {
        Self { initial: Duration::from_secs(1), cap: Duration::from_secs(60), factor: 2.0, jitter: 0.1 }
    }
}

impl Backoff {
    /// A backoff from `initial` to `cap`.
    ///
    /// # Errors
    /// All that is wrong: `cap < initial`, `factor` outside 1..=10, `jitter` outside 0..=1.
    pub fn try_new(
        initial: Duration,
        cap: Duration,
        factor: f64,
        jitter: f64,
    ) -> Result<Self, Vec<InvalidBackoff>> {
        let checks = [
            (cap >= initial, InvalidBackoff::Cap),
            ((1.0..=10.0).contains(&factor), InvalidBackoff::Factor),
            ((0.0..=1.0).contains(&jitter), InvalidBackoff::Jitter),
        ];
        let wrong: Vec<_> = checks.into_iter().filter(|(fits, _)| !fits).map(|(_, fault)| fault).collect();
        if wrong.is_empty() { Ok(Self { initial, cap, factor, jitter }) } else { Err(wrong) }
    }

    /// The delay before restart number `attempt` (from 1); `random` in 0..1 chooses the amount of jitter.
    ///
    /// Jitter only shortens the delay, so the cap still holds.
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.initial.as_secs_f64() * self.factor.powi(exponent);
        let seconds = seconds.min(self.cap.as_secs_f64());
        let spread = 1.0 - self.jitter * random.clamp(0.0, 1.0);
        // Finite, between zero and the cap: both factors were bounded above.
        Duration::from_secs_f64(seconds * spread).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_backoff() -> impl Strategy<Value = Backoff> {
        (0..5_000_u64, 0..600_000_u64, 1.0..10.0_f64, 0.0..=1.0_f64).prop_map(
            |(initial, more, factor, jitter)| {
                let initial = Duration::from_millis(initial);
                Backoff::try_new(initial, initial + Duration::from_millis(more), factor, jitter).unwrap()
            },
        )
    }

    proptest! {
        #[test]
        fn never_over_the_cap(backoff in any_backoff(), attempt: u32, random in 0.0..1.0_f64) {
            prop_assert!(backoff.delay(attempt, random) <= backoff.cap);
        }

        #[test]
        fn grows_with_the_attempts(backoff in any_backoff(), attempt in 1..10_000_u32) {
            prop_assert!(backoff.delay(attempt, 0.0) <= backoff.delay(attempt + 1, 0.0));
        }

        #[test]
        fn jitter_only_shortens_and_by_its_share_at_most(
            backoff in any_backoff(), attempt in 1..100_u32, random in 0.0..1.0_f64,
        ) {
            let full = backoff.delay(attempt, 0.0).as_secs_f64();
            let jittered = backoff.delay(attempt, random).as_secs_f64();
            prop_assert!(jittered <= full + 1e-9);
            prop_assert!(jittered >= full * (1.0 - backoff.jitter) - 1e-6);
        }
    }

    #[test]
    fn doubles_from_the_initial_delay_to_the_cap() {
        let backoff = Backoff::try_new(Duration::from_secs(1), Duration::from_secs(60), 2.0, 0.0).unwrap();
        let seconds: Vec<u64> = (1..=8).map(|attempt| backoff.delay(attempt, 0.5).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn bounds_are_checked() {
        let second = Duration::from_secs(1);
        assert_eq!(Backoff::try_new(second, Duration::ZERO, 2.0, 0.1), Err(vec![InvalidBackoff::Cap]));
        assert_eq!(Backoff::try_new(second, second, 0.5, 0.1), Err(vec![InvalidBackoff::Factor]));
        assert_eq!(Backoff::try_new(second, second, f64::NAN, 0.1), Err(vec![InvalidBackoff::Factor]));
        assert_eq!(Backoff::try_new(second, second, 2.0, 1.5), Err(vec![InvalidBackoff::Jitter]));
    }
}
