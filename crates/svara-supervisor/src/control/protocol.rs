//! Requests and answers on the socket.

use serde::{Deserialize, Serialize};

use crate::{
    events::Event,
    logs::{Stream, TailLine},
    report::Report,
};

/// Version of the protocol, sent with each request.
pub const VERSION: u32 = 1;

/// A request. An empty list of programs means all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Request {
    /// The state of programs.
    Status {
        /// Which programs.
        programs: Vec<String>,
    },
    /// Start programs that are stopped, exited or failed.
    Start {
        /// Which programs.
        programs: Vec<String>,
        /// Answer only when they are ready or have failed.
        wait: bool,
    },
    /// Stop programs; answers when they are stopped.
    Stop {
        /// Which programs.
        programs: Vec<String>,
    },
    /// Stop programs and start them again.
    Restart {
        /// Which programs.
        programs: Vec<String>,
        /// Answer only when they are ready or have failed.
        wait: bool,
    },
    /// Restart programs, each replica only once those before it are ready again; answers when all are.
    Roll {
        /// Which programs.
        programs: Vec<String>,
    },
    /// Change the number of replicas of a program, until the file is reloaded.
    Scale {
        /// Which program.
        program: String,
        /// The number, 1 to 64.
        replicas: u32,
    },
    /// Send a signal to the processes of programs.
    Signal {
        /// Which programs.
        programs: Vec<String>,
        /// Its name or number.
        signal: String,
    },
    /// The last lines of a program.
    Tail {
        /// Which program.
        program: String,
        /// Number of lines; those that memory doesn't have come from the log files.
        lines: usize,
        /// Only this stream; both if `None`.
        stream: Option<Stream>,
        /// Also send each new line.
        follow: bool,
    },
    /// The last events.
    Events {
        /// Number of events, at most 256.
        count: usize,
        /// Also send each new event.
        follow: bool,
    },
    /// Reload the file and apply changes; unchanged programs keep running.
    Reload {
        /// Only say what would change.
        #[serde(default)]
        dry_run: bool,
    },
    /// Empty the log files of programs, and forget their last lines.
    Clear {
        /// Which programs.
        programs: Vec<String>,
    },
    /// Reopen the log files.
    Reopen,
    /// The metrics in Prometheus text format.
    Metrics,
    /// Stop all programs and exit.
    Shutdown,
}

impl Request {
    /// Whether the answer waits for programs.
    pub fn waits(&self) -> bool {
        match self {
            Self::Start { wait, .. } | Self::Restart { wait, .. } => *wait,
            Self::Stop { .. } | Self::Roll { .. } => true,
            _ => false,
        }
    }

    /// Whether the answer goes on until the client leaves.
    pub fn follows(&self) -> bool {
        matches!(self, Self::Tail { follow: true, .. } | Self::Events { follow: true, .. })
    }
}

/// One line of an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", content = "value", rename_all = "kebab-case")]
pub enum Response {
    /// The state of programs.
    Status(Report),
    /// Done or in progress; one line per program.
    Done(Vec<String>),
    /// A line of a program's output.
    Line(TailLine),
    /// So many lines of output are missing here: the client was too slow, or the disk.
    LeftOut(u64),
    /// An event.
    Event(Event),
    /// The metrics.
    Metrics(String),
    /// The request failed.
    Error {
        /// The kind of failure.
        failure: Failure,
        /// The message for the operator.
        message: String,
    },
}

/// Kinds of failure, for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// No such program.
    UnknownProgram,
    /// The request can't be parsed.
    BadRequest,
    /// The file is invalid; nothing was changed.
    Configuration,
    /// The request was carried out and failed, such as a start that ended in a failed program.
    Failed,
}
