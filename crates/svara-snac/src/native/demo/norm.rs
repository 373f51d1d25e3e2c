//! A normalization of each row, which lets the past and the future out.

use pulp::Simd;

use super::signal::Signal;
use crate::{
    native::buffer::Aligned,
    simd::{Kernel, VectorUnit},
};

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
