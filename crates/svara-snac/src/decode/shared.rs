//! State shared by a decoder's clones and streams.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{
    cost::Meter,
    device_states::Slots,
    failures::Failures,
    job::Job,
    observe::Observer,
    plan::Position,
    queue::JobQueue,
    seniority::Seniority,
    settings::{Backend, DecoderInfo},
    state::StreamState,
};
use crate::{DecodeError, onnx::CodecModel};

/// The decoder behind all its clones and streams.
pub(crate) struct Shared {
    pub(crate) calls: Calls,
    /// `None` for null decoders.
    pub(crate) backend: Option<Backend>,
    pub(crate) model: CodecModel,
    pub(crate) info: DecoderInfo,
    /// One for each stream that may be open.
    pub(crate) permits: Arc<Semaphore>,
    /// The rows for states on the device; `None` if states stay on the host.
    pub(crate) rows: Option<Arc<Slots>>,
    pub(crate) max_streams: usize,
    /// Whether noise layers get draws.
    pub(crate) noise: bool,
    pub(crate) observer: Observer,
    pub(crate) meter: Arc<Meter>,
    pub(crate) failures: Arc<Failures>,
    pub(crate) seniority: Seniority,
}

impl Shared {
    /// The initial state of a stream. On a device there are rows enough for all streams and their previews.
    pub(crate) fn fresh_state(&self) -> Option<StreamState> {
        StreamState::start(self.model.state_len, self.rows.as_ref())
    }

    /// The position of a new stream. Native code gives the same bits however a stream is cut; for ONNX Runtime, a stream
    /// that must repeat is always cut alike.
    pub(crate) fn start(&self, repeatable: bool) -> Position {
        if repeatable && self.backend == Some(Backend::Onnx) {
            Position::in_lots(&self.model)
        } else {
            Position::start()
        }
    }

    /// The error when all slots are taken.
    pub(crate) fn full(&self) -> DecodeError {
        DecodeError::Full { max_streams: self.max_streams }
    }
}

/// What executes a call.
pub(crate) enum Calls {
    /// Threads with sessions, which take calls from this queue.
    Queued(Arc<JobQueue<Job>>),
    /// No thread: calls return silence at once.
    Null,
}

impl Drop for Calls {
    fn drop(&mut self) {
        if let Self::Queued(queue) = self {
            queue.close();
        }
    }
}
