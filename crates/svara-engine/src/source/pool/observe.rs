//! Who wants to know how the engines fare.

use std::time::Duration;

/// Is told of what engines do, on the threads that serve requests: it must be quick. `engine` is the engine's name.
pub trait EngineObserver: Send + Sync {
    /// The first tokens of a request came, `after` it was sent.
    fn first_tokens(&self, engine: &str, after: Duration);

    /// A request is over, however it ended; `tokens` came.
    fn finished(&self, engine: &str, tokens: u64);

    /// The engine failed a request, or a probe of its health; `reason` is a [`SourceError::kind`].
    ///
    /// [`SourceError::kind`]: crate::source::SourceError::kind
    fn failed(&self, engine: &str, reason: &'static str);

    /// A request that `engine` failed before its first token is tried once more.
    fn retried(&self, engine: &str);

    /// The engine is passed over from now on.
    fn ejected(&self, engine: &str);
}

/// How an engine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineStatus {
    /// Its name: host and port.
    pub name: String,
    /// `serving`, `ejected` (it failed, and gets no requests for a while) or `returning` (it gets a few).
    pub state: &'static str,
    /// Requests that it works on.
    pub in_flight: usize,
    /// What its last failure was, where there was no success since.
    pub last_failure: Option<String>,
}
