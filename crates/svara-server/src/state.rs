//! The state that all routes share, and the identity of each request.

use std::{net::IpAddr, ops::Deref, sync::Arc, time::Duration};

use axum::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;
use svara_engine::{SpeechRequest, TraceContext};
use svara_http::Lifecycle;
use svara_service::{Caller, Service};

use crate::{
    config::Clean,
    door::Door,
    error::{ApiError, Refused, Svara},
    reading::budget::Budget,
};

/// The state that all routes share.
pub(crate) struct App {
    /// The service that generates speech.
    pub(crate) service: Service,
    /// Identifies callers by their keys.
    pub(crate) door: Door,
    /// The server's phase: serving, draining or stopping.
    pub(crate) life: Lifecycle,
    /// The largest request body, in bytes.
    pub(crate) body_bytes: usize,
    /// The largest JSON body without a recording, in bytes.
    pub(crate) text_body_bytes: usize,
    /// The memory for all bodies.
    pub(crate) body_budget: Budget,
    /// The longest `input` in OpenAI's dialect, in characters.
    pub(crate) openai_input_characters: usize,
    /// Whether clients come by HTTPS.
    pub(crate) has_tls: bool,
    /// How long a WebSocket of the hosted API may wait for text.
    pub(crate) socket_idle: Duration,
    /// What is removed from texts by default.
    pub(crate) clean: Clean,
}

/// The shared [`App`], and the document of its routes.
#[derive(Clone)]
pub(crate) struct AppState {
    app: Arc<App>,
    document: Bytes,
}

impl AppState {
    /// The state of routes that `document` describes, in JSON.
    pub(crate) fn new(app: App, document: Bytes) -> Self {
        Self { app: Arc::new(app), document }
    }

    /// The OpenAPI document, in JSON.
    pub(crate) fn document(&self) -> Bytes {
        self.document.clone()
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

/// The id of a request: the client's `x-request-id` if it is usable, otherwise a generated one. It is sent to the
/// engine, logged, and returned to the client.
#[derive(Clone, Debug)]
pub(crate) struct RequestId {
    pub(crate) id: String,
    /// The trace that the client's headers name.
    pub(crate) trace: Option<TraceContext>,
    /// The client's address, which a trusted proxy may have named.
    pub(crate) client: Option<IpAddr>,
}

/// The authenticated caller and the request's id. Extracted by every route that speaks or that serves what belongs to a
/// caller.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) caller: Caller,
    pub(crate) request: RequestId,
}

impl Asker {
    /// An empty speech request with this id and trace.
    pub(crate) fn speech_request(&self) -> SpeechRequest {
        let RequestId { id, trace, client: _ } = self.request.clone();
        SpeechRequest { request_id: id, trace, ..SpeechRequest::default() }
    }

    /// The caller and the id that the middleware has set.
    ///
    /// # Errors
    /// The route isn't behind the middleware.
    pub(crate) fn of(parts: &Parts) -> Result<Self, ApiError> {
        let (caller, request) = (parts.extensions.get::<Caller>(), parts.extensions.get::<RequestId>());
        let missing = || ApiError::internal("the route is not behind the middleware");
        let (caller, request) = caller.zip(request).ok_or_else(missing)?;
        Ok(Self { caller: caller.clone(), request: request.clone() })
    }
}

impl<S: Sync> FromRequestParts<S> for Asker {
    type Rejection = Refused<Svara>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused<Svara>> {
        Ok(Self::of(parts)?)
    }
}
