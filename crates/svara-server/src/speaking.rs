//! The one door to speech: every way of answering with it (bodies, events, WebSockets, jobs) starts it here.

use std::sync::Arc;

use svara_audio::{Encoder, EncoderSpec, SampleRate, encode_whole};
use svara_engine::{PieceTiming, Speech, SpeechReport, SpeechRequest};
use tracing::Instrument;

use crate::{
    error::{ApiError, ErrorDialect},
    speech_log::SpeechLog,
    state::AppState,
};

/// A speech under way, with all that it holds while it lasts: the generation, the decoder's slot, its place in the
/// metrics and the log. Dropping it ends all of that.
pub(crate) struct Speaking {
    speech: Speech,
    rate: SampleRate,
    log: SpeechLog,
    /// Nothing has left yet, and nothing will before the end: a failure still has a status.
    whole: bool,
}

impl Speaking {
    /// Starts to speak; there are samples when this returns, so that all that fails before them is an error here.
    ///
    /// # Errors
    /// As [`svara_engine::Engine::speak`], where the store of kept voices fails, and where as many speak already as
    /// may, at all or with the caller's key.
    pub(crate) async fn start(
        state: &AppState,
        dialect: ErrorDialect,
        mut request: SpeechRequest,
        spec: EncoderSpec,
    ) -> Result<Self, ApiError> {
        find_kept_voice(state, &mut request).await?;
        let mut log = SpeechLog::new(&state.metrics, dialect, &request, spec);
        if state.log_texts {
            log.keep_text(&request.text);
        }
        let permit = state.admission.admit(&state.caller, request.text.chars().count()).await;
        let permit = permit.inspect_err(|_| log.refused())?;
        log.admitted(permit);
        let speaking = state.engine.speak(request).instrument(log.span());
        let speech = speaking.await.inspect_err(|_| log.refused())?;
        log.first_audio(&speech);
        let rate = SampleRate::new(speech.sample_rate_hz()).map_err(internal);
        let rate = rate.inspect_err(|_| log.refused())?;
        Ok(Self { speech, rate, log, whole: false })
    }

    /// The rate of the samples.
    pub(crate) fn rate(&self) -> SampleRate {
        self.rate
    }

    /// The next samples (mono, −1 to 1); none after the last. An error is the last item, and is in the log by then.
    ///
    /// Not cancel-safe: a call given up half-way ends the speech with an error.
    pub(crate) async fn next(&mut self) -> Option<Result<Vec<f32>, ApiError>> {
        match self.log.next(&mut self.speech).await {
            Some(Ok(samples)) => Some(Ok(samples)),
            Some(Err(error)) => {
                let error = ApiError::from(error);
                self.failed(&error);
                Some(Err(error))
            }
            None => {
                self.log.complete();
                None
            }
        }
    }

    /// When the pieces that ended since the last call were said: as [`Speech::take_timings`].
    pub(crate) fn take_timings(&mut self) -> Vec<PieceTiming> {
        self.speech.take_timings()
    }

    /// What became of it so far.
    pub(crate) fn report(&self) -> SpeechReport {
        self.speech.report()
    }

    /// As [`SpeechLog::server_timing`].
    pub(crate) fn server_timing(&self) -> String {
        self.log.server_timing()
    }

    /// What becomes of its samples failed.
    pub(crate) fn failed(&mut self, error: &ApiError) {
        if self.whole { self.log.refused() } else { self.log.broken_off(error) }
    }

    /// It is made for later: there can be no gaps, and nothing has left when it fails.
    pub(crate) fn nobody_listens(&mut self) {
        self.whole = true;
        self.log.not_streamed();
        self.speech.hold_back();
    }

    /// All of it as one file, with exact sizes in its header.
    ///
    /// # Errors
    /// It failed anywhere.
    pub(crate) async fn whole(mut self, spec: EncoderSpec) -> Result<Whole, ApiError> {
        self.nobody_listens();
        let (mut samples, rate) = (Vec::new(), self.rate);
        while let Some(chunk) = self.next().await {
            samples.extend(chunk?);
        }
        // Seconds of sound in one go: too long for a thread that serves others, too.
        let encoded = tokio::task::spawn_blocking(move || encode_whole(spec, &samples, rate)).await;
        let encoded = encoded.map_err(internal).and_then(|encoded| encoded.map_err(internal));
        let bytes = encoded.inspect_err(|error| self.failed(error))?;
        Ok(Whole { bytes, timings: self.take_timings(), report: self.report() })
    }
}

/// A speech that was made to its end before anything of it was sent.
pub(crate) struct Whole {
    /// The file.
    pub(crate) bytes: Vec<u8>,
    /// When its pieces are said.
    pub(crate) timings: Vec<PieceTiming>,
    /// What became of it.
    pub(crate) report: SpeechReport,
}

/// A speech as a file that is written while it is made.
pub(crate) struct EncodedSpeech {
    speaking: Speaking,
    /// None once the end is written.
    encoder: Option<Encoder>,
}

impl EncodedSpeech {
    /// # Errors
    /// There is no such encoder.
    pub(crate) fn new(mut speaking: Speaking, spec: EncoderSpec) -> Result<Self, ApiError> {
        let encoder = Encoder::new(spec, speaking.rate()).map_err(internal);
        speaking.whole = true;
        let encoder = Some(encoder.inspect_err(|error| speaking.failed(error))?);
        speaking.whole = false;
        Ok(Self { speaking, encoder })
    }

    /// The speech itself.
    pub(crate) fn speaking(&mut self) -> &mut Speaking {
        &mut self.speaking
    }

    /// The next bytes, never none of them; nothing after the end. An error is the last item.
    ///
    /// Not cancel-safe, as [`Speaking::next`].
    pub(crate) async fn next(&mut self) -> Option<Result<Vec<u8>, ApiError>> {
        let mut bytes = Vec::new();
        while bytes.is_empty() {
            let encoder = self.encoder.as_mut()?;
            let result = match self.speaking.next().await {
                Some(Ok(samples)) => encoder.push(&samples, &mut bytes).map_err(internal),
                Some(Err(error)) => {
                    self.encoder = None;
                    return Some(Err(error));
                }
                None => self.encoder.take()?.finish(&mut bytes).map_err(internal),
            };
            if let Err(error) = result {
                self.speaking.failed(&error);
                self.encoder = None;
                return Some(Err(error));
            }
        }
        Some(Ok(bytes))
    }
}

/// Makes the request speak like a kept voice where it names one.
///
/// # Errors
/// The store failed.
pub(crate) async fn find_kept_voice(state: &AppState, request: &mut SpeechRequest) -> Result<(), ApiError> {
    if request.reference.is_none() {
        let kept = state.voices.get(&request.voice).await?;
        request.reference = kept.map(|voice| Arc::clone(&voice.reference));
    }
    Ok(())
}

fn internal(error: impl std::error::Error) -> ApiError {
    ApiError::internal(error.to_string())
}
