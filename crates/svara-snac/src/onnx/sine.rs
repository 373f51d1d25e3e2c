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
use crate::{
    simd::{Kernel, VectorUnit},
    waves,
};

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
            *x = waves::sine(s, *x);
        }
        // The last vector, filled up with zeros. No vector has more than 16 floats.
        let mut last = [0.0; 16];
        last.iter_mut().zip(rest.iter()).for_each(|(to, from)| *to = *from);
        for x in S::as_mut_simd_f32s(&mut last).0 {
            *x = waves::sine(s, *x);
        }
        rest.iter_mut().zip(last).for_each(|(to, from)| *to = from);
    }
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
