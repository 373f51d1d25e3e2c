//! Sine and cosine of vectors.

use pulp::Simd;

/// 1.5 · 2²³: adding it to a float of less than 2²² and taking it away again rounds to an integer.
const ROUND: f32 = 12_582_912.0;
/// −π in three parts. The first two have so few bits that their products with an integer, or with the half of one, are exact,
/// also without FMA.
const MINUS_PI: [f32; 3] = [-3.140_625, -9.675_026e-4, -1.509_958e-7];
/// Nearly minimax coefficients of (sin r − r) / r³ on [−π/2, π/2] in r², the highest power first.
const P: [f32; 4] = [2.600_054_8e-6, -1.980_661_5e-4, 8.333_017e-3, -0.166_666_57];

/// sin x = ± sin r with r = x − nπ in [−π/2, π/2], negative for odd n.
#[inline(always)]
pub(crate) fn sine<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let round = s.splat_f32s(ROUND);
    let n = s.sub_f32s(s.mul_add_e_f32s(x, s.splat_f32s(std::f32::consts::FRAC_1_PI), round), round);
    s.mul_f32s(sign(s, n), sine_of_rest(s, x, n))
}

/// cos x = ∓ sin r with r = x − (n + ½)π in [−π/2, π/2], negative for even n.
#[inline(always)]
pub(crate) fn cosine<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let half = s.splat_f32s(0.5);
    let turns = s.mul_add_e_f32s(x, s.splat_f32s(std::f32::consts::FRAC_1_PI), s.neg_f32s(half));
    let n = rounded(s, turns);
    let sine = sine_of_rest(s, x, s.add_f32s(n, half));
    s.neg_f32s(s.mul_f32s(sign(s, n), sine))
}

/// The nearest integer.
#[inline(always)]
fn rounded<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let round = s.splat_f32s(ROUND);
    s.sub_f32s(s.add_f32s(x, round), round)
}

/// sin r with r = x − nπ.
#[inline(always)]
fn sine_of_rest<S: Simd>(s: S, x: S::f32s, n: S::f32s) -> S::f32s {
    let mut r = x;
    for part in MINUS_PI {
        r = s.mul_add_e_f32s(n, s.splat_f32s(part), r);
    }
    let u = s.mul_f32s(r, r);
    let [highest, rest @ ..] = P;
    let mut p = s.splat_f32s(highest);
    for coefficient in rest {
        p = s.mul_add_e_f32s(p, u, s.splat_f32s(coefficient));
    }
    s.mul_add_e_f32s(s.mul_f32s(r, u), p, r)
}

/// 1 for even n, −1 for odd ones.
#[inline(always)]
fn sign<S: Simd>(s: S, n: S::f32s) -> S::f32s {
    let half = rounded(s, s.mul_f32s(n, s.splat_f32s(0.5)));
    // −1, 0 or 1: what is left of n after the nearest even number.
    let odd = s.mul_add_e_f32s(half, s.splat_f32s(-2.0), n);
    s.mul_add_e_f32s(s.mul_f32s(odd, odd), s.splat_f32s(-2.0), s.splat_f32s(1.0))
}
