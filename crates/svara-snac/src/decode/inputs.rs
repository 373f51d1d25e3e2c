//! The inputs of a call, gathered from its rows.

use super::{
    batch::{Row, Shape},
    input::Input,
    state::RowState,
};
use crate::{frame::CODEBOOKS, noise::draws_in, onnx::CodecModel};

/// The inputs of a call, row after row; reused from call to call.
pub(crate) struct Inputs {
    code_names: [String; CODEBOOKS],
    codes: [Vec<i64>; CODEBOOKS],
    noise_names: Vec<String>,
    draws: Vec<Vec<f32>>,
    positions: Vec<i64>,
    totals: Vec<i64>,
    /// The states of rows that keep their state on the host.
    pub(crate) state: Vec<f32>,
}

impl Inputs {
    /// Empty inputs for a decoder with `noise_layers` noise layers.
    pub(crate) fn new(noise_layers: usize) -> Self {
        Self {
            code_names: std::array::from_fn(|codebook| format!("audio_codes.{codebook}")),
            codes: Default::default(),
            noise_names: (0..noise_layers).map(|layer| format!("noise.{layer}")).collect(),
            draws: vec![Vec::new(); noise_layers],
            positions: Vec::new(),
            totals: Vec::new(),
            state: Vec::new(),
        }
    }

    /// Gathers the rows of a call, which must all have the same number of frames.
    pub(crate) fn gather(&mut self, rows: &[Row<'_>], model: &CodecModel) {
        for (codebook, codes) in self.codes.iter_mut().enumerate() {
            codes.clear();
            let frames = rows.iter().flat_map(|row| &row.call.frames);
            codes.extend(frames.flat_map(|frame| frame.codes_of(codebook)).map(i64::from));
        }
        self.draws.iter_mut().for_each(Vec::clear);
        for row in rows {
            let mut left = row.draws;
            for (draws, layer) in self.draws.iter_mut().zip(&model.noise) {
                let count = draws_in(layer, model, row.call.frames.len());
                let (own, rest) = left.split_at_checked(count).unwrap_or_default();
                draws.extend_from_slice(own);
                // Zeros if noise is off.
                draws.resize(draws.len() + count - own.len(), 0.0);
                left = rest;
            }
        }
        if model.state_len > 0 {
            self.positions.clear();
            self.positions.extend(rows.iter().map(|row| row.call.first_latent));
            self.totals.clear();
            self.totals.extend(rows.iter().map(|row| row.call.total_latents));
            self.state.clear();
            for row in rows {
                if let RowState::Host(state) = &row.state {
                    self.state.extend_from_slice(state);
                }
            }
        }
    }

    /// All inputs but the state.
    pub(crate) fn inputs(&self, model: &CodecModel, Shape { batch, frames }: Shape) -> Vec<Input<'_>> {
        let mut inputs = Vec::with_capacity(CODEBOOKS + self.draws.len() + 3);
        for (codebook, (name, codes)) in self.code_names.iter().zip(&self.codes).enumerate() {
            inputs.push(Input::integers(name, [batch, frames << codebook], codes));
        }
        for ((name, draws), noise) in self.noise_names.iter().zip(&self.draws).zip(&model.noise) {
            inputs.push(Input::floats(name, [batch, 1, draws_in(noise, model, frames)], draws));
        }
        if model.state_len > 0 {
            inputs.push(Input::integers("pos", [batch], &self.positions));
            inputs.push(Input::integers("total", [batch], &self.totals));
        }
        inputs
    }
}
