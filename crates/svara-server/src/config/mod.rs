//! The configuration: flags override the environment, which overrides the file, which overrides defaults.
//!
//! [`Config`] is the form of the file, with its defaults; the environment and the flags set single values of it. All of
//! it is read and checked before a port is bound or a model loaded.

pub(crate) mod base_url;
mod env;
mod sections;
mod values;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use env::VARIABLES;
pub(crate) use sections::MIN_KEY_BYTES;
pub use sections::{
    Clean, DecoderConfig, DemoConfig, EngineConfig, LimitsConfig, LogConfig, ModelConfig, ServerConfig,
    TelemetryConfig, TextConfig,
};
pub use svara_service::config::{
    CacheConfig, CloningConfig, ConfigError, JobsConfig, Seconds, Secret, VoicesConfig,
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

impl Config {
    /// Reads the file and the environment. A named `file` must exist; [`DEFAULT_FILE`] need not.
    ///
    /// # Errors
    /// The file can't be read, has an unknown key or a wrong value, or a variable has a wrong value.
    pub fn load(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let in_file =
            |reason: String| ConfigError::new(format!("configuration {}: {reason}", path.display()));
        let mut config = match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| in_file(error.to_string()))?,
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(in_file(error.to_string())),
        };
        env::apply(&mut config, environment)?;
        Ok(config)
    }

    /// Checks ranges, and values that depend on each other.
    ///
    /// # Errors
    /// Names the key and what is allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.server.check()?;
        self.engine.check()?;
        self.decoder.check()?;
        self.cloning.check()?;
        self.voices.check()?;
        self.telemetry.check()?;
        self.cache.check()?;
        self.jobs.check()?;
        self.limits.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("server.toml");
        std::fs::write(&path, text).unwrap();
        let variable =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Config::load(Some(&path), variable).map_err(|error| error.to_string())
    }

    #[test]
    fn the_shipped_file_says_the_defaults() {
        let shipped = include_str!("../../../../config/server.toml");
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
            ("[decoder]\ndevice = \"mps\"", "expected auto, cpu, cuda or cuda:N"),
            ("[engine]\nkind = \"tts\"", "demo"),
            ("[server]\ndrain_seconds = -1", "drain_seconds"),
        ] {
            let error = load(text, &[]).unwrap_err();
            assert!(error.contains(word) && error.contains("server.toml"), "{error}");
        }
    }

    #[test]
    fn a_named_file_must_exist() {
        let error = Config::load(Some(Path::new("/nowhere.toml")), |_| None).unwrap_err().to_string();
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
