//! What the kernels of this crate's operators share.

use ort::{
    operator::{ComputeContext, ShapeInferenceContext},
    value::{TensorRef, TensorRefMut, ValueType},
};

/// Output 0 has the shape of input 0. An axis that has neither a size nor a name can't be told to ONNX Runtime: it would
/// take the size for −1. Then nothing is said.
pub(super) fn same_shape(context: &mut ShapeInferenceContext) -> ort::Result<()> {
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

/// Output 0 of a kernel that works in place: a copy of input 0, or the same memory. `work` gets it and the input's shape.
pub(super) fn in_place(
    context: &ComputeContext,
    work: impl FnOnce(&[i64], &mut [f32]) -> ort::Result<()>,
) -> ort::Result<()> {
    let missing = || ort::Error::new("an operator without an input or output");
    let input = context.input(0)?.ok_or_else(missing)?;
    let input: TensorRef<'_, f32> = input.downcast()?;
    let shape = input.shape().clone();
    let output = context.output(0, shape.clone())?.ok_or_else(missing)?;
    let mut output: TensorRefMut<'_, f32> = output.downcast()?;
    if output.data_ptr() == input.data_ptr() {
        // The same memory, so only one of them may be looked at.
        drop(input);
    } else {
        let (_, to) = output.extract_tensor_mut();
        to.iter_mut().zip(input.extract_tensor().1).for_each(|(to, from)| *to = *from);
    }
    work(&shape, output.extract_tensor_mut().1)
}
