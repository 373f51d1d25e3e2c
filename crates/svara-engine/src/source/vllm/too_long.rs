//! Requests that are too long for an engine's context. Few engines have a field or a code for it, so their words tell.

use crate::source::{SourceError, excerpt};

/// Words for an engine's context in refusals of vLLM, SGLang, llama.cpp, TensorRT-LLM, TGI, Ollama and the proxies before
/// them, in lower case. None of them stands in a refusal for another reason.
const WORDS: [&str; 22] = [
    "context length",
    "context size",
    "context window",
    "context_length",
    "context_size",
    "context_window",
    "model length",
    "max_model_len",
    "max model len",
    "max_seq_len",
    "max seq len",
    "maximum sequence length",
    "max sequence length",
    "max_input_len",
    "max_input_tokens",
    "max_total_tokens",
    "input length",
    "prompt length",
    "prompt is too long",
    "maximum allowed length",
    "`inputs` tokens",
    "`inputs` must have less",
];

/// Whether an error, with its code or kind where it has one, says so.
pub(super) fn is_told(error: &str) -> bool {
    let error = error.to_lowercase();
    WORDS.iter().any(|word| error.contains(word))
}

/// The failure that an error in a stream reports: engines that answer before they look at the prompt refuse it there.
pub(super) fn in_stream(message: &str) -> SourceError {
    let said = excerpt(message);
    if is_told(message) {
        return SourceError::Rejected { status: 400, message: said, field: Some("text"), retry_after: None };
    }
    SourceError::BrokeOff { reason: said }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_say_it_in_many_ways() {
        for words in [
            "This model's maximum context length is 2048 tokens. However, you requested 9000 tokens (8000 in the messages)",
            "The decoder prompt (length 3000) is longer than the maximum model length of 2048.",
            "Requested token count exceeds the model's maximum context length of 2048 tokens.",
            "The input (3000 tokens) is longer than the model's context length (2048 tokens).",
            "Input length (3000 tokens) exceeds the maximum allowed length (2043 tokens).",
            "the request exceeds the available context size. try increasing it",
            r#"{"error":{"code":400,"message":"request is too big","type":"exceed_context_size_error"}}"#,
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000 `inputs` tokens",
            "Input validation error: `inputs` must have less than 1024 tokens. Given: 3000",
            "The sum of prompt length (3000.0) and query length (0) should not exceed max_num_tokens (2048)",
            "default_max_tokens (-900) = max_seq_len (2048) - splited_prompt_len (2948)",
            r#"{"error":{"message":"too big","code":"context_length_exceeded"}}"#,
        ] {
            assert!(is_told(words), "{words}");
        }
        for words in
            ["The model `nope` does not exist.", "Unauthorized", "out of memory", "top_k must be at least 1"]
        {
            assert!(!is_told(words), "{words}");
        }
    }
}
