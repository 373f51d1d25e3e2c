//! What decodes calls: the seam between the threads and the two ways to run a decoder.

use std::{ops::RangeInclusive, path::PathBuf, sync::Arc, thread, time::Duration};

use super::{
    batch::Row,
    device::DeviceDecoder,
    device_graph,
    graph::DecoderGraph,
    plan::MAX_STREAM_FRAMES,
    settings::{Backend, DecoderSettings},
    state::RowState,
};
use crate::{
    DecodeError, LoadError, memory,
    native::{Buffers, Chunk, DecoderBuffers, DemoDecoder, Net, Unfit, is_demo_codec},
    onnx::{CodecModel, Device, ModelFile, OwnOperators, Precision, Runtime, SessionSettings, SharedWeights},
    simd::{VectorUnit, Vectors},
};

/// A decoder that makes calls. Belongs to one thread.
pub(crate) enum DecodeSession {
    Native {
        net: Arc<Net>,
        model: Box<CodecModel>,
        buffers: Box<Buffers>,
    },
    /// The demo voice's codec in native code.
    Demo {
        decoder: Arc<DemoDecoder>,
        model: Box<CodecModel>,
        buffers: Box<DecoderBuffers>,
    },
    Onnx(Box<DecoderGraph>),
    /// ONNX Runtime on a GPU, where the states stay.
    OnDevice(Box<DeviceDecoder>),
    /// Silence, at a cost for each frame.
    Paced {
        model: Box<CodecModel>,
        frame: Duration,
    },
}

impl DecodeSession {
    pub(crate) fn model(&self) -> &CodecModel {
        match self {
            Self::Native { model, .. } | Self::Demo { model, .. } | Self::Paced { model, .. } => model,
            Self::Onnx(graph) => graph.model(),
            Self::OnDevice(decoder) => decoder.model(),
        }
    }

    /// Whether the streams' states stay on a device.
    pub(crate) fn keeps_states(&self) -> bool {
        matches!(self, Self::OnDevice(_))
    }

    /// The batch sizes to warm up, and the numbers of frames. Native code has no plan for a shape, only buffers.
    pub(crate) fn shapes(&self) -> (Vec<usize>, RangeInclusive<usize>) {
        match self {
            Self::Native { .. } => (vec![1], MAX_STREAM_FRAMES..=MAX_STREAM_FRAMES),
            Self::Demo { .. } | Self::Onnx(_) | Self::Paced { .. } => (vec![1], 1..=MAX_STREAM_FRAMES),
            Self::OnDevice(decoder) => (decoder.batches(), 1..=device_graph::FRAMES),
        }
    }

    /// The rows of a call for so many streams, padding included.
    pub(crate) fn rows(&self, streams: usize) -> usize {
        match self {
            Self::Native { .. } | Self::Demo { .. } | Self::Onnx(_) | Self::Paced { .. } => streams,
            Self::OnDevice(decoder) => decoder.rows(streams),
        }
    }

    /// Decodes the rows in one call; all must have the same number of frames.
    pub(crate) fn run(&mut self, rows: &mut [Row<'_>]) -> Result<(), DecodeError> {
        match self {
            Self::Native { net, model, buffers } => run_natively(net, model, buffers, rows),
            Self::Demo { decoder, buffers, .. } => {
                for row in rows {
                    let audio = decoder.run(&row.call.frames, row.call.keep.clone(), buffers);
                    row.samples.extend_from_slice(audio);
                }
                Ok(())
            }
            Self::Onnx(graph) => graph.run(rows),
            Self::OnDevice(decoder) => decoder.run(rows),
            Self::Paced { frame, .. } => {
                let frames: usize = rows.iter().map(|row| row.call.frames.len()).sum();
                thread::sleep(frame.saturating_mul(u32::try_from(frames).unwrap_or(u32::MAX)));
                rows.iter_mut()
                    .for_each(|row| row.samples.resize(row.samples.len() + row.call.keep.len(), 0.0));
                Ok(())
            }
        }
    }
}

fn run_natively(
    net: &Net,
    model: &CodecModel,
    buffers: &mut Buffers,
    rows: &mut [Row<'_>],
) -> Result<(), DecodeError> {
    let Some(frames) = rows.first().map(|row| row.call.frames.len()) else { return Ok(()) };
    debug_assert!(rows.iter().all(|row| row.call.frames.len() == frames), "one shape for all rows");
    let chunks = rows.iter_mut().map(|row| match &mut row.state {
        RowState::Host(state) => Ok(Chunk {
            frames: &row.call.frames,
            first_latent: row.call.first_latent,
            total_latents: row.call.total_latents,
            draws: row.draws,
            state,
        }),
        RowState::Device(_) => Err(DecodeError::Run("the state isn't on the host".to_owned())),
    });
    let mut chunks = chunks.collect::<Result<Vec<_>, _>>()?;
    let audio = net.run(&mut chunks, buffers);
    for (row, audio) in rows.iter_mut().zip(audio.chunks_exact(frames * model.samples_per_frame)) {
        row.samples.extend_from_slice(audio.get(row.call.keep.clone()).unwrap_or_default());
    }
    Ok(())
}

/// What the threads open their sessions from, chosen once.
#[derive(Clone)]
pub(crate) enum SessionSource {
    Native { net: Arc<Net>, model: CodecModel },
    Demo { decoder: Arc<DemoDecoder>, model: CodecModel },
    Onnx { runtime: Runtime, session: SessionSettings, path: PathBuf, on_device: bool },
    Paced { frame: Duration },
}

impl SessionSource {
    /// Chooses by the settings, the model file, the device and the processor.
    pub(crate) fn choose(runtime: &Runtime, settings: &DecoderSettings) -> Result<Self, LoadError> {
        let unit = VectorUnit::with(settings.vectors).ok_or_else(|| LoadError::Vectors {
            wanted: settings.vectors,
            best: VectorUnit::best().to_string(),
        })?;
        let device = match settings.backend {
            Backend::Native => match settings.device {
                Device::Cuda(_) => {
                    return Err(LoadError::Backend(format!(
                        "it decodes on a CPU, not on {}",
                        settings.device
                    )));
                }
                Device::Auto | Device::Cpu => Device::Cpu,
            },
            Backend::Auto | Backend::Onnx => runtime.resolve(settings.device)?,
        };
        if device == Device::Cpu && settings.gpu.precision != Precision::Float32 {
            tracing::warn!(precision = %settings.gpu.precision, "decoder.precision is for GPUs: the CPU takes float32");
        }
        let why_not = match (settings.backend, device) {
            (Backend::Onnx, _) => "decoder.backend is \"onnx\"".to_owned(),
            (_, Device::Cuda(_)) => format!("decoder.device is {device}"),
            (Backend::Native, _) => {
                return match native(settings, unit)? {
                    Ok(native) => Ok(native),
                    Err(Unfit(reason)) => {
                        Err(LoadError::Backend(format!("{}: {reason}", settings.model.display())))
                    }
                };
            }
            (Backend::Auto, _) if settings.vectors == Vectors::Auto && !unit.has_vectors() => {
                "this processor has neither AVX2 nor NEON".to_owned()
            }
            (Backend::Auto, _) => match native(settings, unit)? {
                Ok(native) => return Ok(native),
                Err(Unfit(reason)) => {
                    tracing::info!(model = %settings.model.display(), reason, "decoding in ONNX Runtime");
                    format!("{}: {reason}", settings.model.display())
                }
            },
        };
        Self::onnx(runtime, settings, device, unit).map_err(|error| match error {
            LoadError::LibraryMissing { .. } => {
                LoadError::LibraryNeeded { reason: why_not, missing: Box::new(error) }
            }
            error => error,
        })
    }

    fn onnx(
        runtime: &Runtime,
        settings: &DecoderSettings,
        device: Device,
        unit: VectorUnit,
    ) -> Result<Self, LoadError> {
        let mut session = SessionSettings { device, weights: None, operators: None, gpu: settings.gpu };
        let path = match device {
            Device::Cuda(_) => settings.gpu.precision.file(&settings.model),
            Device::Cpu | Device::Auto => settings.model.clone(),
        };
        let broken = |reason: String| LoadError::Model { path: path.clone(), reason };
        let bytes = ModelFile::read_bytes(&path)?;
        let file = ModelFile::parse(bytes.clone()).map_err(broken)?;
        if device == Device::Cpu {
            memory::keep_large_blocks();
            session.weights = Some(SharedWeights::of(runtime, &file, &path)?);
            session.operators = OwnOperators::of(&bytes, &file, unit).map_err(broken)?;
        }
        let model = CodecModel::of_file(&file);
        let on_device = match model {
            Ok(model) if DeviceDecoder::fits(&model, device) => {
                settings.gpu.precision.check(&model).map_err(broken)?;
                true
            }
            _ => false,
        };
        // Windows of a plain decoder have too many lengths to record.
        session.gpu.graphs &= on_device;
        if session.gpu.graphs {
            runtime.check_graphs(device)?;
        }
        Ok(Self::Onnx { runtime: runtime.clone(), session, path, on_device })
    }

    /// Opens a session for a thread.
    pub(crate) fn open(
        &self,
        settings: &DecoderSettings,
        gpu_batch: usize,
    ) -> Result<DecodeSession, LoadError> {
        match self {
            Self::Native { net, model } => Ok(DecodeSession::Native {
                net: Arc::clone(net),
                model: Box::new(model.clone()),
                buffers: Box::default(),
            }),
            Self::Demo { decoder, model } => Ok(DecodeSession::Demo {
                decoder: Arc::clone(decoder),
                model: Box::new(model.clone()),
                buffers: Box::default(),
            }),
            Self::Onnx { runtime, session, path, on_device: true } => {
                let decoder = DeviceDecoder::open(runtime, path, session, gpu_batch, settings.state_rows())?;
                Ok(DecodeSession::OnDevice(Box::new(decoder)))
            }
            Self::Onnx { runtime, session, path, on_device: false } => {
                Ok(DecodeSession::Onnx(Box::new(DecoderGraph::open(runtime, path, session)?)))
            }
            Self::Paced { frame } => {
                Ok(DecodeSession::Paced { model: Box::new(CodecModel::snac_24khz_stream()), frame: *frame })
            }
        }
    }

    /// Whether the streams' states stay in the memory of one session.
    pub(crate) fn keeps_states(&self) -> bool {
        matches!(self, Self::Onnx { on_device: true, .. })
    }

    /// The error of a call at start: of the device, or of the model.
    pub(crate) fn failed(&self, settings: &DecoderSettings, error: &str) -> LoadError {
        match self {
            Self::Onnx { runtime, session, path, .. } => runtime.failed_on(session.device, path, error),
            Self::Native { .. } | Self::Demo { .. } | Self::Paced { .. } => {
                LoadError::Model { path: settings.model.clone(), reason: error.to_owned() }
            }
        }
    }

    /// Where the sessions run; never `Auto`.
    pub(crate) fn device(&self) -> Device {
        match self {
            Self::Native { .. } | Self::Demo { .. } | Self::Paced { .. } => Device::Cpu,
            Self::Onnx { session, .. } => session.device,
        }
    }

    /// What runs them; never `Auto`, and `None` if they decode nothing.
    pub(crate) fn backend(&self) -> Option<Backend> {
        match self {
            Self::Native { .. } | Self::Demo { .. } => Some(Backend::Native),
            Self::Onnx { .. } => Some(Backend::Onnx),
            Self::Paced { .. } => None,
        }
    }

    /// Whether a call of several streams costs less than a call for each.
    pub(crate) fn gains_by_sharing(&self) -> bool {
        matches!(self, Self::Native { .. })
    }

    /// What runs them, in words.
    pub(crate) fn about(&self) -> String {
        match self {
            Self::Native { net, .. } => format!("native code, {}", net.unit()),
            Self::Demo { decoder, .. } => format!("native code, {}", decoder.unit()),
            Self::Paced { frame } => format!("silence, {} ms a frame", frame.as_millis()),
            Self::Onnx { runtime, .. } => {
                let library = runtime.library();
                format!("ONNX Runtime, {}", library.unwrap_or_default().display())
            }
        }
    }
}

/// The model for decoding without ONNX Runtime, if it fits.
fn native(settings: &DecoderSettings, unit: VectorUnit) -> Result<Result<SessionSource, Unfit>, LoadError> {
    let path = &settings.model;
    let broken = |reason: String| LoadError::Model { path: path.clone(), reason };
    let file = ModelFile::read(path)?;
    let model = CodecModel::of_file(&file).map_err(broken)?;
    if model.kind == "encoder" {
        return Err(broken("this is an encoder; a decoder is needed".to_owned()));
    }
    if !unit.has_vectors() {
        tracing::warn!("the native decoder has no vectors to use: it will be slow");
    }
    if is_demo_codec(&file) {
        return Ok(DemoDecoder::load(&file, &model, unit)
            .map(|decoder| SessionSource::Demo { decoder: Arc::new(decoder), model }));
    }
    Ok(Net::load(&file, &model, unit).map(|net| {
        // The state that its padded channels need, in place of the graph's.
        let model = CodecModel { state_len: net.state_len(), ..model };
        SessionSource::Native { net: Arc::new(net), model }
    }))
}
