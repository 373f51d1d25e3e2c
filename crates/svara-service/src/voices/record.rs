//! A saved voice in its stored form.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use svara_engine::{Gender, ReferenceVoice, Voice};
use svara_snac::Frame;

/// What a caller says about a new voice.
#[derive(Clone, Debug, Default)]
pub struct NewVoice {
    /// Its name, for people.
    pub name: String,
    /// A line about the voice, for people.
    pub description: Option<String>,
    /// Its language's primary code, such as `hi`.
    pub language: Option<String>,
    /// The speaker's gender.
    pub gender: Option<Gender>,
    /// What the recording says.
    pub transcript: Option<String>,
    /// Whether the speaker's consent was declared.
    pub consent: bool,
    /// Whether lists of voices show it.
    pub listed: bool,
}

/// The stored form, as JSON. Fields may be added; none changes its meaning.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Record {
    voice_id: String,
    name: String,
    model_id: String,
    description: Option<String>,
    language: Option<String>,
    gender: Option<Gender>,
    transcript: Option<String>,
    consent: bool,
    listed: bool,
    created_unix_s: u64,
    frames: Vec<[u16; 7]>,
}

/// A saved voice.
#[derive(Clone, Debug)]
pub struct KeptVoice {
    /// The voice and its codes.
    pub reference: Arc<ReferenceVoice>,
    /// Whether lists of voices show it.
    pub listed: bool,
    /// When it was created, in seconds since 1970.
    pub created_unix_s: u64,
}

impl Record {
    pub(super) fn new(voice_id: String, model_id: &str, new: NewVoice, frames: &[Frame]) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            voice_id,
            name: new.name,
            model_id: model_id.to_owned(),
            description: new.description,
            language: new.language,
            gender: new.gender,
            transcript: new.transcript,
            consent: new.consent,
            listed: new.listed,
            created_unix_s: now.as_secs(),
            frames: frames.iter().map(|frame| frame.0).collect(),
        }
    }

    pub(super) fn into_voice(self) -> KeptVoice {
        let voice = Voice {
            voice_id: self.voice_id,
            name: self.name,
            model_id: self.model_id,
            gender: self.gender,
            languages: self.language.into_iter().collect(),
            aliases: Vec::new(),
            description: self.description,
            speaker_id: None,
        };
        let reference = ReferenceVoice {
            voice: Arc::new(voice),
            frames: self.frames.into_iter().map(Frame).collect(),
            transcript: self.transcript.map(Into::into),
        };
        let (listed, created_unix_s) = (self.listed, self.created_unix_s);
        KeptVoice { reference: Arc::new(reference), listed, created_unix_s }
    }
}
