//! Types of configuration values.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use svara_engine::source::vllm::Flavor;
use tracing::level_filters::LevelFilter;

/// The kinds of engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// vLLM, or a vllm-router in front of several.
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
    /// The demo voice of espeak-ng, for machines without an engine.
    Demo,
}

impl EngineKind {
    /// The names of all kinds.
    pub const NAMES: &str = "vllm, sglang, llama.cpp, tensorrt-llm, openai or demo";

    /// The engine's flavor; none for the demo voice.
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

/// Groups of routes that can be open without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OpenGroup {
    /// The health probes.
    Health,
    /// `/metrics`.
    Metrics,
    /// The lists of voices and models.
    Voices,
    /// The files of the playground and the documentation. The requests that these pages send need a key.
    Pages,
}

/// What turns codes into samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum DecoderBackend {
    /// SNAC, from an ONNX file.
    Onnx,
    /// Silence at no cost, for load tests only.
    Null,
}

/// When the first audio of a speech is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FirstAudioMode {
    /// As soon as nothing later can change it.
    Exact,
    /// Earlier, as an approximation.
    Early,
}

/// The log levels. The names are those of the Python stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// Normal events, and everything below.
    Info,
    /// Events that may need attention, and errors.
    #[serde(alias = "warn")]
    #[value(alias = "warn")]
    Warning,
    /// Failures that need attention.
    #[serde(alias = "critical")]
    #[value(alias = "critical")]
    Error,
}

impl LogLevel {
    /// The level's name for `tracing`.
    pub fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warning => LevelFilter::WARN,
            Self::Error => LevelFilter::ERROR,
        }
    }
}

/// The formats of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
    /// Text for people.
    Pretty,
    /// JSON for machines.
    Json,
}

/// Implements serde for values that are read and written as text.
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

/// Implements serde for a count of at least 1, or `"auto"`, which is 0 here.
pub(super) mod auto_or_count {
    use std::fmt;

    use serde::{
        Deserializer, Serializer,
        de::{Error, Unexpected, Visitor},
    };

    const AUTO: &str = "auto";
    const MAX_COUNT: u64 = 1_000_000;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(in super::super) fn serialize<S: Serializer>(
        count: &usize,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match count {
            0 => serializer.serialize_str(AUTO),
            count => serializer.serialize_u64(*count as u64),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<usize, D::Error> {
        deserializer.deserialize_any(AutoOrCount)
    }

    struct AutoOrCount;

    impl Visitor<'_> for AutoOrCount {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "\"{AUTO}\" or a number from 1 to {MAX_COUNT}")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<usize, E> {
            if text == AUTO { Ok(0) } else { Err(E::invalid_value(Unexpected::Str(text), &self)) }
        }

        fn visit_i64<E: Error>(self, count: i64) -> Result<usize, E> {
            let valid = u64::try_from(count).ok().filter(|count| (1..=MAX_COUNT).contains(count));
            valid
                .and_then(|count| usize::try_from(count).ok())
                .ok_or_else(|| E::invalid_value(Unexpected::Signed(count), &self))
        }

        fn visit_u64<E: Error>(self, count: u64) -> Result<usize, E> {
            self.visit_i64(i64::try_from(count).unwrap_or(i64::MAX))
        }
    }
}
