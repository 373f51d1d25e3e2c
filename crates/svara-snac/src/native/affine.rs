//! Layers that are little more than a matrix product: convolutions of width 1 and transposed convolutions.

use pulp::Simd;

use super::{
    buffer::Aligned,
    product::{Packed, load, product, store},
    snake::{Curve, snake_rows},
};
use crate::simd::{Kernel, VectorUnit};

/// y = mask · (x W + bias)
#[derive(Debug)]
pub(crate) struct Affine {
    pub(super) matrix: Packed,
    /// One for each column of the matrix.
    pub(super) bias: Aligned,
}

impl Affine {
    /// Columns of `y`.
    pub(super) fn outputs(&self) -> usize {
        self.matrix.columns()
    }

    /// An element of `y` takes as many multiply-adds as the matrix has rows, one addition and one multiplication.
    ///
    /// Rows of `y` from the rows of `x` that begin at multiples of `step`, as many as `y` has. The mask has an equal
    /// number of elements for each row, each for an equal part of its columns.
    pub(super) fn run(&self, unit: VectorUnit, x: &[f32], step: usize, mask: &[f32], y: &mut [f32]) {
        self.run_at(unit, x, |row| row * step, mask, y);
    }

    /// The same for rows that begin where `start` says.
    pub(super) fn run_at(
        &self,
        unit: VectorUnit,
        x: &[f32],
        start: impl Fn(usize) -> usize,
        mask: &[f32],
        y: &mut [f32],
    ) {
        unit.run(Run { layer: self, x, start, mask, y });
    }
}

struct Run<'a, F> {
    layer: &'a Affine,
    x: &'a [f32],
    start: F,
    mask: &'a [f32],
    y: &'a mut [f32],
}

impl<F: Fn(usize) -> usize> Kernel for Run<'_, F> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { layer: Affine { matrix, bias }, x, start, mask, y } = self;
        let columns = matrix.columns();
        let rows = y.len() / columns;
        let masks_in_row = mask.len() / rows.max(1);
        let columns_of_mask = columns / masks_in_row.max(1);
        product::<S, NV>(
            s,
            x,
            start,
            rows,
            matrix,
            #[inline(always)]
            |row, column, mut sums| {
                let bias = load::<S, NV>(s, bias.floats(), column);
                let mask =
                    mask.get(row * masks_in_row + column / columns_of_mask).copied().unwrap_or_default();
                let mask = s.splat_f32s(mask);
                for (sum, bias) in sums.iter_mut().zip(bias) {
                    *sum = s.mul_f32s(mask, s.add_f32s(*sum, bias));
                }
                store::<S, NV>(y, row * columns + column, sums);
            },
        );
    }
}

/// Snake, then a transposed convolution of kernel 2 · stride, masked.
///
/// Each output sample has two taps: one on its input sample and one on that before. So `stride` output rows are one
/// product of two adjacent input rows with a matrix [2 · channels, stride · `out_channels`], and come out in order. An element
/// takes 2 · channels multiply-adds; a Snake is only needed for each element of the input, `stride` / 2 times fewer.
#[derive(Debug)]
pub(crate) struct Upsample {
    pub(super) channels: usize,
    pub(super) out_channels: usize,
    pub(super) stride: usize,
    pub(super) curve: Curve,
    pub(super) taps: Affine,
}

impl Upsample {
    /// `joined` holds, for each stream, `rows_in_stream` rows: the last one of the call before, after its Snake, and
    /// those of this call, before it.
    pub(super) fn run(
        &self,
        unit: VectorUnit,
        joined: &mut [f32],
        rows_in_stream: usize,
        mask: &[f32],
        y: &mut [f32],
    ) {
        let c = self.channels;
        for stream in joined.chunks_exact_mut(rows_in_stream * c) {
            let (_, new) = stream.split_at_mut_checked(c).unwrap_or_default();
            unit.run(SnakeInPlace { x: new, curve: &self.curve, channels: c });
        }
        let new_rows = rows_in_stream.saturating_sub(1).max(1);
        self.taps.run_at(
            unit,
            joined,
            #[inline(always)]
            |row| (row + row / new_rows) * c,
            mask,
            y,
        );
    }
}

struct SnakeInPlace<'a> {
    x: &'a mut [f32],
    curve: &'a Curve,
    channels: usize,
}

impl Kernel for SnakeInPlace<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        snake_rows(s, self.x, self.curve, self.channels);
    }
}
