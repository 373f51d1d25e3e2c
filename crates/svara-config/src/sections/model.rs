//! `[model]`: the model and its voices.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The model and its voices.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// The model's profile.
    pub profile: PathBuf,
    /// The directory of voice files.
    pub voices: PathBuf,
    /// The tokenizer: a `tokenizer.json`, a directory that contains one, or a model's name in the local Hugging Face
    /// cache. If empty or missing, prompts are sent as text.
    pub tokenizer: String,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            profile: "config/models/svara-v1.toml".into(),
            voices: "config/voices".into(),
            tokenizer: "models/tokenizer.json".to_owned(),
        }
    }
}
