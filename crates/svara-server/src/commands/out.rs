//! What commands print. `println!` and `eprintln!` panic where nobody reads, as in `svara-server words | head -1`, and where a
//! disk is full.

use std::io::{self, ErrorKind, Write, stderr, stdout};

use anyhow::Context;

/// Writes a command's answer to standard output. A reader that has left has read enough.
///
/// # Errors
/// It can't be written.
pub(super) fn print(answer: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let written = out.write_all(answer.as_ref()).and_then(|()| out.flush());
    unless_left(written).context("standard output can't be written")
}

fn unless_left(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// Writes a line to standard error, if that can be.
pub(super) fn tell(line: impl std::fmt::Display) {
    let _ = writeln!(stderr(), "{line}");
}
