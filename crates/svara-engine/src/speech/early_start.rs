//! The cross-fade from an early start to the exact samples. Pure.

use std::f32::consts::PI;

/// Length of the cross-fade in samples: 11 ms at 24 kHz.
pub(crate) const FADE_SAMPLES: usize = 256;

/// Joins an early start to the exact samples of the same sound, without a click and without a change of their number.
#[derive(Debug)]
pub(crate) struct EarlyStart {
    /// Samples that were given out early.
    given: usize,
    /// The early samples behind them, to be faded out.
    tail: Vec<f32>,
    /// Exact samples seen so far.
    seen: usize,
}

impl EarlyStart {
    /// Splits an early start. The first `given` samples are returned for the listener, the rest (up to
    /// [`FADE_SAMPLES`]) is kept for the cross-fade.
    pub(crate) fn new(mut early: Vec<f32>, given: usize) -> (Vec<f32>, Self) {
        let mut tail = early.split_off(given.min(early.len()));
        tail.truncate(FADE_SAMPLES);
        let given = early.len();
        (early, Self { given, tail, seen: 0 })
    }

    /// Takes the next exact samples, in order from the start of the sound. Drops those that were given out early,
    /// cross-fades the ones behind them, and returns the others unchanged.
    pub(crate) fn join(&mut self, mut exact: Vec<f32>) -> Vec<f32> {
        let start = self.seen;
        self.seen += exact.len();
        if start >= self.given + self.tail.len() {
            return exact;
        }
        let heard = self.given.saturating_sub(start).min(exact.len());
        exact.drain(..heard);
        let faded = (start + heard).saturating_sub(self.given);
        let length = self.tail.len() as f32;
        for ((at, early), exact) in self.tail.iter().enumerate().skip(faded).zip(&mut exact) {
            // The shares add up to 1: the two signals are nearly the same.
            let share = 0.5 - 0.5 * ((at as f32 + 0.5) / length * PI).cos();
            *exact = early + (*exact - early) * share;
        }
        exact
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn largest_step(samples: &[f32]) -> f32 {
        samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    proptest! {
        /// However the exact samples are cut, their number doesn't change, the early samples come first, the exact ones
        /// follow the fade, and no step is larger than those of either signal plus what the fade can add.
        #[test]
        fn early_then_exact_without_a_click(
            exact in prop::collection::vec(-1.0f32..1.0, 600..1500),
            errors in prop::collection::vec(-0.3f32..0.3, 600),
            given in 1usize..500,
            cuts in prop::collection::vec(1usize..400, 1..20),
        ) {
            let early: Vec<f32> = exact.iter().zip(&errors).map(|(exact, error)| exact + error).collect();
            let (mut heard, mut early_start) = EarlyStart::new(early.clone(), given);
            prop_assert_eq!(&heard, &early[..given]);
            let (mut rest, mut cuts) = (&exact[..], cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
                heard.extend(early_start.join(chunk.to_vec()));
                rest = after;
            }
            prop_assert_eq!(heard.len(), exact.len());
            let fade = FADE_SAMPLES.min(600 - given);
            prop_assert_eq!(&heard[given + fade..], &exact[given + fade..]);
            let allowed = largest_step(&exact).max(largest_step(&early)) + 0.3 * PI / 2.0 / fade as f32;
            // The fade's first share isn't 0, and its last isn't 1.
            prop_assert!(largest_step(&heard) <= allowed + 1e-4, "{} > {allowed}", largest_step(&heard));
        }
    }
}
