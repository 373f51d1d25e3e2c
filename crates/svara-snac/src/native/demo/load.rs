//! What loading the decoder and the encoder have in common: the layers of both.

use super::{
    layers::{Block, Convolution},
    norm::Norm,
    signal::EDGE,
};
use crate::{
    native::{
        buffer::Aligned,
        depthwise::{Filters, KERNEL},
        ends::First,
        load::{Loader, Unfit, unfit},
        snake::Curve,
    },
    onnx::{CodecModel, FloatTensor, ModelFile},
    simd::VectorUnit,
};

/// What the documentation in the files that `scripts/train_demo_codec.py` writes begins with.
const ABOUT: &str = "svara demo codec";
/// Bins are filled up to whole vectors: none has more floats.
const LANES: usize = 16;

/// Whether a file says that it is the demo voice's codec.
pub(crate) fn is_demo_codec(file: &ModelFile) -> bool {
    file.about.starts_with(ABOUT)
}

pub(super) fn opened<'a>(
    file: &'a ModelFile,
    model: &CodecModel,
    kind: &str,
    unit: VectorUnit,
) -> Result<Loader<'a>, Unfit> {
    if !is_demo_codec(file) {
        return unfit("scripts/train_demo_codec.py didn't write it");
    }
    if model.kind != kind || !model.noise.is_empty() {
        return unfit(format!("it is a {} graph with {} noise inputs", model.kind, model.noise.len()));
    }
    Ok(Loader::of(file, unit))
}

/// A Fourier transform's basis, and where it stands in time.
pub(super) struct Fourier<'a> {
    weights: FloatTensor<'a>,
    pub(super) bins: usize,
    /// Samples in a spectrum.
    pub(super) len: usize,
    pub(super) hop: usize,
}

impl Fourier<'_> {
    /// Bins of one part, real or imaginary, filled up to whole vectors.
    pub(super) fn padded_bins(&self) -> usize {
        self.bins.next_multiple_of(LANES)
    }

    /// The element of a basis for a place among padded parts; 0 between them.
    pub(super) fn value(&self, place: usize, sample: usize) -> f32 {
        let (part, bin) = (place / self.padded_bins(), place % self.padded_bins());
        if part < 2 && bin < self.bins {
            self.weights.value((part * self.bins + bin) * self.len + sample)
        } else {
            0.0
        }
    }

    pub(super) fn edge(&self) -> usize {
        (self.len - self.hop) / 2
    }
}

impl<'a> Loader<'a> {
    /// Norms take whole vectors of channels.
    pub(super) fn whole_vectors(&self, channels: usize) -> Result<(), Unfit> {
        if channels.is_multiple_of(LANES) {
            Ok(())
        } else {
            unfit(format!("its {channels} channels aren't a multiple of {LANES}"))
        }
    }

    /// A basis for spectra at `stride` hops for each latent.
    pub(super) fn fourier(
        &mut self,
        name: &str,
        stride: usize,
        model: &CodecModel,
    ) -> Result<Fourier<'a>, Unfit> {
        let [parts, 1, len] = self.shape(name)?[..] else {
            return unfit(format!("{name} is no basis of a Fourier transform"));
        };
        let (bins, hop) = (parts / 2, model.samples_per_latent / stride);
        if hop == 0 || hop * stride != model.samples_per_latent || !len.is_multiple_of(2 * hop) {
            return unfit(format!("{name} of {len} samples doesn't fit its metadata"));
        }
        Ok(Fourier { weights: self.take(name, &[2 * bins, 1, len])?, bins, len, hop })
    }

    /// A convolution across channels, whose stride and reach follow from its kernel; some kernels have none.
    pub(super) fn convolution(
        &mut self,
        name: &str,
        channels: usize,
        of_kernel: impl Fn(usize) -> Option<(usize, usize)>,
    ) -> Result<Convolution, Unfit> {
        let [.., kernel] = self.shape(&format!("{name}.weight"))?[..] else {
            return unfit(format!("{name} is no convolution"));
        };
        let Some((stride, reach)) = of_kernel(kernel).filter(|(_, reach)| *reach <= EDGE) else {
            return unfit(format!("{name} has a kernel of {kernel}"));
        };
        Ok(Convolution { taps: self.affine(name, channels, channels, kernel)?, stride, reach })
    }

    /// All blocks from a number on.
    pub(super) fn blocks(&mut self, name: &str, first: usize, channels: usize) -> Result<Vec<Block>, Unfit> {
        let mut blocks = Vec::new();
        while self.has(&format!("{name}.{}.scale", first + blocks.len())) {
            blocks.push(self.demo_block(&format!("{name}.{}", first + blocks.len()), channels)?);
        }
        Ok(blocks)
    }

    fn demo_block(&mut self, name: &str, channels: usize) -> Result<Block, Unfit> {
        let width = self.padded(channels);
        let [wide, ..] = self.shape(&format!("{name}.widen.bias"))?[..] else {
            return unfit(format!("{name} has no wide channels"));
        };
        let none = Curve { alpha: Aligned::zeros(width), inverse: Aligned::zeros(width) };
        let filters = self.narrow_filters(&format!("{name}.depthwise"), channels)?;
        let scale = self.take(&format!("{name}.scale"), &[channels, 1])?;
        Ok(Block {
            depthwise: First { channels: width, filters, none },
            widen: self.affine(&format!("{name}.widen"), channels, wide, 1)?,
            narrow: self.affine(&format!("{name}.narrow"), wide, channels, 1)?,
            scale: Aligned::filled_up(scale.values(), width),
        })
    }

    /// A depthwise convolution of an odd width up to 7, with zeros for the taps that it doesn't have.
    fn narrow_filters(&mut self, name: &str, channels: usize) -> Result<Filters, Unfit> {
        let kernel = match self.shape(&format!("{name}.weight"))?[..] {
            [_, 1, kernel] if kernel <= KERNEL && kernel % 2 == 1 => kernel,
            ref other => return unfit(format!("{name} is no depthwise convolution: {other:?}")),
        };
        let weights = self.take(&format!("{name}.weight"), &[channels, 1, kernel])?;
        let bias = self.take(&format!("{name}.bias"), &[channels])?;
        let skip = (KERNEL - kernel) / 2;
        Ok(Filters::new(self.unit, self.padded(channels), |parameter, channel| match parameter {
            _ if channel >= channels => 0.0,
            tap if (skip..skip + kernel).contains(&tap) => weights.value(channel * kernel + tap - skip),
            KERNEL => bias.value(channel),
            _ => 0.0,
        }))
    }

    pub(super) fn norm(&mut self, name: &str, channels: usize) -> Result<Norm, Unfit> {
        let width = self.padded(channels);
        let mut part = |part: &str| {
            let values = self.take(&format!("{name}.{part}"), &[channels, 1])?;
            Ok(Aligned::filled_up(values.values(), width))
        };
        Ok(Norm { channels, weight: part("weight")?, bias: part("bias")? })
    }
}
