//! Captures the output of programs, writes it to rotating files and copies it to our own output.
//!
//! The main thread reads pipes; another thread writes files, because a disk may stall; the console, and everything else
//! that isn't a regular file, has a thread of its own, because nobody may be reading. Bounded queues connect them, in which
//! events overtake output. Sinks (`sink`) have a thread each as well. If one makes no progress, lines are dropped, counted
//! and marked: a program never blocks on its log, and none of its destinations on another.

mod file;
mod inbox;
mod lines;
mod loss;
mod outlet;
mod pump;
mod readback;
mod record;
mod sink;
mod tail;
mod writer;

pub use loss::LogNotice;
pub use pump::{Pump, capture};
pub use readback::last_lines;
pub use record::{Form, Origin, Severity, Source, Stream, printed};
pub use sink::{SinkHandle, SinkInput, SinkState};
pub use tail::{AwaitedLine, Followed, Follower, KEEP_LINES, Tail, TailLine};
pub use writer::Logs;
