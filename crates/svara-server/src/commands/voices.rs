//! `svara-server voices`: lists the voices.

use std::collections::BTreeSet;

use anyhow::{Context, anyhow};
use svara_config::Config;
use svara_engine::{Gender, Voice};
use svara_service::Caller;
use svara_text::Language;

use super::{Failure, out};
use crate::start;

/// The arguments of `voices`.
#[derive(Debug, clap::Args)]
pub(crate) struct VoicesArgs {
    /// Print JSON with all details of each voice.
    #[arg(long)]
    json: bool,
    /// Only voices of this language: a code such as ta, a BCP-47 tag or a name.
    #[arg(short, long)]
    language: Option<String>,
}

/// Lists the model's voices, then the saved ones.
///
/// # Errors
/// A voice file is wrong, or the store of saved voices failed.
pub(crate) async fn run(config: &Config, args: &VoicesArgs) -> Result<(), Failure> {
    let (profile, presets) = start::profile_and_voices(config).map_err(Failure::Usage)?;
    let kept = start::kept_voices(config, &profile.id);
    let kept = kept
        .list(&Caller::Anybody)
        .await
        .context("the saved voices can't be listed")
        .map_err(Failure::Start)?;
    let mut voices: Vec<&Voice> =
        presets.iter().chain(kept.iter().map(|kept| &*kept.reference.voice)).collect();
    if let Some(asked) = &args.language {
        let wanted =
            Language::named(asked).map_or_else(|| asked.clone(), |language| language.code().to_owned());
        let all: BTreeSet<&str> =
            voices.iter().flat_map(|voice| &voice.languages).map(String::as_str).collect();
        voices.retain(|voice| voice.languages.iter().any(|language| language.eq_ignore_ascii_case(&wanted)));
        if voices.is_empty() {
            let all: Vec<&str> = all.into_iter().collect();
            let reason = anyhow!("no voice speaks {asked:?}; the languages are {}", all.join(", "));
            return Err(Failure::Usage(reason));
        }
    }
    show(&voices, args.json).map_err(Failure::Start)
}

fn show(voices: &[&Voice], json: bool) -> anyhow::Result<()> {
    if json {
        return out::print(serde_json::to_string_pretty(voices)? + "\n");
    }
    let width = voices.iter().map(|voice| voice.voice_id.chars().count()).max().unwrap_or(0);
    let names = voices.iter().map(|voice| voice.name.chars().count()).max().unwrap_or(0);
    let mut table =
        format!("{:width$}  {:6}  {:8}  {:names$}  ALSO\n", "VOICE", "GENDER", "LANGUAGE", "NAME");
    for Voice { voice_id, name, gender, languages, aliases, .. } in voices {
        let gender = match gender {
            Some(Gender::Female) => "female",
            Some(Gender::Male) => "male",
            None => "-",
        };
        let line = format!(
            "{voice_id:width$}  {gender:6}  {:8}  {name:names$}  {}",
            languages.join(","),
            aliases.join(", ")
        );
        table.push_str(line.trim_end());
        table.push('\n');
    }
    out::print(table)
}
