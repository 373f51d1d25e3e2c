//! Our standard output, which may be a pipe that nobody reads.

use std::{
    io::{self, Write},
    os::fd::AsFd,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A pipe that is ready for writing accepts at least this much without blocking (`PIPE_BUF` on Linux).
const PIECE_BYTES: usize = 4096;

/// How long to wait for a full pipe before dropping lines.
const PATIENCE_MS: u16 = 100;

/// Writes to standard output without ever blocking for long.
#[derive(Debug, Default)]
pub(super) struct Console {
    stuck: bool,
}

impl Console {
    /// Writes; returns the number of bytes dropped.
    pub(super) fn write(&mut self, text: &[u8]) -> usize {
        let mut output = io::stdout().lock();
        let mut written = 0;
        for piece in text.chunks(PIECE_BYTES) {
            // Once the pipe is stuck, don't wait again until it has room.
            let patience = if self.stuck { PollTimeout::ZERO } else { PollTimeout::from(PATIENCE_MS) };
            let room = {
                let mut fds = [PollFd::new(output.as_fd(), PollFlags::POLLOUT)];
                poll(&mut fds, patience).is_ok_and(|ready| ready > 0)
            };
            self.stuck = !room;
            if !room || output.write_all(piece).is_err() {
                break;
            }
            written += piece.len();
        }
        // std buffers an incomplete line; a whole text leaves none.
        let _ = output.flush();
        text.len() - written
    }
}
