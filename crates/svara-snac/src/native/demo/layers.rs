//! A signal, and the layers that keep its channels.

use pulp::Simd;

use super::curves::gelu;
use crate::{
    native::{
        affine::Affine,
        buffer::Aligned,
        depthwise::KERNEL,
        ends::First,
        product::{load, product, store},
    },
    simd::{Kernel, VectorUnit},
};

/// Rows of zeros before and after a signal: as many as the widest convolution takes from beyond its ends.
pub(super) const EDGE: usize = KERNEL / 2;
/// Rows that go through a layer at once, so that what lies between its two products stays in a near cache.
pub(super) const TILE: usize = 48;

/// Rows of channels, which zeros fill up to whole panels, and [`EDGE`] rows of zeros before and after them.
#[derive(Debug, Default)]
pub(super) struct Signal {
    floats: Aligned,
    pub(super) rows: usize,
    pub(super) width: usize,
}

impl Signal {
    /// Makes it `rows` rows of any content.
    pub(super) fn reset(&mut self, rows: usize, width: usize) {
        (self.rows, self.width) = (rows, width);
        let edge = EDGE * width;
        let whole = self.floats.of_len(rows * width + 2 * edge);
        let (start, rest) = whole.split_at_mut_checked(edge).unwrap_or_default();
        let (_, end) = rest.split_at_mut_checked(rows * width).unwrap_or_default();
        start.fill(0.0);
        end.fill(0.0);
    }

    /// The rows with the zeros before and after them.
    pub(super) fn whole(&self) -> &[f32] {
        self.floats.first((self.rows + 2 * EDGE) * self.width)
    }

    /// The rows alone.
    pub(super) fn rows(&self) -> &[f32] {
        let end = (EDGE + self.rows) * self.width;
        self.floats.floats().get(EDGE * self.width..end).unwrap_or_default()
    }

    /// The rows alone.
    pub(super) fn rows_mut(&mut self) -> &mut [f32] {
        let (edge, len) = (EDGE * self.width, self.rows * self.width);
        let whole = self.floats.of_len(len + 2 * edge);
        whole.get_mut(edge..edge + len).unwrap_or_default()
    }
}

/// Buffers that calls leave for the next ones.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    depthwise: Aligned,
    columns: Aligned,
    hidden: Aligned,
    ones: Vec<f32>,
}

impl Scratch {
    /// The masks of rows that all count.
    pub(super) fn ones(&mut self, rows: usize) -> &[f32] {
        if self.ones.len() < rows {
            self.ones.resize(rows, 1.0);
        }
        self.ones.get(..rows).unwrap_or_default()
    }
}

/// A convolution across all channels: row i of its output takes rows from i · `stride` − `reach` on.
#[derive(Debug)]
pub(super) struct Convolution {
    pub(super) taps: Affine,
    pub(super) stride: usize,
    /// At most [`EDGE`].
    pub(super) reach: usize,
}

impl Convolution {
    /// An element takes as many multiply-adds as the matrix has rows.
    pub(super) fn run(&self, unit: VectorUnit, from: &Signal, to: &mut Signal, scratch: &mut Scratch) {
        let rows = from.rows / self.stride.max(1);
        to.reset(rows, self.taps.outputs());
        let skip = EDGE.saturating_sub(self.reach);
        let start = |row: usize| (row * self.stride + skip) * from.width;
        self.taps.run_at(unit, from.whole(), start, scratch.ones(rows), to.rows_mut());
    }
}

/// x + scale · narrow(gelu(widen(depthwise(x)))).
#[derive(Debug)]
pub(super) struct Block {
    pub(super) depthwise: First,
    pub(super) widen: Affine,
    pub(super) narrow: Affine,
    pub(super) scale: Aligned,
}

impl Block {
    /// In place. An element takes seven multiply-adds, and six for each channel: three each way, with three GELUs between them.
    pub(super) fn run(&self, unit: VectorUnit, x: &mut Signal, scratch: &mut Scratch) {
        let width = x.width;
        let Scratch { depthwise, columns, hidden, .. } = scratch;
        let convolved = depthwise.of_len(x.rows * width);
        let starts = (0..).step_by(TILE * width);
        for (tile, start) in convolved.chunks_mut(TILE * width).zip(starts) {
            let end = start + tile.len() + 2 * EDGE * width;
            let joined = x.whole().get(start..end).unwrap_or_default();
            self.depthwise.run(unit, joined, tile, columns);
        }
        unit.run(Bottleneck { block: self, convolved, x: x.rows_mut(), hidden });
    }
}

struct Bottleneck<'a> {
    block: &'a Block,
    convolved: &'a [f32],
    x: &'a mut [f32],
    hidden: &'a mut Aligned,
}

impl Kernel for Bottleneck<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { block: Block { widen, narrow, scale, .. }, convolved, x, hidden } = self;
        let (width, wide) = (narrow.outputs(), widen.outputs());
        for (convolved, x) in convolved.chunks(TILE * width).zip(x.chunks_mut(TILE * width)) {
            let rows = x.len() / width;
            let hidden = hidden.of_len(rows * wide);
            product::<S, NV>(
                s,
                convolved,
                #[inline(always)]
                |row| row * width,
                rows,
                &widen.matrix,
                #[inline(always)]
                |row, column, mut sums| {
                    let bias = load::<S, NV>(s, widen.bias.floats(), column);
                    for (sum, bias) in sums.iter_mut().zip(bias) {
                        *sum = gelu(s, s.add_f32s(*sum, bias));
                    }
                    store::<S, NV>(hidden, row * wide + column, sums);
                },
            );
            product::<S, NV>(
                s,
                hidden,
                #[inline(always)]
                |row| row * wide,
                rows,
                &narrow.matrix,
                #[inline(always)]
                |row, column, mut sums| {
                    let at = row * width + column;
                    let [bias, scale] = [&narrow.bias, scale].map(
                        #[inline(always)]
                        |of| load::<S, NV>(s, of.floats(), column),
                    );
                    let before = load::<S, NV>(s, x, at);
                    for ((sum, before), (bias, scale)) in
                        sums.iter_mut().zip(before).zip(bias.into_iter().zip(scale))
                    {
                        *sum = s.add_f32s(before, s.mul_f32s(scale, s.add_f32s(*sum, bias)));
                    }
                    store::<S, NV>(x, at, sums);
                },
            );
        }
    }
}

/// Brings the channels of each row to the mean 0 and the variance 1, and then to a bias and a weight of each.
#[derive(Debug)]
pub(super) struct Norm {
    /// Without those that fill up a panel: a multiple of the unit's lanes.
    pub(super) channels: usize,
    pub(super) weight: Aligned,
    pub(super) bias: Aligned,
}

/// Keeps the variance from 0.
const EPSILON: f32 = 1e-5;

impl Norm {
    /// In place: seven operations for an element.
    pub(super) fn run(&self, unit: VectorUnit, x: &mut Signal) {
        let width = x.width;
        unit.run(RunNorm { norm: self, x: x.rows_mut(), width });
    }
}

struct RunNorm<'a> {
    norm: &'a Norm,
    x: &'a mut [f32],
    width: usize,
}

impl Kernel for RunNorm<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { norm: Norm { channels, weight, bias }, x, width } = self;
        let weight = S::as_simd_f32s(weight.first(*channels)).0;
        let bias = S::as_simd_f32s(bias.first(*channels)).0;
        let share = 1.0 / *channels as f32;
        for row in x.chunks_exact_mut(width) {
            let row = S::as_mut_simd_f32s(row.get_mut(..*channels).unwrap_or_default()).0;
            let mut sum = s.splat_f32s(0.0);
            for x in row.iter() {
                sum = s.add_f32s(sum, *x);
            }
            let mean = s.splat_f32s(s.reduce_sum_f32s(sum) * share);
            let mut squares = s.splat_f32s(0.0);
            for x in row.iter_mut() {
                *x = s.sub_f32s(*x, mean);
                squares = s.mul_add_e_f32s(*x, *x, squares);
            }
            let variance = s.reduce_sum_f32s(squares) * share;
            let factor = s.splat_f32s(1.0 / (variance + EPSILON).sqrt());
            for (x, (weight, bias)) in row.iter_mut().zip(weight.iter().zip(bias)) {
                *x = s.add_f32s(s.mul_f32s(s.mul_f32s(*x, factor), *weight), *bias);
            }
        }
    }
}
