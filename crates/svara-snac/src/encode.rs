//! Encodes samples to frames.

use std::path::Path;

use ort::{session::Session, value::TensorRef};
use tokio::sync::{mpsc, oneshot};

use crate::{
    DecodeError, Frame, LoadError,
    frame::CODEBOOKS,
    memory,
    onnx::{CodecModel, Device, GpuSettings, ModelFile, OwnOperators, Runtime, SessionSettings},
    simd::VectorUnit,
};

/// Requests that may queue for the encoder.
const QUEUE: usize = 16;

/// A SNAC encoder on its own thread. Clones share it; the thread ends with the last clone.
#[derive(Clone)]
pub struct SnacEncoder {
    jobs: mpsc::Sender<Job>,
    sample_rate_hz: u32,
}

struct Job {
    samples: Vec<f32>,
    reply: oneshot::Sender<Result<Vec<Frame>, DecodeError>>,
}

impl SnacEncoder {
    /// Loads an encoder graph, blocking the calling thread.
    ///
    /// # Errors
    /// The model can't be read or isn't an encoder, or the device isn't available.
    pub fn load(runtime: &Runtime, path: &Path, device: Device) -> Result<Self, LoadError> {
        let broken = |reason: String| LoadError::Model { path: path.to_owned(), reason };
        let bytes = ModelFile::read_bytes(path)?;
        let file = ModelFile::parse(bytes.clone()).map_err(broken)?;
        let operators = OwnOperators::of(&bytes, &file, VectorUnit::best()).map_err(broken)?;
        drop((bytes, file));
        let gpu = GpuSettings { graphs: false, ..GpuSettings::default() };
        // A single session has nothing to share weights with.
        let settings = SessionSettings { device, weights: None, operators, gpu };
        let mut session = runtime.open(path, &settings)?;
        drop(settings);
        let model = CodecModel::read(&session, path)?;
        if model.kind != "encoder" {
            return Err(broken("this is a decoder; an encoder is needed".to_owned()));
        }
        memory::give_back();
        let sample_rate_hz = model.sample_rate_hz;
        let (jobs, mut waiting) = mpsc::channel::<Job>(QUEUE);
        std::thread::Builder::new()
            .name("snac-encode".to_owned())
            .spawn(move || {
                while let Some(Job { samples, reply }) = waiting.blocking_recv() {
                    if !reply.is_closed() {
                        // The caller may have given up in the meantime.
                        let _ = reply.send(encode(&mut session, &model, samples));
                    }
                }
            })
            .map_err(LoadError::Thread)?;
        Ok(Self { jobs, sample_rate_hz })
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
        self.jobs.send(Job { samples, reply }).await.map_err(|_| DecodeError::Stopped)?;
        frames.await.map_err(|_| DecodeError::Stopped)?
    }
}

fn encode(
    session: &mut Session,
    model: &CodecModel,
    mut samples: Vec<f32>,
) -> Result<Vec<Frame>, DecodeError> {
    if samples.is_empty() {
        return Ok(Vec::new());
    }
    let frames = samples.len().div_ceil(model.samples_per_frame);
    samples.resize(frames * model.samples_per_frame, 0.0);
    let failed = |error: ort::Error| DecodeError::Run(error.to_string());
    let audio = TensorRef::from_array_view(([1, 1, samples.len()], samples.as_slice())).map_err(failed)?;
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
            return Err(DecodeError::Run(format!("output {name} isn't {} codes", frames << codebook)));
        }
    }
    let [c0, c1, c2] = &codes;
    let (pairs, _) = c1.as_chunks::<2>();
    let (quads, _) = c2.as_chunks::<4>();
    Ok(c0.iter().zip(pairs).zip(quads).map(|((c0, c1), c2)| Frame::from_codebooks(*c0, *c1, *c2)).collect())
}
