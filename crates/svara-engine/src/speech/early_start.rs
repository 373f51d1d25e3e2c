//! Where an early start ends and the exact samples begin. Pure.

use std::f32::consts::PI;

/// Samples of the cross-fade: 11 ms.
pub(crate) const FADE_SAMPLES: usize = 256;

/// Joins an early start and the exact samples of the same sound, without a click and without changing their number.
#[derive(Debug)]
pub(crate) struct EarlyStart {
    /// Samples that the listener got early.
    given: usize,
    /// What would have followed them, to be faded out.
    tail: Vec<f32>,
    /// Exact samples seen so far.
    seen: usize,
}

impl EarlyStart {
    /// Parts an early start: the first `given` samples are for the listener, the rest (up to [`FADE_SAMPLES`]) to be
    /// faded out.
    pub(crate) fn new(mut early: Vec<f32>, given: usize) -> (Vec<f32>, Self) {
        let mut tail = early.split_off(given.min(early.len()));
        tail.truncate(FADE_SAMPLES);
        let given = early.len();
        (early, Self { given, tail, seen: 0 })
    }

    /// What the next exact samples, counted from the start of the sound, become: nothing where the listener has heard
    /// that part, a cross-fade after it, and themselves from there on.
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
            // Of the two, which are much alike, the shares add up to 1.
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
        /// However the exact samples are cut: as many as without the early start, itself before the seam, the exact ones
        /// after it, and no larger step than either has plus what the fade can add.
        #[test]
        fn early_then_exact_without_a_click(
            exact in prop::collection::vec(-1.0f32..1.0, 600..1500),
            errors in prop::collection::vec(-0.3f32..0.3, 600),
            given in 1usize..500,
            cuts in prop::collection::vec(1usize..400, 1..20),
        ) {
            let early: Vec<f32> = exact.iter().zip(&errors).map(|(exact, error)| exact + error).collect();
            let (mut heard, mut seam) = EarlyStart::new(early.clone(), given);
            prop_assert_eq!(&heard, &early[..given]);
            let (mut rest, mut cuts) = (&exact[..], cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
                heard.extend(seam.join(chunk.to_vec()));
                rest = after;
            }
            prop_assert_eq!(heard.len(), exact.len());
            let fade = FADE_SAMPLES.min(600 - given);
            prop_assert_eq!(&heard[given + fade..], &exact[given + fade..]);
            let allowed = largest_step(&exact).max(largest_step(&early)) + 0.3 * PI / 2.0 / fade as f32;
            // The first of the fade's shares isn't 0 and the last isn't 1.
            prop_assert!(largest_step(&heard) <= allowed + 1e-4, "{} > {allowed}", largest_step(&heard));
        }
    }
}
