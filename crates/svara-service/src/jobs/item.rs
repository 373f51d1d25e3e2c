//! The state of a job's item.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::record::EndRecord;

/// The state of an item.
#[derive(Clone)]
pub enum Item {
    /// Waits for its first turn.
    Queued,
    /// In progress: a worker has it, or it waits for its next turn.
    Running(Arc<ItemProgress>),
    /// Done or failed.
    Over(EndRecord),
}

/// The progress of an item: its worker writes it, all others read it.
#[derive(Debug, Default)]
pub struct ItemProgress {
    pieces_done: AtomicU64,
    audio_ms: AtomicU64,
}

impl ItemProgress {
    /// Sets the progress so far.
    pub(super) fn set(&self, pieces_done: usize, audio: Duration) {
        self.pieces_done.store(pieces_done as u64, Ordering::Relaxed);
        self.audio_ms.store(u64::try_from(audio.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Pieces of the text that are generated.
    pub fn pieces_done(&self) -> u64 {
        self.pieces_done.load(Ordering::Relaxed)
    }

    /// Audio generated so far, in seconds.
    pub fn audio_seconds(&self) -> f64 {
        self.audio_ms.load(Ordering::Relaxed) as f64 / 1e3
    }
}

impl Item {
    /// The state's name in responses: `queued`, `running`, `done` or `failed`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running(_) => "running",
            Self::Over(EndRecord { failure: None, .. }) => "done",
            Self::Over(_) => "failed",
        }
    }

    /// Audio of the item so far, in seconds.
    pub fn audio_seconds(&self) -> f64 {
        match self {
            Self::Queued => 0.0,
            Self::Running(progress) => progress.audio_seconds(),
            Self::Over(end) => end.audio_seconds,
        }
    }

    pub(super) fn kept_bytes(&self) -> u64 {
        match self {
            Self::Over(end) => end.kept_bytes(),
            Self::Queued | Self::Running(_) => 0,
        }
    }
}
