//! Voices.

pub(crate) mod gender;
mod language_tag;
pub(crate) mod reference;
pub(crate) mod voices;

use serde::{Deserialize, Serialize};
use svara_text::{Language, WritingSystem};

use self::gender::Gender;

/// A voice, as an entry of a file in `config/voices/`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Voice {
    /// The id that requests use: `hi_female`.
    pub voice_id: String,
    /// The display name: `Hindi (Female)`.
    pub name: String,
    /// The model that has this voice: the id of a profile.
    pub model_id: String,
    /// `None` for voices that are neither female nor male.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    /// Language codes, the main one first; at least one.
    pub languages: Vec<String>,
    /// Further names, such as OpenAI's `alloy`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// A short description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The speaker id in prompts, if it isn't derived from the other fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker_id: Option<String>,
}

impl Voice {
    /// The code of the main language.
    pub fn language(&self) -> &str {
        self.languages.first().map_or("", String::as_str)
    }

    /// What the main language is written in, if it is one of those that texts are read in.
    pub fn writing_system(&self) -> Option<WritingSystem> {
        self.language().parse::<Language>().ok().map(Language::writing_system)
    }
}
