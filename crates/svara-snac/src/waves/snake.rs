//! Snake, SNAC's activation: x + sin²(αx) / α.
//!
//! sin² has the period π, so αx is brought to r in [−π/2, π/2], and sin² r = u · P(u) with u = r² and P the polynomial
//! of degree 5 that is nearest to sin²(√u) / u there: off by 1e-8. A vector takes six operations to bring it there,
//! three for u, and seven for the polynomial and the sum.

use pulp::Simd;

/// Nearly minimax coefficients of sin²(√u) / u on [0, π²/4], the highest power first.
const P: [f32; 6] = [-3.582_031e-6, 0.000_139_031_33, -0.003_171_671_2, 0.044_442_5, -0.333_332_87, 1.0];
/// (π/2)². Where αx is so large that an f32 holds no angle (beyond 10⁷), sin² at least stays in [0, 1].
const MAX_U: f32 = 2.467_401;
/// 1.5 · 2²³: adding it to a float of less than 2²² and taking it away again rounds to an integer.
const ROUND: f32 = 12_582_912.0;
/// −π in three parts. The first two have so few bits that their products with an integer are exact, also without FMA.
const MINUS_PI: [f32; 3] = [-3.140_625, -9.675_026e-4, -1.509_958e-7];

/// Snake of a vector: 16 operations, of which ten are fused multiply-adds.
#[inline(always)]
pub(crate) fn snake<S: Simd>(s: S, x: S::f32s, alpha: S::f32s, inverse: S::f32s) -> S::f32s {
    let round = s.splat_f32s(ROUND);
    let y = s.mul_f32s(alpha, x);
    let n = s.sub_f32s(s.mul_add_e_f32s(y, s.splat_f32s(std::f32::consts::FRAC_1_PI), round), round);
    let mut r = y;
    for part in MINUS_PI {
        r = s.mul_add_e_f32s(n, s.splat_f32s(part), r);
    }
    let (u, most) = (s.mul_f32s(r, r), s.splat_f32s(MAX_U));
    // Not min: where αx is infinite, u is no number, and NEON's min keeps that.
    let u = s.select_f32s(s.less_than_f32s(u, most), u, most);
    let [highest, rest @ ..] = P;
    let mut p = s.splat_f32s(highest);
    for coefficient in rest {
        p = s.mul_add_e_f32s(p, u, s.splat_f32s(coefficient));
    }
    s.mul_add_e_f32s(s.mul_f32s(p, u), inverse, x)
}
