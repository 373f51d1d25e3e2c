//! Environment variables. Those of the Python stack keep their names.

use std::{fmt::Display, str::FromStr};

use super::{Config, EngineConfig, LogFormat, LogLevel, Secret, base_url::masked};
use crate::plain::plainly;

type Setter = fn(&mut Config, &str) -> Result<(), String>;

/// Each variable, the key that it sets, and how. An empty variable counts as unset, because compose files can't unset one.
pub const VARIABLES: &[(&str, &str, Setter)] = &[
    ("API_HOST", "server.host", |config, value| parse(value, &mut config.server.host)),
    ("API_PORT", "server.port", |config, value| {
        config.server.port = port(value)?;
        Ok(())
    }),
    ("SVARA_WYOMING", "server.wyoming", |config, value| parse(value, &mut config.server.wyoming)),
    ("SVARA_KEYS_FILE", "server.keys_file", |config, value| parse(value, &mut config.server.keys_file)),
    ("SVARA_API_KEY", "server.api_key", |config, value| {
        config.server.api_key = Secret::new(value);
        Ok(())
    }),
    ("SVARA_ALLOW_OPEN", "server.allow_open", |config, value| {
        config.server.allow_open = switch(value)?;
        Ok(())
    }),
    ("SVARA_HOSTS", "server.hosts", |config, value| {
        let hosts = value.split(',').map(str::trim).filter(|host| !host.is_empty());
        config.server.hosts = hosts.map(str::to_owned).collect();
        Ok(())
    }),
    ("SVARA_TLS_CERT", "server.tls_cert", |config, value| parse(value, &mut config.server.tls_cert)),
    ("SVARA_TLS_KEY", "server.tls_key", |config, value| parse(value, &mut config.server.tls_key)),
    // Where vLLM is, unless a URL says so. In Kubernetes, a Service called vllm sets it to such a URL as tcp://10.0.0.1:8000.
    ("VLLM_PORT", "engine.base_url", |config, value| {
        let base_url = &mut config.engine.base_url;
        if *base_url == EngineConfig::default().base_url && !value.contains("://") {
            let port: u16 = port(value)?;
            *base_url = format!("http://127.0.0.1:{port}/v1");
        }
        Ok(())
    }),
    // Its address, if it listens on a single one. All addresses are this machine, too.
    ("VLLM_HOST", "engine.base_url", |config, value| {
        let base_url = &mut config.engine.base_url;
        let is_here = ["0.0.0.0", "::", "[::]", "127.0.0.1", "::1", "[::1]", "localhost"].contains(&value)
            || value.contains("://");
        let asked = base_url.strip_prefix("http://127.0.0.1:").and_then(|rest| rest.strip_suffix("/v1"));
        let asked = asked.or((*base_url == EngineConfig::default().base_url).then_some("8000"));
        if let Some(port) = asked.filter(|_| !is_here) {
            let bare = value.contains(':') && !value.starts_with('[');
            *base_url = if bare {
                format!("http://[{value}]:{port}/v1")
            } else {
                format!("http://{value}:{port}/v1")
            };
        }
        Ok(())
    }),
    ("VLLM_BASE_URL", "engine.base_url", |config, value| parse(value, &mut config.engine.base_url)),
    ("VLLM_MODEL", "engine.model", |config, value| parse(value, &mut config.engine.model)),
    ("VLLM_API_KEY", "engine.api_key", |config, value| {
        config.engine.api_key = Secret::new(value);
        Ok(())
    }),
    ("SVARA_ENGINE", "engine.kind", |config, value| parse(value, &mut config.engine.kind)),
    ("SVARA_END_LOOPS", "engine.end_loops", |config, value| {
        config.engine.end_loops = switch(value)?;
        Ok(())
    }),
    ("SVARA_MODEL_PROFILE", "model.profile", |config, value| parse(value, &mut config.model.profile)),
    ("SVARA_VOICES", "model.voices", |config, value| parse(value, &mut config.model.voices)),
    ("TOKENIZER_MODEL", "model.tokenizer", |config, value| parse(value, &mut config.model.tokenizer)),
    ("SVARA_DECODER_MODEL", "decoder.model", |config, value| parse(value, &mut config.decoder.model)),
    ("SVARA_ENCODER_MODEL", "cloning.encoder", |config, value| parse(value, &mut config.cloning.encoder)),
    ("SVARA_VOICE_STORE", "voices.store", |config, value| parse(value, &mut config.voices.store)),
    ("SVARA_CACHE_STORE", "cache.store", |config, value| parse(value, &mut config.cache.store)),
    ("SVARA_JOB_STORE", "jobs.store", |config, value| parse(value, &mut config.jobs.store)),
    ("TTS_DEVICE", "decoder.device", |config, value| parse(value, &mut config.decoder.device)),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "telemetry.otlp_endpoint", |config, value| {
        parse(value, &mut config.telemetry.otlp_endpoint)
    }),
    ("OTEL_SERVICE_NAME", "telemetry.service_name", |config, value| {
        parse(value, &mut config.telemetry.service_name)
    }),
    ("LOG_LEVEL", "log.level", |config, value| {
        config.log.level = match value.to_lowercase().as_str() {
            "debug" | "trace" => LogLevel::Debug,
            "info" => LogLevel::Info,
            "warning" | "warn" => LogLevel::Warning,
            "error" | "critical" => LogLevel::Error,
            _ => return Err("must be debug, info, warning or error".to_owned()),
        };
        Ok(())
    }),
    ("LOG_FORMAT", "log.format", |config, value| {
        config.log.format = match value.to_lowercase().as_str() {
            "auto" => LogFormat::Auto,
            "pretty" => LogFormat::Pretty,
            "json" => LogFormat::Json,
            _ => return Err("must be auto, pretty or json".to_owned()),
        };
        Ok(())
    }),
];

/// A variable that was read.
pub(super) struct Read {
    /// Its name.
    pub(super) name: &'static str,
    /// The key that it sets.
    pub(super) key: &'static str,
    /// Whether it was right, and what is wrong with it.
    pub(super) result: Result<(), String>,
}

/// Sets what the variables say, and returns which were read.
pub(super) fn apply(config: &mut Config, environment: impl Fn(&str) -> Option<String>) -> Vec<Read> {
    let mut read = Vec::new();
    for (name, key, set) in VARIABLES {
        if let Some(value) = environment(name).filter(|value| !value.trim().is_empty()) {
            let before = config.clone();
            let result = set(config, value.trim());
            // These only say what no URL says.
            if result.is_ok() && ["VLLM_PORT", "VLLM_HOST"].contains(name) && *config == before {
                continue;
            }
            let result = result.map_err(|reason| format!("{}: {reason}", shown(name, &value)));
            read.push(Read { name, key, result });
        }
    }
    read
}

/// A variable and its value, unless that is a secret.
pub(super) fn shown(name: &str, value: &str) -> String {
    if name.ends_with("_API_KEY") || name.ends_with("_KEYS") {
        return format!("variable {name}");
    }
    format!("variable {name}={:?}", masked(value))
}

fn port(value: &str) -> Result<u16, String> {
    value.parse().map_err(|_| "must be a port: a whole number from 0 to 65535".to_owned())
}

fn parse<T: FromStr<Err: Display>>(value: &str, target: &mut T) -> Result<(), String> {
    *target = value.parse().map_err(|error: T::Err| plainly(&error.to_string()))?;
    Ok(())
}

fn switch(value: &str) -> Result<bool, String> {
    match value.to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("must be 1 or 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use svara_snac::onnx::Device;

    use super::*;

    fn with(name: &str, value: &str) -> Result<Config, String> {
        let mut config = Config::default();
        let read = apply(&mut config, |n| (n == name).then(|| value.to_owned()));
        read.into_iter().try_for_each(|read| read.result).map(|()| config)
    }

    #[test]
    fn the_python_stacks_variables_work() {
        assert_eq!(with("VLLM_BASE_URL", "http://gpu:9/v1").unwrap().engine.base_url, "http://gpu:9/v1");
        assert_eq!(with("VLLM_MODEL", "m").unwrap().engine.model, "m");
        assert_eq!(with("TOKENIZER_MODEL", "t").unwrap().model.tokenizer, "t");
        assert_eq!(with("TTS_DEVICE", "cuda").unwrap().decoder.device, Device::Cuda(0));
        assert_eq!(with("API_HOST", "0.0.0.0").unwrap().server.host, "0.0.0.0");
        assert_eq!(with("API_PORT", "80").unwrap().server.port, 80);
        assert_eq!(with("LOG_LEVEL", "CRITICAL").unwrap().log.level, LogLevel::Error);
    }

    #[test]
    fn each_engine_is_named_as_in_the_file() {
        for name in ["vllm", "sglang", "llama.cpp", "tensorrt-llm", "openai", "demo"] {
            let from_file: Config = toml::from_str(&format!("[engine]\nkind = \"{name}\"")).unwrap();
            assert_eq!(with("SVARA_ENGINE", name).unwrap(), from_file);
            if let Some(flavor) = from_file.engine.kind.flavor() {
                assert_eq!(flavor.name(), name);
            }
        }
    }

    #[test]
    fn empty_variables_are_unset_wrong_ones_named() {
        assert_eq!(with("TTS_DEVICE", "").unwrap(), Config::default());
        assert_eq!(with("API_PORT", " ").unwrap(), Config::default());
        for (name, value) in
            [("API_PORT", "http"), ("TTS_DEVICE", "mps"), ("LOG_LEVEL", "loud"), ("SVARA_ENGINE", "tts")]
        {
            let error = with(name, value).unwrap_err();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
    }
}
