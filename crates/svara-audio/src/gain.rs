//! Loudness: a factor on samples, with a soft limit instead of clipping.

/// Where the soft limit begins.
const KNEE: f32 = 0.8;
/// What it leads to, just below full scale: what is as loud can't be told from a clipped sample.
const CEILING: f32 = 0.99;

/// How much louder than the model's own samples, 0.01 (−40 dB) to 10 (20 dB).
///
/// What would exceed full scale is bent towards it, sample by sample: the result doesn't depend on how the samples come,
/// and adds no delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    factor: f32,
}

/// A gain out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GainError {
    /// Decibels out of range.
    #[error("must be from -40 to 20 (decibels)")]
    Decibels,
    /// A factor out of range.
    #[error("must be from 0.01 to 10")]
    Factor,
}

impl Gain {
    /// The model's own loudness.
    pub const UNITY: Self = Self { factor: 1.0 };
    const LEAST: f32 = 0.01;
    const MOST: f32 = 10.0;

    /// So many decibels louder.
    ///
    /// # Errors
    /// They aren't from −40 to 20.
    pub fn from_db(db: f32) -> Result<Self, GainError> {
        if !(-40.0..=20.0).contains(&db) {
            return Err(GainError::Decibels);
        }
        Ok(Self { factor: 10_f32.powf(db / 20.0).clamp(Self::LEAST, Self::MOST) })
    }

    /// This factor on all samples.
    ///
    /// # Errors
    /// It isn't from 0.01 to 10.
    pub fn from_factor(factor: f32) -> Result<Self, GainError> {
        let in_range = (Self::LEAST..=Self::MOST).contains(&factor);
        if in_range { Ok(Self { factor }) } else { Err(GainError::Factor) }
    }

    /// The factor.
    #[must_use]
    pub const fn factor(self) -> f32 {
        self.factor
    }

    /// Both, within the range.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { factor: (self.factor * other.factor).clamp(Self::LEAST, Self::MOST) }
    }

    /// Makes samples of full scale ±1.0 louder or quieter.
    pub fn apply(self, samples: &mut [f32]) {
        if self == Self::UNITY {
            return;
        }
        for sample in samples {
            *sample *= self.factor;
            // What is made quieter can't exceed full scale.
            if self.factor > 1.0 {
                *sample = limited(*sample);
            }
        }
    }
}

impl Default for Gain {
    fn default() -> Self {
        Self::UNITY
    }
}

/// The sample below the knee; above it, a curve that begins as steep and ends at the ceiling.
fn limited(sample: f32) -> f32 {
    let level = sample.abs();
    if level <= KNEE {
        return sample;
    }
    let room = CEILING - KNEE;
    (KNEE + room * ((level - KNEE) / room).tanh()).copysign(sample)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gains_are_bounded_and_multiply() {
        assert_eq!(Gain::from_db(0.0), Ok(Gain::UNITY));
        assert!((Gain::from_db(6.0).expect("allowed").factor() - 1.995).abs() < 0.001);
        for db in [-40.1, 20.1, f32::NAN, f32::INFINITY] {
            assert_eq!(Gain::from_db(db), Err(GainError::Decibels));
        }
        for factor in [0.0, -1.0, 10.1, f32::NAN] {
            assert_eq!(Gain::from_factor(factor), Err(GainError::Factor));
        }
        let double = Gain::from_factor(2.0).expect("allowed");
        assert_eq!(double.and(double).factor(), 4.0);
        assert_eq!(double.and(Gain::from_factor(10.0).expect("allowed")).factor(), 10.0);
    }

    proptest! {
        /// Never clipped, never the other way up, louder samples never softer than quieter ones; and unity changes no bit.
        #[test]
        fn limited_sound_keeps_its_shape(mut samples in prop::collection::vec(-1.0f32..=1.0, 1..200), db in -40.0f32..20.0) {
            let gain = Gain::from_db(db).expect("allowed");
            let mut unchanged = samples.clone();
            Gain::UNITY.apply(&mut unchanged);
            prop_assert_eq!(&unchanged, &samples);
            samples.sort_by(f32::total_cmp);
            let before = samples.clone();
            gain.apply(&mut samples);
            for (before, after) in before.iter().zip(&samples) {
                let most = if gain.factor() > 1.0 { CEILING } else { 1.0 };
                prop_assert!(after.abs() <= most);
                prop_assert!(before * after >= 0.0);
                if (before * gain.factor()).abs() <= KNEE {
                    prop_assert_eq!(*after, before * gain.factor());
                }
            }
            prop_assert!(samples.is_sorted());
        }

        /// However the samples are cut.
        #[test]
        fn cuts_do_not_matter(samples in prop::collection::vec(-1.0f32..=1.0, 0..200), at in 0usize..200) {
            let gain = Gain::from_db(9.0).expect("allowed");
            let mut whole = samples.clone();
            gain.apply(&mut whole);
            let mut parts = samples;
            let (head, tail) = parts.split_at_mut(at.min(whole.len()));
            gain.apply(head);
            gain.apply(tail);
            prop_assert_eq!(parts, whole);
        }
    }
}
