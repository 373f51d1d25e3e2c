//! The events and the state of the engines, for metrics and health reports.

use std::time::Duration;

use super::Flaw;

/// Receives the events of the engines, on the threads that serve requests: it must not block. `engine` is the engine's
/// name.
pub trait EngineObserver: Send + Sync {
    /// The first tokens of a request arrived, `after` it was sent.
    fn first_tokens(&self, engine: &str, after: Duration);

    /// A request is over, however it ended, after `tokens` tokens.
    fn finished(&self, engine: &str, tokens: u64);

    /// The engine failed a request or a health probe. `reason` is a [`SourceError::kind`].
    ///
    /// [`SourceError::kind`]: crate::source::SourceError::kind
    fn failed(&self, engine: &str, reason: &'static str);

    /// The engine ended a generation in `voice` as it should, with these flaws, if any. `voice` is the id of one of the
    /// model's voices, or `cloned`.
    fn generated(&self, engine: &str, voice: &str, flaws: &[Flaw]);

    /// A request that `engine` failed before its first audio is retried.
    fn retried(&self, engine: &str);

    /// The engine gets no requests for a while.
    fn ejected(&self, engine: &str);
}

/// The state of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineStatus {
    /// Its name: host and port.
    pub name: String,
    /// `serving`, `ejected` (it failed, and gets no requests for a while) or `returning` (it gets a few again).
    pub state: &'static str,
    /// Requests in flight.
    pub in_flight: usize,
    /// Its last failure, if there has been no success since.
    pub last_failure: Option<String>,
    /// How many different texts failed since it spoke last. Five are as many as are told apart: it fails whatever it is asked.
    pub failed_texts: usize,
}
