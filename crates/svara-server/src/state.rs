//! What the routes share.

use std::{convert::Infallible, sync::Arc};

use axum::extract::FromRequestParts;
use http::request::Parts;
use svara_engine::{Engine, TraceContext};
use svara_http::Lifecycle;

use crate::{
    admission::Admission,
    auth::{Auth, Caller},
    cache::Cache,
    cloning::Cloning,
    jobs::Jobs,
    metrics::Metrics,
    voices::KeptVoices,
};

/// What every route may use.
#[derive(Clone)]
pub(crate) struct AppState {
    /// Speaks.
    pub(crate) engine: Arc<Engine>,
    /// Turns recordings into voices.
    pub(crate) cloning: Arc<Cloning>,
    /// Keeps them.
    pub(crate) voices: Arc<KeptVoices>,
    /// Counts.
    pub(crate) metrics: Arc<Metrics>,
    /// Knows who may ask.
    pub(crate) auth: Arc<Auth>,
    /// Who asks. Routes for which that matters take the state as [`Asked`], which knows; work of the server's own takes
    /// [`Caller::Anybody`].
    pub(crate) caller: Caller,
    /// Lets so many speak at once.
    pub(crate) admission: Arc<Admission>,
    /// Where in its life the server is.
    pub(crate) life: Lifecycle,
    /// Audio that was made before; none where the cache is off.
    pub(crate) cache: Option<Arc<Cache>>,
    /// What of the configuration shapes audio.
    pub(crate) setup: Arc<str>,
    /// Speech that nobody waits for.
    pub(crate) jobs: Arc<Jobs>,
    /// Largest request body.
    pub(crate) body_bytes: usize,
    /// Whether the texts of requests stand in the log.
    pub(crate) log_texts: bool,
    /// Longest `input` of OpenAI's dialect, in characters.
    pub(crate) openai_input_characters: usize,
}

/// The state for one request: with who asks.
pub(crate) struct Asked(pub(crate) AppState);

impl FromRequestParts<AppState> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        // Without an entry there is the state's own: nobody yet, for whom nothing is spoken where keys are asked for.
        let caller = parts.extensions.get::<Caller>().unwrap_or(&state.caller).clone();
        Ok(Self(AppState { caller, ..state.clone() }))
    }
}

/// The id of a request: the caller's `x-request-id` where it is decent, one of our own otherwise. It goes on to the
/// engine, into the logs and back to the caller. With it goes the trace that the caller says it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String, pub(crate) Option<TraceContext>);
