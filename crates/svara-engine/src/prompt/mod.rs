//! From words to what the model is asked.

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

/// What goes into the places of a prompt.
struct Fillings<'a> {
    text: &'a str,
    transcript: &'a str,
    /// Audio tokens.
    reference: &'a [u32],
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
        self.fill(&self.profile.preset, &Fillings { text: &words, transcript: "", reference: &[] })
    }

    /// Whether there can be prompts for the voice of a recording.
    ///
    /// # Errors
    /// The model's profile has none.
    pub fn cloning(&self) -> Result<(), CloningUnavailable> {
        let missing =
            || CloningUnavailable::new(format!("the model {} has no prompt for it", self.profile.id));
        self.profile.clone.as_ref().map(|_| ()).ok_or_else(missing)
    }

    /// The prompt for `text` in the voice of a recording. All before the text is the same for each text, token for
    /// token, so that engines that keep such beginnings needn't compute it again.
    ///
    /// # Errors
    /// The model's profile has no such prompt, or a code of the recording has no token in the model's layout.
    pub fn clone_of(&self, reference: &ReferenceVoice, text: &str) -> Result<Prompt, String> {
        let prompts = self.profile.clone.as_ref();
        let prompts = prompts.ok_or_else(|| format!("the model {} has no prompt for it", self.profile.id))?;
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

    /// The model this builds prompts for.
    pub fn profile(&self) -> &Arc<ModelProfile> {
        &self.profile
    }
}
