//! The state that all routes share.

use std::{ops::Deref, sync::Arc, time::Duration};

use bytes::Bytes;
use svara_config::Clean;
use svara_http::Lifecycle;
use svara_service::Service;

use crate::{budget::Budget, door::Door};

/// The state that all routes share.
pub struct App {
    /// The service that generates speech.
    pub service: Service,
    /// Identifies callers by their keys.
    pub door: Door,
    /// The server's phase: serving, draining or stopping.
    pub life: Lifecycle,
    /// The largest request body, in bytes.
    pub body_bytes: usize,
    /// The largest JSON body without a recording, in bytes.
    pub text_body_bytes: usize,
    /// The memory for all bodies.
    pub body_budget: Budget,
    /// The memory for all answers that wait to be read.
    pub answer_budget: Budget,
    /// The longest `input` in OpenAI's dialect, in characters.
    pub openai_input_characters: usize,
    /// Whether clients come by HTTPS.
    pub has_tls: bool,
    /// How long a WebSocket of the hosted API may wait for text.
    pub socket_idle: Duration,
    /// What is removed from texts by default.
    pub clean: Clean,
}

/// The shared [`App`], and the document of its routes.
#[derive(Clone)]
pub struct AppState {
    app: Arc<App>,
    document: Bytes,
}

impl AppState {
    /// The state of routes that `document` describes, in JSON.
    pub fn new(app: App, document: Bytes) -> Self {
        Self { app: Arc::new(app), document }
    }

    /// The OpenAPI document, in JSON.
    pub fn document(&self) -> Bytes {
        self.document.clone()
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}
