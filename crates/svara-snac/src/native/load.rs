//! From a model file to a [`Net`]: the weights by their names in the file, with every shape checked.

use std::collections::HashMap;

use super::{
    affine::{Affine, Upsample},
    buffer::Aligned,
    depthwise::{Filters, KERNEL},
    embed::Embed,
    ends::{First, Last, Noise},
    net::{Block, Front, Net},
    product::Packed,
    residual::{Residual, Wide},
    snake::Curve,
};
use crate::{
    frame::CODEBOOKS,
    onnx::{CodecModel, FloatTensor, ModelFile},
    simd::VectorUnit,
};

/// Of the three residual units in a block.
const DILATIONS: [usize; 3] = [1, 3, 9];
/// Larger ones would make the padding to whole panels expensive.
const MAX_STRIDE: usize = 32;
/// What writes the files whose weights are known by name.
const PRODUCER: &str = "export_snac";

/// Why a model can't be decoded without ONNX Runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit(pub(crate) String);

pub(super) fn unfit<T>(reason: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit(reason.into()))
}

impl Net {
    /// Packs a file's weights for a vector unit.
    ///
    /// # Errors
    /// The file isn't a stream decoder of `scripts/export_snac.py`, or has something that this code doesn't know.
    pub(crate) fn load(file: &ModelFile, model: &CodecModel, unit: VectorUnit) -> Result<Self, Unfit> {
        if !model.is_stream() {
            return unfit(format!("it is a {} graph, not a stream decoder", model.kind));
        }
        if file.producer != PRODUCER {
            return unfit(format!("{:?} wrote it, not scripts/export_snac.py", file.producer));
        }
        let mut loader = Loader::of(file, unit);
        let net = loader.net(model)?;
        loader.nothing_left()?;
        Ok(net)
    }
}

/// Gives each weight of a file once, by its name, and checks its shape.
pub(super) struct Loader<'a> {
    pub(super) unit: VectorUnit,
    /// Those not yet used.
    weights: HashMap<&'a str, FloatTensor<'a>>,
}

/// Where the layers stand in time, and the state they need: to be compared with the metadata.
struct Totals {
    rate: usize,
    delay: usize,
    state_len: usize,
}

impl<'a> Loader<'a> {
    pub(super) fn of(file: &'a ModelFile, unit: VectorUnit) -> Self {
        Self { unit, weights: file.tensors().map(|tensor| (tensor.name, tensor)).collect() }
    }

    /// A weight that isn't used would be a layer that is left out.
    pub(super) fn nothing_left(&self) -> Result<(), Unfit> {
        match self.weights.keys().find(|name| !name.starts_with("const.")) {
            Some(name) => unfit(format!("it has a weight {name} that this server doesn't know")),
            None => Ok(()),
        }
    }

    fn net(&mut self, model: &CodecModel) -> Result<Net, Unfit> {
        let codes = usize::from(model.codebook_size);
        let (embed, latents) = self.embed(codes, |level| {
            let name = format!("quantizer.quantizers.{level}");
            (format!("{name}.codebook"), format!("{name}.out_proj"))
        })?;
        let mut totals = Totals { rate: 1, delay: KERNEL / 2, state_len: (KERNEL - 1) * latents };
        let (front, first_block, mut channels) = self.front(latents)?;
        let mut blocks = Vec::new();
        while self.has(&format!("decoder.model.{}.block.1.weight", first_block + blocks.len())) {
            let name = format!("decoder.model.{}.block", first_block + blocks.len());
            let block = self.block(&name, channels, &mut totals, model, blocks.len())?;
            channels /= 2;
            blocks.push(block);
        }
        let last = first_block + blocks.len();
        let curve = self.curve(&format!("decoder.model.{last}"), channels)?;
        let last = self.last(&format!("decoder.model.{}", last + 1), channels, curve)?;
        totals.delay += KERNEL / 2;
        totals.state_len += (KERNEL - 1) * channels;
        let expected = (model.samples_per_latent, model.delay_samples, model.state_len);
        if (totals.rate, totals.delay, totals.state_len) != expected {
            return unfit("its metadata doesn't describe the layers that its weights are for");
        }
        let noisy = blocks.iter().filter(|block| block.noise.is_some()).count();
        if noisy != model.noise.len() || (noisy != 0 && noisy != blocks.len()) {
            return unfit(format!("it has {noisy} noise blocks, but {} noise inputs", model.noise.len()));
        }
        Ok(Net { unit: self.unit, embed, front, blocks, last })
    }

    /// The codebooks of `codes` entries and their projections, whose names `names` gives, and the channels of a latent.
    pub(super) fn embed(
        &mut self,
        codes: usize,
        names: impl Fn(usize) -> (String, String),
    ) -> Result<(Embed, usize), Unfit> {
        let (_, projection) = names(0);
        let [latents, entry_len, 1] = self.shape(&format!("{projection}.weight"))?[..] else {
            return unfit("its codebooks have no projection");
        };
        let mut codebooks: [Vec<f32>; CODEBOOKS] = Default::default();
        let (mut projections, mut biases) = (Vec::new(), Vec::new());
        for (level, codebook) in codebooks.iter_mut().enumerate() {
            let (name, projection) = names(level);
            *codebook = self.take(&name, &[codes, entry_len])?.values().collect();
            projections.push(self.take(&format!("{projection}.weight"), &[latents, entry_len, 1])?);
            biases.push(self.take(&format!("{projection}.bias"), &[latents])?);
        }
        let width = self.padded(latents);
        let matrix = Packed::new(self.unit, CODEBOOKS * entry_len, width, |row, column| {
            let of_level = projections.get(row / entry_len).filter(|_| column < latents);
            of_level.map_or(0.0, |weights| weights.value(column * entry_len + row % entry_len))
        });
        let bias = (0..latents).map(|channel| biases.iter().map(|bias| bias.value(channel)).sum());
        let layer = Affine { matrix, bias: Aligned::filled_up(bias, width) };
        Ok((Embed { codebooks, entry_len, layer }, latents))
    }

    /// The first convolutions, the number of the first block, and its channels.
    fn front(&mut self, latents: usize) -> Result<(Front, usize, usize), Unfit> {
        let (first, second) = ("decoder.model.0", "decoder.model.1");
        if self.has(&format!("{second}.weight")) {
            let [channels, ..] = self.shape(&format!("{second}.weight"))?[..] else {
                return unfit("its second convolution has no channels");
            };
            let filters = self.filters(first, None, latents)?;
            let width = self.padded(latents);
            let none = Curve { alpha: Aligned::zeros(width), inverse: Aligned::zeros(width) };
            let first = First { channels: width, filters, none };
            let pointwise = self.affine(second, latents, channels, 1)?;
            return Ok((Front::Depthwise { first, pointwise }, 2, channels));
        }
        let [channels, ..] = self.shape(&format!("{first}.weight"))?[..] else {
            return unfit("its first convolution has no channels");
        };
        let taps = self.affine(first, latents, channels, KERNEL)?;
        Ok((Front::Full { channels: self.padded(latents), taps }, 1, channels))
    }

    fn block(
        &mut self,
        name: &str,
        channels: usize,
        totals: &mut Totals,
        model: &CodecModel,
        number: usize,
    ) -> Result<Block, Unfit> {
        let curve = self.curve(&format!("{name}.0"), channels)?;
        let up = self.upsample(&format!("{name}.1"), channels, curve)?;
        let out = channels / 2;
        totals.rate = totals.rate.saturating_mul(up.stride);
        totals.delay = totals.delay.saturating_mul(up.stride).saturating_add(up.stride.div_ceil(2));
        let noise = if self.has(&format!("{name}.2.linear.weight")) {
            let known = model.noise.get(number).map(|layer| (layer.rate, layer.delay));
            if known != Some((totals.rate, totals.delay)) {
                return unfit(format!("the metadata of noise.{number} doesn't fit its layer"));
            }
            let matrix = self.square(&format!("{name}.2.linear"), out)?;
            Some(Noise { channels: self.padded(out), matrix })
        } else {
            None
        };
        // Without noise the exporter leaves the noise block's number free, unless the codec never had one.
        let first = if self.has(&format!("{name}.2.block.0.alpha")) { 2 } else { 3 };
        let residuals = DILATIONS
            .iter()
            .zip(first..)
            .map(|(dilation, i)| self.residual(&format!("{name}.{i}.block"), out, *dilation));
        let residuals = residuals.collect::<Result<Vec<_>, _>>()?;
        totals.delay = totals.delay.saturating_add(DILATIONS.iter().map(|d| KERNEL / 2 * d).sum());
        totals.state_len += channels + DILATIONS.iter().map(|d| (KERNEL - 1) * d * out).sum::<usize>();
        Ok(Block { up, noise, residuals })
    }

    fn upsample(&mut self, name: &str, channels: usize, curve: Curve) -> Result<Upsample, Unfit> {
        let [.., kernel] = self.shape(&format!("{name}.weight"))?[..] else {
            return unfit(format!("{name} is no transposed convolution"));
        };
        let (stride, out) = (kernel / 2, channels / 2);
        if !(1..=MAX_STRIDE).contains(&stride) || kernel % 2 == 1 || channels % 2 == 1 {
            return unfit(format!("{name} has a kernel of {kernel} for {channels} channels"));
        }
        let weights = self.take(&format!("{name}.weight"), &[channels, out, kernel])?;
        let bias = self.take(&format!("{name}.bias"), &[out])?;
        let (width, out_width) = (self.padded(channels), self.padded(out));
        let matrix = Packed::new(self.unit, 2 * width, stride * out_width, |row, column| {
            // The sample before comes first: it meets the later half of the kernel.
            let (channel, tap) = if row < width { (row, stride) } else { (row - width, 0) };
            let (output, phase) = (column % out_width, column / out_width);
            if channel < channels && output < out {
                weights.value((channel * out + output) * kernel + tap + phase)
            } else {
                0.0
            }
        });
        let bias = (0..stride * out_width).map(|column| bias.value(column % out_width));
        let taps = Affine { matrix, bias: Aligned::filled_up(bias, stride * out_width) };
        Ok(Upsample { channels: width, out_channels: out_width, stride, curve, taps })
    }

    fn residual(&mut self, name: &str, channels: usize, dilation: usize) -> Result<Residual, Unfit> {
        let first = self.curve(&format!("{name}.0"), channels)?;
        let second = format!("{name}.2");
        let wide = match self.shape(&format!("{name}.1.weight"))?[..] {
            [_, 1, _] if channels > 1 => {
                Wide::Depthwise(self.filters(&format!("{name}.1"), Some(&second), channels)?)
            }
            _ => {
                let Affine { matrix, bias } =
                    self.affine(&format!("{name}.1"), channels, channels, KERNEL)?;
                Wide::Full { matrix, bias, second: self.curve(&second, channels)? }
            }
        };
        let Affine { matrix, bias } = self.affine(&format!("{name}.3"), channels, channels, 1)?;
        Ok(Residual { channels: self.padded(channels), dilation, first, wide, pointwise: matrix, bias })
    }

    fn last(&mut self, name: &str, channels: usize, curve: Curve) -> Result<Last, Unfit> {
        let weights = self.take(&format!("{name}.weight"), &[1, channels, KERNEL])?;
        let bias = self.take(&format!("{name}.bias"), &[1])?.value(0);
        let width = self.padded(channels);
        let tap = |i: usize| (i / width, i % width);
        let kernel = (0..KERNEL * width).map(tap).map(|(tap, channel)| {
            if channel < channels { weights.value(channel * KERNEL + tap) } else { 0.0 }
        });
        Ok(Last { channels: width, curve, kernel: Aligned::filled_up(kernel, KERNEL * width), bias })
    }

    fn curve(&mut self, name: &str, channels: usize) -> Result<Curve, Unfit> {
        let width = self.padded(channels);
        let mut part = |part: &str| {
            let values = self.take(&format!("{name}.{part}"), &[1, channels, 1])?;
            Ok(Aligned::filled_up(values.values(), width))
        };
        Ok(Curve { alpha: part("alpha")?, inverse: part("inverse")? })
    }

    /// A depthwise convolution of width 7 and the Snake that follows; without one, a Snake that changes nothing.
    fn filters(&mut self, name: &str, snake: Option<&str>, channels: usize) -> Result<Filters, Unfit> {
        let weights = self.take(&format!("{name}.weight"), &[channels, 1, KERNEL])?;
        let bias = self.take(&format!("{name}.bias"), &[channels])?;
        let curve = snake.map(|name| self.curve(name, channels)).transpose()?;
        let of_snake = |part: fn(&Curve) -> &Aligned, channel: usize| {
            curve.as_ref().and_then(|curve| part(curve).floats().get(channel)).copied().unwrap_or_default()
        };
        Ok(Filters::new(self.unit, self.padded(channels), |parameter, channel| match parameter {
            _ if channel >= channels => 0.0,
            tap if tap < KERNEL => weights.value(channel * KERNEL + tap),
            KERNEL => bias.value(channel),
            parameter if parameter == KERNEL + 1 => of_snake(|curve| &curve.alpha, channel),
            _ => of_snake(|curve| &curve.inverse, channel),
        }))
    }

    /// A convolution of a width across channels, with its bias: the matrix has the channels of one tap after the other.
    pub(super) fn affine(
        &mut self,
        name: &str,
        from: usize,
        to: usize,
        width: usize,
    ) -> Result<Affine, Unfit> {
        let matrix = self.matrix(name, from, to, width)?;
        let bias = self.take(&format!("{name}.bias"), &[to])?;
        Ok(Affine { matrix, bias: Aligned::filled_up(bias.values(), self.padded(to)) })
    }

    /// A convolution of width 1 without a bias.
    fn square(&mut self, name: &str, channels: usize) -> Result<Packed, Unfit> {
        self.matrix(name, channels, channels, 1)
    }

    pub(super) fn matrix(
        &mut self,
        name: &str,
        from: usize,
        to: usize,
        taps: usize,
    ) -> Result<Packed, Unfit> {
        let weights = self.take(&format!("{name}.weight"), &[to, from, taps])?;
        let width = self.padded(from);
        // Behind a single tap no row is needed for channels that fill up a panel.
        let rows = if taps == 1 { from } else { taps * width };
        Ok(Packed::new(self.unit, rows, self.padded(to), |row, column| {
            let (tap, channel) = (row / width, row % width);
            if channel < from && column < to {
                weights.value((column * from + channel) * taps + tap)
            } else {
                0.0
            }
        }))
    }

    /// Channels with those that fill up the last panel.
    pub(super) fn padded(&self, channels: usize) -> usize {
        channels.next_multiple_of(self.unit.panel_width())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.weights.contains_key(name)
    }

    /// The shape of a weight that isn't used yet; no size in it is 0.
    pub(super) fn shape(&self, name: &str) -> Result<Vec<usize>, Unfit> {
        let Some(tensor) = self.weights.get(name) else { return unfit(format!("it has no weight {name}")) };
        let sizes = tensor.shape.iter().map(|size| usize::try_from(*size).ok().filter(|size| *size > 0));
        sizes.collect::<Option<Vec<_>>>().ok_or_else(|| Unfit(format!("its weight {name} is empty")))
    }

    /// Takes a constant that the exporter folded and numbered, by its shape and by what is in it.
    pub(super) fn take_constant(
        &mut self,
        shape: &[usize],
        is_it: impl Fn(&FloatTensor<'a>) -> bool,
    ) -> Result<FloatTensor<'a>, Unfit> {
        let is_numbered = |name: &str| name.starts_with("onnx::");
        let names = self.weights.keys().copied().filter(|name| is_numbered(name));
        let found = names.into_iter().find(|name| {
            self.shape(name).is_ok_and(|found| found == shape) && self.weights.get(name).is_some_and(&is_it)
        });
        match found {
            Some(name) => self.take(name, shape),
            None => unfit(format!("it has no constant of the shape {shape:?} that fits its codebooks")),
        }
    }

    /// Takes a weight of a known shape.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<FloatTensor<'a>, Unfit> {
        let found = self.shape(name)?;
        if found != shape {
            return unfit(format!("its weight {name} has the shape {found:?}, expected {shape:?}"));
        }
        self.weights.remove(name).ok_or_else(|| Unfit(format!("it has no weight {name}")))
    }
}
