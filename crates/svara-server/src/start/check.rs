//! Checks everything that a start needs, without loading the decoder, and without writing anything.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind},
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, anyhow, bail};
use svara_config::{CloningConfig, Config, ConfigError, DecoderBackend, EngineKind};
use svara_service::store::{Store, directory};
use svara_snac::{
    Backend, LoadError, SnacEncoder,
    onnx::{Device, Runtime},
};

use super::{
    built_in,
    engine::{decoder_settings, demo_model, encoder_settings, library_search, present, prompts},
    http,
    keys::{Keys, check_exposure},
    own_words,
};
use crate::cryptography;

/// Where programs are looked for without a PATH.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Checks everything that a start needs, without loading the decoder.
///
/// # Errors
/// All that [`faults`] finds, a line for each.
pub fn check(config: &Config) -> anyhow::Result<()> {
    let found: Vec<String> = faults(config).iter().map(|(_, error)| format!("{error:#}")).collect();
    if found.is_empty() { Ok(()) } else { Err(ConfigError::all(&found).into()) }
}

/// Everything that would end a start, each with the key that says so.
pub fn faults(config: &Config) -> Vec<(&'static str, anyhow::Error)> {
    let server = &config.server;
    let demo = config.engine.kind == EngineKind::Demo;
    let checks = [
        ("server.host", bindable("server.host", &server.host)),
        ("server.wyoming", bindable("server.wyoming", host_of(&server.wyoming))),
        ("server.host", check_exposure(config)),
        ("server.keys_file", Keys::load(config).map(drop)),
        ("server.tls_cert", http::tls(config).map(drop)),
        ("cloning.encoder", encoder(config).context("cloning.encoder")),
        ("text.dictionary", own_words(config).map(drop)),
        ("cache.store", store(&config.cache.store).context("cache.store")),
        ("log.audit_file", appendable(&config.log.audit_file).context("log.audit_file")),
        ("demo.espeak", if demo { program(&config.demo.espeak).context("demo.espeak") } else { Ok(()) }),
        ("decoder.library", library(config)),
        ("decoder.model", models(config)),
    ];
    let checks = checks.into_iter().chain(model(config));
    checks.filter_map(|(key, result)| Some((key, result.err()?))).collect()
}

/// What a model's profile, its voices and its tokenizer say, each for itself. Without a profile, the others say nothing.
fn model(config: &Config) -> [(&'static str, anyhow::Result<()>); 3] {
    let (profile, voices, tokenizer) = match built_in::profile(&config.model) {
        Err(error) => (Err(error), Ok(()), Ok(())),
        Ok(profile) => {
            let voices = built_in::voices(&config.model, &profile).map(drop);
            (Ok(()), voices, prompts(config, Arc::new(profile)).map(drop))
        }
    };
    [("model.profile", profile), ("model.voices", voices), ("model.tokenizer", tokenizer)]
}

/// Whether the encoder of recordings is one, if it is there.
fn encoder(config: &Config) -> anyhow::Result<()> {
    let path = &config.cloning.encoder;
    if !path.is_file() {
        return Ok(());
    }
    match SnacEncoder::needs_library(&encoder_settings(config, path.clone())) {
        // Without the library, only cloning is unavailable.
        Ok(_) | Err(LoadError::LibraryNeeded { .. } | LoadError::LibraryUnusable { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What would be unavailable, though a start goes on without it.
pub fn missing(config: &Config) -> Vec<(&'static str, anyhow::Error)> {
    let stores = [("voices.store", &config.voices.store), ("jobs.store", &config.jobs.store)];
    let stores = stores.into_iter().map(|(key, url)| (key, store(url).context(key)));
    let encoder = &config.cloning.encoder;
    let there = encoder.is_file() || *encoder == CloningConfig::default().encoder;
    let absent = || anyhow!("cloning.encoder: {} does not exist", encoder.display());
    let encoder = ("cloning.encoder", if there { Ok(()) } else { Err(absent()) });
    stores.chain([encoder]).filter_map(|(key, result)| Some((key, result.err()?))).collect()
}

/// Whether a store could be opened.
fn store(url: &str) -> anyhow::Result<()> {
    match directory(url) {
        _ if url.is_empty() => Ok(()),
        Some(directory) => can_hold(directory),
        // It isn't contacted yet.
        None => {
            cryptography::choose();
            Ok(Store::open(url, 1).map(drop)?)
        }
    }
}

/// Whether files can be made in a directory, or it can be made itself.
fn can_hold(directory: &Path) -> anyhow::Result<()> {
    let there = directory.ancestors().find(|place| place.symlink_metadata().is_ok());
    let there = there.unwrap_or(Path::new("."));
    writable(there).with_context(|| format!("{} can't be written: {}", directory.display(), there.display()))
}

/// The host of an address with a port.
fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or("", |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Whether this machine has an address, or a name leads to one that it has. Whether a port is free is no matter of the
/// configuration.
fn bindable(key: &str, host: &str) -> anyhow::Result<()> {
    if host.is_empty() {
        return Ok(());
    }
    match TcpListener::bind((host, 0)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
            bail!("{key} = {host:?} is no address of this machine; \"0.0.0.0\" is all of them")
        }
        Err(error) => bail!("{key} = {host:?} can't be listened on: {error}"),
    }
}

/// Whether lines can be appended to a file; it is created only by a start.
fn appendable(file: &Path) -> anyhow::Result<()> {
    if file.as_os_str().is_empty() {
        return Ok(());
    }
    let shown = file.display();
    if std::fs::metadata(file).is_ok_and(|data| !data.is_file() && !data.is_dir()) {
        // A pipe or a device; to open it may wait for a reader.
        return Ok(());
    }
    match OpenOptions::new().append(true).open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new("."));
            writable(parent)
                .map_err(|error| anyhow!("{shown} can't be created: {}: {error}", parent.display()))
        }
        Err(error) => Err(error).with_context(|| shown.to_string()),
    }
}

/// Whether files can be made in a directory.
fn writable(directory: &Path) -> io::Result<()> {
    if !std::fs::metadata(directory)?.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    #[cfg(unix)]
    nix::unistd::access(directory, nix::unistd::AccessFlags::W_OK | nix::unistd::AccessFlags::X_OK)?;
    Ok(())
}

/// Whether a program is there, by its path or in a directory of PATH.
fn program(name: &Path) -> anyhow::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    let is_path = name.components().count() > 1 || name.is_absolute();
    let mut places: Vec<PathBuf> =
        std::env::split_paths(&path).map(|directory| directory.join(name)).collect();
    if is_path {
        places = vec![name.to_owned()];
    }
    if places.iter().any(|place| place.is_file()) {
        return Ok(());
    }
    let place = if is_path { "does not exist" } else { "is in no directory of PATH" };
    bail!("{} {place}; the demo voice needs it: apt-get install espeak-ng", name.display())
}

/// Whether ONNX Runtime is there, where it is needed or named.
fn library(config: &Config) -> anyhow::Result<()> {
    let search = library_search(config);
    let on_gpu = matches!(config.decoder.device, Device::Cuda(_));
    let in_onnx_runtime =
        config.decoder.kind == DecoderBackend::Onnx && (on_gpu || config.decoder.backend == Backend::Onnx);
    if in_onnx_runtime || of_the_demo_voice(config) {
        search.find()?;
    } else {
        Runtime::lazy(&search)?;
    }
    Ok(())
}

/// Whether the demo voice's encoder needs ONNX Runtime. One that isn't there is another error.
fn of_the_demo_voice(config: &Config) -> bool {
    let encoder = || encoder_settings(config, demo_model(&config.demo.encoder));
    config.engine.kind == EngineKind::Demo && SnacEncoder::needs_library(&encoder()).unwrap_or(false)
}

fn models(config: &Config) -> anyhow::Result<()> {
    let mut models = Vec::new();
    if config.decoder.kind == DecoderBackend::Onnx {
        models.push(decoder_settings(config).model);
    }
    if config.engine.kind == EngineKind::Demo {
        models.push(demo_model(&config.demo.encoder));
    }
    models.iter().try_for_each(|model| present(config, model))
}
