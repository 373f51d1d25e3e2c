//! Who decodes the recordings that callers send.

use bytes::Bytes;
use futures::future::BoxFuture;

/// Decodes recordings. What callers send may be made to break decoders, so an implementation bounds time and memory, and
/// keeps a failure from all but its caller.
pub trait DecodeRecording: Send + Sync {
    /// The recording in one channel, at the rate and within the length that the decoder was made for. All samples are
    /// finite, and they are fit for a reference ([`svara_audio::check_reference`]). Dropping the future ends the work.
    fn decode(&self, recording: Bytes) -> BoxFuture<'_, Result<Vec<f32>, RecordingError>>;
}

/// Why a recording gives no samples.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// The recording is at fault. Says what is wrong with it.
    #[error("{0}")]
    Unusable(String),
    /// The decoder could not be started, or was ended by others. The same recording may succeed a little later.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of the server's own.
    #[error("{0}")]
    Internal(String),
}
