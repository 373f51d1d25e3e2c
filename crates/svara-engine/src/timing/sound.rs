//! What is heard of a piece: how loud each hundredth of a second is, and how much it hisses. Pure.

use std::sync::Arc;

/// Moments in a second.
const MOMENTS_PER_SECOND: u32 = 100;
/// The level that stands for silence, in decibels of full scale.
pub(super) const SILENCE_DB: i8 = -100;

/// The loudness and hiss of a piece. Empty if nothing was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sound {
    pub(super) moments: Arc<[Moment]>,
    /// Samples of a moment.
    pub(super) moment_samples: u64,
    /// Samples of the piece. The last of them may be less than a moment.
    pub(super) samples: u64,
}

impl Sound {
    pub(crate) fn samples(&self) -> u64 {
        self.samples
    }

    /// What is heard of it up to a sample.
    pub(crate) fn up_to(&self, samples: u64) -> Self {
        let moments = usize::try_from(samples / self.moment_samples.max(1)).unwrap_or(usize::MAX);
        Self {
            moments: self.moments.iter().take(moments).copied().collect(),
            moment_samples: self.moment_samples,
            samples: self.samples.min(samples),
        }
    }
}

/// A hundredth of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The mean power, in decibels of full scale.
    pub(super) level_db: i8,
    /// The power of the differences of neighbouring samples, in decibels of the level: low for a vowel, above 0 for a
    /// hiss.
    pub(super) hiss_db: i8,
}

/// Hears a piece as it is decoded. The result doesn't depend on how its samples are cut.
#[derive(Debug)]
pub(crate) struct Listening {
    moments: Vec<Moment>,
    moment_samples: u32,
    samples: u64,
    /// Samples of the moment that isn't over.
    filled: u32,
    power: f32,
    change: f32,
    last: f32,
}

impl Listening {
    pub(crate) fn new(sample_rate_hz: u32) -> Self {
        let moment_samples = (sample_rate_hz / MOMENTS_PER_SECOND).max(1);
        Self {
            moments: Vec::new(),
            moment_samples,
            samples: 0,
            filled: 0,
            power: 0.0,
            change: 0.0,
            last: 0.0,
        }
    }

    /// Hears the next samples.
    pub(crate) fn hear(&mut self, samples: &[f32]) {
        self.samples += samples.len() as u64;
        let mut rest = samples;
        while !rest.is_empty() {
            let left = self.moment_samples.saturating_sub(self.filled) as usize;
            let (now, later) = rest.split_at(left.min(rest.len()));
            for sample in now {
                let step = sample - self.last;
                self.power += sample * sample;
                self.change += step * step;
                self.last = *sample;
            }
            // At most a moment.
            self.filled += u32::try_from(now.len()).unwrap_or(u32::MAX);
            if self.filled >= self.moment_samples {
                self.moments.push(Moment::new(self.power, self.change, self.filled));
                (self.filled, self.power, self.change) = (0, 0.0, 0.0);
            }
            rest = later;
        }
    }

    /// What was heard. The part of a moment at the end isn't counted.
    pub(crate) fn end(self) -> Sound {
        Sound {
            moments: self.moments.into(),
            moment_samples: self.moment_samples.into(),
            samples: self.samples,
        }
    }
}

impl Moment {
    fn new(power: f32, change: f32, samples: u32) -> Self {
        let level = 10.0 * (power / samples as f32).log10();
        let hiss = 10.0 * (change / power).log10();
        // What isn't a number, or is infinite, counts as silence; a cast saturates.
        let decibels = |value: f32, range: (i8, i8), otherwise: i8| {
            if value.is_finite() { (value.round() as i8).clamp(range.0, range.1) } else { otherwise }
        };
        Self {
            level_db: decibels(level, (SILENCE_DB, 20), SILENCE_DB),
            hiss_db: decibels(hiss, (-60, 10), 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hiss_is_told_from_a_vowel_and_from_silence() {
        let heard = |sample: fn(usize) -> f32| {
            let mut listening = Listening::new(24_000);
            listening.hear(&(0..480).map(sample).collect::<Vec<_>>());
            listening.end().moments[1]
        };
        let (vowel, hiss) = (heard(|n| (n as f32 * 0.1).sin()), heard(|n| (n as f32 * 2.0).sin()));
        assert!(vowel.hiss_db < -15 && hiss.hiss_db > 2, "{vowel:?} {hiss:?}");
        assert_eq!((vowel.level_db, hiss.level_db), (-3, -3));
        for strange in [0.0, f32::NAN, f32::INFINITY] {
            let mut listening = Listening::new(24_000);
            listening.hear(&[strange; 240]);
            assert_eq!(listening.end().moments[0].level_db, SILENCE_DB);
        }
    }

    proptest! {
        #[test]
        fn any_cut_sounds_the_same(
            samples in prop::collection::vec(-1.0f32..1.0, 0..3000),
            cuts in prop::collection::vec(1usize..700, 1..20),
        ) {
            let mut whole = Listening::new(24_000);
            whole.hear(&samples);
            let (mut cut, mut rest, mut cuts) = (Listening::new(24_000), &samples[..], cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                cut.hear(now);
                rest = later;
            }
            prop_assert_eq!(cut.end(), whole.end());
        }
    }
}
