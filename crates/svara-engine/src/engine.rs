//! The entry point: text to speech.

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, RandomState},
    sync::Arc,
};

use svara_audio::{SampleRate, SampleRateError, TimeStretch};
use svara_snac::Decoder;

use crate::{
    error::SpeakError,
    own_words::OwnWords,
    profile::ModelProfile,
    request::{Sampling, SpeechRequest},
    source::{FailedBy, TokenSource, Utterance},
    speech::{
        Speech, Start,
        audience::{Audience, Wait},
        pace::{FirstAudio, Pace},
        pieces::{Pieces, Plan},
        playback::Playback,
        retry::{PiecesRedone, RetryCounts},
        script::{Preview, Script},
    },
    voice::{Voice, voices::Voices},
};

/// The parts of an engine.
pub struct EngineParts {
    /// The model's profile.
    pub profile: Arc<ModelProfile>,
    /// The model's voices.
    pub voices: Voices,
    /// What the operator has said in a way of its own.
    pub own_words: OwnWords,
    /// Generates the audio tokens.
    pub source: Arc<dyn TokenSource>,
    /// Decodes frames of tokens to samples.
    pub decoder: Decoder,
    /// The longest text of a request, in characters.
    pub text_max_characters: usize,
    /// The most pieces of a text that are generated ahead of the piece that is being spoken.
    pub pieces_ahead: usize,
    /// A fixed number of frames per decode call, at least 1, instead of a number that follows the listener's buffer.
    pub hop_frames: Option<usize>,
    /// When the first audio is sent.
    pub first_audio: FirstAudio,
    /// Whether a piece ends where the model falls into a loop.
    pub end_loops: bool,
}

/// Turns requests into speech. One engine serves all requests; besides its parts it only keeps counts of retries.
pub struct Engine {
    parts: EngineParts,
    /// Of the decoder's samples.
    rate: SampleRate,
    pace: Pace,
    retries: Arc<RetryCounts>,
}

/// A request that passed all checks that need no token source.
struct Prepared {
    voice: Arc<Voice>,
    sampling: Sampling,
    speed: f32,
    script: Script,
    may_be_cut: bool,
}

impl Engine {
    /// Assembles an engine.
    ///
    /// # Errors
    /// The decoder's sample rate is none that speech can have.
    pub fn new(parts: EngineParts) -> Result<Self, SampleRateError> {
        let rate = SampleRate::new(parts.decoder.info().sample_rate_hz)?;
        let pace = Pace::new(parts.decoder.info(), parts.hop_frames, parts.first_audio);
        Ok(Self { parts, rate, pace, retries: Arc::default() })
    }

    /// Checks the request and starts to speak. Returns once the first samples are there, so that every failure before
    /// them is an error here. Dropping the future or the speech ends the generation.
    ///
    /// # Errors
    /// A field is out of range, the voice or style is unknown, the decoder has no free slot, the source refuses or
    /// fails, or the speech ends without audio.
    pub async fn speak(&self, request: SpeechRequest) -> Result<Speech, SpeakError> {
        self.begin(request, Audience::Live).await
    }

    /// As [`Self::speak`], for speech that nobody hears before its end: it gives way to all that is heard, and holds back
    /// each piece until it is complete, so that any piece that fails can be generated again. Where nobody waits for it, the
    /// text may have any length.
    ///
    /// # Errors
    /// As [`Self::speak`].
    pub async fn speak_unheard(&self, request: SpeechRequest, wait: Wait) -> Result<Speech, SpeakError> {
        self.begin(request, Audience::Nobody(wait)).await
    }

    async fn begin(&self, request: SpeechRequest, audience: Audience) -> Result<Speech, SpeakError> {
        // Whoever parts the text of a job bounds its parts; what isn't said of them may be long.
        let is_part_of_job = audience == Audience::Nobody(Wait::Nobody);
        if !is_part_of_job {
            self.check_length(&request.text)?;
        }
        let profile = &self.parts.profile;
        let Prepared { voice, sampling, speed, script, may_be_cut } = self.prepare(&request)?;
        if !is_part_of_job {
            self.check_growth(&request.text, &script)?;
        }
        // The decoder slot comes first: a generation that is thrown away costs more than a slot held in vain.
        let noise_seed = request.seed.unwrap_or_else(|| RandomState::new().hash_one(()));
        let (decode, pace) = if request.seed.is_some() {
            (self.parts.decoder.open_repeatable(noise_seed)?, self.pace.clone().exact())
        } else {
            (self.parts.decoder.open(noise_seed)?, self.pace.clone())
        };
        let utterance = Utterance {
            text: String::new(),
            said_in: BuildHasherDefault::<DefaultHasher>::default().hash_one(&request.text),
            voice,
            reference: request.reference,
            sampling,
            seed: request.seed,
            request_id: request.request_id,
            urgency: audience.urgency(),
            least_frames: 0,
            failed_by: FailedBy::default(),
            trace: request.trace,
            span: tracing::Span::current(),
        };
        let plan = Plan {
            source: Arc::clone(&self.parts.source),
            utterance,
            style: script.style,
            may_be_cut,
            end_loops: self.parts.end_loops,
            ceiling: profile.ceiling,
            decoder: self.parts.decoder.info().clone(),
            layout: profile.layout,
            ahead: self.parts.pieces_ahead,
            counts: Arc::clone(&self.retries),
        };
        let start = Start {
            pieces: Pieces::new(plan, script.pieces),
            text: script.text,
            end_pause_ms: script.end_pause_ms,
            decode,
            noise_seed,
            pace,
            playback: Playback::new(speed, self.rate),
            audience,
        };
        let mut speech = Speech::start(start).await?;
        if audience != Audience::Live {
            speech.hold_back();
        }
        Ok(speech)
    }

    /// Counts of the pieces that failed before they were heard and were generated again, and of those that went on behind a loop,
    /// since the start.
    pub fn pieces_redone(&self) -> PiecesRedone {
        self.retries.read()
    }

    /// Counts of the pieces that the model ended in a loop, since the start, with the names of its kinds.
    pub fn loops(&self) -> [(&'static str, u64); 4] {
        self.retries.loops.read()
    }

    /// Checks a request that is to be spoken later, as [`Self::speak`] does before it asks the source. The length of
    /// the text isn't checked, because the text may be spoken in parts. Returns by how many characters dictionaries make it
    /// longer.
    ///
    /// # Errors
    /// A field is out of range, or the voice or style is unknown.
    pub fn check(&self, request: &SpeechRequest) -> Result<usize, SpeakError> {
        Ok(self.prepare(request)?.script.grown())
    }

    /// What would be said for a request, without saying it.
    ///
    /// # Errors
    /// As [`Self::speak`], but for what the source and the decoder refuse.
    pub fn preview(&self, request: &SpeechRequest) -> Result<Preview, SpeakError> {
        self.check_length(&request.text)?;
        let Prepared { script, .. } = self.prepare(request)?;
        self.check_growth(&request.text, &script)?;
        Ok(script.preview())
    }

    /// The model's profile.
    pub fn profile(&self) -> &ModelProfile {
        &self.parts.profile
    }

    /// What the operator has said in a way of its own.
    pub fn own_words(&self) -> &OwnWords {
        &self.parts.own_words
    }

    /// The model's voices.
    pub fn voices(&self) -> &Voices {
        &self.parts.voices
    }

    /// The longest text of a request, in characters.
    pub fn text_max_characters(&self) -> usize {
        self.parts.text_max_characters
    }

    /// Finds the one style of the model that free-form instructions ("speak in a happy tone") name. `None` if they name
    /// no style, or more than one.
    pub fn style_named_in(&self, instructions: &str) -> Option<String> {
        self.parts.profile.styles().named_in(instructions).map(str::to_owned)
    }

    /// The source of audio tokens.
    pub fn source(&self) -> &dyn TokenSource {
        &*self.parts.source
    }

    /// The decoder of frames.
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
        let (min, max) = (TimeStretch::MIN_SPEED, TimeStretch::MAX_SPEED);
        if !(min..=max).contains(&request.speed) {
            return Err(SpeakError::invalid("speed", format!("must be from {min} to {max}")));
        }
        // A caller that sets max_tokens expects one generation that ends there.
        let may_be_cut = request.sampling.max_tokens.is_some();
        let script = Script::new(profile, &self.parts.own_words, &voice, request, may_be_cut)?;
        Ok(Prepared { voice, sampling, speed: request.speed, script, may_be_cut })
    }

    fn check_length(&self, text: &str) -> Result<(), SpeakError> {
        let (limit, length) = (self.parts.text_max_characters, text.chars().count());
        if length > limit {
            return Err(SpeakError::TooLong { length, limit });
        }
        Ok(())
    }

    /// A text may not become longer by dictionaries than it may be: its characters are what it costs.
    fn check_growth(&self, text: &str, script: &Script) -> Result<(), SpeakError> {
        let (limit, grown) = (self.parts.text_max_characters, script.grown());
        let length = text.chars().count() + grown;
        if grown > 0 && length > limit {
            let reason = format!(
                "has {length} characters with what dictionaries say for its words, at most {limit} are allowed"
            );
            return Err(SpeakError::invalid("text", reason));
        }
        Ok(())
    }
}
