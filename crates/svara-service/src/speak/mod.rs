//! Speech in progress: the [`Speaker`] starts it, a log follows it, an encoder turns it into bytes.

mod log;
mod speaking;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use svara_audio::Gain;
use svara_engine::{Engine, SpeechRequest, Wait};
use tracing::Instrument;

use self::log::SpeechLog;
pub use self::speaking::{EncodedSpeech, Speaking, Whole};
use crate::{
    Admission, Caller, Delivery, LeastSpeed, Order, ServiceError, admission::Class, callers::Month,
    clock::unix_now, lock::lock, metrics::Metrics, voices::KeptVoices,
};

/// Starts speech: everything that it needs besides an [`Order`].
pub struct Speaker {
    engine: Arc<Engine>,
    voices: Arc<KeptVoices>,
    admission: Arc<Admission>,
    metrics: Arc<Metrics>,
    settings: SpeakerSettings,
    /// Speeches that have begun with audio.
    spoken: AtomicU64,
    /// What is spoken for [`Caller::Anybody`]: where no key is required, that is all, jobs included, and callers are told. Where
    /// keys are, it is what the server does for itself and what comes over Wyoming, and nobody is told.
    keyless: Mutex<Month>,
}

/// What is the same for all speech.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpeakerSettings {
    /// Whether the log shows the texts of orders.
    pub(crate) log_texts: bool,
    pub(crate) least: LeastSpeed,
    /// How much louder all speech is.
    pub(crate) gain: Gain,
}

impl Speaker {
    /// A speaker with these parts.
    pub(crate) fn new(
        engine: Arc<Engine>,
        voices: Arc<KeptVoices>,
        admission: Arc<Admission>,
        metrics: Arc<Metrics>,
        settings: SpeakerSettings,
    ) -> Self {
        let (spoken, keyless) = (AtomicU64::new(0), Mutex::default());
        Self { engine, voices, admission, metrics, settings, spoken, keyless }
    }

    /// The engine that speaks.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The most streams at once.
    pub(crate) fn max_streams(&self) -> usize {
        self.admission.max_streams()
    }

    /// The characters spoken in this month (UTC) for [`Caller::Anybody`].
    pub(crate) fn keyless_characters(&self) -> u64 {
        lock(&self.keyless).used(unix_now())
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
        let gain = self.settings.gain.and(request.gain);
        let mut log = SpeechLog::new(&self.metrics, dialect, &request, spec);
        let reference = request.reference.as_ref().map(|reference| reference.voice.voice_id.as_str());
        let preset = || self.engine.voices().find(&request.voice).ok().map(|voice| voice.voice_id.as_str());
        if let Some(speaker) = reference.or_else(preset) {
            log.speaks(speaker);
        }
        if self.settings.log_texts {
            log.keep_text(&request.text);
        }
        let permit = self.admission.admit(&caller, characters, class).await;
        let mut permit = permit.inspect_err(|_| log.refused())?;
        log.admitted(&permit);
        let (span, engine) = (log.span(), &self.engine);
        let speech = match class {
            Class::Live => engine.speak(request).instrument(span).await,
            Class::Whole => engine.speak_unheard(request, Wait::Somebody).instrument(span).await,
            Class::Job => engine.speak_unheard(request, Wait::Nobody).instrument(span).await,
        };
        let speech = speech.inspect_err(|_| log.refused())?;
        permit.spoken();
        self.spoken.fetch_add(1, Ordering::Relaxed);
        if matches!(caller, Caller::Anybody) {
            lock(&self.keyless).add(characters as u64, unix_now());
        }
        log.first_audio(&speech);
        Ok(Speaking::new(speech, gain, permit, log, self.settings.least))
    }
}
