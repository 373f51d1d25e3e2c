//! `svara-server text` and `svara-server prompt`: what would be said for a text, without sound.

use std::fmt::Write;

use anyhow::Context;
use svara_config::Config;
use svara_engine::{Gender, Normalization, Preview, Prompt, SpeechRequest, Voice, Voices};

use super::out;
use crate::{resources::Previewed, start};

/// The arguments of `text` and `prompt`.
#[derive(Debug, clap::Args)]
pub(crate) struct TextArgs {
    /// The text to speak.
    text: String,
    /// The voice: a voice id, speaker id or display name.
    #[arg(short, long)]
    voice: Option<String>,
    /// The language, where no voice is named: a code such as ta, or a BCP-47 tag [default: by the text's script].
    #[arg(short, long)]
    language: Option<String>,
    /// The style, one of the model's.
    #[arg(long)]
    style: Option<String>,
    /// Leave numbers, dates and the like as they are typed.
    #[arg(long)]
    no_normalization: bool,
    /// Remove Markdown's marks, code blocks and a model's thoughts: true or false [default: as text.clean says].
    #[arg(long)]
    strip_markdown: Option<bool>,
    /// Remove emoji: true or false [default: as text.clean says].
    #[arg(long)]
    strip_emoji: Option<bool>,
}

/// The voice for a text without one: a woman's, as in the examples of the docs.
pub(super) fn default_voice<'a>(voices: &'a Voices, text: &str) -> Option<&'a Voice> {
    voices.for_text(text, Some(Gender::Female))
}

impl TextArgs {
    fn voice<'a>(&self, voices: &'a Voices) -> anyhow::Result<&'a Voice> {
        match (&self.voice, &self.language) {
            (Some(voice), language) => {
                // It doesn't choose, but a wrong one is a slip.
                language.as_ref().map_or(Ok(()), |language| voices.speaking(language, None).map(drop))?;
                Ok(voices.find(voice)?)
            }
            (None, Some(language)) => Ok(voices.speaking(language, None)?),
            (None, None) => default_voice(voices, &self.text).context("the model has no voices"),
        }
    }

    fn request(&self, config: &Config, voice: &Voice) -> SpeechRequest {
        SpeechRequest {
            text: self.text.clone(),
            voice: voice.voice_id.clone(),
            style: self.style.clone(),
            normalization: if self.no_normalization { Normalization::Off } else { Normalization::Auto },
            strip: config.text.clean.strip(false, self.strip_markdown, self.strip_emoji),
            ..SpeechRequest::default()
        }
    }
}

/// Prints what would be said, as JSON.
///
/// # Errors
/// The voice or the style is unknown, there is no text, or a file of the model is wrong.
pub(crate) fn run(config: &Config, args: &TextArgs) -> anyhow::Result<()> {
    let (voices, prompts) = start::voices_and_prompts(config)?;
    let voice = args.voice(&voices)?;
    let own_words = start::own_words(config)?;
    let preview = Preview::new(prompts.profile(), &own_words, voice, &args.request(config, voice))?;
    let previewed = Previewed::new(&args.text, &voice.voice_id, preview);
    out::print(serde_json::to_string_pretty(&previewed)? + "\n")
}

/// The arguments of `prompt`.
#[derive(Debug, clap::Args)]
pub(crate) struct PromptArgs {
    #[command(flatten)]
    text: TextArgs,
    /// Print the prompts alone, a line of JSON for each piece.
    #[arg(long)]
    json: bool,
}

/// Prints the pieces, their words and their prompts.
///
/// # Errors
/// As [`run`].
pub(crate) fn prompt(config: &Config, args: &PromptArgs) -> anyhow::Result<()> {
    let (voices, prompts) = start::voices_and_prompts(config)?;
    let voice = args.text.voice(&voices)?;
    let own_words = start::own_words(config)?;
    let pieces =
        Preview::new(prompts.profile(), &own_words, voice, &args.text.request(config, voice))?.pieces;
    let mut page = String::new();
    for (number, piece) in (1..).zip(pieces) {
        let prompt = prompts.preset(voice, &piece.prompt).map_err(anyhow::Error::msg)?;
        let (shown, tokens) = match prompt {
            Prompt::Tokens(ids) => (serde_json::to_string(&ids)?, format!("{} tokens", ids.len())),
            Prompt::Text(text) => (serde_json::to_string(&text)?, "as text, without a tokenizer".to_owned()),
        };
        if !args.json {
            writeln!(page, "piece {number}: {}\nprompt, {tokens}:", piece.words)?;
        }
        writeln!(page, "{shown}")?;
    }
    out::print(page)
}
