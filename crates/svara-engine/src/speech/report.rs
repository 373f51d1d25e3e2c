//! What a speech was made of.

use std::time::Instant;

use svara_snac::AssemblerStats;

use super::piece::Piece;
use crate::source::FinishReason;

/// A summary of a speech so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpeechReport {
    /// Why the last completed piece ended.
    pub finish: Option<FinishReason>,
    /// Statistics of the tokens of the completed pieces.
    pub tokens: AssemblerStats,
    /// Completed pieces.
    pub pieces: usize,
    /// Generations that failed before samples of them were given out and were done again, and those that went on behind a loop
    /// that was heard.
    pub redone: usize,
    /// Samples given out, after the change of speed.
    pub samples: u64,
    /// When the first tokens arrived.
    pub first_tokens_at: Option<Instant>,
}

impl SpeechReport {
    /// Adds a piece that is over.
    pub(super) fn add(&mut self, piece: &Piece) {
        let tokens = piece.stats();
        self.finish = piece.finish();
        self.tokens.frames += tokens.frames;
        self.tokens.misaligned_tokens += tokens.misaligned_tokens;
        self.tokens.foreign_tokens += tokens.foreign_tokens;
        self.pieces += 1;
    }
}
