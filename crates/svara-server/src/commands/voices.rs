//! `svara-server voices`: lists the voices.

use anyhow::Context;
use svara_engine::{Gender, Voice};
use svara_service::Caller;

use super::Failure;
use crate::{config::Config, start};

/// The arguments of `voices`.
#[derive(Debug, clap::Args)]
pub(crate) struct VoicesArgs {
    /// Print JSON with all details of each voice.
    #[arg(long)]
    json: bool,
}

/// Lists the model's voices, then the saved ones.
///
/// # Errors
/// A voice file is wrong, or the store of saved voices failed.
pub(crate) async fn run(config: &Config, args: &VoicesArgs) -> Result<(), Failure> {
    let (presets, prompts) = start::voices_and_prompts(config).map_err(Failure::Usage)?;
    let kept = start::kept_voices(config, &prompts.profile().id);
    let kept = kept
        .list(&Caller::Anybody)
        .await
        .context("the saved voices can't be listed")
        .map_err(Failure::Start)?;
    let voices: Vec<&Voice> = presets.iter().chain(kept.iter().map(|kept| &*kept.reference.voice)).collect();
    show(&voices, args.json).map_err(Failure::Start)
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn show(voices: &[&Voice], json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(voices)?);
        return Ok(());
    }
    let width = voices.iter().map(|voice| voice.voice_id.chars().count()).max().unwrap_or(0);
    for Voice { voice_id, name, gender, languages, .. } in voices {
        let gender = match gender {
            Some(Gender::Female) => "female",
            Some(Gender::Male) => "male",
            None => "-",
        };
        println!("{voice_id:width$}  {gender:6}  {:8}  {name}", languages.join(","));
    }
    Ok(())
}
