//! The configuration: flag over environment over file over default.
//!
//! [`Config`] is the file's form, with its defaults; the environment and the flags set single values of it. Everything
//! is read and checked before a port is bound or a model touched.

mod env;
mod values;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use svara_snac::onnx::Device;

pub use env::VARIABLES;
pub use values::{EngineKind, LogFormat, LogLevel, Seconds, Secret};

/// The file that is read where no other is named, if it is there.
pub const DEFAULT_FILE: &str = "config/server.toml";

/// All settings. `config/server.toml` shows each of them with its default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The HTTP server.
    pub server: ServerConfig,
    /// Where the tokens come from.
    pub engine: EngineConfig,
    /// The model and its voices.
    pub model: ModelConfig,
    /// The SNAC decoder.
    pub decoder: DecoderConfig,
    /// The demo voice.
    pub demo: DemoConfig,
    /// What a request may ask for.
    pub limits: LimitsConfig,
    /// Logging.
    pub log: LogConfig,
}

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// The address or host name to listen on.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// How long open streams may go on after a SIGTERM before they are broken off.
    pub drain_seconds: Seconds,
}

/// Where the tokens come from.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// `vllm` or `demo`.
    pub kind: EngineKind,
    /// The base of the engine's API.
    pub base_url: String,
    /// The model's name at the engine.
    pub model: String,
    /// The engine's API key.
    pub api_key: Secret,
    /// How long a connection may take.
    pub connect_seconds: Seconds,
    /// How long the first token may take; includes waiting in the engine's queue.
    pub first_token_seconds: Seconds,
    /// How long a stream may be silent after that.
    pub inactivity_seconds: Seconds,
    /// Tokens for each event of the engine's stream.
    pub stream_interval: u32,
}

/// The model and its voices.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// The model's profile.
    pub profile: PathBuf,
    /// The directory of the voices' files.
    pub voices: PathBuf,
    /// The tokenizer: a `tokenizer.json`, a directory that holds one, or a model's name in the local Hugging Face
    /// cache. Empty: none, prompts go as text.
    pub tokenizer: String,
}

/// The SNAC decoder.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecoderConfig {
    /// The ONNX file.
    pub model: PathBuf,
    /// The ONNX Runtime library. Empty: `ORT_DYLIB_PATH`, then `models/lib/`.
    pub library: PathBuf,
    /// `auto`, `cpu`, `cuda` or `cuda:N`.
    #[serde(with = "values::text")]
    pub device: Device,
    /// Threads, each with a session. 0: one for each core on a CPU, one on a GPU.
    pub threads: usize,
    /// Threads inside one call.
    pub intra_threads: usize,
    /// Streams that may be open at once; more are refused.
    pub max_streams: usize,
    /// Streams that may share one call.
    pub max_batch: usize,
    /// Whether noise blocks draw noise.
    pub noise: bool,
    /// Frames for each call. 0: few at first, then more.
    pub hop_frames: usize,
}

/// The demo voice.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DemoConfig {
    /// The espeak-ng program.
    pub espeak: PathBuf,
    /// The codec's encoder.
    pub encoder: PathBuf,
    /// The codec's decoder, in place of `decoder.model`.
    pub decoder: PathBuf,
}

/// What a request may ask for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Longest text, in characters.
    pub text_characters: usize,
    /// Largest request body.
    pub body_bytes: usize,
}

/// Logging.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `debug`, `info`, `warning` or `error`.
    pub level: LogLevel,
    /// `auto` (pretty on a terminal, JSON elsewhere), `pretty` or `json`.
    pub format: LogFormat,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 8080, drain_seconds: Seconds::new(30) }
    }
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            kind: EngineKind::Vllm,
            base_url: "http://localhost:8000/v1".to_owned(),
            model: "kenpath/svara-tts-v1".to_owned(),
            api_key: Secret::default(),
            connect_seconds: Seconds::new(3),
            first_token_seconds: Seconds::new(30),
            inactivity_seconds: Seconds::new(10),
            stream_interval: 7,
        }
    }
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            profile: "config/models/svara-v1.toml".into(),
            voices: "config/voices".into(),
            tokenizer: "models/tokenizer.json".to_owned(),
        }
    }
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self {
            model: "models/snac/decoder_stream.onnx".into(),
            library: PathBuf::new(),
            device: Device::Auto,
            threads: 0,
            intra_threads: 1,
            max_streams: 64,
            max_batch: 1,
            noise: true,
            hop_frames: 0,
        }
    }
}

impl Default for DemoConfig {
    fn default() -> Self {
        Self {
            espeak: "espeak-ng".into(),
            encoder: "models/demo/encoder.onnx".into(),
            decoder: "models/demo/decoder.onnx".into(),
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { text_characters: 5000, body_bytes: 20 * 1024 * 1024 }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: LogLevel::Info, format: LogFormat::Auto }
    }
}

/// A configuration that can't be used. The message names the file or variable, and the key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads the file and the environment. `file` must exist where it is named; [`DEFAULT_FILE`] need not.
    ///
    /// # Errors
    /// The file can't be read, has an unknown key or a wrong value, or a variable has a wrong value.
    pub fn load(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let in_file = |reason: String| ConfigError(format!("configuration {}: {reason}", path.display()));
        let mut config = match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| in_file(error.to_string()))?,
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => return Err(in_file(error.to_string())),
        };
        env::apply(&mut config, environment)?;
        Ok(config)
    }

    /// Checks what single values can't say by themselves.
    ///
    /// # Errors
    /// Names the key and what is allowed.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |reason: &str| Err(ConfigError(reason.to_owned()));
        let url = &self.engine.base_url;
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return wrong("engine.base_url must start with http:// or https://");
        }
        if self.engine.stream_interval == 0 {
            return wrong("engine.stream_interval must be at least 1");
        }
        if self.decoder.max_streams == 0 || self.decoder.intra_threads == 0 || self.decoder.max_batch == 0 {
            return wrong(
                "decoder.max_streams, decoder.intra_threads and decoder.max_batch must be at least 1",
            );
        }
        if self.limits.text_characters == 0 || self.limits.body_bytes == 0 {
            return wrong("limits.text_characters and limits.body_bytes must be at least 1");
        }
        Ok(())
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
        // Each key stands in it, so that it can serve as the reference.
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
