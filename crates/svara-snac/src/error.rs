//! Errors at start-up and while decoding or encoding.

use std::path::PathBuf;

use crate::simd::Vectors;

/// Why a decoder or encoder couldn't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No ONNX Runtime library was found.
    #[error(
        "ONNX Runtime library not found: {searched}; run ./scripts/fetch_onnxruntime.sh to install it in models/lib/"
    )]
    LibraryMissing {
        /// Where it was searched for, and the system's error.
        searched: String,
    },
    /// A library was found but can't be used: it isn't ONNX Runtime, or is too old.
    #[error(
        "ONNX Runtime library {} can't be used: {reason}; run ./scripts/fetch_onnxruntime.sh for the right one",
        path.display()
    )]
    LibraryUnusable {
        /// The file.
        path: PathBuf,
        /// The loader's message.
        reason: String,
    },
    /// The library is missing, and this model needs it.
    #[error("{missing} (it is needed because {reason})")]
    LibraryNeeded {
        /// Why the model can't be decoded without it.
        reason: String,
        /// What is wrong with the library.
        missing: Box<Self>,
    },
    /// The requested backend can't be used.
    #[error("decoder.backend = \"native\" can't be used: {0}")]
    Backend(String),
    /// The processor doesn't have the requested vectors.
    #[error("decoder.vectors = \"{wanted}\" can't be used: the best of this processor is {best}")]
    Vectors {
        /// The vectors as configured.
        wanted: Vectors,
        /// What the processor has.
        best: String,
    },
    /// The requested device isn't available.
    #[error("device {device} can't be used: {reason}")]
    Device {
        /// The device as configured.
        device: String,
        /// ONNX Runtime's message.
        reason: String,
    },
    /// A model file is missing, corrupt or of the wrong kind.
    #[error("model {}: {reason}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system couldn't start a thread.
    #[error("can't start a decoder's or encoder's thread")]
    Thread(#[source] std::io::Error),
    /// A decoder's thread has died, or its call takes minutes.
    #[error("a thread of the decoder stopped or hangs {when}")]
    Stopped {
        /// What it was doing.
        when: &'static str,
    },
}

/// Why a stream couldn't be opened, or decoding or encoding failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// All stream slots are taken; retry later.
    #[error("the decoder is full: {max_streams} streams are open")]
    Full {
        /// The limit on open streams.
        max_streams: usize,
    },
    /// A code outside the model's codebook. Nothing was decoded.
    #[error("code {code} is out of range: the codebooks have {codebook_size} entries")]
    CodeOutOfRange {
        /// The code.
        code: u16,
        /// Entries in a codebook.
        codebook_size: u16,
    },
    /// The stream has ended, or an earlier call on it failed or was cancelled.
    #[error("the decode stream has already ended")]
    Ended,
    /// What runs the model failed; the stream is lost.
    #[error("decoding failed: {0}")]
    Run(String),
    /// The decoder's threads are gone.
    #[error("the decoder has stopped")]
    Stopped,
    /// The encoder's thread is gone. Only a new process has another one.
    #[error("the encoder has stopped: the server must be started again")]
    EncoderStopped,
}

impl DecodeError {
    /// Whether the same request may succeed if retried.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Run(_) | Self::Stopped)
    }
}
