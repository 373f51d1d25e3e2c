//! What the routes share.

use std::sync::Arc;

use svara_engine::{Engine, TraceContext};

use crate::{
    cache::Cache, cloning::Cloning, jobs::Jobs, lifecycle::Lifecycle, metrics::Metrics, voices::KeptVoices,
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

/// The id of a request: the caller's `x-request-id` where it is decent, one of our own otherwise. It goes on to the
/// engine, into the logs and back to the caller. With it goes the trace that the caller says it belongs to.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String, pub(crate) Option<TraceContext>);
