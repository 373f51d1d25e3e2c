//! `svara-server text` and `svara-server prompt`: what would be said for a text, without sound.

use svara_engine::{Normalization, Preview, Prompt, SpeechRequest};

use crate::{config::Config, resources::Previewed, start};

/// The arguments of `text` and `prompt`.
#[derive(Debug, clap::Args)]
pub(crate) struct TextArgs {
    /// The text to speak.
    text: String,
    /// The voice: a voice id, speaker id or display name.
    #[arg(long)]
    voice: String,
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

impl TextArgs {
    fn request(&self, config: &Config) -> SpeechRequest {
        SpeechRequest {
            text: self.text.clone(),
            voice: self.voice.clone(),
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
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub(crate) fn run(config: &Config, args: &TextArgs) -> anyhow::Result<()> {
    let (voices, prompts) = start::voices_and_prompts(config)?;
    let voice = voices.find(&args.voice)?;
    let preview = Preview::new(prompts.profile(), voice, &args.request(config))?;
    println!("{}", serde_json::to_string_pretty(&Previewed::new(&args.text, &voice.voice_id, preview))?);
    Ok(())
}

/// Prints the prompts, a line each.
///
/// # Errors
/// As [`run`].
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub(crate) fn prompt(config: &Config, args: &TextArgs) -> anyhow::Result<()> {
    let (voices, prompts) = start::voices_and_prompts(config)?;
    let voice = voices.find(&args.voice)?;
    for piece in Preview::new(prompts.profile(), voice, &args.request(config))?.pieces {
        let prompt = prompts.preset(voice, &piece.prompt).map_err(anyhow::Error::msg)?;
        let shown = match prompt {
            Prompt::Tokens(ids) => serde_json::to_string(&ids)?,
            Prompt::Text(text) => serde_json::to_string(&text)?,
        };
        println!("{shown}");
    }
    Ok(())
}
