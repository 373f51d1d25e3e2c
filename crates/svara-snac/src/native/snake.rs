//! Snakes of signals, in one pass.

use pulp::Simd;

use super::buffer::Aligned;
use crate::waves::snake;

/// The parameters of a Snake, one of each for a channel.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(super) alpha: Aligned,
    /// 1 / α, as the file has it.
    pub(super) inverse: Aligned,
}

/// Snake of rows of `channels` floats each, in place.
#[inline(always)]
pub(super) fn snake_rows<S: Simd>(s: S, rows: &mut [f32], curve: &Curve, channels: usize) {
    let alpha = S::as_simd_f32s(curve.alpha.first(channels)).0;
    let inverse = S::as_simd_f32s(curve.inverse.first(channels)).0;
    for row in rows.chunks_exact_mut(channels) {
        let row = S::as_mut_simd_f32s(row).0;
        for (x, (alpha, inverse)) in row.iter_mut().zip(alpha.iter().zip(inverse)) {
            *x = snake(s, *x, *alpha, *inverse);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Kernel, VectorUnit};

    struct Run<'a>(&'a mut [f32], &'a Curve);
    impl Kernel for Run<'_> {
        #[inline(always)]
        fn run<S: Simd, const NV: usize>(self, s: S) {
            snake_rows(s, self.0, self.1, 64);
        }
    }

    #[test]
    fn near_the_truth_and_bounded_far_off() {
        let far = [1e9, -1e20, f32::MAX, 0.0];
        let x: Vec<f32> = (-80_000..80_000).map(|i| i as f32 * 1e-4).chain(far.repeat(16)).collect();
        let curve = |alpha: f32| Curve {
            alpha: Aligned::filled_up([alpha; 64], 64),
            inverse: Aligned::filled_up([1.0 / alpha; 64], 64),
        };
        for unit in VectorUnit::all() {
            for alpha in [1.0, 0.01, 2.5] {
                let mut y = x.clone();
                unit.run(Run(&mut y, &curve(alpha)));
                for (x, y) in x.iter().zip(&y) {
                    let angle = f64::from(*x) * f64::from(alpha);
                    let truth = f64::from(*x) + angle.sin().powi(2) / f64::from(alpha);
                    let off = (f64::from(*y) - truth).abs();
                    let allowed = 1e-6 / f64::from(alpha).min(1.0);
                    assert!(off < allowed || x.abs() > 1e7 && !y.is_nan(), "{unit}: {x}: {y}, {truth}");
                }
            }
        }
    }
}
