//! From the demo codec's file to its encoder: the weights by their names, with every shape checked.

use super::{
    encoder::{Analysis, DemoEncoder},
    load::{Fourier, opened},
    quantizer::{Quantizer, Restore},
};
use crate::{
    frame::CODEBOOKS,
    native::{
        affine::Affine,
        buffer::Aligned,
        load::{Loader, Unfit, unfit},
        net::LATENTS,
        product::Packed,
    },
    onnx::{CodecModel, FloatTensor, ModelFile},
    simd::VectorUnit,
};

impl DemoEncoder {
    /// Packs a file's weights for a vector unit.
    ///
    /// # Errors
    /// The file isn't an encoder of `scripts/train_demo_codec.py`, or has something that this code doesn't know.
    pub(crate) fn load(file: &ModelFile, model: &CodecModel, unit: VectorUnit) -> Result<Self, Unfit> {
        let mut loader = opened(file, model, "encoder", unit)?;
        let encoder = loader.demo_encoder(model)?;
        loader.nothing_left()?;
        Ok(encoder)
    }
}

impl Loader<'_> {
    fn demo_encoder(&mut self, model: &CodecModel) -> Result<DemoEncoder, Unfit> {
        let [channels, ..] = self.shape("encoder.input.bias")?[..] else {
            return unfit("its first convolution has no channels");
        };
        self.whole_vectors(channels)?;
        let down = self.convolution("encoder.down", channels, |kernel| {
            // Two strides wide.
            kernel.is_multiple_of(4).then_some((kernel / 2, kernel / 4))
        })?;
        let fourier = self.fourier("encoder.dft", down.stride, model)?;
        let bins = fourier.padded_bins();
        let width = (2 * bins).next_multiple_of(self.unit.panel_width());
        let basis = Packed::new(self.unit, fourier.len, width, |sample, place| fourier.value(place, sample));
        let analysis = Analysis {
            basis: Affine { matrix: basis, bias: Aligned::zeros(width) },
            bins,
            hop: fourier.hop,
            edge: fourier.edge(),
        };
        let input = self.input(&fourier, channels)?;
        let norm = self.norm("encoder.norm", channels)?;
        let fast = self.blocks("encoder.fast", 0, channels)?;
        let slow = self.blocks("encoder.slow", 0, channels)?;
        let last = self.norm(&format!("encoder.slow.{}", slow.len()), channels)?;
        let quantizers = self.quantizers(usize::from(model.codebook_size), channels)?;
        Ok(DemoEncoder { unit: self.unit, analysis, input, norm, fast, down, slow, last, quantizers })
    }

    /// The convolution of width 3 that takes features: logarithms, real and imaginary parts, each filled up to whole vectors.
    fn input(&mut self, fourier: &Fourier<'_>, channels: usize) -> Result<Affine, Unfit> {
        const TAPS: usize = 3;
        let (bins, padded) = (fourier.bins, fourier.padded_bins());
        let weights = self.take("encoder.input.weight", &[channels, 3 * bins, TAPS])?;
        let bias = self.take("encoder.input.bias", &[channels])?;
        let width = self.padded(channels);
        let matrix = Packed::new(self.unit, TAPS * 3 * padded, width, |row, column| {
            let (tap, feature) = (row / (3 * padded), row % (3 * padded));
            let (part, bin) = (feature / padded, feature % padded);
            if bin < bins && column < channels {
                weights.value((column * 3 * bins + part * bins + bin) * TAPS + tap)
            } else {
                0.0
            }
        });
        Ok(Affine { matrix, bias: Aligned::filled_up(bias.values(), width) })
    }

    /// The quantizers. torch folded 2 w and w² of each codebook into constants, which it numbers: they are known by what is in
    /// them, and those of the last codebook, which itself isn't in the file, by what is left.
    fn quantizers(&mut self, codes: usize, channels: usize) -> Result<[Quantizer; CODEBOOKS], Unfit> {
        let mut found = Vec::new();
        for level in 0..CODEBOOKS {
            let name = format!("quantizers.{level}");
            let [entry_len, ..] = self.shape(&format!("{name}.project.bias"))?[..] else {
                return unfit(format!("{name} has no dimensions"));
            };
            let project = self.affine(&format!("{name}.project"), channels, entry_len, 1)?;
            let restore = if level + 1 < CODEBOOKS {
                let codebook = self.take(&format!("{name}.codebook.weight"), &[codes, entry_len])?;
                let expand = self.affine(&format!("{name}.expand"), entry_len, channels, 1)?;
                Some(Restore { codebook: codebook.values().collect(), entry_len, expand })
            } else {
                None
            };
            let codebook = restore.as_ref().map(|restore| restore.codebook.as_slice());
            let of_codebook = |doubled: &FloatTensor<'_>| {
                codebook.is_none_or(|codebook| doubled.values().eq(codebook.iter().map(|w| 2.0 * w)))
            };
            let doubled = self.take_constant(&[codes, entry_len, 1], of_codebook)?;
            let squares = self.take_constant(&[codes, entry_len], |squares| {
                squares.values().eq(doubled.values().map(|w| (w / 2.0) * (w / 2.0)))
            })?;
            let width = self.padded(codes);
            let matrix = Packed::new(self.unit, entry_len, width, |row, column| {
                if column < codes { doubled.value(column * entry_len + row) } else { 0.0 }
            });
            let square = |code: usize| (0..entry_len).map(move |i| squares.value(code * entry_len + i));
            let bias = (0..codes).map(|code| -square(code).sum::<f32>());
            let nearest = Affine { matrix, bias: Aligned::filled_up(bias, width) };
            let stride = LATENTS >> level;
            found.push(Quantizer { stride, project, nearest, codes, restore });
        }
        found.try_into().or_else(|_| unfit("it has other codebooks"))
    }
}
