//! The graph of a stream decoder as a device runs it: the states of all streams stay there, in one tensor with a row
//! for each (the pool). A call gathers its rows from the pool, decodes, and scatters the new states back, all in one
//! run of the graph.

use crate::{
    noise::draws_in,
    onnx::{CodecModel, ElementType, GraphEdit},
};

/// The states before and after a call, the same tensor: `[rows of the pool, state_len]`.
pub(crate) const POOL: &str = "state_pool";
pub(crate) const NEW_POOL: &str = "new_state_pool";
/// The rows of the pool that each row of the call reads and writes: `[batch, 2]`.
pub(crate) const ROWS: &str = "state_rows";
/// The draws of all noise layers, one after the other: `[batch, 1, draws]`.
pub(crate) const DRAWS: &str = "draws";

/// Frames in each row of a call.
pub(crate) const FRAMES: usize = 1;

/// The changed file of a stream decoder.
///
/// # Errors
/// The file isn't whole, or has no such inputs and outputs.
pub(crate) fn with_pool(file: &[u8], model: &CodecModel) -> Result<Vec<u8>, String> {
    let mut edit = GraphEdit::default();
    let state = model.state_float.element_type();
    let pool = [None, Some(model.state_len)];
    edit.input(POOL, state, &pool);
    edit.input(ROWS, ElementType::Int64, &[None, Some(2)]);
    edit.scalar("state_rows.from_at", 0);
    edit.vector("state_rows.to_at", 1..2);
    // Copies on the device: each element of a state looks its row up.
    edit.before("Gather", &[ROWS, "state_rows.from_at"], "state_rows.from", Some(1));
    edit.before("Gather", &[ROWS, "state_rows.to_at"], "state_rows.to", Some(1));
    edit.remove_input("state");
    edit.before("Gather", &[POOL, "state_rows.from"], "state", Some(0));
    edit.remove_output("new_state");
    edit.after("ScatterND", &[POOL, "state_rows.to", "new_state"], NEW_POOL);
    edit.output(NEW_POOL, state, &pool);
    if !model.noise.is_empty() {
        edit.input(DRAWS, ElementType::Float, &[None, Some(1), Some(draws(model))]);
    }
    let mut start = 0;
    for (number, layer) in model.noise.iter().enumerate() {
        let end = start + draws_in(layer, model, FRAMES);
        let (input, places) = (format!("noise.{number}"), format!("draws.of.{number}"));
        edit.vector(&places, start..end);
        edit.remove_input(&input);
        // Not a Slice: of a single row, ONNX Runtime makes a copy from device to device, which must not read pinned memory.
        edit.before("Gather", &[DRAWS, &places], &input, Some(2));
        start = end;
    }
    edit.apply(file)
}

/// Draws of all noise layers for a row of a call.
pub(crate) fn draws(model: &CodecModel) -> usize {
    model.noise.iter().map(|layer| draws_in(layer, model, FRAMES)).sum()
}
