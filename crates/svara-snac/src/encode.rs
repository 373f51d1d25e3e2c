//! Encodes samples to frames.

use std::path::PathBuf;

use bytes::Bytes;
use ort::{session::Session, value::TensorRef};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Backend, DecodeError, Frame, LoadError,
    frame::CODEBOOKS,
    memory,
    native::{DemoEncoder, EncoderBuffers},
    onnx::{CodecModel, Device, GpuSettings, ModelFile, OwnOperators, Runtime, SessionSettings},
    simd::{VectorUnit, Vectors},
};

/// Requests that may queue for the encoder.
const QUEUE: usize = 16;

/// How to run an encoder, on the CPU.
#[derive(Clone, Debug, Default)]
pub struct EncoderSettings {
    /// The ONNX file.
    pub model: PathBuf,
    /// What runs the decoder. `onnx` is ONNX Runtime for the encoder, too; with `auto` and `native`, native code encodes what it
    /// can: the demo voice's codec, on a CPU with vectors.
    pub backend: Backend,
    /// The processor's vectors that native code uses.
    pub vectors: Vectors,
}

/// A SNAC encoder on its own thread. Clones share it; the thread ends with the last clone.
#[derive(Clone)]
pub struct SnacEncoder {
    jobs: mpsc::Sender<Job>,
    sample_rate_hz: u32,
    backend: Backend,
}

struct Job {
    samples: Vec<f32>,
    reply: oneshot::Sender<Result<Vec<Frame>, DecodeError>>,
}

/// What encodes. Belongs to one thread.
enum EncodeSession {
    Native { encoder: Box<DemoEncoder>, buffers: Box<EncoderBuffers> },
    Onnx(Box<Session>),
}

/// What a session is opened from.
enum EncodeSource {
    Native(Box<DemoEncoder>),
    /// The file's content, and why native code doesn't encode it.
    Onnx(Bytes, String),
}

impl SnacEncoder {
    /// Loads an encoder, blocking the calling thread. Loads ONNX Runtime only if the encoder needs it.
    ///
    /// # Errors
    /// The model can't be read or isn't an encoder, or ONNX Runtime isn't available.
    pub fn load(runtime: &Runtime, settings: &EncoderSettings) -> Result<Self, LoadError> {
        let path = &settings.model;
        let (source, model) = EncodeSource::choose(settings)?;
        let (session, backend, about) = match source {
            EncodeSource::Native(encoder) => {
                let about = format!("native code, {}", encoder.unit());
                let buffers = Box::default();
                (EncodeSession::Native { encoder, buffers }, Backend::Native, about)
            }
            EncodeSource::Onnx(bytes, reason) => {
                let session = open(runtime, settings, bytes).map_err(|error| match error {
                    LoadError::LibraryMissing { .. } => {
                        LoadError::LibraryNeeded { reason, missing: Box::new(error) }
                    }
                    error => error,
                })?;
                let library = runtime.library().unwrap_or_default();
                let about = format!("ONNX Runtime, {}", library.display());
                (EncodeSession::Onnx(Box::new(session)), Backend::Onnx, about)
            }
        };
        memory::give_back();
        tracing::info!(model = %path.display(), backend = about, "encoder ready");
        let sample_rate_hz = model.sample_rate_hz;
        let (jobs, waiting) = mpsc::channel::<Job>(QUEUE);
        std::thread::Builder::new()
            .name("snac-encode".to_owned())
            .spawn(move || work(waiting, session, &model))
            .map_err(LoadError::Thread)?;
        Ok(Self { jobs, sample_rate_hz, backend })
    }

    /// Whether an encoder needs the ONNX Runtime library.
    ///
    /// # Errors
    /// The model can't be read or isn't an encoder.
    pub fn needs_library(settings: &EncoderSettings) -> Result<bool, LoadError> {
        let (source, _) = EncodeSource::choose(settings)?;
        Ok(matches!(source, EncodeSource::Onnx(..)))
    }

    /// What runs it: native code or ONNX Runtime, never [`Backend::Auto`].
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The sample rate that [`Self::encode`] expects, in Hz.
    pub fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    /// Encodes mono samples (−1 to 1), padding the last frame with silence. Waits its turn behind earlier requests.
    ///
    /// # Errors
    /// The graph fails, or the thread is gone.
    pub async fn encode(&self, samples: Vec<f32>) -> Result<Vec<Frame>, DecodeError> {
        let (reply, frames) = oneshot::channel();
        self.jobs.send(Job { samples, reply }).await.map_err(|_| DecodeError::EncoderStopped)?;
        frames.await.map_err(|_| DecodeError::EncoderStopped)?
    }
}

impl EncodeSource {
    /// Chooses by the settings, the model file and the processor.
    fn choose(settings: &EncoderSettings) -> Result<(Self, CodecModel), LoadError> {
        let path = &settings.model;
        let broken = |reason: String| LoadError::Model { path: path.clone(), reason };
        let unit = VectorUnit::with(settings.vectors).ok_or_else(|| LoadError::Vectors {
            wanted: settings.vectors,
            best: VectorUnit::best().to_string(),
        })?;
        let bytes = ModelFile::read_bytes(path)?;
        let file = ModelFile::parse(bytes.clone()).map_err(broken)?;
        let model = CodecModel::of_file(&file).map_err(broken)?;
        if model.kind != "encoder" {
            return Err(broken("this is a decoder; an encoder is needed".to_owned()));
        }
        let why_not = match (settings.backend, settings.vectors) {
            (Backend::Onnx, _) => "decoder.backend is \"onnx\"".to_owned(),
            (Backend::Auto, Vectors::Auto) if !unit.has_vectors() => {
                "native code has no vectors to use".to_owned()
            }
            _ => match DemoEncoder::load(&file, &model, unit) {
                Ok(encoder) => return Ok((Self::Native(Box::new(encoder)), model)),
                Err(unfit) => format!("{}: {}", path.display(), unfit.0),
            },
        };
        Ok((Self::Onnx(bytes, why_not), model))
    }
}

fn open(runtime: &Runtime, settings: &EncoderSettings, bytes: Bytes) -> Result<Session, LoadError> {
    let path = &settings.model;
    let broken = |reason: String| LoadError::Model { path: path.clone(), reason };
    let file = ModelFile::parse(bytes.clone()).map_err(broken)?;
    let operators = OwnOperators::of(&bytes, &file, VectorUnit::best()).map_err(broken)?;
    drop((bytes, file));
    let gpu = GpuSettings { graphs: false, ..GpuSettings::default() };
    // A single session has nothing to share weights with.
    runtime.open(path, &SessionSettings { device: Device::Cpu, weights: None, operators, gpu })
}

fn work(mut waiting: mpsc::Receiver<Job>, mut session: EncodeSession, model: &CodecModel) {
    while let Some(Job { samples, reply }) = waiting.blocking_recv() {
        if !reply.is_closed() {
            // The caller may have given up in the meantime.
            let _ = reply.send(encode(&mut session, model, samples));
        }
    }
}

fn encode(
    session: &mut EncodeSession,
    model: &CodecModel,
    mut samples: Vec<f32>,
) -> Result<Vec<Frame>, DecodeError> {
    if samples.is_empty() {
        return Ok(Vec::new());
    }
    let frames = samples.len().div_ceil(model.samples_per_frame);
    samples.resize(frames * model.samples_per_frame, 0.0);
    let [c0, c1, c2] = match session {
        EncodeSession::Native { encoder, buffers } => encoder.run(&samples, buffers),
        EncodeSession::Onnx(session) => in_onnx_runtime(session, model, &samples, frames)?,
    };
    let (pairs, _) = c1.as_chunks::<2>();
    let (quads, _) = c2.as_chunks::<4>();
    Ok(c0.iter().zip(pairs).zip(quads).map(|((c0, c1), c2)| Frame::from_codebooks(*c0, *c1, *c2)).collect())
}

/// The codes of whole frames, for each codebook.
fn in_onnx_runtime(
    session: &mut Session,
    model: &CodecModel,
    samples: &[f32],
    frames: usize,
) -> Result<[Vec<u16>; CODEBOOKS], DecodeError> {
    let failed = |error: ort::Error| DecodeError::Run(error.to_string());
    let audio = TensorRef::from_array_view(([1, 1, samples.len()], samples)).map_err(failed)?;
    let outputs = session.run(ort::inputs!["audio" => audio]).map_err(failed)?;
    let mut codes: [Vec<u16>; CODEBOOKS] = Default::default();
    for (codebook, codes) in codes.iter_mut().enumerate() {
        let name = format!("audio_codes.{codebook}");
        let output =
            outputs.get(&name).ok_or_else(|| DecodeError::Run(format!("the graph has no output {name}")))?;
        let (_, values) = output.try_extract_tensor::<i64>().map_err(failed)?;
        let in_range = |code: &i64| u16::try_from(*code).ok().filter(|code| *code < model.codebook_size);
        codes.extend(values.iter().filter_map(in_range));
        if codes.len() != frames << codebook {
            return Err(DecodeError::Run(format!(
                "output {name} isn't {} codes below {}",
                frames << codebook,
                model.codebook_size
            )));
        }
    }
    Ok(codes)
}
