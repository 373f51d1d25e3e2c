//! Our own standard output, which may be a pipe that nobody reads.

use std::{
    io::{self, Write},
    os::fd::AsFd,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A pipe that reports room takes at least this much without blocking (POSIX `PIPE_BUF` on Linux).
const PIECE_BYTES: usize = 4096;

/// How long a full pipe is waited for before lines are dropped.
const PATIENCE_MS: u16 = 100;

/// Standard output that never blocks for long.
#[derive(Debug, Default)]
pub(super) struct Console {
    stuck: bool,
}

impl Console {
    /// Writes; gives the number of bytes that had to be dropped.
    pub(super) fn write(&mut self, text: &[u8]) -> usize {
        let mut output = io::stdout().lock();
        let mut written = 0;
        for piece in text.chunks(PIECE_BYTES) {
            // Once it is stuck there is no more waiting until there is room again.
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
        // std keeps an unfinished line back; there is none left after a whole text.
        let _ = output.flush();
        text.len() - written
    }
}
