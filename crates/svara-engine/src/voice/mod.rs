//! Who can speak.

pub(crate) mod gender;
mod language_tag;
pub(crate) mod reference;
pub(crate) mod voices;

use serde::{Deserialize, Serialize};

use self::gender::Gender;

/// A voice, as it stands in a file under `config/voices/`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Voice {
    /// What requests call it: `hi_female`.
    pub voice_id: String,
    /// What people call it: `Hindi (Female)`.
    pub name: String,
    /// The model that speaks it: the id of a profile.
    pub model_id: String,
    /// Female or male; none for voices that are neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    /// Language codes, the main one first; at least one.
    pub languages: Vec<String>,
    /// Names that it answers to besides, such as OpenAI's `alloy`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// A line about the voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the model is told, where that isn't made from the other fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker_id: Option<String>,
}

impl Voice {
    /// The code of the main language.
    pub fn language(&self) -> &str {
        self.languages.first().map_or("", String::as_str)
    }
}
