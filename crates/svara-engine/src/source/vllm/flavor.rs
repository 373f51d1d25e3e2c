//! What engines with a `/v1/completions` understand besides OpenAI's own fields.

/// Which engine it is: all have the same API, and no two quite the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavor {
    /// vLLM, or a vllm-router in front of some.
    #[default]
    Vllm,
    /// SGLang. Older ones give text only.
    Sglang,
    /// llama.cpp's `llama-server`: text only, its own names for sampling, stop texts instead of stop tokens.
    LlamaCpp,
    /// TensorRT-LLM's `trtllm-serve`, which refuses what it doesn't know.
    TensorRtLlm,
    /// Any other: nothing but what OpenAI's API has.
    OpenAi,
}

impl Flavor {
    /// The word for it in the configuration, health reports and logs.
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
