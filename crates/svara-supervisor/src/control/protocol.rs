//! What is said over the socket.

use serde::{Deserialize, Serialize};

use crate::{
    events::Event,
    logs::{Stream, TailLine},
    supervisor::Report,
};

/// Version of the protocol, sent with each request.
pub const VERSION: u32 = 1;

/// A request. An empty list of programs means all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Request {
    /// How everything stands.
    Status {
        /// Which programs.
        programs: Vec<String>,
    },
    /// Start what is stopped, ended or given up.
    Start {
        /// Which programs.
        programs: Vec<String>,
        /// Answer when they are ready, or can't be.
        wait: bool,
    },
    /// Stop; answers when they are stopped.
    Stop {
        /// Which programs.
        programs: Vec<String>,
    },
    /// Stop and start anew.
    Restart {
        /// Which programs.
        programs: Vec<String>,
        /// Answer when they are ready, or can't be.
        wait: bool,
    },
    /// The last lines of a program.
    Tail {
        /// Which program.
        program: String,
        /// How many lines, 200 at most.
        lines: usize,
        /// Only this output.
        stream: Option<Stream>,
        /// And every line from now on.
        follow: bool,
    },
    /// The last events.
    Events {
        /// How many, 256 at most.
        count: usize,
        /// And every event from now on.
        follow: bool,
    },
    /// Read the file again and apply it to the programs that changed.
    Reload,
    /// Open the log files anew.
    Reopen,
    /// The metrics as Prometheus text.
    Metrics,
    /// Stop everything and end.
    Shutdown,
}

/// One line of an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", content = "value", rename_all = "kebab-case")]
pub enum Response {
    /// How everything stands.
    Status(Report),
    /// Done, or under way; a line for each program.
    Done(Vec<String>),
    /// A line a program printed.
    Line(TailLine),
    /// An event.
    Event(Event),
    /// The metrics.
    Metrics(String),
    /// It can't be done.
    Error {
        /// What kind of trouble.
        failure: Failure,
        /// In words.
        message: String,
    },
}

/// Kinds of trouble, for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// There is no such program.
    UnknownProgram,
    /// The request can't be read.
    BadRequest,
    /// The file has faults; nothing was changed.
    Configuration,
    /// It was tried and came out wrong (a program that was to be ready has failed).
    Failed,
}
