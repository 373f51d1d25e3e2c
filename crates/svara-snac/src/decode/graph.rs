//! One call of a decoder graph for a batch of streams.

use std::path::Path;

use ort::{
    session::{Session, SessionInputValue},
    value::TensorRef,
};

use super::{bucket::Buckets, plan::Call};
use crate::{
    DecodeError, LoadError,
    frame::CODEBOOKS,
    noise,
    onnx::{CodecModel, Device, NoiseLayer, Runtime, SessionSettings},
};

/// A decoder's session with the buffers of its calls. Belongs to one thread.
pub(crate) struct DecoderGraph {
    session: Session,
    model: CodecModel,
    device: Device,
    noise_on: bool,
    buckets: Buckets,
    buffers: Buffers,
}

/// One row of a batch.
pub(crate) struct Row<'a> {
    pub(crate) call: &'a Call,
    /// Seed of the stream's noise.
    pub(crate) seed: u64,
    /// The stream's state, `state_len` floats; replaced by the new one.
    pub(crate) state: &'a mut [f32],
    /// Gets the samples to keep.
    pub(crate) samples: &'a mut Vec<f32>,
}

impl DecoderGraph {
    pub(crate) fn open(
        runtime: &Runtime,
        path: &Path,
        settings: &SessionSettings,
        noise_on: bool,
        max_batch: usize,
    ) -> Result<Self, LoadError> {
        let opened = runtime.open(path, settings)?;
        let model = CodecModel::read(&opened.session, path)?;
        if model.kind == "encoder" {
            let reason = "this is an encoder, a decoder is needed".to_owned();
            return Err(LoadError::Model { path: path.to_owned(), reason });
        }
        let buffers = Buffers::new(model.noise.len());
        let (session, device) = (opened.session, opened.device);
        let buckets = match device {
            // A plain decoder's windows are of many lengths: too many shapes to make ready.
            Device::Cuda(_) if model.is_stream() => Buckets::PowersOfTwo { max: max_batch.max(1) },
            Device::Cuda(_) | Device::Cpu | Device::Auto => Buckets::Exact,
        };
        Ok(Self { session, device, noise_on, buckets, buffers, model })
    }

    pub(crate) fn model(&self) -> &CodecModel {
        &self.model
    }

    /// The device the session runs on: never `Auto`.
    pub(crate) fn device(&self) -> Device {
        self.device
    }

    /// Numbers of streams to make one call each for before the graph is ready.
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.buckets.all()
    }

    /// Decodes the rows in one call; their calls must have equally many frames.
    pub(crate) fn run(&mut self, rows: &mut [Row<'_>]) -> Result<(), DecodeError> {
        let Some(frames) = rows.first().map(|row| row.call.frames.len()) else { return Ok(()) };
        debug_assert!(rows.iter().all(|row| row.call.frames.len() == frames), "one shape for all rows");
        let batch = self.buckets.rows(rows.len());
        self.buffers.gather(rows, &self.model, self.noise_on);
        self.buffers.fill_up(batch, frames, &self.model);
        let inputs = self.buffers.inputs(&self.model, batch, frames).map_err(failed)?;
        let outputs = self.session.run(inputs).map_err(failed)?;
        let output = |name: &str, floats_per_row: usize| {
            let value = outputs
                .get(name)
                .ok_or_else(|| DecodeError::Run(format!("the graph has no output {name}")))?;
            let (_, floats) = value.try_extract_tensor::<f32>().map_err(failed)?;
            if floats.len() == batch * floats_per_row {
                Ok(floats)
            } else {
                Err(DecodeError::Run(format!("output {name} has {} floats", floats.len())))
            }
        };
        let audio = output("audio_values", frames * self.model.samples_per_frame)?;
        let state = if self.model.state_len > 0 { output("new_state", self.model.state_len)? } else { &[] };

        for (row, audio) in rows.iter_mut().zip(audio.chunks_exact(frames * self.model.samples_per_frame)) {
            row.samples.extend_from_slice(audio.get(row.call.keep.clone()).unwrap_or_default());
        }
        for (row, state) in rows.iter_mut().zip(state.chunks_exact(self.model.state_len.max(1))) {
            row.state.copy_from_slice(state);
        }
        Ok(())
    }
}

/// The inputs of a call, row after row; reused from call to call.
struct Buffers {
    code_names: [String; CODEBOOKS],
    codes: [Vec<i64>; CODEBOOKS],
    noise_names: Vec<String>,
    draws: Vec<Vec<f32>>,
    positions: Vec<i64>,
    totals: Vec<i64>,
    state: Vec<f32>,
}

impl Buffers {
    fn new(noise_layers: usize) -> Self {
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

    fn gather(&mut self, rows: &[Row<'_>], model: &CodecModel, noise_on: bool) {
        for (codebook, codes) in self.codes.iter_mut().enumerate() {
            codes.clear();
            let frames = rows.iter().flat_map(|row| &row.call.frames);
            codes.extend(frames.flat_map(|frame| frame.codes_of(codebook)).map(i64::from));
        }
        for (layer, (draws, noise)) in self.draws.iter_mut().zip(&model.noise).enumerate() {
            draws.clear();
            for row in rows {
                let start = draws.len();
                draws.resize(start + draws_in(noise, model, row.call.frames.len()), 0.0);
                if noise_on && let Some(new) = draws.get_mut(start..) {
                    let first = row.call.first_latent * noise.rate as i64 - noise.delay as i64;
                    noise::fill(row.seed, layer, first, new);
                }
            }
        }
        if model.state_len > 0 {
            self.positions.clear();
            self.positions.extend(rows.iter().map(|row| row.call.first_latent));
            self.totals.clear();
            self.totals.extend(rows.iter().map(|row| row.call.total_latents));
            self.state.clear();
            rows.iter().for_each(|row| self.state.extend_from_slice(row.state));
        }
    }

    /// Adds rows that nobody hears, up to `batch`.
    fn fill_up(&mut self, batch: usize, frames: usize, model: &CodecModel) {
        for (codebook, codes) in self.codes.iter_mut().enumerate() {
            codes.resize(batch * (frames << codebook), 0);
        }
        for (draws, noise) in self.draws.iter_mut().zip(&model.noise) {
            draws.resize(batch * draws_in(noise, model, frames), 0.0);
        }
        if model.state_len > 0 {
            self.positions.resize(batch, 0);
            self.totals.resize(batch, 0);
            self.state.resize(batch * model.state_len, 0.0);
        }
    }

    fn inputs<'a>(
        &'a self,
        model: &CodecModel,
        batch: usize,
        frames: usize,
    ) -> ort::Result<Vec<(&'a str, SessionInputValue<'a>)>> {
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> =
            Vec::with_capacity(CODEBOOKS + self.draws.len() + 3);
        for (codebook, (name, codes)) in self.code_names.iter().zip(&self.codes).enumerate() {
            let shape = [batch, frames << codebook];
            inputs.push((name, TensorRef::from_array_view((shape, codes.as_slice()))?.into()));
        }
        for ((name, draws), noise) in self.noise_names.iter().zip(&self.draws).zip(&model.noise) {
            let shape = [batch, 1, draws_in(noise, model, frames)];
            inputs.push((name, TensorRef::from_array_view((shape, draws.as_slice()))?.into()));
        }
        if model.state_len > 0 {
            inputs.push(("pos", TensorRef::from_array_view(([batch], self.positions.as_slice()))?.into()));
            inputs.push(("total", TensorRef::from_array_view(([batch], self.totals.as_slice()))?.into()));
            let shape = [batch, model.state_len];
            inputs.push(("state", TensorRef::from_array_view((shape, self.state.as_slice()))?.into()));
        }
        Ok(inputs)
    }
}

/// Draws of a noise layer for so many frames.
fn draws_in(noise: &NoiseLayer, model: &CodecModel, frames: usize) -> usize {
    frames * model.latents_per_frame() * noise.rate
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn failed(error: ort::Error) -> DecodeError {
    DecodeError::Run(error.to_string())
}

#[cfg(test)]
mod tests {
    use svara_testkit::models;

    use super::*;
    use crate::{
        Frame,
        decode::plan::Position,
        onnx::{GpuSettings, LibrarySearch},
    };

    /// What the rows of a GPU's batch give doesn't depend on the rows that only fill it up.
    #[test]
    fn rows_that_nobody_hears_change_nothing() {
        let search = LibrarySearch { models_lib: models::onnxruntime_dir(), ..LibrarySearch::default() };
        let runtime = Runtime::load(&search).unwrap();
        let settings = SessionSettings {
            device: Device::Cpu,
            intra_threads: 1,
            weights: None,
            gpu: GpuSettings::default(),
        };
        let path = models::snac_small("decoder_stream.onnx");
        let mut graph = DecoderGraph::open(&runtime, &path, &settings, true, 8).unwrap();
        let model = graph.model().clone();
        let decode = |graph: &mut DecoderGraph| {
            let streams = 0..3_u16;
            let call = |stream| Position::start().plan(&model, &[Frame([stream; 7]); 3], false).remove(0);
            let calls: Vec<Call> = streams.map(call).collect();
            let mut outputs: Vec<(Vec<f32>, Vec<f32>)> =
                calls.iter().map(|_| (vec![0.0; model.state_len], Vec::new())).collect();
            let rows = calls.iter().zip(&mut outputs);
            let mut rows: Vec<Row<'_>> =
                rows.map(|(call, (state, samples))| Row { call, seed: 5, state, samples }).collect();
            graph.run(&mut rows).unwrap();
            outputs
        };
        let exact = decode(&mut graph);
        assert_eq!(graph.buckets, Buckets::Exact);
        graph.buckets = Buckets::PowersOfTwo { max: 8 };
        let filled_up = decode(&mut graph);
        for ((state, samples), (state_2, samples_2)) in exact.iter().zip(&filled_up) {
            let pairs = state.iter().chain(samples).zip(state_2.iter().chain(samples_2));
            assert!(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 1e-4);
            assert!(samples.iter().any(|sample| sample.abs() > 0.01));
        }
        assert!(filled_up[0].1 != filled_up[1].1, "the rows are different streams");
    }
}
