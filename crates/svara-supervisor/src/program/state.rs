//! States, causes and observations.

use std::{
    fmt,
    time::{Duration, Instant},
};

use crate::process::Exit;

/// The state of a program.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Not running, as intended.
    Stopped,
    /// Waiting to start until its dependencies are ready.
    Waiting,
    /// Running, but the startup probe hasn't passed yet.
    Starting {
        /// When the process started.
        since: Instant,
    },
    /// Started, but not ready (or no longer ready).
    Running {
        /// When this state began.
        since: Instant,
    },
    /// Ready for work.
    Ready {
        /// When this state began.
        since: Instant,
    },
    /// Stopping: the process was told to exit, or its group is being cleaned up.
    Stopping(Stopping),
    /// Waiting to be restarted.
    Backoff {
        /// When it restarts.
        until: Instant,
        /// The number of the restart, counted since the last stable run.
        attempt: u32,
    },
    /// Exited, and its policy doesn't restart it.
    Exited(Exit),
    /// Failed for good, for this reason; the operator can start it again.
    Failed(String),
}

/// Progress of a stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopping {
    /// When it began.
    pub since: Instant,
    /// When the group will be killed (again).
    pub kill_at: Instant,
    /// When KILL was first sent, if it was.
    pub killed: Option<Instant>,
    /// What happens once the group is empty.
    pub then: Then,
}

/// What happens after a stop.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// Stay stopped.
    Stay,
    /// Start again at once, at the operator's request.
    StartAgain,
    /// Let the restart policy decide.
    AskPolicy(Cause),
}

/// Why a program must be stopped, or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It exited by itself.
    Exited(Exit),
    /// It couldn't be started.
    Spawn(String),
    /// It didn't start in time.
    Startup(String),
    /// Its liveness probe failed.
    Liveness(String),
    /// It had work pending and made no progress.
    Hung(String),
}

impl Cause {
    /// One word for metrics and hooks.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Exited(_) => "exit",
            Self::Spawn(_) => "spawn",
            Self::Startup(_) => "startup",
            Self::Liveness(_) => "liveness",
            Self::Hung(_) => "hung",
        }
    }

    /// All labels, so that metrics can start at zero.
    pub const LABELS: [&'static str; 6] = ["exit", "spawn", "startup", "liveness", "hung", "operator"];
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(exit) => exit.fmt(f),
            Self::Spawn(reason) => write!(f, "can't be run: {reason}"),
            Self::Startup(reason) => f.write_str(reason),
            Self::Liveness(reason) => write!(f, "liveness probe: {reason}"),
            Self::Hung(reason) => write!(f, "hung: {reason}"),
        }
    }
}

/// What the shell observes about the running process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The startup probe passed, or there is none.
    Started,
    /// The readiness probe passes.
    Ready,
    /// The readiness probe fails, for this reason.
    Unready(String),
    /// It must be restarted.
    Unhealthy(Cause),
    /// The process was reaped.
    Exited(Exit),
    /// No process of its family is left.
    Gone,
}

impl State {
    /// All names, so that metrics have each.
    pub const NAMES: [&'static str; 9] =
        ["stopped", "waiting", "starting", "running", "ready", "stopping", "backoff", "exited", "failed"];

    /// The state as one word, as the status shows it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Waiting => "waiting",
            Self::Starting { .. } => "starting",
            Self::Running { .. } => "running",
            Self::Ready { .. } => "ready",
            Self::Stopping(_) => "stopping",
            Self::Backoff { .. } => "backoff",
            Self::Exited(_) => "exited",
            Self::Failed(_) => "failed",
        }
    }

    /// Whether the program may have a process.
    pub fn has_process(&self) -> bool {
        matches!(self, Self::Starting { .. } | Self::Running { .. } | Self::Ready { .. } | Self::Stopping(_))
    }

    /// Whether KILL hasn't ended it within this time: a process that waits for a device can't be killed.
    pub fn is_stuck(&self, now: Instant, patience: Duration) -> bool {
        let Self::Stopping(Stopping { killed: Some(killed), .. }) = self else { return false };
        now.saturating_duration_since(*killed) >= patience
    }

    /// Whether it has ended by itself, for good.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Exited(_) | Self::Failed(_))
    }

    /// Whether the state changes only through the operator.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Stopped | Self::Exited(_) | Self::Failed(_))
    }
}
