//! CUDA graphs: GPU calls that are recorded once and replayed.
//!
//! A decoder call is some 360 small kernels, and launching them one by one may take the host longer than they take
//! the GPU. A recording launches as a whole, but always reads and writes the same memory. So each shape has fixed
//! tensors on the device: inputs are copied into them, the recording runs, and outputs are copied out. ONNX Runtime
//! makes the recordings, one per `gpu_graph_id`, in sessions opened with CUDA graphs enabled.

use std::collections::{HashMap, hash_map::Entry};

use ort::{
    memory::{Allocator, MemoryInfo},
    session::{IoBinding, RunOptions, Session},
    value::{DynValue, Tensor, TensorElementType},
};

use super::{
    batch::Shape,
    device_graphs::{self, Copied, from, to},
    device_states::{DeviceStates, Route},
    input::Input,
};
use crate::{
    LoadError,
    onnx::{CodecModel, Device, Runtime, SessionSettings},
};

/// ONNX Runtime runs a new shape once normally and records it the next time; from then on it replays.
const RUNS_TO_RECORD: usize = 2;

const AUDIO: &str = "audio_values";

/// The recordings of a decoder's session, one per shape.
pub(crate) struct Replays {
    /// Copies inputs from the host into the fixed tensors.
    bring: Session,
    /// Copies audio from its fixed tensor to the host.
    fetch: Session,
    memory: MemoryInfo<'static>,
    recorded: HashMap<Shape, Recorded>,
}

/// The fixed tensors of one shape's recording, bound to the session.
struct Recorded {
    binding: IoBinding,
    options: RunOptions,
    /// The inputs' tensors, in the order of the call's inputs.
    places: Vec<DynValue>,
    state: DynValue,
    audio: DynValue,
    new_state: DynValue,
}

impl Replays {
    /// Nothing is recorded yet. `inputs` may be those of any call; only names, types and ranks matter.
    pub(crate) fn new(
        runtime: &Runtime,
        settings: &SessionSettings,
        device: Device,
        inputs: &[Input<'_>],
    ) -> Result<Self, LoadError> {
        let failed =
            |error: ort::Error| LoadError::Device { device: device.to_string(), reason: error.to_string() };
        let brought = inputs.iter().map(|input| Copied {
            name: input.name,
            element_type: input.element_type(),
            dimensions: input.shape.len(),
        });
        let brought: Vec<_> = brought.collect();
        let audio = Copied { name: AUDIO, element_type: TensorElementType::Float32, dimensions: 3 };
        let open =
            |tensors: &[Copied<'_>]| runtime.open_model(device_graphs::copies(tensors), settings, device);
        Ok(Self {
            bring: open(&brought)?,
            fetch: open(&[audio])?,
            memory: device_graphs::memory(device).map_err(failed)?,
            recorded: HashMap::new(),
        })
    }

    /// Runs one call with the states of `routes`. Returns the audio, `[batch, 1, samples]`, on the host.
    ///
    /// The first call of a shape records it; warming up makes one of each.
    pub(crate) fn run(
        &mut self,
        session: &mut Session,
        states: &mut DeviceStates,
        model: &CodecModel,
        shape: Shape,
        inputs: &[Input<'_>],
        routes: &[Route],
    ) -> ort::Result<DynValue> {
        let number = self.recorded.len() + 1;
        let (recorded, runs) = match self.recorded.entry(shape) {
            Entry::Occupied(recorded) => (recorded.into_mut(), 1),
            Entry::Vacant(vacant) => {
                let recorded = Recorded::new(session, &self.memory, model, shape, inputs, number)?;
                (vacant.insert(recorded), RUNS_TO_RECORD + 1)
            }
        };
        recorded.bring(&mut self.bring, inputs)?;
        states.gather_into(routes, &mut recorded.state)?;
        for _ in 0..runs {
            session.run_binding_with_options(&recorded.binding, &recorded.options)?;
        }
        states.scatter(routes, &recorded.new_state)?;
        recorded.fetch(&mut self.fetch)
    }
}

impl Recorded {
    /// `number` identifies the recording, from 1.
    fn new(
        session: &Session,
        memory: &MemoryInfo<'static>,
        model: &CodecModel,
        shape: Shape,
        inputs: &[Input<'_>],
        number: usize,
    ) -> ort::Result<Self> {
        let allocator = Allocator::new(session, memory.clone())?;
        let floats =
            |dimensions: &[usize]| Tensor::<f32>::new(&allocator, dimensions.to_vec()).map(Tensor::into_dyn);
        let state = floats(&[shape.batch, model.state_len])?;
        let mut audio = floats(&[shape.batch, 1, shape.frames * model.samples_per_frame])?;
        let mut new_state = floats(&[shape.batch, model.state_len])?;
        let places = inputs.iter().map(|input| input.place(&allocator)).collect::<ort::Result<Vec<_>>>()?;
        let mut binding = session.create_binding()?;
        for (input, place) in inputs.iter().zip(&places) {
            binding.bind_input(input.name, place)?;
        }
        binding.bind_input("state", &state)?;
        binding.bind_output(AUDIO, &mut audio)?;
        binding.bind_output("new_state", &mut new_state)?;
        let mut options = RunOptions::new()?;
        options.set("gpu_graph_id", number.to_string())?;
        Ok(Self { binding, options, places, state, audio, new_state })
    }

    /// Copies the inputs into their tensors.
    fn bring(&mut self, session: &mut Session, inputs: &[Input<'_>]) -> ort::Result<()> {
        let mut binding = session.create_binding()?;
        for (input, place) in inputs.iter().zip(&mut self.places) {
            binding.bind_input(from(input.name), &input.copy()?)?;
            binding.bind_output(to(input.name), place)?;
        }
        session.run_binding(&binding).map(drop)
    }

    /// Copies the audio to the host.
    fn fetch(&self, session: &mut Session) -> ort::Result<DynValue> {
        let mut binding = session.create_binding()?;
        binding.bind_input(from(AUDIO), &self.audio)?;
        binding.bind_output_to_device(to(AUDIO), &device_graphs::memory(Device::Cpu)?)?;
        let audio = session.run_binding(&binding)?.remove(to(AUDIO));
        audio.ok_or_else(|| ort::Error::new("a copy of the audio is missing"))
    }
}
