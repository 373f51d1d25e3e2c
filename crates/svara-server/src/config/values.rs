//! Values of the configuration that are more than a number or a text.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use svara_engine::source::vllm::Flavor;
use tracing::level_filters::LevelFilter;

/// Where the tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// vLLM, or a vllm-router in front of some.
    Vllm,
    /// SGLang.
    Sglang,
    /// llama.cpp's `llama-server`.
    #[serde(rename = "llama.cpp")]
    LlamaCpp,
    /// TensorRT-LLM's `trtllm-serve`.
    #[serde(rename = "tensorrt-llm")]
    TensorRtLlm,
    /// Any other engine with OpenAI's completions API.
    OpenAi,
    /// espeak-ng, for machines without one.
    Demo,
}

impl EngineKind {
    /// All of them, as they are written.
    pub const NAMES: &str = "vllm, sglang, llama.cpp, tensorrt-llm, openai or demo";

    /// Which engine it is; none is the demo voice.
    pub fn flavor(self) -> Option<Flavor> {
        match self {
            Self::Vllm => Some(Flavor::Vllm),
            Self::Sglang => Some(Flavor::Sglang),
            Self::LlamaCpp => Some(Flavor::LlamaCpp),
            Self::TensorRtLlm => Some(Flavor::TensorRtLlm),
            Self::OpenAi => Some(Flavor::OpenAi),
            Self::Demo => None,
        }
    }
}

impl FromStr for EngineKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let kind = match name.to_lowercase().as_str() {
            "vllm" => Self::Vllm,
            "sglang" => Self::Sglang,
            "llama.cpp" => Self::LlamaCpp,
            "tensorrt-llm" => Self::TensorRtLlm,
            "openai" => Self::OpenAi,
            "demo" => Self::Demo,
            _ => return Err(format!("expected {}", Self::NAMES)),
        };
        Ok(kind)
    }
}

/// Routes that may be open to those without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OpenGroup {
    /// Probes.
    Health,
    /// `/metrics`.
    Metrics,
    /// The lists of voices and models.
    Voices,
    /// The playground's and the documentation's files. What they do needs a key.
    Pages,
}

/// What turns codes into sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum DecoderBackend {
    /// SNAC in ONNX Runtime.
    Onnx,
    /// Nothing: silence, for load tests only.
    Null,
}

/// When the first audio of a speech leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FirstAudioMode {
    /// As soon as nothing later can change it.
    Exact,
    /// Earlier, and not yet as it will be.
    Early,
}

/// What is logged. The names are those of the Python stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What may need attention.
    #[serde(alias = "warn")]
    #[value(alias = "warn")]
    Warning,
    /// What needs attention.
    #[serde(alias = "critical")]
    #[value(alias = "critical")]
    Error,
}

impl LogLevel {
    /// The level for `tracing`.
    pub fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warning => LevelFilter::WARN,
            Self::Error => LevelFilter::ERROR,
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Pretty,
    /// For machines.
    Json,
}

/// Values that are read and written as text.
pub(super) mod text {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in super::super) fn serialize<T: Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in super::super) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
