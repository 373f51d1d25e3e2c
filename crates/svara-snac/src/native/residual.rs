//! A residual unit: x + pointwise(snake(wide(snake(x)))), masked.

use pulp::Simd;

use super::{
    buffer::Aligned,
    depthwise::{Columns, Filters, KERNEL},
    product::{Packed, load, product, store},
    snake::{Curve, snake_rows},
};
use crate::{
    simd::{Kernel, VectorUnit},
    waves::snake,
};

/// Rows that go through the whole unit at once: the signal between its two convolutions stays in the first cache at 64
/// channels, and in the second at 512.
const TILE: usize = 48;

#[derive(Debug)]
pub(crate) struct Residual {
    pub(super) channels: usize,
    pub(super) dilation: usize,
    pub(super) first: Curve,
    pub(super) wide: Wide,
    pub(super) pointwise: Packed,
    pub(super) bias: Aligned,
}

/// The convolution of width 7 and the Snake that follows.
#[derive(Debug)]
pub(crate) enum Wide {
    /// In each channel.
    Depthwise(Filters),
    /// Across all channels: seven times the work of the pointwise one.
    Full {
        /// [7 · channels, channels], tap by tap.
        matrix: Packed,
        bias: Aligned,
        second: Curve,
    },
}

/// Buffers that calls leave for the next ones.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    snaked: Aligned,
    hidden: Aligned,
    gathered: Aligned,
}

impl Scratch {
    /// A buffer for the columns of another layer.
    pub(super) fn columns(&mut self) -> &mut Aligned {
        &mut self.snaked
    }
}

impl Residual {
    /// Samples of the past that the unit needs.
    pub(super) fn past_rows(&self) -> usize {
        (KERNEL - 1) * self.dilation
    }

    /// An element takes two Snakes, seven multiply-adds for a depthwise convolution (7 · channels for a full one), and then as
    /// many as there are channels. So at 64 channels and more, the pointwise product is most of it.
    ///
    /// `past` holds the `past_rows` rows before `x`; `mask` has a number for each row.
    pub(super) fn run(
        &self,
        unit: VectorUnit,
        past: &[f32],
        x: &[f32],
        mask: &[f32],
        y: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let end = End { layer: self, past, x, mask };
        match &self.wide {
            Wide::Depthwise(filters) => unit.run(RunDepthwise { end, filters, y, scratch }),
            Wide::Full { matrix, bias, second } => {
                unit.run(RunFull { end, matrix, bias, second, y, scratch });
            }
        }
    }
}

/// The end of the unit: the pointwise convolution with all that follows it.
struct End<'a> {
    layer: &'a Residual,
    past: &'a [f32],
    x: &'a [f32],
    mask: &'a [f32],
}

impl End<'_> {
    /// The rows of `y` from row `start` on, as many as `hidden` has.
    #[inline(always)]
    fn write<S: Simd, const NV: usize>(&self, s: S, hidden: &[f32], start: usize, y: &mut [f32]) {
        let Self { layer, past, x, mask } = self;
        let (c, delay) = (layer.channels, layer.past_rows() / 2);
        product::<S, NV>(
            s,
            hidden,
            #[inline(always)]
            |row| row * c,
            hidden.len() / c,
            &layer.pointwise,
            #[inline(always)]
            |row, column, mut sums| {
                let at = start + row;
                let (signal, centre) = if at < delay { (past, at + delay) } else { (x, at - delay) };
                let centre = load::<S, NV>(s, signal, centre * c + column);
                let bias = load::<S, NV>(s, layer.bias.floats(), column);
                let mask = s.splat_f32s(mask.get(at).copied().unwrap_or_default());
                for ((sum, bias), centre) in sums.iter_mut().zip(bias).zip(centre) {
                    *sum = s.mul_f32s(mask, s.add_f32s(s.add_f32s(*sum, bias), centre));
                }
                store::<S, NV>(y, at * c + column, sums);
            },
        );
    }
}

struct RunDepthwise<'a> {
    end: End<'a>,
    filters: &'a Filters,
    y: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl Kernel for RunDepthwise<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { end, filters, y, scratch } = self;
        let layer = end.layer;
        let (c, before) = (layer.channels, layer.past_rows());
        let mut snaked = Columns::new::<S>(&mut scratch.snaked, c, before + end.x.len() / c);
        snaked.snaked(s, end.past, 0, &layer.first, c);
        for (x, start) in end.x.chunks(TILE * c).zip((0..).step_by(TILE)) {
            snaked.snaked(s, x, before + start, &layer.first, c);
            let hidden = scratch.hidden.of_len(x.len());
            snaked.convolved(s, filters, layer.dilation, start, hidden);
            end.write::<S, NV>(s, hidden, start, y);
        }
    }
}

struct RunFull<'a> {
    end: End<'a>,
    matrix: &'a Packed,
    bias: &'a Aligned,
    second: &'a Curve,
    y: &'a mut [f32],
    scratch: &'a mut Scratch,
}

impl Kernel for RunFull<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { end, matrix, bias, second, y, scratch } = self;
        let layer = end.layer;
        let c = layer.channels;
        let snaked = scratch.snaked.of_len(end.past.len() + end.x.len());
        snaked.iter_mut().zip(end.past.iter().chain(end.x)).for_each(|(to, from)| *to = *from);
        snake_rows(s, snaked, &layer.first, c);
        for (x, start) in end.x.chunks(TILE * c).zip((0..).step_by(TILE)) {
            let rows = x.len() / c;
            let gathered = scratch.gathered.of_len(rows * matrix.rows());
            for (row, taps) in gathered.chunks_exact_mut(matrix.rows()).enumerate() {
                let first = snaked.get((start + row) * c..).unwrap_or_default();
                let from = first.chunks_exact(c).step_by(layer.dilation);
                for (to, from) in taps.chunks_exact_mut(c).zip(from) {
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                }
            }
            let hidden = scratch.hidden.of_len(x.len());
            product::<S, NV>(
                s,
                gathered,
                #[inline(always)]
                |row| row * matrix.rows(),
                rows,
                matrix,
                #[inline(always)]
                |row, column, mut sums| {
                    let [bias, alpha, inverse] = [bias, &second.alpha, &second.inverse].map(
                        #[inline(always)]
                        |of| load::<S, NV>(s, of.floats(), column),
                    );
                    for ((sum, bias), (alpha, inverse)) in
                        sums.iter_mut().zip(bias).zip(alpha.into_iter().zip(inverse))
                    {
                        *sum = snake(s, s.add_f32s(*sum, bias), alpha, inverse);
                    }
                    store::<S, NV>(hidden, row * c + column, sums);
                },
            );
            end.write::<S, NV>(s, hidden, start, y);
        }
    }
}
