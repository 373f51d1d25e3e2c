//! What the clones of a decoder and its streams share.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{
    device_states::Slots, observe::Observer, queue::JobQueue, settings::DecoderInfo, state::StreamState,
    worker::Job,
};
use crate::{DecodeError, onnx::CodecModel};

/// A decoder's calls, slots and facts.
pub(crate) struct Shared {
    pub(crate) backend: Backend,
    pub(crate) model: CodecModel,
    pub(crate) info: DecoderInfo,
    pub(crate) slots: Arc<Semaphore>,
    /// Where states stay on a device.
    pub(crate) rows: Option<Arc<Slots>>,
    pub(crate) max_streams: usize,
    pub(crate) observer: Observer,
}

impl Shared {
    /// The state of a stream at its beginning. On a device there are rows for all streams and their previews.
    pub(crate) fn fresh_state(&self) -> Option<StreamState> {
        StreamState::start(self.model.state_len, self.rows.as_ref())
    }

    /// The error where all slots are taken.
    pub(crate) fn full(&self) -> DecodeError {
        DecodeError::Full { max_streams: self.max_streams }
    }
}

/// What becomes of a call.
pub(crate) enum Backend {
    /// The threads with the sessions take it from this queue.
    Onnx(Arc<JobQueue<Job>>),
    /// It gives silence at once.
    Null,
}

impl Drop for Backend {
    fn drop(&mut self) {
        if let Self::Onnx(queue) = self {
            queue.close();
        }
    }
}
