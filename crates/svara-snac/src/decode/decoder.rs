//! The decoder: loads a model and opens streams.

use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;

use super::{
    device_states::Slots,
    observe::{DecodeObserver, Observer},
    queue::JobQueue,
    settings::{DecoderInfo, DecoderKind, DecoderSettings},
    shared::{Backend, Shared},
    stream::DecodeStream,
    worker,
};
use crate::{
    DecodeError, LoadError, memory,
    onnx::{CodecModel, Device, Runtime},
};

/// A codec decoder: dedicated threads that own ONNX Runtime sessions, or [nothing](Decoder::null). Clones share the
/// threads, which end with the last clone.
#[derive(Clone)]
pub struct Decoder {
    shared: Arc<Shared>,
}

impl Decoder {
    /// Loads the model and warms it up, blocking the calling thread; about a second for the full-size decoder.
    ///
    /// # Errors
    /// The model can't be read or isn't a decoder, or the device isn't available.
    pub fn load(runtime: &Runtime, settings: &DecoderSettings) -> Result<Self, LoadError> {
        let queue = Arc::new(JobQueue::new());
        let observer = Arc::new(OnceLock::new());
        let opened = worker::start(runtime, settings, &queue, &observer)?;
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

    /// A decoder that decodes nothing, for load tests of everything around it. It returns silence, as much and as
    /// late as a SNAC 24 kHz stream decoder returns audio, at no cost. Needs neither ONNX Runtime nor a thread.
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

    /// A warning for users of the audio, if it isn't real.
    pub fn notice(&self) -> Option<&'static str> {
        (self.shared.info.kind == DecoderKind::Null)
            .then_some("null decoder: all audio is silence, for load tests only")
    }

    /// Facts about this decoder.
    pub fn info(&self) -> &DecoderInfo {
        &self.shared.info
    }

    /// Opens a stream for a new utterance. `noise_seed` seeds the noise blocks: the same seed and frames give the same
    /// audio.
    ///
    /// # Errors
    /// [`DecodeError::Full`] if `max_streams` streams are open.
    pub fn open(&self, noise_seed: u64) -> Result<DecodeStream, DecodeError> {
        DecodeStream::open(Arc::clone(&self.shared), noise_seed)
    }

    /// Open streams.
    pub fn open_streams(&self) -> usize {
        self.shared.max_streams - self.shared.slots.available_permits()
    }

    /// Streams that may be open at once.
    pub fn max_streams(&self) -> usize {
        self.shared.max_streams
    }

    /// Calls waiting for a thread.
    pub fn waiting_calls(&self) -> usize {
        match &self.shared.backend {
            Backend::Onnx(queue) => queue.len(),
            Backend::Null => 0,
        }
    }

    /// Reports each call to `observer` from now on.
    ///
    /// # Errors
    /// Returns `observer` if there already is one.
    pub fn observe(&self, observer: Box<dyn DecodeObserver>) -> Result<(), Box<dyn DecodeObserver>> {
        self.shared.observer.set(observer)
    }
}
