//! Tokens from vLLM, or any engine with an OpenAI-compatible `/v1/completions`.

mod sse;
mod wire;

use std::time::Duration;

use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use reqwest::{Client, StatusCode};
use svara_snac::{CustomTokenText, TokenLayout};
use tokio::time::timeout;

use self::{
    sse::SseDecoder,
    wire::{CompletionEvent, CompletionRequest, ErrorBody},
};
use super::{
    FinishReason, SourceError, SourceInfo, TokenEvent, TokenSource, TokenStream, Utterance, excerpt,
};
use crate::PromptBuilder;

/// Where the engine is and how long to wait for it.
#[derive(Clone, Debug)]
pub struct VllmSettings {
    /// The base of its API, such as `http://localhost:8000/v1`.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// Its API key.
    pub api_key: Option<String>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the first token may take: this includes waiting in the engine's queue.
    pub first_token_timeout: Duration,
    /// How long the stream may be silent after that. vLLM leaves streams open in silence when it is told to stop.
    pub inactivity_timeout: Duration,
    /// Tokens for each event of the stream. One frame is 7: far fewer events than one token each.
    pub stream_interval: u32,
}

/// How long a health check may take.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);
/// What is read of an error's body.
const MAX_ERROR_BYTES: usize = 16 * 1024;

/// A [`TokenSource`] that streams from an engine over HTTP.
pub struct VllmSource {
    client: Client,
    settings: VllmSettings,
    prompts: PromptBuilder,
    completions_url: String,
}

impl VllmSource {
    /// A source; nothing is connected yet.
    ///
    /// # Errors
    /// The HTTP client can't be made.
    pub fn new(mut settings: VllmSettings, prompts: PromptBuilder) -> Result<Self, reqwest::Error> {
        // Fails where a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .connect_timeout(settings.connect_timeout)
            .tcp_nodelay(true)
            // Engines are next door; a proxy from the environment would only be in the way.
            .no_proxy()
            .build()?;
        settings.base_url = settings.base_url.trim_end_matches('/').to_owned();
        let completions_url = format!("{}/completions", settings.base_url);
        Ok(Self { client, settings, prompts, completions_url })
    }

    async fn start(&self, utterance: Utterance) -> Result<TokenStream, SourceError> {
        let prompt = self
            .prompts
            .preset(&utterance.voice, &utterance.text)
            .map_err(|reason| SourceError::Nonsense { reason: format!("no prompt: {reason}") })?;
        let profile = self.prompts.profile();
        let body = CompletionRequest::new(&self.settings, &prompt, &utterance, &profile.stop_ids);
        let mut request = self.client.post(&self.completions_url).json(&body);
        request = request.header("x-request-id", &utterance.request_id);
        if let Some(key) = &self.settings.api_key {
            request = request.bearer_auth(key);
        }
        let first = self.settings.first_token_timeout;
        let waiting_since = tokio::time::Instant::now();
        let response = timeout(first, request.send())
            .await
            .map_err(|_| SourceError::Timeout { after: first, phase: "before it answered" })?
            .map_err(|error| unreachable(&error))?;
        if !response.status().is_success() {
            return Err(rejected(response).await);
        }
        let events = Events {
            body: response.bytes_stream().boxed(),
            sse: SseDecoder::default(),
            reader: TokenReader::new(profile.layout, profile.stop_ids.clone()),
            // The first token has what is left of its time.
            patience: first.saturating_sub(waiting_since.elapsed()),
            phase: "before the first token",
            inactivity: self.settings.inactivity_timeout,
            done: false,
        };
        Ok(stream::unfold(events, Events::step).boxed())
    }
}

impl TokenSource for VllmSource {
    fn open(&self, utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>> {
        self.start(utterance).boxed()
    }

    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        async {
            let mut request =
                self.client.get(format!("{}/models", self.settings.base_url)).timeout(HEALTH_TIMEOUT);
            if let Some(key) = &self.settings.api_key {
                request = request.bearer_auth(key);
            }
            let response = request.send().await.map_err(|error| unreachable(&error))?;
            if response.status().is_success() { Ok(()) } else { Err(rejected(response).await) }
        }
        .boxed()
    }

    fn about(&self) -> SourceInfo {
        SourceInfo {
            kind: "vllm",
            model: self.settings.model.clone(),
            url: Some(self.settings.base_url.clone()),
            notice: None,
        }
    }
}

/// The state of one stream.
struct Events {
    body: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    sse: SseDecoder,
    reader: TokenReader,
    /// How long the next bytes may take.
    patience: Duration,
    phase: &'static str,
    inactivity: Duration,
    done: bool,
}

impl Events {
    async fn step(mut self) -> Option<(Result<TokenEvent, SourceError>, Self)> {
        if self.done {
            return None;
        }
        let event = self.next().await;
        self.done = !matches!(event, Ok(TokenEvent::Tokens(_)));
        Some((event, self))
    }

    async fn next(&mut self) -> Result<TokenEvent, SourceError> {
        loop {
            while let Some(data) = self.sse.next().map_err(|reason| SourceError::Nonsense { reason })? {
                if let Some(event) = self.reader.read(&data)? {
                    (self.patience, self.phase) = (self.inactivity, "in the middle of the speech");
                    return Ok(event);
                }
            }
            if let Some(reason) = self.reader.finish {
                return Ok(TokenEvent::End(reason));
            }
            let bytes = timeout(self.patience, self.body.next())
                .await
                .map_err(|_| SourceError::Timeout { after: self.patience, phase: self.phase })?;
            match bytes {
                Some(Ok(bytes)) => self.sse.push(&bytes),
                Some(Err(error)) => return Err(SourceError::BrokeOff { reason: with_causes(&error) }),
                None => {
                    return Err(SourceError::BrokeOff {
                        reason: "the stream ended without a finish reason".into(),
                    });
                }
            }
        }
    }
}

/// Reads events: token ids where the engine gives them, the text otherwise.
struct TokenReader {
    layout: TokenLayout,
    stop_ids: Vec<u32>,
    text: CustomTokenText,
    finish: Option<FinishReason>,
}

impl TokenReader {
    fn new(layout: TokenLayout, stop_ids: Vec<u32>) -> Self {
        Self { layout, stop_ids, text: CustomTokenText::default(), finish: None }
    }

    /// The tokens of one event, if it has any. A finish reason is kept for after them: `[DONE]` proves nothing, it
    /// follows errors too.
    fn read(&mut self, data: &str) -> Result<Option<TokenEvent>, SourceError> {
        if data == "[DONE]" || self.finish.is_some() {
            return Ok(None);
        }
        let event: CompletionEvent = serde_json::from_str(data)
            .map_err(|error| SourceError::Nonsense { reason: format!("{error} in {:?}", excerpt(data)) })?;
        if let Some(error) = event.error {
            return Err(SourceError::BrokeOff { reason: excerpt(&error.into_message()) });
        }
        let Some(choice) = event.choices.into_iter().next() else { return Ok(None) };
        let mut tokens = match (choice.token_ids, choice.text) {
            (Some(ids), _) => ids,
            (None, Some(text)) => {
                let mut ids = Vec::new();
                self.text.push(&text, |number| ids.extend(self.layout.custom_token(number)));
                ids
            }
            (None, None) => Vec::new(),
        };
        tokens.retain(|id| !self.stop_ids.contains(id));
        self.finish = match choice.finish_reason.as_deref() {
            None => None,
            Some("stop") => Some(FinishReason::Stop),
            Some("length") => Some(FinishReason::Length),
            Some(other) => {
                let reason = format!("it finished with reason {:?}", excerpt(other));
                return Err(SourceError::BrokeOff { reason });
            }
        };
        Ok((!tokens.is_empty()).then_some(TokenEvent::Tokens(tokens)))
    }
}

async fn rejected(response: reqwest::Response) -> SourceError {
    let status = response.status();
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Ok(Some(Ok(bytes))) = timeout(HEALTH_TIMEOUT, stream.next()).await {
        body.extend_from_slice(&bytes);
        if body.len() > MAX_ERROR_BYTES {
            break;
        }
    }
    let text = String::from_utf8_lossy(&body);
    let error = serde_json::from_str::<ErrorBody>(&text).ok().map(|body| body.error);
    // A request can only be the caller's fault where it names a field that the caller sets.
    let param = error.as_ref().and_then(|error| error.param());
    let field =
        (status == StatusCode::BAD_REQUEST).then_some(param).flatten().and_then(|param| match param {
            "input_tokens" => Some("text"),
            "max_tokens" => Some("max_tokens"),
            _ => None,
        });
    let message = error.map_or_else(|| text.trim().to_owned(), wire::EngineError::into_message);
    SourceError::Rejected { status: status.as_u16(), message: excerpt(&message), field }
}

fn unreachable(error: &reqwest::Error) -> SourceError {
    SourceError::Unreachable { reason: with_causes(error) }
}

/// An error with what lies behind it: reqwest's own text seldom says why.
fn with_causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> TokenReader {
        TokenReader::new(TokenLayout::default(), vec![128_258])
    }

    fn tokens(event: Option<TokenEvent>) -> Vec<u32> {
        match event {
            Some(TokenEvent::Tokens(tokens)) => tokens,
            other => panic!("expected tokens, got {other:?}"),
        }
    }

    #[test]
    fn token_ids_are_read_and_the_stop_token_left_out() {
        let mut reader = reader();
        let event = r#"{"choices":[{"index":0,"text":"","finish_reason":"stop","stop_reason":128258,"token_ids":[128266,128258]}]}"#;
        assert_eq!(tokens(reader.read(event).unwrap()), [128_266]);
        assert_eq!(reader.finish, Some(FinishReason::Stop));
    }

    #[test]
    fn text_is_read_where_there_are_no_ids() {
        let mut reader = reader();
        let event = r#"{"choices":[{"text":"<custom_token_10><custom_token_4107>","token_ids":null,"finish_reason":null}]}"#;
        assert_eq!(tokens(reader.read(event).unwrap()), [128_266, 132_363]);
        let event = r#"{"choices":[{"text":"<custom_tok"}]}"#;
        assert_eq!(reader.read(event).unwrap(), None);
        let event = r#"{"choices":[{"text":"en_10>","finish_reason":"length"}]}"#;
        assert_eq!(tokens(reader.read(event).unwrap()), [128_266]);
        assert_eq!(reader.finish, Some(FinishReason::Length));
    }

    #[test]
    fn an_error_event_and_other_finish_reasons_are_failures() {
        for event in [
            r#"{"error":{"message":"EngineCore encountered an issue.","type":"InternalServerError","param":null,"code":500}}"#,
            r#"{"error":"Unauthorized"}"#,
            r#"{"choices":[{"text":"","finish_reason":"abort"}]}"#,
        ] {
            assert!(matches!(reader().read(event), Err(SourceError::BrokeOff { .. })), "{event}");
        }
        assert!(matches!(reader().read("<html>"), Err(SourceError::Nonsense { .. })));
    }

    #[test]
    fn done_proves_nothing() {
        let mut reader = reader();
        assert_eq!(reader.read("[DONE]").unwrap(), None);
        assert_eq!(reader.finish, None);
    }
}
