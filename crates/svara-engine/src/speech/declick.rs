//! The joints between the pieces of a speech: no click where the sound of one meets that of the next. Pure.

/// What is looked at on either side of a joint, and how long a step takes to fade: 10 ms at 24 kHz.
const WINDOW_SAMPLES: usize = 240;

/// The end of the sound so far, which the next piece begins behind.
///
/// Every piece is decoded from its own beginning, so its first sample has nothing to do with the last one of the piece
/// before. Where the step between them is larger than any that the sound itself makes around it, it would be heard as
/// a click; it is then spread over the first 10 ms of the new piece. Everywhere else the samples stay as decoded.
#[derive(Debug, Default)]
pub(crate) struct Declick {
    tail: Vec<f32>,
}

impl Declick {
    /// Takes note of samples that are given out.
    pub(crate) fn pass(&mut self, samples: &[f32]) {
        let new = samples.get(samples.len().saturating_sub(WINDOW_SAMPLES)..).unwrap_or_default();
        let keep = WINDOW_SAMPLES - new.len();
        self.tail.drain(..self.tail.len().saturating_sub(keep));
        self.tail.extend_from_slice(new);
    }

    /// Makes the first samples of a piece follow the sound so far.
    pub(crate) fn smooth(&self, samples: &mut [f32]) {
        let (Some(last), Some(first)) = (self.tail.last(), samples.first()) else { return };
        let head = samples.get(..WINDOW_SAMPLES).unwrap_or(samples);
        let step = first - last;
        if step.abs() <= largest_step(&self.tail).max(largest_step(head)) {
            return;
        }
        let length = head.len() as f32;
        for (at, sample) in samples.iter_mut().take(WINDOW_SAMPLES).enumerate() {
            // Half a cosine, from all of the step to none of it.
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
    fn a_step_that_the_sound_does_not_make_is_spread() {
        let (mut joint, mut next) = (Declick::default(), tone(0.3, std::f32::consts::FRAC_PI_2));
        joint.pass(&[-0.3; 500]);
        let before = next.clone();
        joint.smooth(&mut next);
        assert_eq!(next[0], -0.3);
        assert!(largest_step(&next) < 0.02, "{}", largest_step(&next));
        assert_eq!(next[WINDOW_SAMPLES..], before[WINDOW_SAMPLES..]);
    }

    #[test]
    fn sound_that_goes_on_stays_as_it_is() {
        let (mut joint, sound) = (Declick::default(), tone(0.3, 0.0));
        let mut first = sound.clone();
        joint.smooth(&mut first);
        assert_eq!(first, sound, "there is nothing before the first piece");
        joint.pass(&sound[..1000]);
        let mut next = sound[1000..].to_vec();
        joint.smooth(&mut next);
        assert_eq!(next, sound[1000..]);
    }

    proptest! {
        #[test]
        fn no_joint_steps_more_than_the_sound(
            before in prop::collection::vec(-1.0f32..1.0, 0..600),
            chunks in 1usize..700,
            mut after in prop::collection::vec(-0.1f32..0.1, 0..600),
        ) {
            let mut joint = Declick::default();
            before.chunks(chunks).for_each(|chunk| joint.pass(chunk));
            let around = &before[before.len().saturating_sub(WINDOW_SAMPLES)..];
            prop_assert_eq!(joint.tail.as_slice(), around);
            let own = largest_step(around).max(largest_step(&after[..after.len().min(WINDOW_SAMPLES)]));
            joint.smooth(&mut after);
            if let (Some(last), Some(first)) = (before.last(), after.first()) {
                prop_assert!((first - last).abs() <= own + 1e-6);
            }
        }
    }
}
