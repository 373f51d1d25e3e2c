//! A program's last lines, in memory.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, mpsc::error::TrySendError};

use super::record::Stream;

/// Lines kept per program.
const KEEP_LINES: usize = 200;

/// Longer lines are truncated to this length in memory.
const KEEP_BYTES: usize = 2048;

/// One line of output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TailLine {
    /// The output that it was printed to.
    pub stream: Stream,
    /// The line without its newline.
    pub text: String,
}

/// A program's last lines, and the followers of new ones.
#[derive(Debug, Default)]
pub struct Tail {
    lines: VecDeque<TailLine>,
    followers: Vec<mpsc::Sender<TailLine>>,
}

impl Tail {
    /// Adds complete lines. A slow follower misses lines.
    pub fn push(&mut self, stream: Stream, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let (kept, _) = line.split_at(line.len().min(KEEP_BYTES));
            let line = TailLine { stream, text: String::from_utf8_lossy(kept).into_owned() };
            let gone = |follower: &mpsc::Sender<TailLine>| {
                matches!(follower.try_send(line.clone()), Err(TrySendError::Closed(_)))
            };
            self.followers.retain(|follower| !gone(follower));
            if self.lines.len() == KEEP_LINES {
                self.lines.pop_front();
            }
            self.lines.push_back(line);
        }
    }

    /// The last `count` lines, of one stream or of both.
    pub fn last(&self, count: usize, stream: Option<Stream>) -> Vec<TailLine> {
        let wanted = self.lines.iter().filter(|line| stream.is_none_or(|stream| line.stream == stream));
        let mut lines: Vec<TailLine> = wanted.rev().take(count).cloned().collect();
        lines.reverse();
        lines
    }

    /// Receives every line from now on.
    pub fn follow(&mut self) -> mpsc::Receiver<TailLine> {
        let (sender, receiver) = mpsc::channel(256);
        self.followers.push(sender);
        receiver
    }
}
