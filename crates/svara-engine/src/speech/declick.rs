//! Removes clicks where one piece of a speech meets the next. Pure.

/// Samples examined on either side of a joint, and the length of the fade: 10 ms at 24 kHz.
pub(super) const WINDOW_SAMPLES: usize = 240;

/// Joins each piece to the end of the sound so far.
///
/// Every piece is decoded on its own, so its first sample is unrelated to the last one of the previous piece. A step
/// between them that is larger than any in the sound around it would be heard as a click. It is spread over the first
/// 10 ms of the new piece. All other samples stay as decoded.
#[derive(Debug, Default)]
pub(crate) struct Declick {
    tail: Vec<f32>,
}

impl Declick {
    /// Records samples that are given out.
    pub(crate) fn pass(&mut self, samples: &[f32]) {
        let new = samples.get(samples.len().saturating_sub(WINDOW_SAMPLES)..).unwrap_or_default();
        let keep = WINDOW_SAMPLES - new.len();
        self.tail.drain(..self.tail.len().saturating_sub(keep));
        self.tail.extend_from_slice(new);
    }

    /// Fades the first samples of a piece in from the end of the sound so far.
    pub(crate) fn smooth(&self, samples: &mut [f32]) {
        let (Some(last), Some(first)) = (self.tail.last(), samples.first()) else { return };
        let head = samples.get(..WINDOW_SAMPLES).unwrap_or(samples);
        let step = first - last;
        if step.abs() <= largest_step(&self.tail).max(largest_step(head)) {
            return;
        }
        let length = head.len() as f32;
        for (at, sample) in samples.iter_mut().take(WINDOW_SAMPLES).enumerate() {
            // Half a cosine, from the whole step to nothing.
            let left = 0.5 + 0.5 * (std::f32::consts::PI * at as f32 / length).cos();
            *sample -= step * left;
        }
    }
}

fn largest_step(samples: &[f32]) -> f32 {
    samples.iter().zip(samples.iter().skip(1)).map(|(a, b)| (b - a).abs()).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tone(level: f32, phase: f32) -> Vec<f32> {
        (0..2048).map(|n| level * (n as f32 * 0.05 + phase).sin()).collect()
    }

    #[test]
    fn a_step_larger_than_any_in_the_sound_is_spread() {
        let (mut declick, mut next) = (Declick::default(), tone(0.3, std::f32::consts::FRAC_PI_2));
        declick.pass(&[-0.3; 500]);
        let before = next.clone();
        declick.smooth(&mut next);
        assert_eq!(next[0], -0.3);
        assert!(largest_step(&next) < 0.02, "{}", largest_step(&next));
        assert_eq!(next[WINDOW_SAMPLES..], before[WINDOW_SAMPLES..]);
    }

    #[test]
    fn sound_that_goes_on_stays_as_it_is() {
        let (mut declick, sound) = (Declick::default(), tone(0.3, 0.0));
        let mut first = sound.clone();
        declick.smooth(&mut first);
        assert_eq!(first, sound, "there is nothing before the first piece");
        declick.pass(&sound[..1000]);
        let mut next = sound[1000..].to_vec();
        declick.smooth(&mut next);
        assert_eq!(next, sound[1000..]);
    }

    proptest! {
        #[test]
        fn no_joint_steps_more_than_the_sound(
            before in prop::collection::vec(-1.0f32..1.0, 0..600),
            chunks in 1usize..700,
            mut after in prop::collection::vec(-0.1f32..0.1, 0..600),
        ) {
            let mut declick = Declick::default();
            before.chunks(chunks).for_each(|chunk| declick.pass(chunk));
            let around = &before[before.len().saturating_sub(WINDOW_SAMPLES)..];
            prop_assert_eq!(declick.tail.as_slice(), around);
            let own = largest_step(around).max(largest_step(&after[..after.len().min(WINDOW_SAMPLES)]));
            declick.smooth(&mut after);
            if let (Some(last), Some(first)) = (before.last(), after.first()) {
                prop_assert!((first - last).abs() <= own + 1e-6);
            }
        }
    }
}
