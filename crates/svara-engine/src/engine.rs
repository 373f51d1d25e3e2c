//! The way in: text to speech.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use svara_audio::{SampleRate, TimeStretch};
use svara_snac::Decoder;
use svara_text::StyleTags;

use crate::{
    error::SpeakError,
    profile::ModelProfile,
    request::{Sampling, SpeechRequest},
    source::{TokenSource, Utterance},
    speech::{
        Speech, Start,
        pace::{FirstAudio, Pace},
        pieces::{Pieces, Plan},
        retry::{PiecesRedone, RetryCounts},
        script::Script,
    },
    voice::{Voice, voices::Voices},
};

/// What an engine is made of.
pub struct EngineParts {
    /// The model's profile.
    pub profile: Arc<ModelProfile>,
    /// Who can speak.
    pub voices: Voices,
    /// Where the tokens come from.
    pub source: Arc<dyn TokenSource>,
    /// What makes them sound.
    pub decoder: Decoder,
    /// Longest text, in characters.
    pub text_max_characters: usize,
    /// Most pieces of a text that are generated while the one before them is spoken.
    pub pieces_ahead: usize,
    /// Decodes so many frames a call instead of the usual plan.
    pub hop_frames: Option<usize>,
    /// When the first audio leaves.
    pub first_audio: FirstAudio,
}

/// Speaks. One engine serves all requests; it has no state of its own besides its parts.
pub struct Engine {
    parts: EngineParts,
    pace: Pace,
    retries: Arc<RetryCounts>,
}

/// A request that can be spoken, as far as that is known before the source is asked.
struct Prepared {
    voice: Arc<Voice>,
    sampling: Sampling,
    stretch: Option<TimeStretch>,
    script: Script,
    may_be_cut: bool,
}

impl Engine {
    /// An engine of these parts.
    pub fn new(parts: EngineParts) -> Self {
        let pace = Pace::new(parts.decoder.info(), parts.hop_frames, parts.first_audio);
        Self { parts, pace, retries: Arc::default() }
    }

    /// Checks the request and starts to speak; returns once the first samples are there, so that all that goes wrong
    /// before them is an error here. Dropping the future or the speech ends the generation.
    ///
    /// # Errors
    /// A field is out of range, the voice is unknown, the decoder is full, the source refuses or fails, or the speech
    /// ended without audio.
    pub async fn speak(&self, request: SpeechRequest) -> Result<Speech, SpeakError> {
        self.check_length(&request.text)?;
        let profile = &self.parts.profile;
        let Prepared { voice, sampling, stretch, script, may_be_cut } = self.prepare(&request)?;
        // A slot first: an engine that is set to work for nothing costs more than a slot held for nothing.
        let noise_seed = request.seed.unwrap_or_else(|| RandomState::new().hash_one(()));
        let decode = self.parts.decoder.open(noise_seed)?;
        let pace = self.pace.clone();
        let pace = if request.seed.is_some() { pace.repeatable() } else { pace };
        let utterance = Utterance {
            text: String::new(),
            voice,
            reference: request.reference,
            sampling,
            seed: request.seed,
            request_id: request.request_id,
            trace: request.trace,
            span: tracing::Span::current(),
        };
        let plan = Plan {
            source: Arc::clone(&self.parts.source),
            utterance,
            style: script.style,
            may_be_cut,
            ceiling: profile.ceiling,
            decoder: self.parts.decoder.info().clone(),
            layout: profile.layout,
            ahead: self.parts.pieces_ahead,
            counts: Arc::clone(&self.retries),
        };
        let start = Start {
            pieces: Pieces::new(plan, script.pieces),
            decode,
            noise_seed,
            pace,
            sample_rate_hz: self.parts.decoder.info().sample_rate_hz,
            stretch,
        };
        Speech::start(start).await
    }

    /// Pieces of texts that failed before they were heard and were done again.
    pub fn pieces_redone(&self) -> PiecesRedone {
        self.retries.read()
    }

    /// Checks a request that is to be spoken later, as [`Self::speak`] does before it asks the source; but for the
    /// length of its text, which may be spoken a part at a time.
    ///
    /// # Errors
    /// A field is out of range, or the voice is unknown.
    pub fn check(&self, request: &SpeechRequest) -> Result<(), SpeakError> {
        self.prepare(request).map(drop)
    }

    /// The model's profile.
    pub fn profile(&self) -> &ModelProfile {
        &self.parts.profile
    }

    /// Who can speak.
    pub fn voices(&self) -> &Voices {
        &self.parts.voices
    }

    /// Longest text, in characters.
    pub fn text_max_characters(&self) -> usize {
        self.parts.text_max_characters
    }

    /// The one style of the model that free instructions ("speak in a happy tone") name, if they name one.
    pub fn style_named_in(&self, instructions: &str) -> Option<String> {
        StyleTags::new(&self.parts.profile.style_tags).named_in(instructions).map(str::to_owned)
    }

    /// Where the tokens come from.
    pub fn source(&self) -> &dyn TokenSource {
        &*self.parts.source
    }

    /// What makes them sound.
    pub fn decoder(&self) -> &Decoder {
        &self.parts.decoder
    }

    fn prepare(&self, request: &SpeechRequest) -> Result<Prepared, SpeakError> {
        let profile = &self.parts.profile;
        let voice = match &request.reference {
            Some(reference) => {
                self.parts.source.cloning()?;
                Arc::clone(&reference.voice)
            }
            None => Arc::clone(self.parts.voices.find(&request.voice)?),
        };
        let sampling = profile.sampling.with(&request.sampling);
        let sampling = sampling.map_err(|(field, reason)| SpeakError::invalid(field, reason))?;
        let stretch = self.stretch(request.speed)?;
        // Who sets max_tokens counts on one generation that ends there.
        let may_be_cut = request.sampling.max_tokens.is_some();
        let script = Script::new(profile, &voice, request, may_be_cut)?;
        Ok(Prepared { voice, sampling, stretch, script, may_be_cut })
    }

    /// What changes the pace; none at the model's own.
    fn stretch(&self, speed: f32) -> Result<Option<TimeStretch>, SpeakError> {
        if speed == 1.0 {
            return Ok(None);
        }
        let (min, max) = (TimeStretch::MIN_SPEED, TimeStretch::MAX_SPEED);
        let refused = || SpeakError::invalid("speed", format!("must be from {min} to {max}"));
        // The decoder's rate is one that sound can have: only the speed can be refused.
        let rate = SampleRate::new(self.parts.decoder.info().sample_rate_hz).map_err(|_| refused())?;
        TimeStretch::new(speed, rate).map(Some).map_err(|_| refused())
    }

    fn check_length(&self, text: &str) -> Result<(), SpeakError> {
        let (limit, length) = (self.parts.text_max_characters, text.chars().count());
        if length > limit {
            return Err(SpeakError::invalid(
                "text",
                format!("has {length} characters, at most {limit} are allowed"),
            ));
        }
        Ok(())
    }
}
