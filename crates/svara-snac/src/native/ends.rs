//! The first and the last convolution, and the noise blocks.

use pulp::Simd;

use super::{
    buffer::Aligned,
    depthwise::{Columns, Filters, KERNEL},
    product::{Packed, load, product, store},
    snake::{Curve, snake_rows},
};
use crate::simd::{Kernel, VectorUnit};

/// A depthwise convolution of width 7, alone: seven multiply-adds an element. Two Snakes that change nothing come on top, which
/// is little at the rate of latents, and saves code of its own.
#[derive(Debug)]
pub(crate) struct First {
    pub(super) channels: usize,
    pub(super) filters: Filters,
    /// A Snake that changes nothing: α = 0.
    pub(super) none: Curve,
}

impl First {
    /// `joined` holds the six rows of the past and then those of the call.
    pub(super) fn run(&self, unit: VectorUnit, joined: &[f32], y: &mut [f32], buffer: &mut Aligned) {
        unit.run(RunFirst { layer: self, joined, y, buffer });
    }
}

struct RunFirst<'a> {
    layer: &'a First,
    joined: &'a [f32],
    y: &'a mut [f32],
    buffer: &'a mut Aligned,
}

impl Kernel for RunFirst<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { layer: First { channels, filters, none }, joined, y, buffer } = self;
        let mut columns = Columns::new::<S>(buffer, *channels, joined.len() / channels);
        columns.snaked(s, joined, 0, none, *channels);
        columns.convolved(s, filters, 1, 0, y);
    }
}

/// x + draws · (x W): as many multiply-adds an element as there are channels, and one more.
#[derive(Debug)]
pub(crate) struct Noise {
    pub(super) channels: usize,
    pub(super) matrix: Packed,
}

impl Noise {
    /// `draws` has a number for each row.
    pub(super) fn run(&self, unit: VectorUnit, x: &[f32], draws: &[f32], y: &mut [f32]) {
        // Tiles of rows that stay in a near cache while all panels of the matrix meet them.
        const TILE: usize = 48;
        let tile = TILE * self.channels;
        for ((x, draws), y) in x.chunks(tile).zip(draws.chunks(TILE)).zip(y.chunks_mut(tile)) {
            unit.run(RunNoise { layer: self, x, draws, y });
        }
    }
}

struct RunNoise<'a> {
    layer: &'a Noise,
    x: &'a [f32],
    draws: &'a [f32],
    y: &'a mut [f32],
}

impl Kernel for RunNoise<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { layer: Noise { channels: c, matrix }, x, draws, y } = self;
        product::<S, NV>(
            s,
            x,
            #[inline(always)]
            |row| row * c,
            x.len() / c,
            matrix,
            #[inline(always)]
            |row, column, mut sums| {
                let x = load::<S, NV>(s, x, row * c + column);
                let draw = s.splat_f32s(draws.get(row).copied().unwrap_or_default());
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = s.mul_add_e_f32s(draw, *sum, x);
                }
                store::<S, NV>(y, row * c + column, sums);
            },
        );
    }
}

/// tanh(conv7(snake(x))), to one channel: a sample takes 7 · channels multiply-adds and as many Snakes as there are channels.
#[derive(Debug)]
pub(crate) struct Last {
    pub(super) channels: usize,
    pub(super) curve: Curve,
    /// [7, channels]
    pub(super) kernel: Aligned,
    pub(super) bias: f32,
}

impl Last {
    /// `joined` holds the six rows of the past, after their Snake, and then those of the call, before it.
    pub(super) fn run(&self, unit: VectorUnit, joined: &mut [f32], y: &mut [f32]) {
        unit.run(RunLast { layer: self, joined, y });
    }
}

struct RunLast<'a> {
    layer: &'a Last,
    joined: &'a mut [f32],
    y: &'a mut [f32],
}

impl Kernel for RunLast<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let Self { layer: Last { channels, curve, kernel, bias }, joined, y } = self;
        let (_, new) = joined.split_at_mut_checked((KERNEL - 1) * channels).unwrap_or_default();
        snake_rows(s, new, curve, *channels);
        let taps = KERNEL * channels;
        let (kernel, kernel_rest) = S::as_simd_f32s(kernel.first(taps)).0.as_chunks::<4>();
        for (window, y) in joined.windows(taps).step_by(*channels).zip(y) {
            let (x, x_rest) = S::as_simd_f32s(window).0.as_chunks::<4>();
            // Four chains of additions: one alone would wait for each addition.
            let mut sums = [s.splat_f32s(0.0); 4];
            for (x, w) in x.iter().zip(kernel) {
                for (sum, (x, w)) in sums.iter_mut().zip(x.iter().zip(w)) {
                    *sum = s.mul_add_e_f32s(*x, *w, *sum);
                }
            }
            for (sum, (x, w)) in sums.iter_mut().zip(x_rest.iter().zip(kernel_rest)) {
                *sum = s.mul_add_e_f32s(*x, *w, *sum);
            }
            let [a, b, c, d] = sums;
            let sum = s.add_f32s(s.add_f32s(a, b), s.add_f32s(c, d));
            *y = (s.reduce_sum_f32s(sum) + bias).tanh();
        }
    }
}
