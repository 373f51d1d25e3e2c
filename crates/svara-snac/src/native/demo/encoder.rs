//! Samples to codes.

use pulp::Simd;

use super::{
    layers::{Block, Convolution, Scratch, TILE},
    norm::Norm,
    quantizer::{Quantizer, QuantizerBuffers},
    signal::Signal,
};
use crate::{
    frame::CODEBOOKS,
    native::{affine::Affine, buffer::Aligned},
    simd::{Kernel, VectorUnit},
};

/// Keeps a magnitude from 0, and so the slope of its root.
const FLOOR: f32 = 1e-6;
/// Keeps the logarithm of a magnitude from minus infinity.
const LEAST: f32 = 1e-2;

/// The weights of the demo voice's encoder, ready for the vector unit.
///
/// 1.0 million multiply-adds for each of the 188 spectra of a second: 0.26 in the Fourier transform, 0.37 in the first
/// convolution, 0.31 in the fast blocks, and 0.13 in the layers at a quarter of that rate. The nearest codes take 0.01.
#[derive(Debug)]
pub(crate) struct DemoEncoder {
    pub(super) unit: VectorUnit,
    pub(super) analysis: Analysis,
    /// Takes three adjacent rows of features.
    pub(super) input: Affine,
    pub(super) norm: Norm,
    pub(super) fast: Vec<Block>,
    pub(super) down: Convolution,
    pub(super) slow: Vec<Block>,
    pub(super) last: Norm,
    pub(super) quantizers: [Quantizer; CODEBOOKS],
}

/// Samples to spectra: their real parts and behind them the imaginary ones, each filled up to `bins` floats.
#[derive(Debug)]
pub(crate) struct Analysis {
    pub(super) basis: Affine,
    pub(super) bins: usize,
    pub(super) hop: usize,
    /// Samples that the first and the last spectrum take from beyond the ends.
    pub(super) edge: usize,
}

/// Buffers of a thread, which calls leave for the next ones.
#[derive(Debug, Default)]
pub(crate) struct EncoderBuffers {
    audio: Vec<f32>,
    spectra: Aligned,
    features: Aligned,
    x: Signal,
    y: Signal,
    scratch: Scratch,
    quantizer: QuantizerBuffers,
}

impl DemoEncoder {
    /// The vector unit that it uses.
    pub(crate) fn unit(&self) -> VectorUnit {
        self.unit
    }

    /// The codes of whole frames of samples, for each codebook in order of time.
    pub(crate) fn run(&self, samples: &[f32], buffers: &mut EncoderBuffers) -> [Vec<u16>; CODEBOOKS] {
        self.analyse(samples, buffers);
        let EncoderBuffers { x, y, scratch, quantizer, .. } = buffers;
        self.norm.run(self.unit, x);
        self.fast.iter().for_each(|block| block.run(self.unit, x, scratch));
        self.down.run(self.unit, x, y, scratch);
        self.slow.iter().for_each(|block| block.run(self.unit, y, scratch));
        self.last.run(self.unit, y);
        let width = y.width;
        let residual = y.rows_mut();
        self.quantizers.each_ref().map(|level| level.run(self.unit, residual, width, scratch, quantizer))
    }

    /// Samples to the input's rows in `x`, some rows at a time: features take five times as much memory.
    fn analyse(&self, samples: &[f32], buffers: &mut EncoderBuffers) {
        let EncoderBuffers { audio, spectra, features, x, scratch, .. } = buffers;
        let Analysis { basis, bins, hop, edge } = &self.analysis;
        let rows = samples.len() / hop;
        audio.clear();
        audio.resize(*edge, 0.0);
        audio.extend_from_slice(samples);
        audio.resize(samples.len() + 2 * edge, 0.0);
        let width = self.input.outputs();
        x.reset(rows, width);
        for (tile, start) in x.rows_mut().chunks_mut(TILE * width).zip((0..).step_by(TILE)) {
            let count = tile.len() / width;
            // One row more on each side, unless the sound begins or ends there.
            let there = start.max(1) - 1..(start + count + 1).min(rows);
            let spectra = spectra.of_len(there.len() * basis.outputs());
            let from = audio.get(there.start * hop..).unwrap_or_default();
            basis.run(self.unit, from, *hop, scratch.ones(there.len()), spectra);
            let features = features.of_len((count + 2) * 3 * bins);
            features.fill(0.0);
            let skip = if start == 0 { 3 * bins } else { 0 };
            let (_, to) = features.split_at_mut_checked(skip).unwrap_or_default();
            self.unit.run(Features { spectra, width: basis.outputs(), bins: *bins, features: to });
            self.input.run(self.unit, features, 3 * bins, scratch.ones(count), tile);
        }
    }
}

/// The logarithm of each magnitude, and the real and imaginary parts in relation to it, `bins` floats each.
struct Features<'a> {
    spectra: &'a [f32],
    width: usize,
    bins: usize,
    features: &'a mut [f32],
}

impl Kernel for Features<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { spectra, width, bins, features } = self;
        let (floor, least) = (s.splat_f32s(FLOOR), s.splat_f32s(LEAST));
        for (spectrum, features) in spectra.chunks_exact(width).zip(features.chunks_exact_mut(3 * bins)) {
            let (real, imaginary) = spectrum.split_at_checked(bins).unwrap_or_default();
            let (logs, parts) = features.split_at_mut_checked(bins).unwrap_or_default();
            let (of_real, of_imaginary) = parts.split_at_mut_checked(bins).unwrap_or_default();
            let from = S::as_simd_f32s(real).0.iter().zip(S::as_simd_f32s(imaginary).0);
            let parts = S::as_mut_simd_f32s(of_real).0.iter_mut().zip(S::as_mut_simd_f32s(of_imaginary).0);
            let to = S::as_mut_simd_f32s(logs).0.iter_mut().zip(parts);
            for ((real, imaginary), (scale, (of_real, of_imaginary))) in from.zip(to) {
                let power = s.add_f32s(s.mul_f32s(*real, *real), s.mul_f32s(*imaginary, *imaginary));
                *scale = s.add_f32s(s.sqrt_f32s(s.add_f32s(power, floor)), least);
                *of_real = s.div_f32s(*real, *scale);
                *of_imaginary = s.div_f32s(*imaginary, *scale);
            }
            logs.iter_mut().for_each(|scale| *scale = scale.ln());
        }
    }
}
