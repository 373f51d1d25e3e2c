//! From words to what the model is asked.

mod spelled;
mod tokenized;

use std::{path::Path, sync::Arc};

use self::tokenized::WordTokenizer;
use crate::{ModelProfile, Voice};

/// A prompt, in one of the two forms that engines take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Token ids: nothing is left to the engine's tokenizer.
    Tokens(Vec<u32>),
    /// Text with the control tokens spelled out.
    Text(String),
}

/// Builds the prompts of a model.
///
/// What a user typed never becomes a control token: with a tokenizer, words are tokenized without the tokenizer's
/// added vocabulary, so that a typed `<custom_token_2>` is seven or so ordinary tokens; without one, whatever looks
/// like such a token is broken up.
pub struct PromptBuilder {
    profile: Arc<ModelProfile>,
    tokenizer: Option<WordTokenizer>,
}

/// A tokenizer that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("tokenizer {path}: {reason}")]
pub struct PromptError {
    path: String,
    reason: String,
}

impl PromptBuilder {
    /// A builder of token-id prompts where there is a `tokenizer.json`, of text prompts otherwise.
    ///
    /// # Errors
    /// The file isn't a tokenizer, or its control tokens aren't those of the profile.
    pub fn new(profile: Arc<ModelProfile>, tokenizer: Option<&Path>) -> Result<Self, PromptError> {
        let tokenizer = tokenizer
            .map(|path| {
                WordTokenizer::load(path, &profile)
                    .map_err(|reason| PromptError { path: path.display().to_string(), reason })
            })
            .transpose()?;
        Ok(Self { profile, tokenizer })
    }

    /// The prompt for `text` in a preset voice.
    ///
    /// # Errors
    /// The tokenizer failed; this isn't known to happen.
    pub fn preset(&self, voice: &Voice, text: &str) -> Result<Prompt, String> {
        let words = self.profile.words(&self.profile.speaker_id(voice), text);
        match &self.tokenizer {
            Some(tokenizer) => Ok(Prompt::Tokens(tokenizer.prompt(&self.profile.preset, &words)?)),
            None => Ok(Prompt::Text(spelled::prompt(&self.profile.preset, &words, &self.profile.style_tags))),
        }
    }

    /// The model this builds prompts for.
    pub fn profile(&self) -> &Arc<ModelProfile> {
        &self.profile
    }
}
