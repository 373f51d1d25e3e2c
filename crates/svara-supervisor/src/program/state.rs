//! States, causes and what can be observed.

use std::{fmt, time::Instant};

use crate::process::Exit;

/// Where a program stands.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Not running, and nobody wants it to.
    Stopped,
    /// To be started once the programs it comes after are ready.
    Waiting,
    /// Running; the startup probe hasn't passed yet.
    Starting {
        /// Start of the process.
        since: Instant,
    },
    /// Started, but not ready (or not ready any more).
    Running {
        /// Start of this state.
        since: Instant,
    },
    /// Ready for work.
    Ready {
        /// Start of this state.
        since: Instant,
    },
    /// On its way down: the process was told to end, or its group is being cleared away.
    Stopping(Stopping),
    /// To be started again at a set time.
    Backoff {
        /// That time.
        until: Instant,
        /// Which restart in a row it will be.
        attempt: u32,
    },
    /// Ended, and its policy says to leave it so.
    Exited(Exit),
    /// Given up, for this reason; the operator can start it again.
    Failed(String),
}

/// How far a stop has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopping {
    /// When it began.
    pub since: Instant,
    /// When the group is killed (again).
    pub kill_at: Instant,
    /// Whether KILL has been sent.
    pub killed: bool,
    /// What comes when the group is empty.
    pub then: Then,
}

/// What comes after a stop.
#[derive(Clone, Debug, PartialEq)]
pub enum Then {
    /// Stay stopped.
    Stay,
    /// Start again at once, at the operator's word.
    StartAgain,
    /// Ask the restart policy.
    AskPolicy(Cause),
}

/// Why a program has to come down or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It ended by itself.
    Exited(Exit),
    /// It could not be run.
    Spawn(String),
    /// It didn't start in time.
    Startup(String),
    /// Its liveness probe failed.
    Liveness(String),
    /// It had work and made no progress.
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

    /// Every label, for metrics that start at zero.
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

/// What the shell saw of the running process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The startup probe passed, or there is none.
    Started,
    /// The readiness probe passes.
    Ready,
    /// The readiness probe fails, for this reason.
    Unready(String),
    /// It has to be restarted.
    Unhealthy(Cause),
    /// The process itself was reaped.
    Exited(Exit),
    /// Nobody of its family is left.
    Gone,
}

impl State {
    /// One word, as the status shows it.
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

    /// Whether a process of it may exist.
    pub fn has_process(&self) -> bool {
        matches!(self, Self::Starting { .. } | Self::Running { .. } | Self::Ready { .. } | Self::Stopping(_))
    }

    /// Whether nothing more happens without the operator.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Stopped | Self::Exited(_) | Self::Failed(_))
    }
}
