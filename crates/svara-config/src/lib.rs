//! The configuration: flags override the environment, which overrides the file, which overrides defaults.
//!
//! [`Config`] is the form of the file, with its defaults; the environment and the flags set single values of it. All of
//! it is read and checked before a port is bound or a model loaded.
//!
//! ```
//! use svara_config::Loaded;
//!
//! let variables = [("SVARA_SERVER_PORT".to_owned(), "9000".to_owned())];
//! let config = Loaded::read(None, &variables).result()?;
//! assert_eq!(config.server.port, 9000);
//!
//! let wrong = [("SVARA_SERVER_PORT".to_owned(), "ninety".to_owned())];
//! let fault = Loaded::read(None, &wrong).result().unwrap_err().to_string();
//! assert!(fault.contains("SVARA_SERVER_PORT"), "{fault}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
pub mod base_url;
mod env;
mod loaded;
mod names;
pub mod plain;
mod sections;
mod slips;
mod values;
mod written;

use serde::{Deserialize, Serialize};

pub use env::VARIABLES;
pub use loaded::{Loaded, Origin};
pub use sections::{
    Clean, DecoderConfig, DemoConfig, EngineConfig, LimitsConfig, LogConfig, MIN_KEY_BYTES, ModelConfig,
    ServerConfig, TelemetryConfig, TextConfig,
};
pub use svara_service::config::{
    CacheConfig, CloningConfig, ConfigError, DictionariesConfig, Fault, Faults, JobsConfig, Seconds, Secret,
    VoicesConfig,
};
pub use values::{DecoderBackend, EngineKind, FirstAudioMode, LogFormat, LogLevel, OpenGroup};

/// The file that is read if no other is named. It need not exist.
pub const DEFAULT_FILE: &str = "config/server.toml";

/// All settings. `config/server.toml` shows each of them with its default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The HTTP server.
    pub server: ServerConfig,
    /// The engine.
    pub engine: EngineConfig,
    /// The model and its voices.
    pub model: ModelConfig,
    /// The SNAC decoder.
    pub decoder: DecoderConfig,
    /// The demo voice.
    pub demo: DemoConfig,
    /// What happens to texts.
    pub text: TextConfig,
    /// Speech in the voice of a recording.
    pub cloning: CloningConfig,
    /// Saved voices.
    pub voices: VoicesConfig,
    /// Pronunciation dictionaries.
    pub dictionaries: DictionariesConfig,
    /// The cache: audio of earlier requests.
    pub cache: CacheConfig,
    /// Jobs: speech in the background.
    pub jobs: JobsConfig,
    /// Limits of requests and connections.
    pub limits: LimitsConfig,
    /// Logging.
    pub log: LogConfig,
    /// Export of traces.
    pub telemetry: TelemetryConfig,
}

/// 15 characters a second, 4 bytes for each of 24000 samples, and 2 for each of up to 48000 in the file; some speak slowly.
const WHOLE_SPEECH_BYTES_PER_CHARACTER: usize = 16 * 1024;
/// A stream's state and buffers.
const STREAM_BYTES: usize = 1024 * 1024;
/// A connection's buffers beside its heads.
const CONNECTION_BYTES: usize = 32 * 1024;
/// Rules of dictionaries (128 MiB), voices (40 MiB), what is said about dictionaries (16 MiB), samples (8 MiB): what the
/// caches of the service hold, however much is stored.
pub const HELD_BYTES: usize = 192 * 1024 * 1024;

impl Config {
    /// The most memory for answers that wait to be read, in bytes: a key, which gets half, can have the longest audio of a job.
    pub fn all_answers_bytes(&self) -> usize {
        self.limits.all_answers_bytes.max(self.jobs.audio_bytes.saturating_mul(2))
    }

    /// The most streams at once.
    pub fn most_streams(&self) -> usize {
        let decoded = self.decoder.streams();
        if self.limits.streams == 0 { decoded } else { self.limits.streams.min(decoded) }
    }

    /// The most memory that the process takes beyond what it has at rest, in bytes, with so many streams at once.
    /// docs/security.md has the same formula.
    pub fn most_memory_bytes(&self, streams: usize) -> usize {
        let limits = &self.limits;
        // Samples, and the file that is made of them.
        let whole_speech = limits.text_characters.saturating_mul(WHOLE_SPEECH_BYTES_PER_CHARACTER);
        let connection = limits.header_bytes.saturating_mul(2).saturating_add(CONNECTION_BYTES);
        [
            // As it came, its strings, and what they say.
            limits.all_bodies_bytes.saturating_mul(3),
            self.all_answers_bytes(),
            streams.saturating_mul(whole_speech.saturating_add(STREAM_BYTES)),
            limits.connections.saturating_mul(connection),
            usize::try_from(self.cache.memory_bytes).unwrap_or(usize::MAX),
            // What is made of waiting items, and of running ones.
            self.jobs.audio_bytes.saturating_mul(2 + self.jobs.concurrent),
            HELD_BYTES,
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// What is wrong: ranges, and values that depend on each other.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        self.server.check(&mut faults);
        self.engine.check(&mut faults);
        self.decoder.check(&mut faults);
        self.cloning.check(&mut faults);
        self.voices.check(&mut faults);
        self.dictionaries.check(&mut faults);
        self.text.check(&mut faults);
        self.telemetry.check(&mut faults);
        self.cache.check(&mut faults);
        self.jobs.check(&mut faults);
        self.limits.check(&mut faults);
        faults.into_vec()
    }

    /// Checks ranges, and values that depend on each other.
    ///
    /// # Errors
    /// All faults, a line for each.
    pub fn check(&self) -> Result<(), ConfigError> {
        let faults: Vec<String> = self.faults().iter().map(Fault::to_string).collect();
        if faults.is_empty() { Ok(()) } else { Err(ConfigError::new(faults.join("\n"))) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.toml");
        std::fs::write(&path, text).unwrap();
        let variables: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Loaded::read(Some(&path), &variables).result().map_err(|error| error.to_string())
    }

    #[test]
    fn the_shipped_file_says_the_defaults() {
        let shipped = include_str!("../../../config/server.toml");
        assert_eq!(load(shipped, &[]).unwrap(), Config::default());
        // The file contains each key, so that it can serve as the reference.
        let keys = toml::to_string(&Config::default()).unwrap();
        for key in keys.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
            assert!(shipped.contains(&format!("\n{key} = ")), "{key} is not in config/server.toml");
        }
    }

    #[test]
    fn environment_over_file_over_default() {
        let config = load("[server]\nport = 1\n[engine]\nmodel = \"a\"", &[("API_PORT", "2")]).unwrap();
        assert_eq!((config.server.port, config.engine.model.as_str()), (2, "a"));
        assert_eq!(config.server.host, "127.0.0.1");
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_named() {
        for (text, word) in [
            ("[server]\nprt = 1", "prt"),
            ("[serve]", "serve"),
            ("[server]\nport = 70000", "port"),
            ("[decoder]\ndevice = \"mps\"", "must be auto, cpu, cuda or cuda:N"),
            ("[engine]\nkind = \"tts\"", "demo"),
            ("[server]\ndrain_seconds = -1", "drain_seconds"),
        ] {
            let error = load(text, &[]).unwrap_err();
            assert!(error.contains(word) && error.contains("server.toml"), "{error}");
        }
    }

    #[test]
    fn a_named_file_must_exist() {
        let error = Loaded::read(Some(Path::new("/nowhere.toml")), &[]).result().unwrap_err().to_string();
        assert!(error.contains("/nowhere.toml"), "{error}");
    }

    #[test]
    fn a_secret_is_never_shown() {
        let config = load("[engine]\napi_key = \"hush\"", &[]).unwrap();
        assert_eq!(config.engine.api_key.reveal(), Some("hush"));
        let shown = format!("{config:?}{}", toml::to_string(&config).unwrap());
        assert!(!shown.contains("hush") && shown.contains("***"), "{shown}");
    }
}
