//! Speech in progress: the [`Speaker`] starts it, a log follows it, an encoder turns it into bytes.

mod log;
mod speaking;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use svara_audio::SampleRate;
use svara_engine::{Engine, SpeechRequest};
use tracing::Instrument;

use self::log::SpeechLog;
pub use self::speaking::{EncodedSpeech, Speaking, Whole};
use crate::{
    Admission, Caller, Delivery, LeastSpeed, Order, ServiceError, admission::Class, metrics::Metrics,
    voices::KeptVoices,
};

/// Starts speech: everything that it needs besides an [`Order`].
pub struct Speaker {
    engine: Arc<Engine>,
    voices: Arc<KeptVoices>,
    admission: Arc<Admission>,
    metrics: Arc<Metrics>,
    log_texts: bool,
    least: LeastSpeed,
    /// Speeches that have begun with audio.
    spoken: AtomicU64,
}

impl Speaker {
    /// A speaker with these parts. `log_texts`: whether the log shows the texts of orders.
    pub(crate) fn new(
        engine: Arc<Engine>,
        voices: Arc<KeptVoices>,
        admission: Arc<Admission>,
        metrics: Arc<Metrics>,
        log_texts: bool,
        least: LeastSpeed,
    ) -> Self {
        Self { engine, voices, admission, metrics, log_texts, least, spoken: AtomicU64::new(0) }
    }

    /// The engine that speaks.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// How many speeches have begun with audio so far: proof that the engine works.
    pub(crate) fn spoken(&self) -> u64 {
        self.spoken.load(Ordering::Relaxed)
    }

    /// Resolves the voice of a request if it names a saved voice that the caller may use.
    ///
    /// # Errors
    /// The store of saved voices failed.
    pub async fn find_voice(&self, caller: &Caller, request: &mut SpeechRequest) -> Result<(), ServiceError> {
        if request.reference.is_none() {
            let kept = self.voices.get(caller, &request.voice).await?;
            request.reference = kept.map(|voice| Arc::clone(&voice.reference));
        }
        Ok(())
    }

    /// Starts an order whose voice [`Self::find_voice`] has resolved. Returns once there are samples, so that failures
    /// before them are errors here.
    ///
    /// # Errors
    /// As [`Engine::speak`]; or all streams are in use, of the server or of the caller's key.
    pub(crate) async fn begin(&self, order: Order) -> Result<Speaking, ServiceError> {
        let class = match order.delivery {
            Delivery::Streamed => Class::Live,
            Delivery::Whole => Class::Whole,
        };
        self.begin_as(class, order).await
    }

    /// [`Self::begin`], for a part of a job: nobody waits for it.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(crate) async fn begin_job(&self, order: Order) -> Result<Speaking, ServiceError> {
        self.begin_as(Class::Job, order).await
    }

    async fn begin_as(&self, class: Class, order: Order) -> Result<Speaking, ServiceError> {
        let Order { caller, dialect, request, spec, delivery: _ } = order;
        let characters = request.text.chars().count();
        let mut log = SpeechLog::new(&self.metrics, dialect, &request, spec);
        if self.log_texts {
            log.keep_text(&request.text);
        }
        let permit = self.admission.admit(&caller, characters, class).await;
        let mut permit = permit.inspect_err(|_| log.refused())?;
        log.admitted(&permit);
        let (span, engine) = (log.span(), &self.engine);
        let speech = match class {
            Class::Live => engine.speak(request).instrument(span).await,
            Class::Whole | Class::Job => engine.speak_unheard(request).instrument(span).await,
        };
        let speech = speech.inspect_err(|_| log.refused())?;
        permit.spoken();
        self.spoken.fetch_add(1, Ordering::Relaxed);
        log.first_audio(&speech);
        let rate = SampleRate::new(speech.sample_rate_hz()).map_err(ServiceError::internal);
        let rate = rate.inspect_err(|_| log.refused())?;
        Ok(Speaking::new(speech, rate, permit, log, self.least))
    }
}
