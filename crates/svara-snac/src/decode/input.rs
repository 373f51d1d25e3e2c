//! The inputs of a call, still on the host.

use ort::{session::SessionInputValue, value::TensorRef};

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

    /// Borrows the values, for a run on the host.
    pub(crate) fn view(&self) -> ort::Result<SessionInputValue<'a>> {
        Ok(match self.values {
            Values::Integers(values) => TensorRef::from_array_view((self.shape.clone(), values))?.into(),
            Values::Floats(values) => TensorRef::from_array_view((self.shape.clone(), values))?.into(),
        })
    }
}
