//! A saved voice in its stored form.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use svara_engine::{Gender, ReferenceVoice, Voice};
use svara_snac::Frame;

use crate::{Caller, clock::unix_now};

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
    /// Whether all keys may use it, and not only the one that made it.
    pub shared: bool,
}

/// What is changed about a saved voice; `None`: it stays as it is.
#[derive(Clone, Debug, Default)]
pub struct VoiceChange {
    /// Its name, for people.
    pub name: Option<String>,
    /// A line about the voice, for people.
    pub description: Option<String>,
    /// Whether all keys may use it.
    pub shared: Option<bool>,
}

/// The stored form, as JSON. Fields may be added; none changes its meaning.
#[derive(Clone, Debug, Deserialize, Serialize)]
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
    /// The name of the key that made it; none if no key was required, or by an older version, which stored none.
    #[serde(default)]
    pub(super) owner: Option<String>,
    #[serde(default)]
    shared: bool,
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
    /// The name of the key that made it; none if no key was required then.
    pub owner: Option<String>,
    /// Whether all keys may use it. One without an owner is shared.
    pub shared: bool,
}

impl KeptVoice {
    /// Whether the caller may see the voice and speak in it.
    pub(super) fn is_for(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Unknown => false,
            Caller::Anybody => true,
            Caller::Known(_) => self.shared || caller.owns(self.owner.as_deref()),
        }
    }
}

impl Record {
    pub(super) fn new(
        voice_id: String,
        model_id: &str,
        owner: Option<&str>,
        new: NewVoice,
        frames: &[Frame],
    ) -> Self {
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
            created_unix_s: unix_now().as_secs(),
            frames: frames.iter().map(|frame| frame.0).collect(),
            owner: owner.map(str::to_owned),
            shared: new.shared,
        }
    }

    /// The voice with this change.
    pub(super) fn with(self, change: VoiceChange) -> Self {
        let VoiceChange { name, description, shared } = change;
        Self {
            name: name.unwrap_or(self.name),
            description: description.or(self.description),
            shared: shared.unwrap_or(self.shared),
            ..self
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
        KeptVoice {
            reference: Arc::new(reference),
            listed: self.listed,
            created_unix_s: self.created_unix_s,
            shared: self.shared || self.owner.is_none(),
            owner: self.owner,
        }
    }
}
