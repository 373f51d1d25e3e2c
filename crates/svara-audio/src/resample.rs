use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync};

use crate::{SampleRate, blocks::Blocks};

/// Input samples per step of the filter, about 21 ms at 24 kHz: short enough that the first chunk of speech comes out
/// at once, long enough for a steep filter.
const STEP_SAMPLES: usize = 512;

/// Changes the sample rate of a mono stream.
///
/// The filter's delay is taken out: the output starts with the first input sample and is exactly
/// `ceil(samples_in · to / from)` samples long.
pub struct Resampler {
    filter: Fft<f32>,
    blocks: Blocks<f32>,
    step: Step,
    from: SampleRate,
    to: SampleRate,
    samples_in: u64,
}

/// The resampler couldn't be set up or refused a step.
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
    /// A resampler from one rate to another; equal rates work, too.
    ///
    /// # Errors
    /// When the library refuses the pair of rates.
    pub fn new(from: SampleRate, to: SampleRate) -> Result<Self, ResampleError> {
        let filter = Fft::new(from.hz() as usize, to.hz() as usize, STEP_SAMPLES, 1, FixedSync::Both)
            .map_err(|error| ResampleError { from, to, detail: error.to_string() })?;
        let step = Step {
            buffer: vec![0.0; rubato::Resampler::output_frames_max(&filter)],
            skip: rubato::Resampler::output_delay(&filter),
            samples_out: 0,
        };
        let blocks = Blocks::new(rubato::Resampler::input_frames_max(&filter));
        Ok(Self { filter, blocks, step, from, to, samples_in: 0 })
    }

    /// Takes samples at the input rate and appends to `out` those at the output rate that are ready.
    ///
    /// # Errors
    /// When the library refuses.
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
    /// When the library refuses.
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

/// One step of the filter, and what is left to skip of its delay.
struct Step {
    buffer: Vec<f32>,
    skip: usize,
    samples_out: u64,
}

impl Step {
    /// Filters one block and appends what comes out, up to `end` samples in all.
    fn run(
        &mut self,
        filter: &mut Fft<f32>,
        block: &[f32],
        end: u64,
        out: &mut Vec<f32>,
    ) -> Result<(), String> {
        let input = InterleavedSlice::new(block, 1, block.len()).map_err(|error| error.to_string())?;
        let output_len = self.buffer.len();
        let mut output =
            InterleavedSlice::new_mut(&mut self.buffer, 1, output_len).map_err(|error| error.to_string())?;
        let (_, written) = rubato::Resampler::process_into_buffer(filter, &input, &mut output, None)
            .map_err(|error| error.to_string())?;
        let skipped = self.skip.min(written);
        self.skip -= skipped;
        let wanted = usize::try_from(end - self.samples_out).unwrap_or(usize::MAX).min(written - skipped);
        let ready = self.buffer.get(skipped..skipped + wanted).unwrap_or_default();
        out.extend_from_slice(ready);
        self.samples_out += ready.len() as u64;
        Ok(())
    }
}
