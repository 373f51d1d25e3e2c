//! What the routes share, and what each request brings.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;
use svara_engine::{SpeechRequest, TraceContext};
use svara_http::Lifecycle;
use svara_service::{Caller, Service, callers::Callers};

use crate::error::{ApiError, Refused, Svara};

/// What every route may use.
pub(crate) struct App {
    /// Speaks.
    pub(crate) service: Service,
    /// Tells callers by their keys.
    pub(crate) callers: Callers,
    /// Where in its life the server is.
    pub(crate) life: Lifecycle,
    /// Largest request body.
    pub(crate) body_bytes: usize,
    /// Longest `input` of OpenAI's dialect, in characters.
    pub(crate) openai_input_characters: usize,
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

/// The id of a request: the client's `x-request-id` where it is usable, one of our own otherwise. It travels to the
/// engine, into the logs and back to the client.
#[derive(Clone, Debug)]
pub(crate) struct RequestId {
    pub(crate) id: String,
    /// The trace that the client says the request belongs to.
    pub(crate) trace: Option<TraceContext>,
}

/// Who asks, and under which id. Extracted by every route that speaks or that serves what belongs to a caller.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    pub(crate) caller: Caller,
    pub(crate) request: RequestId,
}

impl Asker {
    /// An empty request for speech with this id and trace.
    pub(crate) fn speech_request(&self) -> SpeechRequest {
        let RequestId { id, trace } = self.request.clone();
        SpeechRequest { request_id: id, trace, ..SpeechRequest::default() }
    }

    /// Who asks, as the middleware has found out.
    ///
    /// # Errors
    /// The route stands outside the middleware.
    pub(crate) fn of(parts: &Parts) -> Result<Self, ApiError> {
        let (caller, request) = (parts.extensions.get::<Caller>(), parts.extensions.get::<RequestId>());
        let missing = || ApiError::internal("a route stands outside the middleware");
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
