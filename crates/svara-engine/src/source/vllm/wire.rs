//! Requests to `/v1/completions`, and its errors.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use svara_snac::TokenLayout;

use super::{Flavor, VllmSettings};
use crate::{profile::ModelProfile, prompt::Prompt, source::Utterance};

/// The body of a request. Absent fields aren't sent, because some engines refuse unknown ones.
#[derive(Serialize)]
pub(super) struct CompletionRequest<'a> {
    model: &'a str,
    prompt: PromptField<'a>,
    stream: bool,
    temperature: f32,
    top_p: f32,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(flatten)]
    extra: Extra<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PromptField<'a> {
    Tokens(&'a [u32]),
    Text(&'a str),
}

/// The fields that differ between engines.
#[derive(Serialize)]
#[serde(untagged)]
enum Extra<'a> {
    Vllm {
        return_token_ids: bool,
        stream_interval: u32,
        stop_token_ids: &'a [u32],
        top_k: i32,
        repetition_penalty: f32,
        /// For models whose tokenizer counts audio tokens as special.
        skip_special_tokens: bool,
        /// Lower is earlier, where vLLM schedules by priority.
        #[serde(skip_serializing_if = "Option::is_none")]
        priority: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        vllm_xargs: Option<FrameArguments>,
    },
    Sglang {
        return_token_ids: bool,
        stop_token_ids: &'a [u32],
        top_k: i32,
        repetition_penalty: f32,
        skip_special_tokens: bool,
    },
    LlamaCpp {
        stop: &'a [String],
        top_k: i32,
        /// Not 0 by default.
        min_p: f32,
        repeat_penalty: f32,
        /// How many tokens `repeat_penalty` looks back on: all, as in other engines. The default is 64, and newer
        /// versions refuse -1 for all.
        repeat_last_n: i32,
    },
    TensorRtLlm {
        stop_token_ids: &'a [u32],
        top_k: i32,
        repetition_penalty: f32,
        skip_special_tokens: bool,
        /// Without text, the engine sends token ids.
        detokenize: bool,
    },
    OpenAi {
        stop: &'a [String],
    },
}

/// What `svara-vllm` reads: vLLM keeps arguments of its extensions apart from its own fields.
#[derive(Serialize)]
struct FrameArguments {
    snac_first_audio_token: u32,
    snac_codebook_size: u16,
}

impl FrameArguments {
    fn new(layout: &TokenLayout) -> Self {
        Self {
            snac_first_audio_token: layout.first_audio_token(),
            snac_codebook_size: layout.codebook_size(),
        }
    }
}

impl<'a> CompletionRequest<'a> {
    pub(super) fn new(
        settings: &'a VllmSettings,
        prompt: &'a Prompt,
        utterance: &Utterance,
        profile: &'a ModelProfile,
    ) -> Self {
        let sampling = utterance.sampling;
        // llama.cpp takes 32 bits, the others take a signed 64-bit number.
        let seed_bits = if settings.flavor == Flavor::LlamaCpp { 31 } else { 63 };
        Self {
            model: &settings.model,
            prompt: match prompt {
                Prompt::Tokens(ids) => PromptField::Tokens(ids),
                Prompt::Text(text) => PromptField::Text(text),
            },
            stream: true,
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            max_tokens: sampling.max_tokens,
            seed: utterance.seed.map(|seed| seed & ((1 << seed_bits) - 1)),
            extra: Extra::new(settings, prompt, utterance, profile),
        }
    }
}

impl<'a> Extra<'a> {
    fn new(
        settings: &VllmSettings,
        prompt: &Prompt,
        utterance: &Utterance,
        profile: &'a ModelProfile,
    ) -> Self {
        let sampling = utterance.sampling;
        let (top_k, repetition_penalty) = (sampling.top_k, sampling.repetition_penalty);
        let stop_token_ids = profile.stop_ids.as_slice();
        // Each engine has one value for "all tokens", -1 or 0, and some refuse the other.
        let or_all = |all| if top_k < 1 { all } else { top_k };
        match settings.flavor {
            Flavor::Vllm => Self::Vllm {
                return_token_ids: true,
                stream_interval: settings.stream_interval,
                stop_token_ids,
                top_k,
                repetition_penalty,
                skip_special_tokens: false,
                priority: settings.priority.then(|| utterance.urgency.priority()),
                vllm_xargs: settings.whole_frames.then(|| FrameArguments::new(&profile.layout)),
            },
            Flavor::Sglang => Self::Sglang {
                return_token_ids: true,
                stop_token_ids,
                top_k: or_all(-1),
                repetition_penalty,
                skip_special_tokens: false,
            },
            Flavor::LlamaCpp => Self::LlamaCpp {
                stop: &profile.stop_texts,
                top_k: or_all(0),
                min_p: 0.0,
                repeat_penalty: repetition_penalty,
                repeat_last_n: most_tokens(prompt, sampling.max_tokens),
            },
            Flavor::TensorRtLlm => Self::TensorRtLlm {
                stop_token_ids,
                top_k: or_all(0),
                repetition_penalty,
                skip_special_tokens: false,
                detokenize: false,
            },
            Flavor::OpenAi => Self::OpenAi { stop: &profile.stop_texts },
        }
    }
}

/// An upper bound of the tokens of prompt and speech: a token of text has at least one byte.
fn most_tokens(prompt: &Prompt, max_tokens: u32) -> i32 {
    let prompt = match prompt {
        Prompt::Tokens(ids) => ids.len(),
        Prompt::Text(text) => text.len(),
    };
    i32::try_from(prompt.saturating_add(max_tokens as usize)).unwrap_or(i32::MAX)
}

/// The body of a refusal: `{"error": …}`, the error itself (SGLang, TensorRT-LLM), or `{"detail": …}` from the engine's
/// web framework.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ErrorBody {
    Wrapped {
        #[serde(deserialize_with = "there")]
        error: EngineError,
    },
    Bare {
        message: String,
        param: Option<String>,
    },
    Detail {
        #[serde(deserialize_with = "there")]
        detail: EngineError,
    },
}

/// An error that is there: beside a `null`, the message is elsewhere.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EngineError, D::Error> {
    Option::deserialize(deserializer)?.ok_or_else(|| D::Error::custom("null is no error"))
}

impl ErrorBody {
    pub(super) fn into_error(self) -> EngineError {
        match self {
            Self::Wrapped { error } | Self::Detail { detail: error } => error,
            Self::Bare { message, param } => EngineError::Object { message, param },
        }
    }
}

/// An error: an object, or a string for vLLM's 401.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum EngineError {
    Object { message: String, param: Option<String> },
    Text(String),
    Other(serde_json::Value),
}

impl EngineError {
    pub(super) fn param(&self) -> Option<&str> {
        match self {
            Self::Object { param, .. } => param.as_deref(),
            Self::Text(_) | Self::Other(_) => None,
        }
    }

    pub(super) fn into_message(self) -> String {
        match self {
            Self::Object { message, .. } | Self::Text(message) => message,
            Self::Other(value) => value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::{request::Sampling, source::utterance_of};

    fn body(flavor: Flavor, top_k: i32) -> Value {
        body_of(flavor, top_k, |text| text)
    }

    /// The body with a changed profile.
    fn body_of(flavor: Flavor, top_k: i32, change: impl Fn(String) -> String) -> Value {
        let path = svara_testkit::models::workspace().join("config/models/svara-v1.toml");
        let profile = std::fs::read_to_string(&path).unwrap();
        let profile = ModelProfile::of_text(&change(profile), &path).unwrap();
        let settings = VllmSettings {
            flavor,
            base_url: String::new(),
            model: "m".into(),
            api_key: None,
            connect_timeout: Duration::ZERO,
            first_token_timeout: Duration::ZERO,
            inactivity_timeout: Duration::ZERO,
            stream_interval: 7,
            whole_frames: true,
            priority: true,
        };
        let sampling =
            Sampling { temperature: 0.5, top_p: 1.0, top_k, repetition_penalty: 1.25, max_tokens: 9 };
        let utterance = Utterance { sampling, seed: Some(u64::MAX), ..utterance_of("v") };
        let prompt = Prompt::Tokens(vec![1, 2]);
        serde_json::to_value(CompletionRequest::new(&settings, &prompt, &utterance, &profile)).unwrap()
    }

    /// Field by field, because engines may refuse unknown fields and values.
    #[test]
    fn each_engine_gets_its_own_fields() {
        let common = |seed: u64, extra: Value| {
            let mut body = json!({
                "model": "m", "prompt": [1, 2], "stream": true, "temperature": 0.5, "top_p": 1.0, "max_tokens": 9,
                "seed": seed,
            });
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            body
        };
        let (bits_63, bits_31) = ((1 << 63) - 1, (1 << 31) - 1);
        for (flavor, expected) in [
            (
                Flavor::Vllm,
                common(
                    bits_63,
                    json!({
                        "return_token_ids": true, "stream_interval": 7, "stop_token_ids": [128_258], "top_k": 40,
                        "repetition_penalty": 1.25, "skip_special_tokens": false, "priority": 0,
                        "vllm_xargs": {"snac_first_audio_token": 128_266, "snac_codebook_size": 4096},
                    }),
                ),
            ),
            (
                Flavor::Sglang,
                common(
                    bits_63,
                    json!({
                        "return_token_ids": true, "stop_token_ids": [128_258], "top_k": 40, "repetition_penalty": 1.25,
                        "skip_special_tokens": false,
                    }),
                ),
            ),
            (
                Flavor::LlamaCpp,
                common(
                    bits_31,
                    json!({
                        "stop": ["<custom_token_2>"], "top_k": 40, "min_p": 0.0, "repeat_penalty": 1.25,
                        "repeat_last_n": 11,
                    }),
                ),
            ),
            (
                Flavor::TensorRtLlm,
                common(
                    bits_63,
                    json!({
                        "stop_token_ids": [128_258], "top_k": 40, "repetition_penalty": 1.25,
                        "skip_special_tokens": false, "detokenize": false,
                    }),
                ),
            ),
            (Flavor::OpenAi, common(bits_63, json!({"stop": ["<custom_token_2>"]}))),
        ] {
            assert_eq!(body(flavor, 40), expected, "{flavor:?}");
        }
        for given in [-1, 0] {
            let all = |flavor| body(flavor, given)["top_k"].as_i64();
            assert_eq!(
                [all(Flavor::Sglang), all(Flavor::LlamaCpp), all(Flavor::TensorRtLlm)],
                [Some(-1), Some(0), Some(0)]
            );
        }
    }

    /// Whatever its name is: not all stop tokens are among the custom ones.
    #[test]
    fn a_stop_token_is_sent_as_it_is_spelled() {
        let stops = |text: String| {
            text.replace("stop = [\"end_of_speech\"]", "stop = [\"end_of_speech\", \"end_of_turn\"]")
        };
        for flavor in [Flavor::LlamaCpp, Flavor::OpenAi] {
            let stop = &body_of(flavor, 40, stops)["stop"];
            assert_eq!(*stop, json!(["<custom_token_2>", "<|eot_id|>"]), "{flavor:?}");
        }
    }

    #[test]
    fn a_penalty_looks_back_on_all_tokens() {
        assert_eq!(most_tokens(&Prompt::Text("नमस्ते".into()), 9), 18 + 9);
        assert_eq!(most_tokens(&Prompt::Tokens(vec![1]), u32::MAX), i32::MAX);
    }

    #[test]
    fn every_form_of_a_refusal_is_quoted() {
        for (text, message) in [
            (r#"{"error":{"message":"no","type":"x","param":"y","code":400}}"#, "no"),
            (r#"{"error":"Unauthorized"}"#, "Unauthorized"),
            (r#"{"object":"error","message":"no","type":"BadRequestError","param":null,"code":400}"#, "no"),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (r#"{"error":null,"message":"no"}"#, "no"),
            (r#"{"error":null,"message":null,"detail":"no"}"#, "no"),
            (r#"{"detail":[{"loc":["body","x"]}]}"#, r#"[{"loc":["body","x"]}]"#),
        ] {
            let body: ErrorBody = serde_json::from_str(text).unwrap();
            assert_eq!(body.into_error().into_message(), message);
        }
    }
}
