//! Snake as one operator: x + sin²(αx) · inverse, with an α and an inverse for each channel.
//!
//! Our exports have it as a function of five of ONNX's operators, and in those of other programs [`fuse`](super::fuse) puts
//! it. One pass over the signal in place of five: 0.6 times the whole decoder's time.

use ort::{
    operator::{
        BoxedKernel, ComputeContext, KernelContext, Operator, OperatorInput, OperatorOutput,
        ShapeInferenceContext,
    },
    value::{TensorElementType, TensorRef},
};
use pulp::Simd;

use super::kernel::{in_place, same_shape};
use crate::{
    simd::{Kernel, VectorUnit},
    waves::snake,
};

/// The domain of the functions that `scripts/export_snac.py` writes. An operator of the same name goes before them.
pub(super) const DOMAIN: &str = "svara.snac";

/// Snake(x [.., C, T], alpha [1, C, 1], inverse [1, C, 1])
pub(super) struct Snake(pub(super) VectorUnit);

impl Operator for Snake {
    type Kernel<'attr> = BoxedKernel<'attr>;
    const INPLACES: &[(u32, u32)] = &[(0, 0)];

    fn name(&self) -> &str {
        "Snake"
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        [TensorElementType::Float32; 3].map(OperatorInput::required)
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
            let missing = || ort::Error::new("Snake without its parameters");
            let (alpha, inverse) =
                (context.input(1)?.ok_or_else(missing)?, context.input(2)?.ok_or_else(missing)?);
            let (alpha, inverse): (TensorRef<'_, f32>, TensorRef<'_, f32>) =
                (alpha.downcast()?, inverse.downcast()?);
            let (alpha, inverse) = (alpha.extract_tensor().1, inverse.extract_tensor().1);
            in_place(context, |shape, x| {
                let [_, .., channels, samples] = *shape else {
                    return Err(ort::Error::new("Snake of a signal without channels"));
                };
                let size = |size: i64| usize::try_from(size).unwrap_or(0);
                if alpha.len() != inverse.len() || !matches!(alpha.len(), n if n == 1 || n == size(channels))
                {
                    return Err(ort::Error::new("Snake's parameters aren't one for each channel"));
                }
                unit.run(Snakes { x, samples: size(samples), alpha, inverse });
                Ok(())
            })
        }))
    }
}

struct Snakes<'a> {
    x: &'a mut [f32],
    /// In a row, which is one channel's.
    samples: usize,
    alpha: &'a [f32],
    inverse: &'a [f32],
}

impl Kernel for Snakes<'_> {
    /// One Snake for each vector of a row, and one more for what is left of it.
    #[inline(always)]
    fn run<S: Simd, const NV: usize>(self, s: S) {
        let parameters = self.alpha.iter().zip(self.inverse).cycle();
        for (row, (alpha, inverse)) in self.x.chunks_exact_mut(self.samples.max(1)).zip(parameters) {
            let (alpha, inverse) = (s.splat_f32s(*alpha), s.splat_f32s(*inverse));
            let (vectors, rest) = S::as_mut_simd_f32s(row);
            for x in vectors {
                *x = snake(s, *x, alpha, inverse);
            }
            // The last vector, filled up with zeros. No vector has more than 16 floats.
            let mut last = [0.0; 16];
            last.iter_mut().zip(rest.iter()).for_each(|(to, from)| *to = *from);
            for x in S::as_mut_simd_f32s(&mut last).0.iter_mut().take(1) {
                *x = snake(s, *x, alpha, inverse);
            }
            rest.iter_mut().zip(last).for_each(|(to, from)| *to = from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_gets_the_parameters_of_its_channel() {
        let (alpha, inverse) = ([0.7, 1.3, 2.0], [1.0, 0.5, 0.25]);
        for samples in [1, 7, 16, 37] {
            let x: Vec<f32> = (0..2 * 3 * samples).map(|i| (i as f32 * 0.37).cos() * 3.0).collect();
            for unit in VectorUnit::all() {
                let mut y = x.clone();
                unit.run(Snakes { x: &mut y, samples, alpha: &alpha, inverse: &inverse });
                for (i, (x, y)) in x.iter().zip(&y).enumerate() {
                    let channel = i / samples % 3;
                    let truth = x + (alpha[channel] * x).sin().powi(2) * inverse[channel];
                    assert!((truth - y).abs() < 2e-6, "{unit}, {samples} samples, {i}: {y}, {truth}");
                }
            }
        }
    }
}
