use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use crate::{SampleRate, blocks::Blocks};

/// Input samples per step of the filter; more only where the ratio of the rates needs a longer step. Two steps fit into
/// one SNAC frame, so most of a frame comes out at once, and the filter is still steep.
const STEP_SAMPLES: u32 = 1_024;
/// Louder samples are clamped to this level, 24 dB over full scale, so that the filter's arithmetic can't overflow.
const LOUDEST: f32 = 16.0;

/// Changes the sample rate of a mono stream. NaN samples count as silence.
///
/// The filter's delay is removed: the output starts with the first input sample and is exactly
/// `ceil(samples_in · to / from)` samples long.
pub struct Resampler {
    filter: Fft<f32>,
    blocks: Blocks<f32>,
    step: Step,
    from: SampleRate,
    to: SampleRate,
    samples_in: u64,
}

/// The resampler couldn't be set up, or failed in a step.
#[derive(Debug, thiserror::Error)]
#[error("cannot resample from {from} Hz to {to} Hz: {detail}")]
pub struct ResampleError {
    /// Rate of the input.
    pub from: SampleRate,
    /// Rate of the output.
    pub to: SampleRate,
    /// What the library said.
    pub detail: String,
}

impl Resampler {
    /// A resampler from one rate to another; equal rates work as well.
    ///
    /// # Errors
    /// When the library rejects the pair of rates.
    pub fn new(from: SampleRate, to: SampleRate) -> Result<Self, ResampleError> {
        let (from_hz, to_hz) = (from.hz() as usize, to.hz() as usize);
        let filter = Fft::new(from_hz, to_hz, step_samples(from, to) as usize, 1, FixedSync::Both)
            .map_err(|error| ResampleError { from, to, detail: error.to_string() })?;
        let input_len = filter.input_frames_max();
        let step = Step {
            input: Vec::with_capacity(input_len),
            output: vec![0.0; filter.output_frames_max()],
            skip: filter.output_delay(),
            samples_out: 0,
        };
        let blocks = Blocks::new(input_len);
        Ok(Self { filter, blocks, step, from, to, samples_in: 0 })
    }

    /// Takes samples at the input rate and appends the output samples that are ready to `out`.
    ///
    /// # Errors
    /// When the library fails.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<(), ResampleError> {
        self.samples_in += samples.len() as u64;
        let Self { filter, blocks, step, .. } = self;
        blocks.push(samples, |block| step.run(filter, block, u64::MAX, out)).map_err(|detail| ResampleError {
            from: self.from,
            to: self.to,
            detail,
        })
    }

    /// Appends the samples still inside the filter.
    ///
    /// # Errors
    /// When the library fails.
    pub fn finish(mut self, out: &mut Vec<f32>) -> Result<(), ResampleError> {
        let end = (self.samples_in * u64::from(self.to.hz())).div_ceil(u64::from(self.from.hz()));
        let mut block = vec![0.0; self.blocks.block_len()];
        let (head, _) = block.split_at_mut(self.blocks.pending().len());
        head.copy_from_slice(self.blocks.pending());
        while self.step.samples_out < end {
            self.step.run(&mut self.filter, &block, end, out).map_err(|detail| ResampleError {
                from: self.from,
                to: self.to,
                detail,
            })?;
            block.fill(0.0);
        }
        Ok(())
    }
}

/// Input samples per step: an even multiple of the numerator of `from / to` in lowest terms. Even, because the filter's
/// delay is half a step and must be whole samples to be removed exactly.
fn step_samples(from: SampleRate, to: SampleRate) -> u32 {
    let shortest = from.hz() / greatest_common_divisor(from.hz(), to.hz());
    let pairs = STEP_SAMPLES / (2 * shortest);
    2 * shortest * pairs.max(1)
}

const fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// One step of the filter, and how much of its delay is still to be skipped.
struct Step {
    input: Vec<f32>,
    output: Vec<f32>,
    skip: usize,
    samples_out: u64,
}

impl Step {
    /// Filters one block and appends the output, up to `end` samples in total.
    fn run(
        &mut self,
        filter: &mut Fft<f32>,
        block: &[f32],
        end: u64,
        out: &mut Vec<f32>,
    ) -> Result<(), String> {
        self.input.clear();
        self.input.extend(block.iter().copied().map(tame));
        let (input_len, output_len) = (self.input.len(), self.output.len());
        let input = InterleavedSlice::new(&self.input, 1, input_len).map_err(|error| error.to_string())?;
        let mut output =
            InterleavedSlice::new_mut(&mut self.output, 1, output_len).map_err(|error| error.to_string())?;
        let (_, written) =
            filter.process_into_buffer(&input, &mut output, None).map_err(|error| error.to_string())?;
        let skipped = self.skip.min(written);
        self.skip -= skipped;
        let wanted = usize::try_from(end - self.samples_out).unwrap_or(usize::MAX).min(written - skipped);
        let ready = self.output.get(skipped..skipped + wanted).unwrap_or_default();
        out.extend_from_slice(ready);
        self.samples_out += ready.len() as u64;
        Ok(())
    }
}

/// The library panics on samples that aren't finite.
fn tame(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-LOUDEST, LOUDEST) }
}
