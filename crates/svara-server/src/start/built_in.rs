//! The model's profile and its voices as files of the program, so that it runs from any directory. The files of the
//! working directory come first.

use std::{io::ErrorKind, path::Path};

use svara_config::ModelConfig;
use svara_engine::{ModelProfile, Voices};

const PROFILE: &str = include_str!("../../../../config/models/svara-v1.toml");
const VOICES: &str = include_str!("../../../../config/voices/svara-tts-v1.yaml");

/// The configured profile.
///
/// # Errors
/// Its file can't be read, or is wrong.
pub(super) fn profile(config: &ModelConfig) -> anyhow::Result<ModelProfile> {
    let path = &config.profile;
    if is_absent(path, &ModelConfig::default().profile) {
        return Ok(ModelProfile::of_text(PROFILE, path)?);
    }
    Ok(ModelProfile::load(path)?)
}

/// The configured voices of a model.
///
/// # Errors
/// A file can't be read, or is wrong.
pub(super) fn voices(config: &ModelConfig, profile: &ModelProfile) -> anyhow::Result<Voices> {
    let (directory, speaker_id) = (&config.voices, |voice: &_| profile.speaker_id(voice));
    if is_absent(directory, &ModelConfig::default().voices) {
        return Ok(Voices::of_text(VOICES, directory, &profile.id, speaker_id)?);
    }
    Ok(Voices::load(directory, &profile.id, speaker_id)?)
}

/// Whether this is the default, and isn't there.
fn is_absent(path: &Path, default: &Path) -> bool {
    path == default && std::fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}
