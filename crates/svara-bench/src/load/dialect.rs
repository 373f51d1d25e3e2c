//! Requests in each dialect, and the reasons of refusals.

use std::time::Duration;

use clap::ValueEnum;
use reqwest::{Client, RequestBuilder, multipart::Form};
use serde_json::{Value, json};

/// The API that a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// `POST /v1/text-to-speech` with JSON: svara-server's own.
    Svara,
    /// `POST /v1/audio/speech` with JSON: OpenAI's, which many servers offer.
    #[value(name = "openai")]
    OpenAi,
    /// `POST /v1/text-to-speech` with form data: as clients of the Python stack send it.
    Python,
}

impl Dialect {
    /// The voice unless one is given.
    pub(crate) fn default_voice(self) -> &'static str {
        match self {
            Self::Svara | Self::OpenAi => "hi_female",
            Self::Python => "Hindi (Female)",
        }
    }

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Svara => "svara",
            Self::OpenAi => "openai",
            Self::Python => "python",
        }
    }
}

/// What all requests of a run share.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) client: Client,
    /// Without a slash at the end.
    pub(crate) url: String,
    pub(crate) dialect: Dialect,
    pub(crate) voice: String,
    pub(crate) model: Option<String>,
    pub(crate) format: &'static str,
    pub(crate) api_key: Option<String>,
    pub(crate) timeout: Duration,
}

impl Target {
    pub(super) fn request(&self, text: &str) -> RequestBuilder {
        let path = match self.dialect {
            Dialect::Svara | Dialect::Python => "/v1/text-to-speech",
            Dialect::OpenAi => "/v1/audio/speech",
        };
        let request = self.client.post(format!("{}{path}", self.url));
        let request = match &self.api_key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        match self.dialect {
            Dialect::Svara => {
                let mut body = json!({
                    "text": text, "voice": self.voice, "response_format": self.format, "stream": true,
                });
                self.name_model(&mut body, "model_id");
                request.json(&body)
            }
            Dialect::OpenAi => {
                let mut body = json!({
                    "model": "tts-1", "input": text, "voice": self.voice, "response_format": self.format,
                });
                self.name_model(&mut body, "model");
                request.json(&body)
            }
            Dialect::Python => {
                let mut form = Form::new()
                    .text("text", text.to_owned())
                    .text("voice", self.voice.clone())
                    .text("stream", "true")
                    .text("response_format", self.format);
                if let Some(model) = &self.model {
                    form = form.text("model_id", model.clone());
                }
                request.multipart(form)
            }
        }
    }

    fn name_model(&self, body: &mut Value, field: &str) {
        if let (Some(model), Value::Object(fields)) = (&self.model, body) {
            fields.insert(field.to_owned(), json!(model));
        }
    }
}

/// Characters of an answer that a reason quotes at most.
const REASON_CHARACTERS: usize = 60;

/// The reason in an error's body: its type, or the start of its message.
pub(super) fn refusal_reason(status: u16, body: &str) -> String {
    let json: Option<Value> = serde_json::from_str(body).ok();
    let field = |path: &str| json.as_ref().and_then(|json| json.pointer(path)).and_then(Value::as_str);
    let said = field("/error/code")
        .or_else(|| field("/error/type"))
        .or_else(|| field("/detail"))
        .or_else(|| field("/error"))
        .unwrap_or(body);
    let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said: String = said.chars().take(REASON_CHARACTERS).collect();
    format!("status {status} {said}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_named_in_every_dialect() {
        for (body, reason) in [
            (
                r#"{"detail": "x", "error": {"type": "server_full", "origin": "server"}}"#,
                "status 503 server_full",
            ),
            (
                r#"{"error": {"message": "x", "type": "server_error", "code": "server_full"}}"#,
                "status 503 server_full",
            ),
            (r#"{"detail": "SNAC\n died"}"#, "status 503 SNAC died"),
            ("", "status 503"),
        ] {
            assert_eq!(refusal_reason(503, body), reason, "{body}");
        }
        assert!(refusal_reason(500, &"x".repeat(10_000)).len() < 80);
    }
}
