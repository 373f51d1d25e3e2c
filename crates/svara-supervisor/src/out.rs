//! Output that nobody may read, as in `svara-supervisor status | head -1`, which is no failure. A full disk is one.

use std::{
    fmt::Arguments,
    io::{self, ErrorKind, Write},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether a part of the answer couldn't be written, though somebody reads.
static LOST: AtomicBool = AtomicBool::new(false);

/// `println!`, which panics where nobody reads.
macro_rules! say {
    ($($part:tt)*) => {{ let _ = $crate::out::put(format!("{}\n", format_args!($($part)*)).as_bytes()); }};
}

/// `eprintln!`, likewise.
macro_rules! warn {
    ($($part:tt)*) => { $crate::out::line(std::io::stderr().lock(), format_args!($($part)*)) };
}

pub(crate) fn line(mut to: impl Write, text: Arguments<'_>) {
    let _ = to.write_fmt(format_args!("{text}\n"));
}

/// Writes a text to standard output; whether somebody reads.
pub(crate) fn put(text: &[u8]) -> bool {
    let mut out = io::stdout().lock();
    let written = out.write_all(text).and_then(|()| out.flush());
    if written.as_ref().is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
    }
    written.is_ok()
}

/// The exit code of a command with this one, as its answer could be written or not.
pub(crate) fn outcome(code: ExitCode) -> ExitCode {
    if LOST.load(Ordering::Relaxed) {
        warn!("svara-supervisor: the output can't be written");
        return ExitCode::FAILURE;
    }
    code
}
