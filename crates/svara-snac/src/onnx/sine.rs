//! A faster Sin for sessions on a CPU.
//!
//! For what [`fuse`](super::fuse) doesn't find: up to a third of the time goes into Sin. An operator of the same name in
//! ONNX's own domain takes the place of the built-in one, in any file. That isn't documented, so a test watches it.

use ort::{
    operator::{
        BoxedKernel, ComputeContext, KernelContext, Operator, OperatorInput, OperatorOutput,
        ShapeInferenceContext,
    },
    value::TensorElementType,
};
use pulp::Simd;

use super::kernel::{in_place, same_shape};
use crate::simd::{Kernel, VectorUnit};

/// The operator, for sessions whose Sin nodes all take 32-bit floats.
pub(super) struct Sin(pub(super) VectorUnit);

impl Operator for Sin {
    type Kernel<'attr> = BoxedKernel<'attr>;
    const INPLACES: &[(u32, u32)] = &[(0, 0)];

    fn name(&self) -> &str {
        "Sin"
    }

    /// From where Sin has its present meaning to where it takes further types.
    fn versions(&self) -> std::ops::RangeInclusive<u32> {
        7..=21
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        [OperatorInput::required(TensorElementType::Float32)]
    }

    fn outputs(&self) -> impl IntoIterator<Item = OperatorOutput> {
        [OperatorOutput::required(TensorElementType::Float32)]
    }

    fn infer_shape(&self, context: &mut ShapeInferenceContext) -> ort::Result<()> {
        same_shape(context)
    }

    fn create_kernel<'a>(&self, _: &KernelContext<'a>) -> ort::Result<Self::Kernel<'a>> {
        let unit = self.0;
        Ok(Box::new(move |context: &ComputeContext| {
            in_place(context, |_, x| {
                sine(unit, x);
                Ok(())
            })
        }))
    }
}

/// The sine of each element, in place.
fn sine(unit: VectorUnit, x: &mut [f32]) {
    unit.run(Sine(x));
}

struct Sine<'a>(&'a mut [f32]);

impl Kernel for Sine<'_> {
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let (vectors, rest) = S::as_mut_simd_f32s(self.0);
        for x in vectors {
            *x = sine_of(s, *x);
        }
        // The last vector, filled up with zeros. No vector has more than 16 floats.
        let mut last = [0.0; 16];
        last.iter_mut().zip(rest.iter()).for_each(|(to, from)| *to = *from);
        for x in S::as_mut_simd_f32s(&mut last).0 {
            *x = sine_of(s, *x);
        }
        rest.iter_mut().zip(last).for_each(|(to, from)| *to = from);
    }
}

/// 1.5 · 2²³: adding it to a float of less than 2²² and taking it away again rounds to an integer.
const ROUND: f32 = 12_582_912.0;
/// −π in three parts. The first two have so few bits that their products with an integer are exact, also without FMA.
const MINUS_PI: [f32; 3] = [-3.140_625, -9.675_026e-4, -1.509_958e-7];
/// Nearly minimax coefficients of (sin r − r) / r³ on [−π/2, π/2] in r², the highest power first.
const P: [f32; 4] = [2.600_054_8e-6, -1.980_661_5e-4, 8.333_017e-3, -0.166_666_57];

/// sin x = ± sin r with r = x − nπ in [−π/2, π/2], negative for odd n.
#[inline(always)]
fn sine_of<S: Simd>(s: S, x: S::f32s) -> S::f32s {
    let round = s.splat_f32s(ROUND);
    let rounded =
        |x: S::f32s, factor: f32| s.sub_f32s(s.mul_add_e_f32s(x, s.splat_f32s(factor), round), round);
    let n = rounded(x, std::f32::consts::FRAC_1_PI);
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
    let sine = s.mul_add_e_f32s(s.mul_f32s(r, u), p, r);
    // −1, 0 or 1: what is left of n after the nearest even number.
    let odd = s.mul_add_e_f32s(rounded(n, 0.5), s.splat_f32s(-2.0), n);
    let sign = s.mul_add_e_f32s(s.mul_f32s(odd, odd), s.splat_f32s(-2.0), s.splat_f32s(1.0));
    s.mul_f32s(sign, sine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_the_truth_on_every_unit() {
        let x: Vec<f32> = (-100_003..100_000).map(|i| i as f32 * 1e-2).collect();
        for unit in VectorUnit::all() {
            let mut y = x.clone();
            sine(unit, &mut y);
            for (x, y) in x.iter().zip(&y) {
                let off = (f64::from(*y) - f64::from(*x).sin()).abs();
                assert!(off < 3e-7, "{unit}: sin {x} = {y}, off by {off}");
            }
        }
    }
}
