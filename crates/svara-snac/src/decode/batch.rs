//! The batch of one call: its rows and its shape.

use super::{plan::Call, state::RowState};

/// One stream's row in a batch.
pub(crate) struct Row<'a> {
    pub(crate) call: &'a Call,
    /// The draws of all noise layers, one layer after the other; none if noise is off.
    pub(crate) draws: &'a [f32],
    /// The stream's state, `state_len` floats.
    pub(crate) state: RowState<'a>,
    /// Where the samples to keep are appended.
    pub(crate) samples: &'a mut Vec<f32>,
}

/// The shape of a call: its rows, and the frames in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) batch: usize,
    pub(crate) frames: usize,
}
