use std::time::Duration;

use crate::SampleRate;

/// A shorter recording tells too little about a voice.
pub const MIN_REFERENCE: Duration = Duration::from_secs(1);
/// A recording whose loudest [`LOUDNESS_WINDOW`] has less power than this (in dB relative to full scale) is silence or
/// room noise. Quiet speech into a badly set microphone is at -40, the noise of a 16-bit recording at -98.
pub const SILENCE_DBFS: f32 = -50.0;
/// Window for measuring loudness: a syllable or two, so that a single click doesn't pass for speech.
pub const LOUDNESS_WINDOW: Duration = Duration::from_millis(400);
/// Samples at or above this level count as clipped. Less than 1.0, because resampling and lossy codecs bend flat tops.
pub const CLIPPED_LEVEL: f32 = 0.985;
/// A larger share of clipped samples is audible distortion, which a clone would reproduce. Speech normalized to full
/// scale has well under a tenth of this.
pub const MAX_CLIPPED_SHARE: f32 = 0.01;

/// Why a recording can't serve as a voice reference. The sender can fix it.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ReferenceFault {
    /// Shorter than [`MIN_REFERENCE`].
    #[error(
        "the reference audio is {:.2} s long; it must be at least {} s",
        duration.as_secs_f64(),
        MIN_REFERENCE.as_secs_f64()
    )]
    TooShort {
        /// How long it is.
        duration: Duration,
    },
    /// Nowhere louder than [`SILENCE_DBFS`].
    #[error(
        "the reference audio is silent: its loudest part is at {loudest_dbfs:.0} dBFS, below {SILENCE_DBFS}"
    )]
    Silent {
        /// Power of its loudest window, in dB of full scale.
        loudest_dbfs: f32,
    },
    /// More than [`MAX_CLIPPED_SHARE`] at full scale.
    #[error(
        "the reference audio is clipped: {:.1} % of it is at full scale; record it at a lower level",
        share * 100.0
    )]
    Clipped {
        /// The share of samples at full scale, 0 to 1.
        share: f32,
    },
}

/// Checks that a recording can serve as a voice reference: long enough, not silent, not clipped.
///
/// # Errors
/// The first fault found, in that order.
pub fn check_reference(samples: &[f32], rate: SampleRate) -> Result<(), ReferenceFault> {
    let duration = Duration::from_secs_f64(samples.len() as f64 / f64::from(rate.hz()));
    if duration < MIN_REFERENCE {
        return Err(ReferenceFault::TooShort { duration });
    }
    let loudest_dbfs = loudest_dbfs(samples, rate);
    // NaN counts as silence.
    if loudest_dbfs.is_nan() || loudest_dbfs < SILENCE_DBFS {
        return Err(ReferenceFault::Silent { loudest_dbfs });
    }
    let clipped = samples.iter().filter(|sample| sample.abs() >= CLIPPED_LEVEL).count();
    let share = clipped as f32 / samples.len() as f32;
    if share > MAX_CLIPPED_SHARE {
        return Err(ReferenceFault::Clipped { share });
    }
    Ok(())
}

/// Power of the loudest window in dBFS; windows overlap by half.
fn loudest_dbfs(samples: &[f32], rate: SampleRate) -> f32 {
    let half = (LOUDNESS_WINDOW.as_secs_f64() * f64::from(rate.hz()) / 2.0) as usize;
    let energies: Vec<f64> = samples
        .chunks(half.max(1))
        .map(|chunk| chunk.iter().map(|sample| f64::from(*sample).powi(2)).sum())
        .collect();
    let loudest = energies.windows(2).map(|pair| pair.iter().sum::<f64>()).fold(0.0, f64::max);
    (10.0 * (loudest / (2 * half.max(1)) as f64).log10()) as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: SampleRate = SampleRate::SNAC;

    fn tone(seconds: f32, amplitude: f32) -> Vec<f32> {
        let len = (seconds * RATE.hz() as f32) as usize;
        (0..len).map(|n| amplitude * (n as f32 * 0.05).sin()).collect()
    }

    #[test]
    fn ordinary_sound_passes() {
        assert_eq!(check_reference(&tone(1.0, 0.5), RATE), Ok(()));
        assert_eq!(check_reference(&tone(2.0, 0.01), RATE), Ok(()));
    }

    #[test]
    fn short_sound_is_refused() {
        let fault = check_reference(&tone(0.99, 0.5), RATE).expect_err("short");
        assert_eq!(fault.to_string(), "the reference audio is 0.99 s long; it must be at least 1 s");
        assert!(matches!(check_reference(&[], RATE), Err(ReferenceFault::TooShort { .. })));
    }

    #[test]
    fn silence_and_a_lone_click_are_refused() {
        assert!(matches!(check_reference(&tone(2.0, 0.0), RATE), Err(ReferenceFault::Silent { .. })));
        assert!(matches!(check_reference(&tone(2.0, 0.002), RATE), Err(ReferenceFault::Silent { .. })));
        let mut click = tone(2.0, 0.0);
        click[20_000] = 0.3;
        assert!(matches!(check_reference(&click, RATE), Err(ReferenceFault::Silent { .. })));
        assert!(matches!(check_reference(&[f32::NAN; 48_000], RATE), Err(ReferenceFault::Silent { .. })));
    }

    #[test]
    fn a_word_in_a_long_silence_passes() {
        let mut samples = tone(10.0, 0.0);
        samples[100_000..112_000].copy_from_slice(&tone(0.5, 0.1));
        assert_eq!(check_reference(&samples, RATE), Ok(()));
    }

    #[test]
    fn clipping_is_refused_and_full_scale_peaks_are_not() {
        let clipped: Vec<f32> = tone(2.0, 2.0).iter().map(|sample| sample.clamp(-1.0, 1.0)).collect();
        let fault = check_reference(&clipped, RATE).expect_err("clipped");
        assert!(matches!(fault, ReferenceFault::Clipped { share } if share > 0.5), "{fault}");
        let mut peaks = tone(2.0, 0.5);
        peaks[1_000..1_100].fill(1.0);
        assert_eq!(check_reference(&peaks, RATE), Ok(()));
    }

    proptest! {
        #[test]
        fn no_samples_make_it_panic(bits in proptest::collection::vec(any::<u32>(), 0..100), repeat in 1usize..2_000) {
            let samples: Vec<f32> =
                bits.iter().copied().map(f32::from_bits).cycle().take(bits.len() * repeat).collect();
            let _ = check_reference(&samples, RATE);
        }
    }
}
