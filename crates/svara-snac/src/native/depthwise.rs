//! A convolution of width 7 in each channel, with a Snake before and after it.

use pulp::Simd;

use super::{buffer::Aligned, snake::Curve};
use crate::{simd::VectorUnit, waves::snake};

/// The width of every convolution that keeps the rate.
pub(crate) const KERNEL: usize = 7;

/// What a channel needs: its taps, its bias, and the parameters of the Snake that follows.
const PARAMETERS: usize = KERNEL + 3;

/// The parameters of a depthwise convolution and of the Snake that follows, vector by vector: for one vector of channels
/// they are [`PARAMETERS`] vectors, which stay in registers while it runs over time.
#[derive(Debug)]
pub(crate) struct Filters {
    channels: usize,
    vectors: Aligned,
}

impl Filters {
    /// `parameter(i, channel)` gives the i-th parameter of a channel. `channels` is a multiple of the unit's lanes.
    pub(super) fn new(unit: VectorUnit, channels: usize, parameter: impl Fn(usize, usize) -> f32) -> Self {
        let (lanes, parameter) = (unit.lanes(), &parameter);
        let groups = (0..channels / lanes).map(|group| group * lanes);
        let values = groups.flat_map(|first| {
            (0..PARAMETERS)
                .flat_map(move |i| (first..first + lanes).map(move |channel| parameter(i, channel)))
        });
        Self { channels, vectors: Aligned::filled_up(values, PARAMETERS * channels) }
    }
}

/// A signal turned by vectors: for each vector of channels a column of `length` samples. So a tap of a depthwise
/// convolution is a slice.
pub(super) struct Columns<'a, V> {
    vectors: &'a mut [V],
    length: usize,
}

impl<'a, V: Copy> Columns<'a, V> {
    /// Columns of `length` in a buffer.
    #[inline(always)]
    pub(super) fn new<S: Simd<f32s = V>>(buffer: &'a mut Aligned, channels: usize, length: usize) -> Self {
        Self { vectors: S::as_mut_simd_f32s(buffer.of_len(channels * length)).0, length }
    }

    /// Writes the Snake of rows `x` to the columns, from sample `at` on: one Snake an element, and a write to another line of
    /// the cache for each vector.
    #[inline(always)]
    pub(super) fn snaked<S: Simd<f32s = V>>(
        &mut self,
        s: S,
        x: &[f32],
        at: usize,
        curve: &Curve,
        channels: usize,
    ) {
        let x = S::as_simd_f32s(x).0;
        let groups = channels / S::F32_LANES;
        let alpha = S::as_simd_f32s(curve.alpha.first(channels)).0;
        let inverse = S::as_simd_f32s(curve.inverse.first(channels)).0;
        let columns = self.vectors.chunks_exact_mut(self.length);
        for ((group, column), (alpha, inverse)) in columns.enumerate().zip(alpha.iter().zip(inverse)) {
            let column = column.get_mut(at..).unwrap_or_default();
            for (row, y) in x.chunks_exact(groups).zip(column) {
                if let Some(x) = row.get(group) {
                    *y = snake(s, *x, *alpha, *inverse);
                }
            }
        }
    }

    /// Rows of the convolution and the Snake that follows; the first one takes the samples `first`, `first + dilation`,
    /// …. An element takes seven multiply-adds and one Snake.
    #[inline(always)]
    pub(super) fn convolved<S: Simd<f32s = V>>(
        &self,
        s: S,
        filters: &Filters,
        dilation: usize,
        first: usize,
        rows: &mut [f32],
    ) {
        let groups = filters.channels / S::F32_LANES;
        let rows = S::as_mut_simd_f32s(rows).0;
        let count = rows.len() / groups.max(1);
        let filters = S::as_simd_f32s(filters.vectors.floats()).0.as_chunks::<PARAMETERS>().0;
        for ((group, column), filter) in self.vectors.chunks_exact(self.length).enumerate().zip(filters) {
            let [w0, w1, w2, w3, w4, w5, w6, bias, alpha, inverse] = *filter;
            let tap = |k: usize| {
                let start = first + k * dilation;
                column.get(start..start + count).unwrap_or_default().iter()
            };
            let early = tap(0).zip(tap(1)).zip(tap(2).zip(tap(3)));
            let late = tap(4).zip(tap(5)).zip(tap(6));
            for (row, (((x0, x1), (x2, x3)), ((x4, x5), x6))) in
                rows.chunks_exact_mut(groups).zip(early.zip(late))
            {
                let mut sum = s.mul_add_e_f32s(*x0, w0, bias);
                sum = s.mul_add_e_f32s(*x1, w1, sum);
                sum = s.mul_add_e_f32s(*x2, w2, sum);
                sum = s.mul_add_e_f32s(*x3, w3, sum);
                sum = s.mul_add_e_f32s(*x4, w4, sum);
                sum = s.mul_add_e_f32s(*x5, w5, sum);
                sum = s.mul_add_e_f32s(*x6, w6, sum);
                if let Some(y) = row.get_mut(group) {
                    *y = snake(s, sum, alpha, inverse);
                }
            }
        }
    }
}
