//! Runs a decoder graph for a batch of streams.

use std::path::Path;

use ort::{session::Session, value::DynValue};

use super::{
    batch::{Row, Shape},
    input::Input,
    inputs::Inputs,
    output::{failed, floats},
    state::RowState,
};
use crate::{
    DecodeError, LoadError,
    onnx::{CodecModel, Runtime, SessionSettings, StateFloat},
};

/// A decoder's session and the inputs of its calls. Belongs to one thread. States go in and out with every call.
pub(crate) struct DecoderGraph {
    session: Session,
    model: CodecModel,
    inputs: Inputs,
}

impl DecoderGraph {
    pub(crate) fn open(
        runtime: &Runtime,
        path: &Path,
        settings: &SessionSettings,
    ) -> Result<Self, LoadError> {
        let session = runtime.open(path, settings)?;
        let model = CodecModel::read(&session, path)?;
        let broken =
            |reason: &str| Err(LoadError::Model { path: path.to_owned(), reason: reason.to_owned() });
        if model.kind == "encoder" {
            return broken("this is an encoder; a decoder is needed");
        }
        if model.state_float != StateFloat::Single {
            return broken(
                "a decoder of 16-bit floats is for GPUs: set decoder.precision = \"float16\" there",
            );
        }
        let inputs = Inputs::new(model.noise.len());
        Ok(Self { session, model, inputs })
    }

    pub(crate) fn model(&self) -> &CodecModel {
        &self.model
    }

    /// Decodes the rows in one call; all must have the same number of frames.
    pub(crate) fn run(&mut self, rows: &mut [Row<'_>]) -> Result<(), DecodeError> {
        let Some(frames) = rows.first().map(|row| row.call.frames.len()) else { return Ok(()) };
        debug_assert!(rows.iter().all(|row| row.call.frames.len() == frames), "one shape for all rows");
        self.inputs.gather(rows, &self.model);
        let shape = Shape { batch: rows.len(), frames };
        run_on_host(&mut self.session, &self.inputs, &self.model, shape, rows)
    }
}

/// Runs a call with the states as inputs and outputs.
fn run_on_host(
    session: &mut Session,
    gathered: &Inputs,
    model: &CodecModel,
    shape: Shape,
    rows: &mut [Row<'_>],
) -> Result<(), DecodeError> {
    let mut inputs = gathered.inputs(model, shape);
    if model.state_len > 0 {
        inputs.push(Input::floats("state", [shape.batch, model.state_len], &gathered.state));
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
    use svara_testkit::models;

    use super::*;
    use crate::{
        Frame,
        decode::{plan::Position, state::StreamState},
        noise::draws,
        onnx::{Device, GpuSettings, LibrarySearch, ModelFile, OwnOperators},
        simd::VectorUnit,
    };

    fn decode(path: &Path, operators: Option<OwnOperators>) -> Vec<f32> {
        let search = LibrarySearch { models_lib: models::onnxruntime_dir(), ..LibrarySearch::default() };
        let runtime = Runtime::load(&search).unwrap();
        let settings =
            SessionSettings { device: Device::Cpu, weights: None, operators, gpu: GpuSettings::default() };
        let mut graph = DecoderGraph::open(&runtime, path, &settings).unwrap();
        let model = graph.model().clone();
        let mut state = StreamState::start(model.state_len, None).unwrap();
        let mut samples = Vec::new();
        for call in Position::start().plan(&model, &[Frame([9; 7]); 6], true) {
            let draws = draws(5, &model, call.first_latent, call.frames.len());
            let row = Row { call: &call, draws: &draws, state: state.row(), samples: &mut samples };
            graph.run(&mut [row]).unwrap();
        }
        samples
    }

    /// As a server does that loads a decoder and an encoder.
    #[test]
    fn the_first_sessions_may_be_opened_at_once() {
        let path = models::snac_small_quiet("decoder_plain.onnx");
        let bytes = ModelFile::read_bytes(&path).unwrap();
        let file = ModelFile::parse(bytes.clone()).unwrap();
        let operators = OwnOperators::of(&bytes, &file, VectorUnit::best()).unwrap();
        let search = LibrarySearch { models_lib: models::onnxruntime_dir(), ..LibrarySearch::default() };
        let runtime = Runtime::load(&search).unwrap();
        let settings =
            SessionSettings { device: Device::Cpu, weights: None, operators, gpu: GpuSettings::default() };
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            let open = || {
                start.wait();
                DecoderGraph::open(&runtime, &path, &settings).map(drop)
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            for thread in threads {
                thread.join().unwrap().unwrap();
            }
        });
    }

    /// ONNX Runtime takes our operators in place of its own, and of the functions of our files; and in the files of other
    /// programs, Snakes become one node each. The samples differ, but only in rounding.
    #[test]
    fn our_operators_take_the_place_of_the_built_in_ones() {
        for (path, is_changed) in [
            (models::snac_small("decoder_stream.onnx"), false),
            (models::snac_small("decoder_plain.onnx"), false),
            (models::foreign_snac("mul"), true),
            (models::foreign_snac("torch"), true),
            // Its weights are beside it.
            (models::foreign_snac("apart"), false),
        ] {
            let bytes = ModelFile::read_bytes(&path).unwrap();
            let file = ModelFile::parse(bytes.clone()).unwrap();
            let built_in = decode(&path, None);
            assert!(built_in.iter().any(|sample| sample.abs() > 0.01));
            for unit in VectorUnit::all().into_iter().filter(|unit| unit.has_vectors()) {
                let operators = OwnOperators::of(&bytes, &file, unit).unwrap().unwrap();
                assert_eq!(operators.changes_the_model(), is_changed, "{}", path.display());
                let ours = decode(&path, Some(operators));
                assert!(built_in != ours, "{}: the built-in operators still run", path.display());
                let largest = built_in.iter().zip(&ours).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(largest < 1e-5, "{}, {unit}: {largest}", path.display());
            }
        }
    }
}
