//! Decoders: threads with sessions, and the streams they serve.

mod bucket;
mod buffers;
mod device_graphs;
mod due;
mod graph;
mod input;
mod observe;
mod plan;
mod pool;
mod queue;
mod replay;
mod state;
mod worker;

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

pub use self::{
    due::Due,
    observe::{DecodeCall, DecodeObserver},
};
use self::{
    observe::Observer,
    plan::{Call, Position},
    pool::Slots,
    queue::JobQueue,
    state::StreamState,
    worker::{Done, Job},
};
use crate::{
    DecodeError, Frame, LoadError, memory,
    onnx::{CodecModel, Device, GpuSettings, Runtime},
};

/// How to run a decoder.
#[derive(Clone, Debug)]
pub struct DecoderSettings {
    /// The ONNX file: a stream or plain decoder.
    pub model: PathBuf,
    /// Where it runs.
    pub device: Device,
    /// Threads with a session each. 0: one for each core on a CPU, one on a GPU.
    pub threads: usize,
    /// Threads inside one call, at least 1. More than 1 shortens a call and costs more in all.
    pub intra_threads: usize,
    /// Streams that may be open at once.
    pub max_streams: usize,
    /// Streams that may share a call. 0: 1 on a CPU, where sharing gains nothing, 16 on a GPU.
    pub max_batch: usize,
    /// How long a call may wait for others to share it.
    pub batch_wait: Duration,
    /// Whether noise blocks draw noise, as the reference does, or get zeros.
    pub noise: bool,
    /// What only matters on a GPU.
    pub gpu: GpuSettings,
}

impl DecoderSettings {
    /// Rows for states on a device: one for each stream, and one for its preview.
    fn slots(&self) -> usize {
        2 * self.max_streams
    }
}

impl Default for DecoderSettings {
    /// What the server does unless told otherwise; `model` is empty.
    fn default() -> Self {
        Self {
            model: PathBuf::new(),
            device: Device::Auto,
            threads: 0,
            intra_threads: 1,
            max_streams: 64,
            max_batch: 0,
            batch_wait: Duration::from_millis(2),
            noise: true,
            gpu: GpuSettings::default(),
        }
    }
}

/// What a decoder runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecoderKind {
    /// Carries its past; each frame is decoded once.
    Stream,
    /// Decodes windows: each call repeats the context of the frames it gives.
    Plain,
    /// Decodes nothing: silence, for load tests of all else. See [`Decoder::null`].
    Null,
}

/// What a decoder is.
#[derive(Clone, Debug)]
pub struct DecoderInfo {
    /// What it runs.
    pub kind: DecoderKind,
    /// The device it runs on; never [`Device::Auto`].
    pub device: Device,
    /// Sample rate of the audio.
    pub sample_rate_hz: u32,
    /// Samples that a frame becomes.
    pub samples_per_frame: usize,
    /// Samples by which the exact output is behind the frames: what comes later still has a say in them.
    pub late_samples: usize,
    /// Entries of a codebook; codes are below it.
    pub codebook_size: u16,
}

impl DecoderInfo {
    fn new(kind: DecoderKind, device: Device, model: &CodecModel) -> Self {
        Self {
            kind,
            device,
            sample_rate_hz: model.sample_rate_hz,
            samples_per_frame: model.samples_per_frame,
            late_samples: if model.is_stream() {
                model.delay_samples
            } else {
                model.context_frames * model.samples_per_frame
            },
            codebook_size: model.codebook_size,
        }
    }

    /// Samples that are out once so many frames of an utterance were pushed and more are to come.
    pub fn samples_after(&self, frames: usize) -> usize {
        (frames * self.samples_per_frame).saturating_sub(self.late_samples)
    }

    /// Frames that must be there before the first samples come out.
    pub fn first_audio_frames(&self) -> usize {
        self.late_samples / self.samples_per_frame.max(1) + 1
    }
}

/// A codec decoder: dedicated threads that own ONNX Runtime sessions, or [nothing](Decoder::null). Clones share the
/// threads, which end with the last clone.
#[derive(Clone)]
pub struct Decoder {
    shared: Arc<Shared>,
}

struct Shared {
    backend: Backend,
    model: CodecModel,
    info: DecoderInfo,
    slots: Arc<Semaphore>,
    /// Where states stay on a device.
    rows: Option<Arc<Slots>>,
    max_streams: usize,
    observer: Observer,
}

impl Shared {
    /// The state of a stream at its beginning. On a device there are rows for all streams and their previews.
    fn fresh_state(&self) -> Option<StreamState> {
        StreamState::start(self.model.state_len, self.rows.as_ref())
    }
}

/// What becomes of a call.
enum Backend {
    /// The threads with the sessions take it from this queue.
    Onnx(Arc<JobQueue<Job>>),
    /// It gives silence at once.
    Null,
}

impl Drop for Backend {
    fn drop(&mut self) {
        if let Self::Onnx(queue) = self {
            queue.close();
        }
    }
}

impl Decoder {
    /// Loads and warms the model; takes about a second for the full-size decoder and blocks the thread.
    ///
    /// # Errors
    /// The model can't be read or isn't a decoder, or the device can't be had.
    pub fn load(runtime: &Runtime, settings: &DecoderSettings) -> Result<Self, LoadError> {
        let settings = DecoderSettings { intra_threads: settings.intra_threads.max(1), ..settings.clone() };
        let queue = Arc::new(JobQueue::new());
        let observer = Arc::new(OnceLock::new());
        let opened = worker::start(runtime, &settings, &queue, &observer)?;
        memory::give_back();
        let model = opened.model;
        let kind = if model.is_stream() { DecoderKind::Stream } else { DecoderKind::Plain };
        tracing::info!(
            model = %settings.model.display(),
            ?kind,
            device = %opened.device,
            library = %runtime.library().display(),
            "decoder ready"
        );
        let rows = opened.keeps_states.then(|| Slots::new(settings.slots()));
        let info = DecoderInfo::new(kind, opened.device, &model);
        Ok(Self::new(Backend::Onnx(queue), info, model, settings.max_streams, rows, observer))
    }

    /// A decoder that decodes nothing, for load tests of all that lies around it: silence, as much and as late as a
    /// stream decoder of SNAC 24 kHz gives sound, at no cost. Needs neither ONNX Runtime nor a thread.
    pub fn null(max_streams: usize) -> Self {
        let model = CodecModel::snac_24khz_stream();
        let info = DecoderInfo::new(DecoderKind::Null, Device::Cpu, &model);
        Self::new(Backend::Null, info, model, max_streams, None, Observer::default())
    }

    fn new(
        backend: Backend,
        info: DecoderInfo,
        model: CodecModel,
        max_streams: usize,
        rows: Option<Arc<Slots>>,
        observer: Observer,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(max_streams));
        Self { shared: Arc::new(Shared { backend, model, info, slots, rows, max_streams, observer }) }
    }

    /// What users of its audio must know.
    pub fn notice(&self) -> Option<&'static str> {
        (self.shared.info.kind == DecoderKind::Null)
            .then_some("null decoder: all audio is silence, for load tests only")
    }

    /// What this decoder is.
    pub fn info(&self) -> &DecoderInfo {
        &self.shared.info
    }

    /// Opens a stream at its beginning. `noise_seed` decides the draws of the noise blocks: the same seed and frames
    /// give the same audio.
    ///
    /// # Errors
    /// [`DecodeError::Full`] where `max_streams` streams are open.
    pub fn open(&self, noise_seed: u64) -> Result<DecodeStream, DecodeError> {
        let shared = Arc::clone(&self.shared);
        let slot = Arc::clone(&shared.slots)
            .try_acquire_owned()
            .map_err(|_| DecodeError::Full { max_streams: shared.max_streams })?;
        let full = DecodeError::Full { max_streams: shared.max_streams };
        let state = Some(shared.fresh_state().ok_or(full)?);
        let due = Due::default();
        Ok(DecodeStream { shared, seed: noise_seed, position: Position::start(), state, due, _slot: slot })
    }

    /// Streams that are open now.
    pub fn open_streams(&self) -> usize {
        self.shared.max_streams - self.shared.slots.available_permits()
    }

    /// Streams that may be open at once.
    pub fn max_streams(&self) -> usize {
        self.shared.max_streams
    }

    /// Calls that wait for a thread now.
    pub fn waiting_calls(&self) -> usize {
        match &self.shared.backend {
            Backend::Onnx(queue) => queue.len(),
            Backend::Null => 0,
        }
    }

    /// Has each call reported from now on. There is one observer: a second one is given back.
    ///
    /// # Errors
    /// Somebody observes already.
    pub fn observe(&self, observer: Box<dyn DecodeObserver>) -> Result<(), Box<dyn DecodeObserver>> {
        self.shared.observer.set(observer)
    }
}

/// One utterance on its way through a decoder. Dropping it frees its slot; what it had queued isn't decoded.
pub struct DecodeStream {
    shared: Arc<Shared>,
    seed: u64,
    position: Position,
    /// Away while a call is under way; `None` for good after the end, an error or a call that was given up.
    state: Option<StreamState>,
    due: Due,
    _slot: OwnedSemaphorePermit,
}

impl DecodeStream {
    /// Decodes the next frames and gives the samples that became final: `samples_per_frame` for each frame in the
    /// long run, none for the first few frames.
    ///
    /// Giving this future up before it is done ends the stream.
    ///
    /// # Errors
    /// A code is out of range, the stream has ended, or decoding failed. All but the first end the stream.
    pub async fn push(&mut self, frames: &[Frame]) -> Result<Vec<f32>, DecodeError> {
        self.step(frames, false).await
    }

    /// Decodes the last `frames` (there may be none) and gives all samples that are left. Ends the stream: in all,
    /// exactly `samples_per_frame` samples have come out for each frame.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn finish(&mut self, frames: &[Frame]) -> Result<Vec<f32>, DecodeError> {
        let samples = self.step(frames, true).await?;
        self.state = None;
        Ok(samples)
    }

    /// Samples that a frame becomes.
    pub fn samples_per_frame(&self) -> usize {
        self.shared.info.samples_per_frame
    }

    /// Says when the listener needs what the next calls give; until it is said again. Of all calls that wait, those for
    /// first audio come first, then those of the listener who is nearest to silence.
    pub fn needed(&mut self, due: Due) {
        self.due = due;
    }

    /// What the stream would begin with if it ended after these frames: at most `samples` samples from its start, which
    /// may be fewer, and none where some were given already. The stream stays where it is.
    ///
    /// Giving this future up before it is done ends the stream.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub async fn preview(&mut self, frames: &[Frame], samples: usize) -> Result<Vec<f32>, DecodeError> {
        self.check(frames)?;
        let state = self.state.take().ok_or(DecodeError::Ended)?;
        let calls = self.position.preview(&self.shared.model, frames, samples);
        let full = DecodeError::Full { max_streams: self.shared.max_streams };
        let fork = state.fork(self.shared.rows.as_ref()).ok_or(full)?;
        let (_, previewed) = self.make(calls, fork).await?;
        self.state = Some(state);
        Ok(previewed)
    }

    /// Begins another utterance in the same slot, whatever became of the one before.
    pub fn restart(&mut self, noise_seed: u64) {
        self.seed = noise_seed;
        self.position = Position::start();
        self.state = self.shared.fresh_state();
    }

    async fn step(&mut self, frames: &[Frame], last: bool) -> Result<Vec<f32>, DecodeError> {
        self.check(frames)?;
        let state = self.state.take().ok_or(DecodeError::Ended)?;
        let calls = self.position.plan(&self.shared.model, frames, last);
        let (state, samples) = self.make(calls, state).await?;
        self.state = Some(state);
        Ok(samples)
    }

    /// Makes calls, one after the other; gives the state after them and the samples.
    async fn make(
        &self,
        calls: Vec<Call>,
        mut state: StreamState,
    ) -> Result<(StreamState, Vec<f32>), DecodeError> {
        let mut samples = Vec::new();
        for call in calls {
            let queue = match &self.shared.backend {
                Backend::Onnx(queue) => queue,
                Backend::Null => {
                    samples.resize(samples.len() + call.keep.len(), 0.0);
                    continue;
                }
            };
            let (reply, done) = oneshot::channel();
            let queued_at = Instant::now();
            let job = Job { call, seed: self.seed, state, samples, reply, queued_at };
            queue.push(job, queued_at, self.due.place(queued_at)).map_err(|_| DecodeError::Stopped)?;
            let done: Done = done.await.map_err(|_| DecodeError::Stopped)??;
            (state, samples) = (done.state, done.samples);
        }
        Ok((state, samples))
    }

    /// Refuses codes that the model hasn't: ONNX Runtime would take some of them for others.
    fn check(&self, frames: &[Frame]) -> Result<(), DecodeError> {
        let codebook_size = self.shared.model.codebook_size;
        match frames.iter().flat_map(|frame| frame.0).find(|code| *code >= codebook_size) {
            Some(code) => Err(DecodeError::CodeOutOfRange { code, codebook_size }),
            None => Ok(()),
        }
    }
}
