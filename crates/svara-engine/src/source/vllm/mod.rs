//! Tokens from vLLM, or any engine with an OpenAI-compatible `/v1/completions`.

mod event;
mod events;
mod flavor;
mod sse;
mod wire;

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use reqwest::{Client, StatusCode, header::HeaderValue};
use tokio::time::timeout;

pub(crate) use self::events::read_all;
pub use self::flavor::Flavor;
use self::{
    events::TokenReader,
    wire::{CompletionRequest, ErrorBody},
};
use super::{SourceError, SourceInfo, TokenSource, TokenStream, Utterance, excerpt};
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
/// The most bytes read of an error's body.
const MAX_ERROR_BYTES: usize = 16 * 1024;

/// A [`TokenSource`] that streams from an engine over HTTP.
pub struct VllmSource {
    client: Client,
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
        // This fails if a provider is installed already, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder();
        // A request on a pooled connection that the network has lost fails as soon as a new connection would, and not
        // only when the first token is overdue.
        #[cfg(target_os = "linux")]
        let client = client.tcp_user_timeout(settings.connect_timeout);
        let client = client
            .connect_timeout(settings.connect_timeout)
            .tcp_nodelay(true)
            // Engines are in the same network: a proxy from the environment would only be in the way.
            .no_proxy()
            .build()?;
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
        let prompt =
            prompt.map_err(|reason| SourceError::Nonsense { reason: format!("no prompt: {reason}") })?;
        let profile = self.prompts.profile();
        let body = CompletionRequest::new(&self.settings, &prompt, &utterance, profile);
        let mut request = self.client.post(&self.completions_url).json(&body);
        request = request.header("x-request-id", &utterance.request_id);
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
        let reader = TokenReader::new(profile.layout, profile.stop_ids.clone());
        // The answer has used part of the first token's time.
        let first = first.saturating_sub(waiting_since.elapsed());
        Ok(events::tokens(response.bytes_stream().boxed(), reader, first, self.settings.inactivity_timeout))
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
    let error = serde_json::from_str::<ErrorBody>(&text).ok().map(ErrorBody::into_error);
    // A refusal is the caller's fault only if it names a field that the caller sets.
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
