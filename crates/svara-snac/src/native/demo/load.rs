//! From the demo codec's files to its decoder and encoder: the weights by their names, with every shape checked.

use super::{
    decoder::{DemoDecoder, Synthesis},
    encoder::{Analysis, DemoEncoder},
    layers::{Block, Convolution, EDGE, Norm},
    quantizer::{Quantizer, Restore},
};
use crate::{
    frame::CODEBOOKS,
    native::{
        affine::Affine,
        buffer::Aligned,
        depthwise::{Filters, KERNEL},
        ends::First,
        load::{Loader, Unfit, unfit},
        net::LATENTS,
        product::Packed,
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

fn opened<'a>(
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
struct Fourier<'a> {
    weights: FloatTensor<'a>,
    bins: usize,
    /// Samples in a spectrum.
    len: usize,
    hop: usize,
}

impl Fourier<'_> {
    /// Bins of one part, real or imaginary, filled up to whole vectors.
    fn padded_bins(&self) -> usize {
        self.bins.next_multiple_of(LANES)
    }

    /// The element of a basis for a place among padded parts; 0 between them.
    fn value(&self, place: usize, sample: usize) -> f32 {
        let (part, bin) = (place / self.padded_bins(), place % self.padded_bins());
        if part < 2 && bin < self.bins {
            self.weights.value((part * self.bins + bin) * self.len + sample)
        } else {
            0.0
        }
    }

    fn edge(&self) -> usize {
        (self.len - self.hop) / 2
    }
}

impl<'a> Loader<'a> {
    fn demo_decoder(&mut self, model: &CodecModel) -> Result<DemoDecoder, Unfit> {
        let codes = usize::from(model.codebook_size);
        let (embed, channels) = self.embed(codes, |level| {
            let name = format!("quantizers.{level}");
            (format!("{name}.codebook.weight"), format!("{name}.expand"))
        })?;
        self.whole_vectors(channels)?;
        let first = self.convolution("decoder.slow.0", channels, |kernel| (1, kernel / 2))?;
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

    fn demo_encoder(&mut self, model: &CodecModel) -> Result<DemoEncoder, Unfit> {
        let [channels, ..] = self.shape("encoder.input.bias")?[..] else {
            return unfit("its first convolution has no channels");
        };
        self.whole_vectors(channels)?;
        let down = self.convolution("encoder.down", channels, |kernel| (kernel / 2, kernel / 4))?;
        if down.stride == 0 || down.taps.matrix.rows() != 2 * down.stride * self.padded(channels) {
            return unfit("encoder.down has a kernel that isn't two strides wide");
        }
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

    /// Norms take whole vectors of channels.
    fn whole_vectors(&self, channels: usize) -> Result<(), Unfit> {
        if channels.is_multiple_of(LANES) {
            Ok(())
        } else {
            unfit(format!("its {channels} channels aren't a multiple of {LANES}"))
        }
    }

    /// A basis for spectra at `stride` hops for each latent.
    fn fourier(&mut self, name: &str, stride: usize, model: &CodecModel) -> Result<Fourier<'a>, Unfit> {
        let [parts, 1, len] = self.shape(name)?[..] else {
            return unfit(format!("{name} is no basis of a Fourier transform"));
        };
        let (bins, hop) = (parts / 2, model.samples_per_latent / stride);
        if hop == 0 || hop * stride != model.samples_per_latent || !len.is_multiple_of(2 * hop) {
            return unfit(format!("{name} of {len} samples doesn't fit its metadata"));
        }
        Ok(Fourier { weights: self.take(name, &[2 * bins, 1, len])?, bins, len, hop })
    }

    /// A convolution across channels, whose stride and reach its kernel gives.
    fn convolution(
        &mut self,
        name: &str,
        channels: usize,
        of_kernel: impl Fn(usize) -> (usize, usize),
    ) -> Result<Convolution, Unfit> {
        let [.., kernel] = self.shape(&format!("{name}.weight"))?[..] else {
            return unfit(format!("{name} is no convolution"));
        };
        let (stride, reach) = of_kernel(kernel);
        if reach > EDGE {
            return unfit(format!("{name} has a kernel of {kernel}"));
        }
        Ok(Convolution { taps: self.affine(name, channels, channels, kernel)?, stride, reach })
    }

    /// All blocks from a number on.
    fn blocks(&mut self, name: &str, first: usize, channels: usize) -> Result<Vec<Block>, Unfit> {
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

    fn norm(&mut self, name: &str, channels: usize) -> Result<Norm, Unfit> {
        let width = self.padded(channels);
        let mut part = |part: &str| {
            let values = self.take(&format!("{name}.{part}"), &[channels, 1])?;
            Ok(Aligned::filled_up(values.values(), width))
        };
        Ok(Norm { channels, weight: part("weight")?, bias: part("bias")? })
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
