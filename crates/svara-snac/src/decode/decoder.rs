//! The decoder: loads a model and opens streams.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{
    cost::Meter,
    failures::Failures,
    observe::{DecodeObserver, Observer},
    queue::JobQueue,
    seniority::Seniority,
    session::SessionSource,
    settings::{Backend, DecoderInfo, DecoderKind, DecoderSettings},
    shared::{Calls, Shared},
    stream::DecodeStream,
    worker::{self, Opened, Pool},
};
use crate::{
    DecodeError, LoadError, memory,
    onnx::{CodecModel, Device, Runtime},
};

/// A codec decoder: dedicated threads that own a session each, or [nothing](Decoder::null). Clones share the
/// threads, which end with the last clone.
#[derive(Clone)]
pub struct Decoder {
    shared: Arc<Shared>,
}

impl Decoder {
    /// Loads the model and warms it up, blocking the calling thread; about a second for the full-size decoder. Loads
    /// ONNX Runtime only if the decoder needs it.
    ///
    /// # Errors
    /// The model can't be read or isn't a decoder, or the device, the backend or ONNX Runtime isn't available. With
    /// [`Device::Auto`], a GPU that can't be used isn't an error, nor is a library for it that nobody names: the log says why the
    /// CPU decodes.
    pub fn load(runtime: &Runtime, settings: &DecoderSettings) -> Result<Self, LoadError> {
        let load = |settings: &DecoderSettings| {
            let source = SessionSource::choose(runtime, settings)?;
            Self::start(&source, settings)
        };
        let decoder = match load(settings) {
            Err(LoadError::Device { device, reason }) if settings.device == Device::Auto => {
                tracing::warn!(%device, %reason, "the decoder can't use the GPU; using the CPU");
                load(&DecoderSettings { device: Device::Cpu, ..settings.clone() })
            }
            loaded => loaded,
        }?;
        memory::give_back();
        Ok(decoder)
    }

    /// A decoder that returns silence as a SNAC 24 kHz stream decoder would return audio, and takes `frame` for each frame
    /// on each of `threads` threads (0: one for each core), whatever the machine: for tests and simulations of load.
    ///
    /// # Errors
    /// A thread can't be started.
    pub fn paced(max_streams: usize, threads: usize, frame: Duration) -> Result<Self, LoadError> {
        let settings = DecoderSettings { max_streams, threads, noise: false, ..DecoderSettings::default() };
        Self::start(&SessionSource::Paced { frame }, &settings)
    }

    fn start(source: &SessionSource, settings: &DecoderSettings) -> Result<Self, LoadError> {
        let (queue, observer, meter) =
            (Arc::new(JobQueue::new()), Observer::default(), Arc::new(Meter::new()));
        let failures = Arc::new(Failures::default());
        let pool = Pool {
            queue: Arc::clone(&queue),
            observer: Arc::clone(&observer),
            meter: Arc::clone(&meter),
            failures: Arc::clone(&failures),
        };
        let Opened { model, device, backend, about, rows, costs } = worker::start(source, settings, &pool)?;
        let kind = if model.is_stream() { DecoderKind::Stream } else { DecoderKind::Plain };
        let info = DecoderInfo::new(kind, device, &model);
        tracing::info!(
            model = %settings.model.display(),
            ?kind,
            %device,
            backend = about,
            frame_ms = costs.frame().as_secs_f64() * 1e3,
            real_time_streams = costs.streams(info.frames_per_second(), 1.0),
            "decoder ready"
        );
        Ok(Self::new(Shared {
            calls: Calls::Queued(queue),
            backend,
            info,
            permits: Arc::new(Semaphore::new(settings.max_streams)),
            rows,
            max_streams: settings.max_streams,
            noise: settings.noise,
            observer,
            model,
            meter,
            failures,
            seniority: Seniority::default(),
        }))
    }

    /// A decoder that decodes nothing, for load tests of everything around it. It returns silence, as much and as
    /// late as a SNAC 24 kHz stream decoder returns audio, at no cost. Needs neither ONNX Runtime nor a thread.
    pub fn null(max_streams: usize) -> Self {
        let model = CodecModel::snac_24khz_stream();
        Self::new(Shared {
            calls: Calls::Null,
            backend: None,
            info: DecoderInfo::new(DecoderKind::Null, Device::Cpu, &model),
            permits: Arc::new(Semaphore::new(max_streams)),
            rows: None,
            max_streams,
            noise: false,
            observer: Observer::default(),
            model,
            meter: Arc::new(Meter::new()),
            failures: Arc::default(),
            seniority: Seniority::default(),
        })
    }

    fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// What runs it: native code or ONNX Runtime, never [`Backend::Auto`]. `None` for a
    /// [null](Self::null) or a [paced](Self::paced) decoder.
    pub fn backend(&self) -> Option<Backend> {
        self.shared.backend
    }

    /// A warning for users of the audio, if it isn't real.
    pub fn notice(&self) -> Option<&'static str> {
        self.shared.backend.is_none().then_some("null decoder: all audio is silence, for load tests only")
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
        DecodeStream::open(Arc::clone(&self.shared), noise_seed, false)
    }

    /// Opens a stream whose samples are the same to the last bit whenever it has the same frames and seed, however they are
    /// pushed. On a GPU, and where `max_batch` lets streams share calls of ONNX Runtime, their rounding may differ.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_repeatable(&self, noise_seed: u64) -> Result<DecodeStream, DecodeError> {
        DecodeStream::open(Arc::clone(&self.shared), noise_seed, true)
    }

    /// Open streams.
    pub fn open_streams(&self) -> usize {
        self.shared.max_streams - self.shared.permits.available_permits()
    }

    /// Streams that may be open at once.
    pub fn max_streams(&self) -> usize {
        self.shared.max_streams
    }

    /// Streams that it decodes in real time, all at once, at what calls cost now: `None` if they cost nothing. Calls of the
    /// last seconds are compared with those that were measured at start.
    pub fn real_time_streams(&self) -> Option<f64> {
        self.shared.meter.streams(self.shared.info.frames_per_second())
    }

    /// How many times longer calls take now than they did at start: above 1 if others use the machine, too.
    pub fn slowdown(&self) -> f64 {
        self.shared.meter.slowdown()
    }

    /// Whether it is broken: its calls fail one after the other, as after some errors of a GPU, or a thread has died. Only a
    /// new process helps.
    pub fn is_broken(&self) -> bool {
        self.shared.failures.are_lasting()
    }

    /// Waits until it [is broken](Self::is_broken); forever if it never is. Doesn't keep the decoder alive.
    pub fn until_broken(&self) -> impl Future<Output = ()> + Send + 'static {
        self.shared.failures.until_lasting()
    }

    /// Calls waiting for a thread.
    pub fn waiting_calls(&self) -> usize {
        match &self.shared.calls {
            Calls::Queued(queue) => queue.len(),
            Calls::Null => 0,
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
