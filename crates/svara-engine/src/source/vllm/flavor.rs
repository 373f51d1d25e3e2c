//! The engines with a `/v1/completions`, which differ in their fields.

/// The kind of an engine. All have the same API, with different extensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavor {
    /// vLLM, or a vllm-router in front of several.
    #[default]
    Vllm,
    /// SGLang. Older versions send only text.
    Sglang,
    /// llama.cpp's `llama-server`: only text, its own names of sampling fields, stop texts instead of stop tokens.
    LlamaCpp,
    /// TensorRT-LLM's `trtllm-serve`, which refuses unknown fields.
    TensorRtLlm,
    /// Any other engine: only the fields of OpenAI's API.
    OpenAi,
}

impl Flavor {
    /// The engine's name in the configuration, health reports and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
            Self::LlamaCpp => "llama.cpp",
            Self::TensorRtLlm => "tensorrt-llm",
            Self::OpenAi => "openai",
        }
    }
}
