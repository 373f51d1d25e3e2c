//! A faster Sin for sessions on a CPU.
//!
//! In the files of other programs, a third of the time goes into Sin. An operator of the same name in ONNX's own domain
//! takes the place of the built-in one, in any file. That isn't documented, so a test watches it.

use ort::{
    operator::{
        BoxedKernel, ComputeContext, KernelContext, Operator, OperatorDomain, OperatorInput, OperatorOutput,
        ShapeInferenceContext,
    },
    value::{TensorElementType, TensorRef, TensorRefMut, ValueType},
};
use pulp::Simd;

use crate::simd::{Kernel, VectorUnit};

/// The operator, for sessions whose Sin nodes all take 32-bit floats.
pub(super) fn domain() -> ort::Result<OperatorDomain> {
    OperatorDomain::new("")?.add(Sin(VectorUnit::best()))
}

struct Sin(VectorUnit);

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

    /// An axis that has neither a size nor a name can't be told to ONNX Runtime: it would take the size for −1.
    fn infer_shape(&self, context: &mut ShapeInferenceContext) -> ort::Result<()> {
        match context.inputs().first() {
            Some(input @ ValueType::Tensor { shape, dimension_symbols, .. })
                if !shape.is_empty()
                    && shape
                        .iter()
                        .zip(dimension_symbols.iter())
                        .all(|(n, name)| *n >= 0 || !name.is_empty()) =>
            {
                context.set_output(0, input)
            }
            _ => Ok(()),
        }
    }

    fn create_kernel<'a>(&self, _: &KernelContext<'a>) -> ort::Result<Self::Kernel<'a>> {
        let unit = self.0;
        Ok(Box::new(move |context: &ComputeContext| {
            let missing = || ort::Error::new("Sin without an input or output");
            let input = context.input(0)?.ok_or_else(missing)?;
            let input: TensorRef<'_, f32> = input.downcast()?;
            let output = context.output(0, input.shape().clone())?.ok_or_else(missing)?;
            let mut output: TensorRefMut<'_, f32> = output.downcast()?;
            if output.data_ptr() == input.data_ptr() {
                // The same memory, so only one of them may be looked at.
                drop(input);
                sine(unit, output.extract_tensor_mut().1);
            } else {
                let (_, to) = output.extract_tensor_mut();
                to.iter_mut().zip(input.extract_tensor().1).for_each(|(to, from)| *to = *from);
                sine(unit, to);
            }
            Ok(())
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
