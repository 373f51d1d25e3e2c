//! What can go wrong, at start-up and while decoding.

use std::path::PathBuf;

/// Why a decoder or encoder couldn't be made ready.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No ONNX Runtime library was found.
    #[error(
        "ONNX Runtime library not found: {searched}; run ./scripts/fetch_onnxruntime.sh to put it into models/lib/"
    )]
    LibraryMissing {
        /// Where it was looked for, in words.
        searched: String,
    },
    /// A library was found but can't be used: not ONNX Runtime, or too old.
    #[error(
        "ONNX Runtime library {} can't be used: {reason}; run ./scripts/fetch_onnxruntime.sh for the right one",
        path.display()
    )]
    LibraryUnusable {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// The device that was asked for can't be had.
    #[error("device {device} can't be used: {reason}")]
    Device {
        /// The device as configured.
        device: String,
        /// What the runtime said.
        reason: String,
    },
    /// A model file is missing, broken or of the wrong kind.
    #[error("model {}: {reason}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system gave no thread.
    #[error("can't start a decoder thread")]
    Thread(#[source] std::io::Error),
}

/// Why a stream couldn't be opened or went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// All stream slots are taken; try again later.
    #[error("the decoder is full: {max_streams} streams are open")]
    Full {
        /// How many streams may be open at once.
        max_streams: usize,
    },
    /// A code the model has no entry for. Nothing was decoded.
    #[error("code {code} is out of range: the codebooks have {codebook_size} entries")]
    CodeOutOfRange {
        /// The code.
        code: u16,
        /// Entries of a codebook.
        codebook_size: u16,
    },
    /// The stream has ended, or an earlier call on it failed or was given up half-way.
    #[error("the decode stream has already ended")]
    Ended,
    /// ONNX Runtime failed; the stream is lost.
    #[error("decoding failed: {0}")]
    Run(String),
    /// The decoder's threads are gone.
    #[error("the decoder has stopped")]
    Stopped,
}

impl DecodeError {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Run(_) | Self::Stopped)
    }
}
