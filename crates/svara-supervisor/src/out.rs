//! Output that nobody may read, as in `svara-supervisor status | head -1`: what can't be written is no failure.

use std::{
    fmt::Arguments,
    io::{self, Write},
};

/// `println!`, which panics where nobody reads.
macro_rules! say {
    ($($part:tt)*) => { $crate::out::line(std::io::stdout().lock(), format_args!($($part)*)) };
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
    out.write_all(text).and_then(|()| out.flush()).is_ok()
}
