//! Environment variables. Those of the Python stack keep their names.

use std::{fmt::Display, str::FromStr};

use super::{Config, ConfigError, EngineConfig, LogFormat, LogLevel, Secret};

type Setter = fn(&mut Config, &str) -> Result<(), String>;

/// Each variable and what it sets. An empty variable counts as unset, because compose files can't unset one.
pub const VARIABLES: &[(&str, Setter)] = &[
    ("API_HOST", |config, value| parse(value, &mut config.server.host)),
    ("API_PORT", |config, value| parse(value, &mut config.server.port)),
    ("SVARA_KEYS_FILE", |config, value| parse(value, &mut config.server.keys_file)),
    ("SVARA_API_KEY", |config, value| {
        config.server.api_key = Secret::new(value);
        Ok(())
    }),
    ("SVARA_ALLOW_OPEN", |config, value| {
        config.server.allow_open = match value.to_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => true,
            "0" | "false" | "no" | "off" => false,
            _ => return Err("expected 1 or 0".to_owned()),
        };
        Ok(())
    }),
    ("SVARA_HOSTS", |config, value| {
        let hosts = value.split(',').map(str::trim).filter(|host| !host.is_empty());
        config.server.hosts = hosts.map(str::to_owned).collect();
        Ok(())
    }),
    ("SVARA_TLS_CERT", |config, value| parse(value, &mut config.server.tls_cert)),
    ("SVARA_TLS_KEY", |config, value| parse(value, &mut config.server.tls_key)),
    // Where vLLM is, unless a URL says so. In Kubernetes, a Service called vllm sets it to such a URL as tcp://10.0.0.1:8000.
    ("VLLM_PORT", |config, value| {
        let base_url = &mut config.engine.base_url;
        if *base_url == EngineConfig::default().base_url && !value.contains("://") {
            let port: u16 = value.parse().map_err(|error| format!("{error}"))?;
            *base_url = format!("http://127.0.0.1:{port}/v1");
        }
        Ok(())
    }),
    ("VLLM_BASE_URL", |config, value| parse(value, &mut config.engine.base_url)),
    ("VLLM_MODEL", |config, value| parse(value, &mut config.engine.model)),
    ("VLLM_API_KEY", |config, value| {
        config.engine.api_key = Secret::new(value);
        Ok(())
    }),
    ("SVARA_ENGINE", |config, value| parse(value, &mut config.engine.kind)),
    ("SVARA_MODEL_PROFILE", |config, value| parse(value, &mut config.model.profile)),
    ("SVARA_VOICES", |config, value| parse(value, &mut config.model.voices)),
    ("TOKENIZER_MODEL", |config, value| parse(value, &mut config.model.tokenizer)),
    ("SVARA_DECODER_MODEL", |config, value| parse(value, &mut config.decoder.model)),
    ("SVARA_ENCODER_MODEL", |config, value| parse(value, &mut config.cloning.encoder)),
    ("SVARA_VOICE_STORE", |config, value| parse(value, &mut config.voices.store)),
    ("SVARA_CACHE_STORE", |config, value| parse(value, &mut config.cache.store)),
    ("SVARA_JOB_STORE", |config, value| parse(value, &mut config.jobs.store)),
    ("TTS_DEVICE", |config, value| parse(value, &mut config.decoder.device)),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", |config, value| parse(value, &mut config.telemetry.otlp_endpoint)),
    ("OTEL_SERVICE_NAME", |config, value| parse(value, &mut config.telemetry.service_name)),
    ("LOG_LEVEL", |config, value| {
        config.log.level = match value.to_lowercase().as_str() {
            "debug" | "trace" => LogLevel::Debug,
            "info" => LogLevel::Info,
            "warning" | "warn" => LogLevel::Warning,
            "error" | "critical" => LogLevel::Error,
            _ => return Err("expected debug, info, warning or error".to_owned()),
        };
        Ok(())
    }),
    ("LOG_FORMAT", |config, value| {
        config.log.format = match value.to_lowercase().as_str() {
            "auto" => LogFormat::Auto,
            "pretty" => LogFormat::Pretty,
            "json" => LogFormat::Json,
            _ => return Err("expected auto, pretty or json".to_owned()),
        };
        Ok(())
    }),
];

pub(super) fn apply(
    config: &mut Config,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<(), ConfigError> {
    for (name, set) in VARIABLES {
        if let Some(value) = environment(name).filter(|value| !value.trim().is_empty()) {
            set(config, value.trim())
                .map_err(|reason| ConfigError::new(format!("variable {name}={value:?}: {reason}")))?;
        }
    }
    Ok(())
}

fn parse<T: FromStr<Err: Display>>(value: &str, target: &mut T) -> Result<(), String> {
    *target = value.parse().map_err(|error: T::Err| error.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use svara_snac::onnx::Device;

    use super::*;

    fn with(name: &str, value: &str) -> Result<Config, String> {
        let mut config = Config::default();
        apply(&mut config, |n| (n == name).then(|| value.to_owned())).map_err(|error| error.to_string())?;
        Ok(config)
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
