//! Codes to samples.

use std::ops::Range;

use pulp::Simd;

use super::{
    curves::exp,
    layers::{Block, Convolution, Scratch},
    norm::Norm,
    signal::{EDGE, Signal},
};
use crate::{
    Frame,
    native::{
        affine::Affine,
        buffer::Aligned,
        embed::Embed,
        net::{LATENTS, codes_of},
    },
    simd::{Kernel, VectorUnit},
    waves::{cosine, sine},
};

/// The largest logarithm of a magnitude.
const MAX_LOG: f32 = 5.0;

/// The weights of the demo voice's decoder, ready for the vector unit. Threads share them.
///
/// 1.1 million multiply-adds for each of the 188 spectra of a second: 0.61 in the fast blocks, 0.26 in the inverse Fourier
/// transform, 0.08 in the head, and 0.13 in the layers at a quarter of that rate.
#[derive(Debug)]
pub(crate) struct DemoDecoder {
    pub(super) unit: VectorUnit,
    pub(super) embed: Embed,
    pub(super) first: Convolution,
    pub(super) slow: Vec<Block>,
    /// A latent to `stride` rows.
    pub(super) up: Affine,
    pub(super) stride: usize,
    pub(super) norm: Norm,
    pub(super) fast: Vec<Block>,
    pub(super) last: Norm,
    /// A row to the logarithms of a spectrum's magnitudes, and behind them its phases, each filled up to `bins` floats.
    pub(super) head: Affine,
    pub(super) bins: usize,
    pub(super) synthesis: Synthesis,
}

/// Spectra to samples. A spectrum reaches over `reach` hops, so a hop of samples is a product of as many adjacent spectra with a
/// matrix [`reach` · 2 · bins, `hop`].
#[derive(Debug)]
pub(crate) struct Synthesis {
    pub(super) basis: Affine,
    pub(super) hop: usize,
    pub(super) reach: usize,
    /// Samples before the first one that is kept.
    pub(super) edge: usize,
}

/// Buffers of a thread, which calls leave for the next ones.
#[derive(Debug, Default)]
pub(crate) struct DecoderBuffers {
    x: Signal,
    y: Signal,
    entries: Aligned,
    polar: Aligned,
    spectra: Aligned,
    audio: Aligned,
    scratch: Scratch,
}

impl DemoDecoder {
    /// The vector unit that it uses.
    pub(crate) fn unit(&self) -> VectorUnit {
        self.unit
    }

    /// Decodes a window of frames and returns the samples `keep` of it, which begins with its first frame. Samples outside of
    /// the window are left out.
    pub(crate) fn run<'b>(
        &self,
        frames: &[Frame],
        keep: Range<usize>,
        buffers: &'b mut DecoderBuffers,
    ) -> &'b [f32] {
        let DecoderBuffers { x, y, entries, polar, spectra, audio, scratch } = buffers;
        let Synthesis { hop, reach, edge, .. } = self.synthesis;
        let latents = frames.len() * LATENTS;
        let all_rows = latents * self.stride;
        let keep = keep.start..keep.end.min(all_rows * hop);
        if keep.is_empty() {
            return &[];
        }
        x.reset(latents, self.embed.channels());
        self.embed.run(
            self.unit,
            |level| codes_of(frames, level),
            scratch.ones(latents),
            entries,
            x.rows_mut(),
        );
        self.first.run(self.unit, x, y, scratch);
        self.slow.iter().for_each(|block| block.run(self.unit, y, scratch));
        // Hops of samples; the spectra that they are made of; and the rows that these depend on.
        let hops = (keep.start + edge) / hop..(keep.end + edge).div_ceil(hop);
        let of_hops = hops.start.saturating_sub(reach - 1)..hops.end.min(all_rows);
        let margin = EDGE * self.fast.len();
        let needed = of_hops.start.saturating_sub(margin)..(of_hops.end + margin).min(all_rows);
        let from = needed.start / self.stride..needed.end.div_ceil(self.stride);
        x.reset(from.len() * self.stride, y.width);
        let latents = y.rows().get(from.start * y.width..from.end * y.width).unwrap_or_default();
        self.up.run(self.unit, latents, y.width, scratch.ones(from.len()), x.rows_mut());
        self.norm.run(self.unit, x);
        self.fast.iter().for_each(|block| block.run(self.unit, x, scratch));
        self.last.run(self.unit, x);
        let first = of_hops.start - from.start * self.stride;
        let rows = x.rows().get(first * x.width..(first + of_hops.len()) * x.width).unwrap_or_default();
        let polar = polar.of_len(of_hops.len() * self.head.outputs());
        self.head.run(self.unit, rows, x.width, scratch.ones(of_hops.len()), polar);
        // Where the window has no spectrum, there is silence.
        let spectrum = 2 * self.bins;
        let spectra = spectra.of_len((hops.len() + reach - 1) * spectrum);
        spectra.fill(0.0);
        let before = (reach - 1).saturating_sub(hops.start);
        let (_, to) = spectra.split_at_mut_checked(before * spectrum).unwrap_or_default();
        self.unit.run(Cartesian { polar, width: self.head.outputs(), bins: self.bins, spectra: to });
        let audio = audio.of_len(hops.len() * hop);
        self.synthesis.basis.run(self.unit, spectra, spectrum, scratch.ones(hops.len()), audio);
        let start = keep.start + edge - hops.start * hop;
        audio.get(start..start + keep.len()).unwrap_or_default()
    }
}

/// Spectra as real and imaginary parts, `bins` floats each, from rows of `width` floats with the logarithms of their magnitudes
/// and their phases.
struct Cartesian<'a> {
    polar: &'a [f32],
    width: usize,
    bins: usize,
    spectra: &'a mut [f32],
}

impl Kernel for Cartesian<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { polar, width, bins, spectra } = self;
        let most = s.splat_f32s(MAX_LOG);
        for (polar, spectrum) in polar.chunks_exact(width).zip(spectra.chunks_exact_mut(2 * bins)) {
            let (logs, phases) = polar.split_at_checked(bins).unwrap_or_default();
            let (real, imaginary) = spectrum.split_at_mut_checked(bins).unwrap_or_default();
            let from = S::as_simd_f32s(logs).0.iter().zip(S::as_simd_f32s(phases).0);
            let to = S::as_mut_simd_f32s(real).0.iter_mut().zip(S::as_mut_simd_f32s(imaginary).0);
            for ((log, phase), (real, imaginary)) in from.zip(to) {
                let magnitude = exp(s, s.min_f32s(*log, most));
                *real = s.mul_f32s(magnitude, cosine(s, *phase));
                *imaginary = s.mul_f32s(magnitude, sine(s, *phase));
            }
        }
    }
}
