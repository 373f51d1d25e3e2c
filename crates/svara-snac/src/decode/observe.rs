//! Reporting decoder calls, for metrics.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// One call of a session, for all streams in its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeCall {
    /// Streams in the call.
    pub streams: usize,
    /// Frames in the call over all its streams, including context frames and those that flush the end.
    pub frames: usize,
    /// The longest time one of them waited for a thread.
    pub waited: Duration,
    /// How long the call took.
    pub took: Duration,
}

/// Receives each call, on the decoder thread that made it, so it must be quick.
pub trait DecodeObserver: Send + Sync {
    /// A call has ended, successfully or not.
    fn decoded(&self, call: DecodeCall);
}

/// The observer, once it is set.
pub(crate) type Observer = Arc<OnceLock<Box<dyn DecodeObserver>>>;
