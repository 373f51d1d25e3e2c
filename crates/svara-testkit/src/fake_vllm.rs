//! A fake of vLLM's `/v1/completions` stream, for faults that a real one doesn't have on demand.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

/// What the fake does with a request.
#[derive(Clone, Debug)]
pub struct Script {
    /// The tokens it streams, as ids; see [`Script::chunk_tokens`].
    pub tokens: Vec<u32>,
    /// Tokens in each event.
    pub chunk_tokens: usize,
    /// Whether tokens go as ids, or as text only.
    pub form: Form,
    /// How the stream ends.
    pub end: End,
    /// A pause before each event.
    pub pause: Duration,
}

/// How tokens are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `token_ids`, as vLLM does when asked.
    Ids,
    /// `text` with `<custom_token_N>`, as other engines do.
    Text,
}

/// How the answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// A finish reason, then `[DONE]`.
    Finish(&'static str),
    /// An error event, then `[DONE]`: what vLLM sends when its engine dies.
    ErrorEvent,
    /// The connection is closed without a finish reason.
    Eof,
    /// Silence for ever.
    Hang,
    /// No stream at all: this status and body.
    Refuse(u16, String),
}

impl Script {
    /// Well-behaved: seven tokens an event, ended by the model.
    pub fn new(tokens: Vec<u32>) -> Self {
        Self { tokens, chunk_tokens: 7, form: Form::Ids, end: End::Finish("stop"), pause: Duration::ZERO }
    }

    /// As many frames, with codes that differ from frame to frame.
    pub fn frames(count: usize) -> Self {
        Self::new(frame_tokens(count))
    }
}

/// The audio tokens of so many frames in svara's layout.
pub fn frame_tokens(count: usize) -> Vec<u32> {
    (0..count * 7).map(|n| 128_266 + (n as u32 % 7) * 4096 + (n as u32 * 977) % 4096).collect()
}

/// A running fake; it stops when dropped.
pub struct FakeVllm {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

struct Shared {
    script: Mutex<Script>,
    next: Mutex<Option<Script>>,
    requests: Mutex<Vec<Value>>,
    headers: Mutex<Vec<HeaderMap>>,
    /// Streams that are open; changes can be waited for.
    open: watch::Sender<usize>,
    /// Whether it is to end.
    killed: watch::Sender<bool>,
}

impl FakeVllm {
    /// Starts one on a free port of the loopback.
    pub async fn start(script: Script) -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            next: Mutex::default(),
            requests: Mutex::default(),
            headers: Mutex::default(),
            open: watch::Sender::new(0),
            killed: watch::Sender::new(false),
        });
        let app = Router::new()
            .route("/v1/completions", post(completions))
            .route("/v1/models", get(async || Json(json!({"object": "list", "data": [{"id": "svara"}]}))))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let killed = wait_for_kill(&shared);
        let server = axum::serve(listener, app).with_graceful_shutdown(killed);
        let server = tokio::spawn(async move { server.await.unwrap_or_default() });
        Self { address, shared, server }
    }

    /// The base of its API.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What the next requests get.
    pub fn set(&self, script: Script) {
        *lock(&self.shared.script) = script;
    }

    /// What the next request gets, and only that.
    pub fn set_next(&self, script: Script) {
        *lock(&self.shared.next) = Some(script);
    }

    /// The bodies of the requests so far.
    pub fn requests(&self) -> Vec<Value> {
        lock(&self.shared.requests).clone()
    }

    /// The headers of the requests so far.
    pub fn headers(&self) -> Vec<HeaderMap> {
        lock(&self.shared.headers).clone()
    }

    /// Waits until so many streams are open.
    pub async fn wait_for_open_streams(&self, count: usize) {
        // The sender lives as long as this does.
        let _ = self.shared.open.subscribe().wait_for(|open| *open == count).await;
    }
}

impl FakeVllm {
    /// Ends it in the middle of all that it does; returns once nobody listens any more.
    pub async fn kill(mut self) {
        self.shared.killed.send_replace(true);
        // A task that failed is over as well.
        let _ = (&mut self.server).await;
    }
}

impl Drop for FakeVllm {
    fn drop(&mut self) {
        self.shared.killed.send_replace(true);
    }
}

fn wait_for_kill(shared: &Arc<Shared>) -> impl Future<Output = ()> + Send + 'static {
    let mut killed = shared.killed.subscribe();
    async move {
        // The sender is gone only when all is over.
        let _ = killed.wait_for(|killed| *killed).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts an open stream for as long as its body lives.
struct OpenStream(Arc<Shared>);

impl OpenStream {
    fn new(shared: Arc<Shared>) -> Self {
        shared.open.send_modify(|open| *open += 1);
        Self(shared)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open -= 1);
    }
}

async fn completions(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Json(request): Json<Value>,
) -> Response {
    lock(&shared.requests).push(request);
    // A value is a part of the buffer that it was read into: one that is kept would keep all of that.
    let copied = headers
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), HeaderValue::from_bytes(value.as_bytes()).ok()?)));
    lock(&shared.headers).push(copied.collect());
    let next = lock(&shared.next).take();
    let script = next.unwrap_or_else(|| lock(&shared.script).clone());
    if let End::Refuse(status, body) = script.end {
        let status = axum::http::StatusCode::from_u16(status).unwrap_or_default();
        return (status, [("content-type", "application/json")], body).into_response();
    }
    let open = OpenStream::new(Arc::clone(&shared));
    let mut events: Vec<String> = script
        .tokens
        .chunks(script.chunk_tokens.max(1))
        .map(|tokens| token_event(tokens, script.form))
        .collect();
    match script.end {
        End::Finish(reason) => {
            events.push(
                json!({"choices": [{"text": "", "token_ids": [], "finish_reason": reason}]}).to_string(),
            );
            events.push("[DONE]".to_owned());
        }
        End::ErrorEvent => {
            events.push(
                json!({"error": {"message": "EngineCore encountered an issue.", "code": 500}}).to_string(),
            );
            events.push("[DONE]".to_owned());
        }
        End::Eof | End::Hang | End::Refuse(..) => {}
    }
    let hang = script.end == End::Hang;
    let pause = script.pause;
    let sent = stream::iter(events).then(move |event| async move {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Ok::<_, std::convert::Infallible>(Bytes::from(format!("data: {event}\n\n")))
    });
    let silence = stream::once(async move {
        if hang {
            std::future::pending::<()>().await;
        }
        Ok(Bytes::new())
    });
    let killed = Box::pin(wait_for_kill(&shared));
    let body = sent.chain(silence).take_until(killed).map(move |chunk| {
        let _ = &open;
        chunk
    });
    ([("content-type", "text/event-stream; charset=utf-8")], Body::from_stream(body)).into_response()
}

fn token_event(tokens: &[u32], form: Form) -> String {
    let choice = match form {
        Form::Ids => json!({"text": "", "token_ids": tokens, "finish_reason": null}),
        Form::Text => {
            let text: String =
                tokens.iter().map(|token| format!("<custom_token_{}>", token - 128_256)).collect();
            json!({"text": text, "finish_reason": null})
        }
    };
    json!({"choices": [choice]}).to_string()
}
