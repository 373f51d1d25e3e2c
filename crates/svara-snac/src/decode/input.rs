//! The inputs of a call, still on the host.

use ort::{
    memory::Allocator,
    session::SessionInputValue,
    value::{DynValue, Tensor, TensorElementType, TensorRef},
};

/// One input of a call.
pub(crate) struct Input<'a> {
    /// Its name in the graph.
    pub(crate) name: &'a str,
    /// Its dimensions, rows first.
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Values<'a>,
}

/// The values, row after row.
pub(crate) enum Values<'a> {
    /// Codes, positions and lengths.
    Integers(&'a [i64]),
    /// Draws of noise, and states.
    Floats(&'a [f32]),
}

impl<'a> Input<'a> {
    pub(crate) fn integers(name: &'a str, shape: impl Into<Vec<usize>>, values: &'a [i64]) -> Self {
        Self { name, shape: shape.into(), values: Values::Integers(values) }
    }

    pub(crate) fn floats(name: &'a str, shape: impl Into<Vec<usize>>, values: &'a [f32]) -> Self {
        Self { name, shape: shape.into(), values: Values::Floats(values) }
    }

    pub(crate) fn element_type(&self) -> TensorElementType {
        match self.values {
            Values::Integers(_) => TensorElementType::Int64,
            Values::Floats(_) => TensorElementType::Float32,
        }
    }

    /// Borrows the values, for a run on the host.
    pub(crate) fn view(&self) -> ort::Result<SessionInputValue<'a>> {
        Ok(match self.values {
            Values::Integers(values) => TensorRef::from_array_view((self.shape.clone(), values))?.into(),
            Values::Floats(values) => TensorRef::from_array_view((self.shape.clone(), values))?.into(),
        })
    }

    /// Copies the values, for a binding. Given a borrowed tensor, `ort` would copy it through a session of its own, one
    /// for the whole process, which can deadlock.
    pub(crate) fn copy(&self) -> ort::Result<DynValue> {
        Ok(match self.values {
            Values::Integers(values) => Tensor::from_array((self.shape.clone(), values.to_vec()))?.into_dyn(),
            Values::Floats(values) => Tensor::from_array((self.shape.clone(), values.to_vec()))?.into_dyn(),
        })
    }

    /// Allocates an uninitialized tensor of the same type and shape elsewhere.
    pub(crate) fn place(&self, allocator: &Allocator) -> ort::Result<DynValue> {
        Ok(match self.values {
            Values::Integers(_) => Tensor::<i64>::new(allocator, self.shape.clone())?.into_dyn(),
            Values::Floats(_) => Tensor::<f32>::new(allocator, self.shape.clone())?.into_dyn(),
        })
    }
}
