//! Captures the output of programs, writes it to rotating files and copies it to our own output.
//!
//! The main thread reads pipes; another thread writes files and console, because a disk may stall. A bounded queue
//! connects them. If the writer makes no progress, lines are dropped and counted: a program never blocks on its log.

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
