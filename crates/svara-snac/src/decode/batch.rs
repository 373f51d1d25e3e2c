//! The batch that a call decodes: its rows and its shape.

use super::{plan::Call, state::RowState};

/// One row of a batch.
pub(crate) struct Row<'a> {
    pub(crate) call: &'a Call,
    /// Seed of the stream's noise.
    pub(crate) seed: u64,
    /// The stream's state, `state_len` floats.
    pub(crate) state: RowState<'a>,
    /// Gets the samples to keep.
    pub(crate) samples: &'a mut Vec<f32>,
}

/// The shape of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) batch: usize,
    pub(crate) frames: usize,
}
