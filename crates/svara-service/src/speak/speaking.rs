//! A speech and its encoder, chunk by chunk.

use std::time::{Duration, Instant};

use svara_audio::{Encoder, EncoderSpec, Gain, SampleRate, encode_whole};
use svara_engine::{PieceTiming, Speech, SpeechReport};

use super::SpeechLog;
use crate::{LeastSpeed, ServiceError, admission::Permit, reader::Reader};

/// A speech in progress, with all that it holds: the generation, the decoder's slot, the permit, its entries in the
/// metrics and the log. Dropping it releases all of them.
pub struct Speaking {
    speech: Speech,
    gain: Gain,
    permit: Permit,
    log: SpeechLog,
    /// Nothing is sent before the end, so that any failure is a refusal.
    whole: bool,
    reader: Reader,
    /// When the last samples were given out, and how long they are.
    given: Option<(Instant, Duration)>,
}

impl Speaking {
    pub(super) fn new(speech: Speech, gain: Gain, permit: Permit, log: SpeechLog, least: LeastSpeed) -> Self {
        Self { speech, gain, permit, log, whole: false, reader: Reader::new(least), given: None }
    }

    /// The sample rate.
    pub fn rate(&self) -> SampleRate {
        self.speech.sample_rate()
    }

    /// The next samples (mono, −1 to 1); none after the last. An error is the last item, and is already logged.
    ///
    /// Not cancel-safe: a call dropped half-way ends the speech with an error.
    pub async fn next(&mut self) -> Option<Result<Vec<f32>, ServiceError>> {
        if let Some((at, audio)) = self.given.take().filter(|_| !self.whole)
            && self.reader.took(audio, at.elapsed())
        {
            let error = ServiceError::slow_reader();
            self.failed(&error);
            return Some(Err(error));
        }
        match self.log.next(&mut self.speech).await {
            Some(Ok(mut samples)) => {
                self.gain.apply(&mut samples);
                let seconds = samples.len() as f64 / f64::from(self.rate().hz());
                let audio = Duration::from_secs_f64(seconds);
                self.permit.heard(audio);
                self.given = Some((Instant::now(), audio));
                Some(Ok(samples))
            }
            Some(Err(error)) => {
                let error = ServiceError::from(error);
                self.failed(&error);
                Some(Err(error))
            }
            None => {
                self.permit.complete();
                self.log.complete();
                None
            }
        }
    }

    /// When the pieces that ended since the last call were spoken; see [`Speech::take_timings`].
    pub fn take_timings(&mut self) -> Vec<PieceTiming> {
        self.speech.take_timings()
    }

    /// What was spoken so far, and why it ended, if it has.
    pub fn report(&self) -> SpeechReport {
        self.speech.report()
    }

    /// The value of a `Server-Timing` header: milliseconds in the queue (`queue`), and from the request to the engine's
    /// first tokens (`engine`) and to the first samples (`first-audio`).
    pub fn server_timing(&self) -> String {
        self.log.server_timing()
    }

    /// Records a failure in the processing of its samples.
    pub fn failed(&mut self, error: &ServiceError) {
        if self.whole { self.log.refused() } else { self.log.broken_off(error) }
    }

    /// Marks it as background speech: it counts no underruns, its failures are refusals, and it yields to live speech.
    pub fn nobody_listens(&mut self) {
        self.whole = true;
        self.log.not_streamed();
        self.speech.hold_back();
    }

    /// Lets listeners take the audio as slowly as they like: their connections are watched.
    pub(crate) fn listened_to_by_many(&mut self) {
        self.reader = Reader::new(LeastSpeed { speed: 0.0, window: Duration::MAX });
    }

    /// The whole speech as one file, with exact sizes in its header.
    ///
    /// # Errors
    /// The speech or its encoder failed.
    pub async fn whole(mut self, spec: EncoderSpec) -> Result<Whole, ServiceError> {
        self.nobody_listens();
        let (mut samples, rate) = (Vec::new(), self.rate());
        while let Some(chunk) = self.next().await {
            samples.extend(chunk?);
        }
        // Encoding many seconds at once would block the other tasks of this thread.
        let encoded = tokio::task::spawn_blocking(move || encode_whole(spec, &samples, rate)).await;
        let encoded = encoded
            .map_err(ServiceError::internal)
            .and_then(|encoded| encoded.map_err(ServiceError::internal));
        let bytes = encoded.inspect_err(|error| self.failed(error))?;
        Ok(Whole { bytes, timings: self.take_timings(), report: self.report() })
    }
}

/// A complete speech.
pub struct Whole {
    /// The file.
    pub bytes: Vec<u8>,
    /// When its pieces are spoken.
    pub timings: Vec<PieceTiming>,
    /// How it ended.
    pub report: SpeechReport,
}

/// A speech as a file that is written while it is generated.
pub struct EncodedSpeech {
    speaking: Speaking,
    /// `None` once the end is written.
    encoder: Option<Encoder>,
}

impl EncodedSpeech {
    /// Encodes `speaking` to `spec`.
    ///
    /// # Errors
    /// This build has no such encoder.
    pub fn new(mut speaking: Speaking, spec: EncoderSpec) -> Result<Self, ServiceError> {
        let encoder = Encoder::new(spec, speaking.rate()).map_err(ServiceError::internal);
        let encoder = Some(encoder.inspect_err(|_| speaking.log.refused())?);
        Ok(Self { speaking, encoder })
    }

    /// The speech itself.
    pub fn speaking(&mut self) -> &mut Speaking {
        &mut self.speaking
    }

    /// The next bytes, never an empty chunk; none after the end. An error is the last item.
    ///
    /// Not cancel-safe, as [`Speaking::next`].
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, ServiceError>> {
        let mut bytes = Vec::new();
        while bytes.is_empty() {
            let encoder = self.encoder.as_mut()?;
            let result = match self.speaking.next().await {
                Some(Ok(samples)) => encoder.push(&samples, &mut bytes).map_err(ServiceError::internal),
                Some(Err(error)) => {
                    self.encoder = None;
                    return Some(Err(error));
                }
                None => self.encoder.take()?.finish(&mut bytes).map_err(ServiceError::internal),
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
