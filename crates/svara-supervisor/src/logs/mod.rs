//! What programs print: captured, kept in files that rotate, copied to our own output.
//!
//! Pipes are read on the main thread; files and console are written on a thread of their own, because a disk may
//! stall. Between them stands a queue of bounded size. When the writer makes no progress, lines are dropped and
//! counted: a program is never blocked by its log.

mod console;
mod file;
mod lines;
mod pump;
mod record;
mod tail;
mod writer;

pub use pump::capture;
pub use record::{Source, Stream};
pub use tail::{Tail, TailLine};
pub use writer::{LogNotice, Logs};
