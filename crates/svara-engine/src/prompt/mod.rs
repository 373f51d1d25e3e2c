//! Prompts: what the model is given for a text and a voice.

mod spelled;
mod tokenized;

use std::{path::Path, sync::Arc};

use self::tokenized::WordTokenizer;
use crate::{
    profile::{ModelProfile, PromptPart},
    voice::{
        Voice,
        reference::{CloningUnavailable, ReferenceVoice},
    },
};

/// A prompt, in one of the two forms that engines take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Token ids. The engine's tokenizer isn't used.
    Tokens(Vec<u32>),
    /// Text with the control tokens spelled out.
    Text(String),
}

/// Builds the prompts of a model.
///
/// What a user types never becomes a control token. With a tokenizer, words are tokenized without its added vocabulary:
/// a typed `<custom_token_2>` becomes about seven ordinary tokens. Without one, whatever looks like such a token is
/// broken up.
pub struct PromptBuilder {
    profile: Arc<ModelProfile>,
    tokenizer: Option<WordTokenizer>,
}

/// The contents of a prompt's places.
struct Fillings<'a> {
    text: &'a str,
    transcript: &'a str,
    /// Audio tokens.
    reference: &'a [u32],
}

/// A tokenizer can't be used.
#[derive(Debug, thiserror::Error)]
#[error("tokenizer {path}: {reason}")]
pub struct PromptError {
    path: String,
    reason: String,
}

impl PromptBuilder {
    /// Builds prompts of token ids with a `tokenizer.json`, and prompts of text without one.
    ///
    /// # Errors
    /// The file isn't a tokenizer, or its control tokens differ from the profile's.
    pub fn new(profile: Arc<ModelProfile>, tokenizer: Option<&Path>) -> Result<Self, PromptError> {
        let tokenizer = tokenizer
            .map(|path| {
                WordTokenizer::load(path, &profile)
                    .map_err(|reason| PromptError { path: path.display().to_string(), reason })
            })
            .transpose()?;
        Ok(Self { profile, tokenizer })
    }

    /// Builds the prompt for `text` in a preset voice.
    ///
    /// # Errors
    /// The tokenizer failed, which isn't known to happen.
    pub fn preset(&self, voice: &Voice, text: &str) -> Result<Prompt, String> {
        let words = self.profile.words(&self.profile.speaker_id(voice), text);
        self.fill(&self.profile.preset, &Fillings { text: &words, transcript: "", reference: &[] })
    }

    /// Checks that there are prompts for the voice of a recording.
    ///
    /// # Errors
    /// The model's profile has none.
    pub fn cloning(&self) -> Result<(), CloningUnavailable> {
        let missing =
            || CloningUnavailable::new(format!("the model {} has no prompt for cloning", self.profile.id));
        self.profile.clone.as_ref().map(|_| ()).ok_or_else(missing)
    }

    /// Builds the prompt for `text` in the voice of a recording. Everything before the text is the same for every text,
    /// token for token, so that engines with a prefix cache needn't compute it again.
    ///
    /// # Errors
    /// The model's profile has no such prompt, or a code of the recording has no token in the model's layout.
    pub fn clone_of(&self, reference: &ReferenceVoice, text: &str) -> Result<Prompt, String> {
        let prompts = self.profile.clone.as_ref();
        let prompts =
            prompts.ok_or_else(|| format!("the model {} has no prompt for cloning", self.profile.id))?;
        let transcript = reference.transcript.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let parts = if transcript.is_some() { &prompts.with_transcript } else { &prompts.without_transcript };
        let layout = &self.profile.layout;
        let tokens = reference.tokens(layout).ok_or("the recording has codes that the model lacks")?;
        let transcript = transcript.unwrap_or_default();
        self.fill(parts, &Fillings { text, transcript, reference: &tokens })
    }

    fn fill(&self, parts: &[PromptPart], with: &Fillings<'_>) -> Result<Prompt, String> {
        match &self.tokenizer {
            Some(tokenizer) => Ok(Prompt::Tokens(tokenizer.prompt(parts, with)?)),
            None => Ok(Prompt::Text(spelled::prompt(parts, with, &self.profile))),
        }
    }

    /// The model that the prompts are for.
    pub fn profile(&self) -> &Arc<ModelProfile> {
        &self.profile
    }
}
