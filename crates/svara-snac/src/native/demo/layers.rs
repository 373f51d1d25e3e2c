//! The layers that keep the channels of a signal.

use pulp::Simd;

use super::{
    curves::gelu,
    signal::{EDGE, Signal},
};
use crate::{
    native::{
        affine::Affine,
        buffer::Aligned,
        ends::First,
        product::{load, product, store},
    },
    simd::{Kernel, VectorUnit},
};

/// Rows that go through a layer at once, so that what lies between its two products stays in a near cache.
pub(super) const TILE: usize = 48;

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
