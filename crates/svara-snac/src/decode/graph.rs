//! Runs a decoder graph for a batch of streams.

use std::path::Path;

use ort::{session::Session, value::DynValue};

use super::{
    batch::{Row, Shape},
    bucket::Buckets,
    buffers::Buffers,
    device_graphs,
    device_states::{DeviceStates, Route},
    input::Input,
    output::{failed, floats},
    replay::Replays,
    state::RowState,
};
use crate::{
    DecodeError, LoadError,
    onnx::{CodecModel, Device, Runtime, SessionSettings},
};

/// A decoder's session and its input buffers. Belongs to one thread.
pub(crate) struct DecoderGraph {
    session: Session,
    model: CodecModel,
    buckets: Buckets,
    /// `None` if the states go in and out with every call.
    on_device: Option<OnDevice>,
    buffers: Buffers,
}

/// What stays on the device between calls.
struct OnDevice {
    pool: DeviceStates,
    /// `None` if calls aren't recorded.
    replays: Option<Replays>,
}

impl DecoderGraph {
    pub(crate) fn open(
        runtime: &Runtime,
        path: &Path,
        settings: &SessionSettings,
        max_batch: usize,
        slots: usize,
    ) -> Result<Self, LoadError> {
        let opened = runtime.open(path, settings)?;
        let model = CodecModel::read(&opened.session, path)?;
        if model.kind == "encoder" {
            let reason = "this is an encoder; a decoder is needed".to_owned();
            return Err(LoadError::Model { path: path.to_owned(), reason });
        }
        if settings.gpu.graphs && matches!(opened.device, Device::Cuda(_)) && !model.is_stream() {
            let reason =
                "CUDA graphs need a stream decoder: a plain one has too many shapes to record".to_owned();
            return Err(LoadError::Model { path: path.to_owned(), reason });
        }
        let buffers = Buffers::new(model.noise.len());
        let (session, device) = (opened.session, opened.device);
        let buckets = match device {
            // A plain decoder's windows have many lengths: too many shapes to warm up.
            Device::Cuda(_) if model.is_stream() => Buckets::PowersOfTwo { max: max_batch.max(1) },
            Device::Cuda(_) | Device::Cpu | Device::Auto => Buckets::Exact,
        };
        let mut graph = Self { session, buckets, on_device: None, buffers, model };
        if matches!(device, Device::Cuda(_)) && graph.model.is_stream() {
            graph.keep_states_on(device, runtime, settings, slots)?;
        }
        Ok(graph)
    }

    fn keep_states_on(
        &mut self,
        device: Device,
        runtime: &Runtime,
        settings: &SessionSettings,
        slots: usize,
    ) -> Result<(), LoadError> {
        let pool = DeviceStates::new(runtime, settings, device, slots, self.model.state_len)?;
        let replays = if settings.gpu.graphs {
            let inputs = self.buffers.inputs(&self.model, Shape { batch: 0, frames: 0 });
            Some(Replays::new(runtime, settings, device, &inputs)?)
        } else {
            None
        };
        self.on_device = Some(OnDevice { pool, replays });
        Ok(())
    }

    pub(crate) fn model(&self) -> &CodecModel {
        &self.model
    }

    /// Whether the streams' states stay on the device.
    pub(crate) fn keeps_states(&self) -> bool {
        self.on_device.is_some()
    }

    /// The batch sizes to warm up.
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.buckets.all()
    }

    /// Decodes the rows in one call; all must have the same number of frames.
    pub(crate) fn run(&mut self, rows: &mut [Row<'_>]) -> Result<(), DecodeError> {
        let Some(frames) = rows.first().map(|row| row.call.frames.len()) else { return Ok(()) };
        debug_assert!(rows.iter().all(|row| row.call.frames.len() == frames), "one shape for all rows");
        let batch = self.buckets.rows(rows.len());
        self.buffers.gather(rows, &self.model);
        self.buffers.fill_up(batch, frames, &self.model);
        let shape = Shape { batch, frames };
        match &mut self.on_device {
            None => run_on_host(&mut self.session, &self.buffers, &self.model, shape, rows),
            Some(here) => run_on_device(&mut self.session, here, &self.buffers, &self.model, shape, rows),
        }
    }
}

/// Runs a call with the states as inputs and outputs.
fn run_on_host(
    session: &mut Session,
    buffers: &Buffers,
    model: &CodecModel,
    shape: Shape,
    rows: &mut [Row<'_>],
) -> Result<(), DecodeError> {
    let mut inputs = buffers.inputs(model, shape);
    if model.state_len > 0 {
        inputs.push(Input::floats("state", [shape.batch, model.state_len], &buffers.state));
    }
    let views = inputs.iter().map(|input| Ok((input.name, input.view()?)));
    let views = views.collect::<ort::Result<Vec<_>>>().map_err(failed)?;
    let outputs = session.run(views).map_err(failed)?;
    give_samples(rows, model, shape, outputs.get("audio_values"))?;
    if model.state_len > 0 {
        let states = floats(outputs.get("new_state"), "new_state", shape.batch * model.state_len)?;
        for (row, new) in rows.iter_mut().zip(states.chunks_exact(model.state_len)) {
            if let RowState::Host(state) = &mut row.state {
                state.copy_from_slice(new);
            }
        }
    }
    Ok(())
}

/// Runs a call whose states stay on the device; only the audio comes back.
fn run_on_device(
    session: &mut Session,
    here: &mut OnDevice,
    buffers: &Buffers,
    model: &CodecModel,
    shape: Shape,
    rows: &mut [Row<'_>],
) -> Result<(), DecodeError> {
    let route = |row: &Row<'_>| match row.state {
        RowState::Device(route) => route,
        RowState::Host(_) => Route::UNUSED,
    };
    let mut routes: Vec<Route> = rows.iter().map(route).collect();
    routes.resize(shape.batch, Route::UNUSED);
    let inputs = buffers.inputs(model, shape);
    let audio = match &mut here.replays {
        Some(replays) => replays.run(session, &mut here.pool, model, shape, &inputs, &routes),
        None => launch(session, &mut here.pool, &inputs, &routes),
    };
    give_samples(rows, model, shape, Some(&audio.map_err(failed)?))
}

/// Runs a call whose kernels are launched one by one. Returns the audio, on the host.
fn launch(
    session: &mut Session,
    pool: &mut DeviceStates,
    inputs: &[Input<'_>],
    routes: &[Route],
) -> ort::Result<DynValue> {
    let states = pool.gather(routes)?;
    let mut binding = session.create_binding()?;
    for input in inputs {
        binding.bind_input(input.name, &input.copy()?)?;
    }
    binding.bind_input("state", &states)?;
    binding.bind_output_to_device("audio_values", &device_graphs::memory(Device::Cpu)?)?;
    binding.bind_output_to_device("new_state", pool.memory())?;
    let mut outputs = session.run_binding(&binding)?;
    let mut output = |name| outputs.remove(name).ok_or_else(|| ort::Error::new(format!("no output {name}")));
    let (audio, states) = (output("audio_values")?, output("new_state")?);
    pool.scatter(routes, &states)?;
    Ok(audio)
}

fn give_samples(
    rows: &mut [Row<'_>],
    model: &CodecModel,
    shape: Shape,
    audio: Option<&DynValue>,
) -> Result<(), DecodeError> {
    let samples_per_row = shape.frames * model.samples_per_frame;
    let audio = floats(audio, "audio_values", shape.batch * samples_per_row)?;
    for (row, audio) in rows.iter_mut().zip(audio.chunks_exact(samples_per_row)) {
        row.samples.extend_from_slice(audio.get(row.call.keep.clone()).unwrap_or_default());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use svara_testkit::models;

    use super::*;
    use crate::{
        Frame,
        decode::{device_states::Slots, plan::Position, state::StreamState},
        noise::draws,
        onnx::{GpuSettings, LibrarySearch},
    };

    fn open() -> (Runtime, SessionSettings, DecoderGraph) {
        let search = LibrarySearch { models_lib: models::onnxruntime_dir(), ..LibrarySearch::default() };
        let runtime = Runtime::load(&search).unwrap();
        let gpu = GpuSettings::default();
        let settings = SessionSettings { device: Device::Cpu, weights: None, own_sine: false, gpu };
        let path = models::snac_small("decoder_stream.onnx");
        let graph = DecoderGraph::open(&runtime, &path, &settings, 8, 8).unwrap();
        (runtime, settings, graph)
    }

    /// Three streams in calls of one frame each, the second of which joins late, and a fork of the first at the end.
    fn decode(graph: &mut DecoderGraph, slots: Option<&Arc<Slots>>) -> Vec<Vec<f32>> {
        let model = graph.model().clone();
        let start = || StreamState::start(model.state_len, slots).unwrap();
        let mut streams: Vec<_> = (0..3).map(|_| (Position::start(), Some(start()), Vec::new())).collect();
        for call in 0..6 {
            let joined = streams.iter_mut().enumerate().filter(|(stream, _)| *stream != 1 || call >= 2);
            let mut calls: Vec<_> = joined
                .map(|(stream, (position, state, samples))| {
                    let frame = Frame([(7 * stream + call) as u16; 7]);
                    let call = position.plan(&model, &[frame], false).remove(0);
                    let draws = draws(5, &model, call.first_latent, 1);
                    (call, draws, state, samples)
                })
                .collect();
            let rows = calls.iter_mut().map(|(call, draws, state, samples)| Row {
                call,
                draws,
                state: state.as_mut().unwrap().row(),
                samples,
            });
            graph.run(&mut rows.collect::<Vec<_>>()).unwrap();
            for (_, _, state, _) in calls {
                *state = state.take().map(StreamState::after_call);
            }
        }
        let (mut position, mut samples) = (streams[0].0.clone(), Vec::new());
        let mut fork = streams[0].1.as_ref().unwrap().fork(slots).unwrap();
        for call in position.plan(&model, &[Frame([9; 7]); 6], true) {
            let draws = draws(5, &model, call.first_latent, call.frames.len());
            let row = Row { call: &call, draws: &draws, state: fork.row(), samples: &mut samples };
            graph.run(&mut [row]).unwrap();
            fork = fork.after_call();
        }
        streams.into_iter().map(|(_, _, samples)| samples).chain([samples]).collect()
    }

    fn assert_equal(one: &[Vec<f32>], other: &[Vec<f32>]) {
        for (one, other) in one.iter().zip(other) {
            assert_eq!(one.len(), other.len());
            let largest = one.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(largest < 1e-4, "{largest}");
            assert!(one.iter().any(|sample| sample.abs() > 0.01));
        }
        assert!(one[0] != one[2], "the rows are different streams");
    }

    /// Padding rows don't affect the other rows of a batch.
    #[test]
    fn padding_rows_change_nothing() {
        let (_, _, mut graph) = open();
        let exact = decode(&mut graph, None);
        assert_eq!(graph.buckets, Buckets::Exact);
        graph.buckets = Buckets::PowersOfTwo { max: 8 };
        assert_equal(&decode(&mut graph, None), &exact);
    }

    /// The GPU path without a GPU: the CPU's memory stands in for the device's.
    #[test]
    fn states_that_stay_on_the_device_give_the_same_samples() {
        let (runtime, settings, mut graph) = open();
        let exact = decode(&mut graph, None);
        graph.keep_states_on(Device::Cpu, &runtime, &settings, 8).unwrap();
        graph.buckets = Buckets::PowersOfTwo { max: 8 };
        let slots = Slots::new(8);
        assert_equal(&decode(&mut graph, Some(&slots)), &exact);
        // New streams take the same rows and see no old state.
        assert_equal(&decode(&mut graph, Some(&slots)), &exact);
    }

    /// The replay path without CUDA graphs: each shape has fixed tensors, reused by every call.
    #[test]
    fn replayed_calls_give_the_same_samples() {
        let (runtime, mut settings, mut graph) = open();
        let exact = decode(&mut graph, None);
        settings.gpu.graphs = true;
        graph.keep_states_on(Device::Cpu, &runtime, &settings, 8).unwrap();
        graph.buckets = Buckets::PowersOfTwo { max: 8 };
        let slots = Slots::new(8);
        assert_equal(&decode(&mut graph, Some(&slots)), &exact);
        assert_equal(&decode(&mut graph, Some(&slots)), &exact);
    }

    /// ONNX Runtime takes our Sin in place of its own: the samples differ, but only in rounding.
    #[test]
    fn our_sine_takes_the_place_of_the_built_in_one() {
        let (runtime, mut settings, mut built_in) = open();
        settings.own_sine = true;
        let path = models::snac_small("decoder_stream.onnx");
        let mut ours = DecoderGraph::open(&runtime, &path, &settings, 8, 8).unwrap();
        let (expected, heard) = (decode(&mut built_in, None), decode(&mut ours, None));
        assert!(expected != heard, "the built-in Sin still runs");
        assert_equal(&heard, &expected);
    }
}
