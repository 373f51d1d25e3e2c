//! GELU and the exponential function, of vectors.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LOG2_E};

use pulp::Simd;

/// 1.5 · 2²³: adding it to a float of less than 2²² rounds to an integer, which is then in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// Where the error function of a float is ±1.
const MAX_ERF: f32 = 3.832_507;
/// erf x = x · P(x²) / Q(x²) up to [`MAX_ERF`], off by 4e-8 before rounding; the highest powers first.
const ERF_P: [f32; 5] = [0.000_229_050_66, 0.003_408_291, 0.050_955_694, 0.185_208_32, FRAC_2_SQRT_PI];
const ERF_Q: [f32; 7] =
    [-1.179_160_3e-7, 0.000_023_547_967, 0.001_017_962_5, 0.014_070_47, 0.110_985_05, 0.497_469_25, 1.0];

/// −ln 2 in two parts. The first has so few bits that its products with exponents are exact.
const MINUS_LN_2: [f32; 2] = [-0.693_359_4, 2.121_944_4e-4];
/// Nearly minimax coefficients of (eʳ − 1 − r) / r² on [−ln 2 / 2, ln 2 / 2], the highest power first.
const EXP: [f32; 6] = [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];
/// The exponents of normal floats.
const MAX_EXP: f32 = 87.0;

/// x · (1 + erf(x / √2)) / 2: 19 operations and a division.
#[inline(always)]
pub(super) fn gelu<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let erf = erf(s, s.mul_f32s(x, s.splat_f32s(FRAC_1_SQRT_2)));
    let half = s.mul_f32s(x, s.splat_f32s(0.5));
    s.mul_add_e_f32s(half, erf, half)
}

#[inline(always)]
fn erf<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let x = s.min_f32s(s.max_f32s(x, s.splat_f32s(-MAX_ERF)), s.splat_f32s(MAX_ERF));
    let u = s.mul_f32s(x, x);
    let p = s.mul_f32s(x, polynomial(s, u, ERF_P));
    s.div_f32s(p, polynomial(s, u, ERF_Q))
}

/// eˣ = 2ⁿ · eʳ with r in [−ln 2 / 2, ln 2 / 2]; x is taken as −87 below that, and as 87 above.
#[inline(always)]
pub(super) fn exp<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let x = s.min_f32s(s.max_f32s(x, s.splat_f32s(-MAX_EXP)), s.splat_f32s(MAX_EXP));
    let shifted = s.mul_add_e_f32s(x, s.splat_f32s(LOG2_E), s.splat_f32s(ROUND));
    let n = s.sub_f32s(shifted, s.splat_f32s(ROUND));
    let mut r = x;
    for part in MINUS_LN_2 {
        r = s.mul_add_e_f32s(n, s.splat_f32s(part), r);
    }
    let one_and_r = s.add_f32s(r, s.splat_f32s(1.0));
    let p = s.mul_add_e_f32s(s.mul_f32s(r, r), polynomial(s, r, EXP), one_and_r);
    // n is added to the exponent, which begins at bit 23; the bits of `ROUND` itself leave at the top.
    let exponent = s.wrapping_dyn_shl_u32s(s.transmute_u32s_f32s(shifted), s.splat_u32s(23));
    s.transmute_f32s_u32s(s.add_u32s(s.transmute_u32s_f32s(p), exponent))
}

#[inline(always)]
fn polynomial<S: Simd, const N: usize>(s: S, x: S::f32s, coefficients: [f32; N]) -> S::f32s {
    let mut sum = s.splat_f32s(0.0);
    for coefficient in coefficients {
        sum = s.mul_add_e_f32s(sum, x, s.splat_f32s(coefficient));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Kernel, VectorUnit};

    struct Run<'a>(&'a mut [f32], bool);
    impl Kernel for Run<'_> {
        #[inline(always)]
        fn run<S: Simd, const NV: usize>(self, s: S) {
            for x in S::as_mut_simd_f32s(self.0).0 {
                *x = if self.1 { exp(s, *x) } else { gelu(s, *x) };
            }
        }
    }

    /// The error function by its series, or by its continued fraction where that is long.
    fn exact_erf(x: f64) -> f64 {
        let square = x * x;
        let scale = 2.0 / std::f64::consts::PI.sqrt();
        if x.abs() < 3.0 {
            let mut term = x;
            let mut sum = x;
            for n in 1..200 {
                term *= -square / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            return scale * sum;
        }
        let fraction = (1..60).rev().fold(x.abs(), |rest, n| x.abs() + f64::from(n) / 2.0 / rest);
        (1.0 - (-square).exp() / fraction * scale / 2.0) * x.signum()
    }

    #[test]
    fn near_the_truth_on_every_unit() {
        let x: Vec<f32> = (-80_000..80_000).map(|i| i as f32 * 1e-3).collect();
        for unit in VectorUnit::all() {
            let (mut gelus, mut powers) = (x.clone(), x.clone());
            unit.run(Run(&mut gelus, false));
            unit.run(Run(&mut powers, true));
            for ((x, gelu), power) in x.iter().zip(gelus).zip(powers) {
                let exact = f64::from(*x);
                let truth = exact * (1.0 + exact_erf(exact / 2.0_f64.sqrt())) / 2.0;
                let off = (f64::from(gelu) - truth).abs() / exact.abs().max(1.0);
                assert!(off < 3e-7, "{unit}: gelu {x} = {gelu}, not {truth}");
                let off = (f64::from(power) / exact.exp() - 1.0).abs();
                assert!(off < 3e-7, "{unit}: exp {x} = {power}, off by {off}");
            }
            let mut far = [f32::MAX, -1e30, 1e4, -1e4].repeat(4);
            unit.run(Run(&mut far, true));
            assert!(far.iter().all(|power| power.is_finite() && *power > 0.0), "{unit}: {far:?}");
        }
    }
}
