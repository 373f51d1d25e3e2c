use std::convert::Infallible;

use ssstretch::Stretch;

use crate::{SampleRate, blocks::Blocks};

/// Input samples per step: half of the library's own interval at 24 kHz. Blocks of equal size make the output
/// independent of how the input was split.
const STEP_SAMPLES: usize = 360;
/// Louder samples are clamped to this level, 24 dB over full scale, as in the resampler.
const LOUDEST: f32 = 16.0;
/// The library randomizes phases when it stretches far; a fixed seed keeps speech reproducible.
const PHASE_SEED: i64 = 1;

/// Speeds a mono stream up or slows it down without changing its pitch. NaN samples count as silence.
///
/// The library's delay is removed: the output starts with the first input sample and is exactly
/// `round(samples_in / speed)` samples long. At speed 1 samples pass through untouched. At any other speed the first
/// output needs about 120 ms of input, the length of the analysis window.
pub struct TimeStretch {
    speed: f64,
    samples_in: u64,
    /// None at speed 1.
    vocoder: Option<(Blocks<f32>, Vocoder)>,
}

/// A speed outside the range of [`TimeStretch`].
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("speed {speed} is outside {} to {}", TimeStretch::MIN_SPEED, TimeStretch::MAX_SPEED)]
pub struct SpeedError {
    /// The speed that was asked for.
    pub speed: f32,
}

impl TimeStretch {
    /// The slowest speed.
    pub const MIN_SPEED: f32 = 0.25;
    /// The fastest speed.
    pub const MAX_SPEED: f32 = 4.0;

    /// A stretch for audio at `rate`; speed 2 is twice as fast.
    ///
    /// # Errors
    /// The speed is outside [`Self::MIN_SPEED`] to [`Self::MAX_SPEED`].
    pub fn new(speed: f32, rate: SampleRate) -> Result<Self, SpeedError> {
        if !(Self::MIN_SPEED..=Self::MAX_SPEED).contains(&speed) {
            return Err(SpeedError { speed });
        }
        let speed = f64::from(speed);
        let vocoder = (speed != 1.0).then(|| (Blocks::new(STEP_SAMPLES), Vocoder::new(speed, rate)));
        Ok(Self { speed, samples_in: 0, vocoder })
    }

    /// Takes samples and appends those that are ready to `out`.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.samples_in += samples.len() as u64;
        match &mut self.vocoder {
            None => out.extend_from_slice(samples),
            Some((blocks, vocoder)) => push_blocks(blocks, vocoder, samples, out),
        }
    }

    /// Appends everything still held back.
    pub fn finish(mut self, out: &mut Vec<f32>) {
        let length = self.length(self.samples_in);
        if let Some((mut blocks, mut vocoder)) = self.vocoder.take() {
            let silence = vec![0.0; vocoder.tail_samples()];
            push_blocks(&mut blocks, &mut vocoder, &silence, out);
            vocoder.process(blocks.pending(), out);
            vocoder.flush(out);
            // Padding beyond the exact length.
            let surplus = usize::try_from(vocoder.given.saturating_sub(length)).unwrap_or(usize::MAX);
            out.truncate(out.len().saturating_sub(surplus));
        }
    }

    /// How many samples `samples` input samples become at this speed.
    pub fn length(&self, samples: u64) -> u64 {
        at_speed(samples, self.speed)
    }
}

fn push_blocks(blocks: &mut Blocks<f32>, vocoder: &mut Vocoder, samples: &[f32], out: &mut Vec<f32>) {
    let Ok(()) = blocks.push(samples, |block| {
        vocoder.process(block, out);
        Ok::<_, Infallible>(())
    });
}

/// Exact up to 2⁵³ samples: ten thousand years.
fn at_speed(samples: u64, speed: f64) -> u64 {
    (samples as f64 / speed).round() as u64
}

/// The library, with its delay removed.
struct Vocoder {
    stretch: Stretch,
    speed: f64,
    input: [Vec<f32>; 1],
    output: [Vec<f32>; 1],
    taken: u64,
    made: u64,
    /// Samples of delay still to be dropped.
    delay: usize,
    given: u64,
}

// SAFETY: the C++ object behind `Stretch` owns all its memory, has no thread-local or shared state and makes no
// callbacks; only the binding's raw pointer keeps it from being `Send`.
#[allow(unsafe_code, reason = "the binding doesn't declare what its library allows")]
unsafe impl Send for Vocoder {}

impl Vocoder {
    fn new(speed: f64, rate: SampleRate) -> Self {
        let mut stretch = Stretch::with_seed(PHASE_SEED);
        stretch.preset_default(1, rate.hz() as f32);
        let delay = at_speed(latency(stretch.input_latency()) as u64, speed) as usize
            + latency(stretch.output_latency());
        let (input, output) = ([Vec::new()], [Vec::new()]);
        Self { stretch, speed, input, output, taken: 0, made: 0, delay, given: 0 }
    }

    /// Samples of silence to push after the last sample so that all audio comes out, with some slack for rounding.
    fn tail_samples(&self) -> usize {
        latency(self.stretch.input_latency()) + 2 * self.speed.ceil() as usize
    }

    /// Takes at most [`STEP_SAMPLES`].
    fn process(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.taken += samples.len() as u64;
        let made = at_speed(self.taken, self.speed);
        let count = (made - self.made) as usize;
        self.made = made;
        let [input] = &mut self.input;
        input.clear();
        input.extend(samples.iter().map(
            |sample| {
                if sample.is_nan() { 0.0 } else { sample.clamp(-LOUDEST, LOUDEST) }
            },
        ));
        // At most 4 · STEP_SAMPLES: far from the limits of i32.
        self.stretch.process_vec(&self.input, samples.len() as i32, &mut self.output, count as i32);
        self.give(out);
    }

    /// Appends what is left in the library's window.
    fn flush(&mut self, out: &mut Vec<f32>) {
        self.stretch.flush_vec(&mut self.output, self.stretch.output_latency());
        self.give(out);
    }

    fn give(&mut self, out: &mut Vec<f32>) {
        let [output] = &self.output;
        let late = self.delay.min(output.len());
        self.delay -= late;
        let ready = output.get(late..).unwrap_or_default();
        self.given += ready.len() as u64;
        out.extend_from_slice(ready);
    }
}

/// A latency in samples; the library's are positive.
fn latency(samples: i32) -> usize {
    usize::try_from(samples).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stretched(speed: f32, samples: &[f32], push_len: usize) -> Vec<f32> {
        let mut stretch = TimeStretch::new(speed, SampleRate::SNAC).expect("in range");
        let mut out = Vec::new();
        for push in samples.chunks(push_len) {
            stretch.push(push, &mut out);
        }
        stretch.finish(&mut out);
        out
    }

    #[test]
    fn speeds_out_of_range_are_refused_with_the_range() {
        for speed in [0.0, 0.2, 4.1, -1.0, f32::NAN, f32::INFINITY] {
            let error = TimeStretch::new(speed, SampleRate::SNAC).err().expect("refused").to_string();
            assert!(error.contains("outside 0.25 to 4"), "{error}");
        }
    }

    #[test]
    fn a_stretch_can_move_between_threads() {
        const fn assert_send<T: Send>() {}
        assert_send::<TimeStretch>();
    }

    #[test]
    fn what_is_no_number_is_silence() {
        let out = stretched(1.5, &[f32::NAN, f32::INFINITY, f32::NEG_INFINITY].repeat(2_000), 500);
        assert!(out.iter().all(|sample| sample.is_finite()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_length_is_exact_and_pushes_do_not_matter(
            speed in prop_oneof![Just(1.0_f32), Just(0.25), Just(4.0), 0.25_f32..4.0],
            length in 0usize..20_000,
            push_len in 1usize..3_000,
        ) {
            let samples: Vec<f32> = (0..length).map(|n| (n as f32 * 0.05).sin() * 0.5).collect();
            let out = stretched(speed, &samples, push_len);
            prop_assert_eq!(out.len() as u64, at_speed(length as u64, f64::from(speed)));
            prop_assert_eq!(&out, &stretched(speed, &samples, 20_000));
            if speed == 1.0 {
                prop_assert_eq!(out, samples);
            }
        }
    }
}
