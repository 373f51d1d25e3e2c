//! From the demo codec's file to its decoder: the weights by their names, with every shape checked.

use super::{
    decoder::{DemoDecoder, Synthesis},
    load::{Fourier, opened},
    signal::EDGE,
};
use crate::{
    native::{
        affine::Affine,
        buffer::Aligned,
        load::{Loader, Unfit, unfit},
        net::LATENTS,
        product::Packed,
    },
    onnx::{CodecModel, ModelFile},
    simd::VectorUnit,
};

impl DemoDecoder {
    /// Packs a file's weights for a vector unit.
    ///
    /// # Errors
    /// The file isn't a decoder of `scripts/train_demo_codec.py`, or has something that this code doesn't know.
    pub(crate) fn load(file: &ModelFile, model: &CodecModel, unit: VectorUnit) -> Result<Self, Unfit> {
        let mut loader = opened(file, model, "plain", unit)?;
        let decoder = loader.demo_decoder(model)?;
        loader.nothing_left()?;
        Ok(decoder)
    }
}

impl Loader<'_> {
    fn demo_decoder(&mut self, model: &CodecModel) -> Result<DemoDecoder, Unfit> {
        let codes = usize::from(model.codebook_size);
        let (embed, channels) = self.embed(codes, |level| {
            let name = format!("quantizers.{level}");
            (format!("{name}.codebook.weight"), format!("{name}.expand"))
        })?;
        self.whole_vectors(channels)?;
        let first = self.convolution("decoder.slow.0", channels, |kernel| {
            // As much before a sample as behind it.
            (kernel % 2 == 1).then_some((1, kernel / 2))
        })?;
        let slow = self.blocks("decoder.slow", 1, channels)?;
        let (up, stride) = self.up(channels)?;
        let fourier = self.fourier("decoder.idft", stride, model)?;
        let norm = self.norm("decoder.norm", channels)?;
        let fast = self.blocks("decoder.fast", 0, channels)?;
        let last = self.norm(&format!("decoder.fast.{}", fast.len()), channels)?;
        let head = self.head(&fourier, channels)?;
        let synthesis = self.synthesis(&fourier)?;
        // Latents on which a sample depends, to either side.
        let rows = EDGE * fast.len() + synthesis.reach;
        let reach = first.reach + EDGE * slow.len() + rows.div_ceil(stride);
        if reach > model.context_frames * LATENTS {
            return unfit(format!("its samples depend on {reach} latents, but its windows are shorter"));
        }
        let bins = fourier.padded_bins();
        Ok(DemoDecoder {
            unit: self.unit,
            embed,
            first,
            slow,
            up,
            stride,
            norm,
            fast,
            last,
            head,
            bins,
            synthesis,
        })
    }

    /// The transposed convolution whose kernel is its stride: a latent to as many rows.
    fn up(&mut self, channels: usize) -> Result<(Affine, usize), Unfit> {
        let [.., stride] = self.shape("decoder.up.weight")?[..] else {
            return unfit("decoder.up is no transposed convolution");
        };
        let weights = self.take("decoder.up.weight", &[channels, channels, stride])?;
        let bias = self.take("decoder.up.bias", &[channels])?;
        let width = self.padded(channels);
        let matrix = Packed::new(self.unit, channels, stride * width, |row, column| {
            let (phase, output) = (column / width, column % width);
            if output < channels { weights.value((row * channels + output) * stride + phase) } else { 0.0 }
        });
        let bias = (0..stride * width).map(|column| bias.value(column % width));
        Ok((Affine { matrix, bias: Aligned::filled_up(bias, stride * width) }, stride))
    }

    /// A row to a spectrum's logarithms and phases, each filled up to whole vectors.
    fn head(&mut self, fourier: &Fourier<'_>, channels: usize) -> Result<Affine, Unfit> {
        let (bins, padded) = (fourier.bins, fourier.padded_bins());
        let weights = self.take("decoder.head.weight", &[2 * bins, channels, 1])?;
        let bias = self.take("decoder.head.bias", &[2 * bins])?;
        let width = self.padded(2 * padded);
        let place = |column: usize| {
            let (part, bin) = (column / padded, column % padded);
            (part < 2 && bin < bins).then_some(part * bins + bin)
        };
        let matrix = Packed::new(self.unit, channels, width, |row, column| {
            place(column).map_or(0.0, |place| weights.value(place * channels + row))
        });
        let bias = (0..width).map(|column| place(column).map_or(0.0, |place| bias.value(place)));
        Ok(Affine { matrix, bias: Aligned::filled_up(bias, width) })
    }

    /// Adjacent spectra to a hop of samples; the earliest spectrum comes first, which gives its last samples.
    fn synthesis(&self, fourier: &Fourier<'_>) -> Result<Synthesis, Unfit> {
        let (hop, reach, spectrum) = (fourier.hop, fourier.len / fourier.hop, 2 * fourier.padded_bins());
        if !hop.is_multiple_of(self.unit.panel_width()) {
            return unfit(format!("its {hop} samples between spectra fill no panels"));
        }
        let matrix = Packed::new(self.unit, reach * spectrum, hop, |row, column| {
            let later = reach - 1 - row / spectrum;
            fourier.value(row % spectrum, later * hop + column)
        });
        let basis = Affine { matrix, bias: Aligned::zeros(hop) };
        Ok(Synthesis { basis, hop, reach, edge: fourier.edge() })
    }
}
