//! Speech in progress: the [`Speaker`] starts it, a log follows it, an encoder turns it into bytes.

mod log;
mod speaking;

use std::sync::{Arc, Mutex};

use svara_audio::{Gain, SampleRate};
use svara_engine::{Engine, SpeechRequest};
use tracing::Instrument;

use self::log::SpeechLog;
pub use self::speaking::{EncodedSpeech, Speaking, Whole};
use crate::{
    Admission, Caller, Order, ServiceError,
    callers::{Month, unix_now},
    lock::lock,
    metrics::Metrics,
    voices::KeptVoices,
};

/// Starts speech: everything that it needs besides an [`Order`].
pub struct Speaker {
    engine: Arc<Engine>,
    voices: Arc<KeptVoices>,
    admission: Arc<Admission>,
    metrics: Arc<Metrics>,
    log_texts: bool,
    /// How much louder all speech is.
    gain: Gain,
    /// What is spoken for callers without keys.
    keyless: Mutex<Month>,
}

impl Speaker {
    /// A speaker with these parts. `log_texts`: whether the log shows the texts of orders; `gain`: how much louder all
    /// speech is.
    pub(crate) fn new(
        engine: Arc<Engine>,
        voices: Arc<KeptVoices>,
        admission: Arc<Admission>,
        metrics: Arc<Metrics>,
        log_texts: bool,
        gain: Gain,
    ) -> Self {
        Self { engine, voices, admission, metrics, log_texts, gain, keyless: Mutex::default() }
    }

    /// The engine that speaks.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The most streams at once.
    pub(crate) fn max_streams(&self) -> usize {
        self.admission.max_streams()
    }

    /// The characters spoken in this month (UTC) for callers without keys.
    pub(crate) fn keyless_characters(&self) -> u64 {
        lock(&self.keyless).used(unix_now())
    }

    /// Resolves the voice of a request if it names a saved voice.
    ///
    /// # Errors
    /// The store of saved voices failed.
    pub async fn find_voice(&self, request: &mut SpeechRequest) -> Result<(), ServiceError> {
        if request.reference.is_none() {
            let kept = self.voices.get(&request.voice).await?;
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
        let Order { caller, dialect, request, spec, delivery: _ } = order;
        let characters = request.text.chars().count();
        let gain = self.gain.and(request.gain);
        let mut log = SpeechLog::new(&self.metrics, dialect, &request, spec);
        if self.log_texts {
            log.keep_text(&request.text);
        }
        let permit = self.admission.admit(&caller, characters).await;
        let mut permit = permit.inspect_err(|_| log.refused())?;
        log.admitted(&permit);
        let speech = self.engine.speak(request).instrument(log.span());
        let speech = speech.await.inspect_err(|_| log.refused())?;
        permit.spoken();
        if matches!(caller, Caller::Anybody) {
            lock(&self.keyless).add(characters as u64, unix_now());
        }
        log.first_audio(&speech);
        let rate = SampleRate::new(speech.sample_rate_hz()).map_err(ServiceError::internal);
        let rate = rate.inspect_err(|_| log.refused())?;
        Ok(Speaking::new(speech, rate, gain, permit, log))
    }
}
