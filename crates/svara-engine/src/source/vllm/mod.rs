//! Tokens from vLLM, or any engine with an OpenAI-compatible `/v1/completions`.

mod answer;
mod client;
mod event;
mod events;
mod flavor;
mod models;
mod request_id;
mod sign;
mod sse;
mod too_long;
mod wire;

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use reqwest::{RequestBuilder, header::HeaderValue};
use tokio::time::timeout;

pub(crate) use self::events::read_all;
pub use self::flavor::Flavor;
use self::{
    client::EngineClient,
    events::{Patience, TokenReader},
    wire::CompletionRequest,
};
use super::{SourceError, SourceInfo, TokenSource, TokenStream, Utterance};
use crate::{prompt::PromptBuilder, voice::reference::CloningUnavailable};

/// The address of an engine, and its timeouts.
#[derive(Clone, Debug)]
pub struct VllmSettings {
    /// The kind of the engine.
    pub flavor: Flavor,
    /// The base of its API, such as `http://localhost:8000/v1`.
    pub base_url: String,
    /// The model's name in the engine.
    pub model: String,
    /// Its API key.
    pub api_key: Option<String>,
    /// The timeout of a connection.
    pub connect_timeout: Duration,
    /// The timeout of the first token, including the time in the engine's queue.
    pub first_token_timeout: Duration,
    /// The timeout of each later event. vLLM leaves its streams open when it shuts down.
    pub inactivity_timeout: Duration,
    /// Tokens per event of the stream. 7, one frame, makes far fewer events than 1.
    pub stream_interval: u32,
    /// Whether the engine is asked to generate whole frames only. Only vLLM, with our logits processor, does.
    pub whole_frames: bool,
    /// Whether requests say how urgent they are. Only for vLLM.
    pub priority: bool,
}

/// The settings of an engine can't be used.
#[derive(Debug, thiserror::Error)]
pub enum VllmError {
    /// The base URL isn't a URL.
    #[error("{0:?} is not a URL with a host")]
    Url(String),
    /// The HTTP client can't be created.
    #[error(transparent)]
    Client(#[from] reqwest::Error),
}

/// The timeout of a health check.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// A [`TokenSource`] that streams from an engine over HTTP.
pub struct VllmSource {
    client: EngineClient,
    settings: VllmSettings,
    prompts: Arc<PromptBuilder>,
    completions_url: String,
    name: String,
}

impl VllmSource {
    /// Creates a source without connecting.
    ///
    /// # Errors
    /// The base URL isn't a URL, or the HTTP client can't be created.
    pub fn new(mut settings: VllmSettings, prompts: Arc<PromptBuilder>) -> Result<Self, VllmError> {
        let client = EngineClient::new(settings.connect_timeout)?;
        settings.base_url = settings.base_url.trim_end_matches('/').to_owned();
        let name = name_of(&settings.base_url)?;
        let completions_url = format!("{}/completions", settings.base_url);
        Ok(Self { client, settings, prompts, completions_url, name })
    }

    /// The engine's name: host and port, and the path unless it is `/v1`. Never a user or a password.
    pub fn name(&self) -> &str {
        &self.name
    }

    async fn start(&self, utterance: Utterance) -> Result<TokenStream, SourceError> {
        let prompt = match &utterance.reference {
            Some(reference) => self.prompts.clone_of(reference, &utterance.text),
            None => self.prompts.preset(&utterance.voice, &utterance.text),
        };
        let prompt = prompt.map_err(|reason| SourceError::NoPrompt { reason })?;
        let profile = self.prompts.profile();
        let body = CompletionRequest::new(&self.settings, &prompt, &utterance, profile);
        let id = request_id::unique(&utterance.request_id);
        tracing::debug!(id = utterance.request_id, engine_id = id, engine = self.name, "engine asked");
        let mut request = self.client.post(&self.completions_url).json(&body);
        request = request.header("x-request-id", id);
        // vllm-router sends all requests of a session to one engine. The id of a voice may be in any script, so the
        // header is made of bytes.
        if let Ok(session) = HeaderValue::from_bytes(utterance.session_id().as_bytes()) {
            request = request.header("x-session-id", session);
        }
        if let Some(trace) = &utterance.trace {
            request = request.header("traceparent", trace.traceparent());
            if let Some(state) = trace.tracestate() {
                request = request.header("tracestate", state);
            }
        }
        let request = self.with_key(request);
        let first = self.settings.first_token_timeout;
        let waiting_since = tokio::time::Instant::now();
        let response = timeout(first, self.client.send(request))
            .await
            .map_err(|_| SourceError::Timeout { after: first, phase: "before it answered" })?
            .map_err(|error| unreachable(&error))?;
        let response = answer::stream(response).await?;
        let reader = TokenReader::new(profile.layout, profile.stop_ids.clone());
        let patience = Patience {
            first,
            // The answer has used part of the first token's time.
            used: waiting_since.elapsed(),
            inactivity: self.settings.inactivity_timeout,
        };
        Ok(events::tokens(response.bytes_stream().boxed(), reader, patience))
    }

    fn with_key(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.settings.api_key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Asks the list of models, or, where the engine has none, whether there is a place to ask for speech.
    async fn probe(&self) -> Result<(), SourceError> {
        let get = |url: String| self.with_key(self.client.get(&url)).timeout(HEALTH_TIMEOUT);
        let list = self.client.send(get(format!("{}/models", self.settings.base_url))).await;
        let list = list.map_err(|error| unreachable(&error))?;
        if list.status().is_success() {
            let body = answer::body(list, models::MAX_LIST_BYTES).await;
            return models::check(self.settings.flavor, &self.settings.model, &body);
        }
        if !matches!(list.status().as_u16(), 404 | 405 | 501) {
            return Err(answer::rejected(list).await);
        }
        // A path that only takes POST answers 405, or says what a request lacks.
        let place = self.client.send(get(self.completions_url.clone())).await;
        let place = place.map_err(|error| unreachable(&error))?;
        match place.status().as_u16() {
            300..=399 | 401 | 403 | 404 | 500 | 502.. => Err(answer::rejected(place).await),
            _ => Ok(()),
        }
    }
}

impl TokenSource for VllmSource {
    fn open(&self, utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>> {
        self.start(utterance).boxed()
    }

    fn cloning(&self) -> Result<(), CloningUnavailable> {
        self.prompts.cloning()
    }

    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        self.probe().boxed()
    }

    fn about(&self) -> SourceInfo {
        SourceInfo {
            kind: self.settings.flavor.name(),
            model: self.settings.model.clone(),
            url: Some(self.settings.base_url.clone()),
            notice: None,
        }
    }
}

fn name_of(base_url: &str) -> Result<String, VllmError> {
    let no_url = || VllmError::Url(base_url.to_owned());
    let url = reqwest::Url::parse(base_url).map_err(|_| no_url())?;
    let host = url.host_str().ok_or_else(no_url)?;
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    let path = if url.path() == "/v1" { "" } else { url.path().trim_end_matches('/') };
    Ok(format!("{host}{port}{path}"))
}

/// A failure of sending. Without a connection, other requests get no answer either; one that ends, or an answer that is late,
/// may be this request's alone.
fn unreachable(error: &reqwest::Error) -> SourceError {
    SourceError::Unreachable { reason: with_causes(error), is_gone: error.is_connect() }
}

/// An error with its causes: reqwest's own text seldom says why.
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

    #[test]
    fn an_engines_name_has_its_host_and_no_password() {
        for (url, name) in [
            ("http://gpu-1:8000/v1", "gpu-1:8000"),
            ("https://user:hush@engines.example/a/v1", "engines.example:443/a/v1"),
            ("http://[::1]:8000", "[::1]:8000"),
        ] {
            assert_eq!(name_of(url).unwrap(), name);
        }
        assert!(name_of("http://").is_err() && name_of("gpu").is_err());
    }
}
