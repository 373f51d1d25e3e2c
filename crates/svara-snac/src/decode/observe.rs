//! Who wants to know what the decoder does.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// One call of a session, for all the streams that shared it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeCall {
    /// Streams in the call.
    pub streams: usize,
    /// Frames in the call, of all its streams, with those that are only context or flush the end out.
    pub frames: usize,
    /// How long the first of them had waited for a thread.
    pub waited: Duration,
    /// How long the call took.
    pub took: Duration,
}

/// Is told of each call, on the thread that made it: it must be quick.
pub trait DecodeObserver: Send + Sync {
    /// A call is over, well or not.
    fn decoded(&self, call: DecodeCall);
}

/// The observer, once there is one.
pub(crate) type Observer = Arc<OnceLock<Box<dyn DecodeObserver>>>;
