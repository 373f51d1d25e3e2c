//! The state of all programs, as `status` and metrics show it.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The supervisor and its programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether every program that should run is ready (or has exited successfully).
    pub ready: bool,
    /// Version of the supervisor.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// Seconds since it started.
    pub uptime_seconds: f64,
    /// Orphans it has adopted and reaped.
    pub orphans_reaped: u64,
    /// Bytes of output lost to a full disk or a stuck console.
    pub dropped_log_bytes: u64,
    /// The programs in start order.
    pub programs: Vec<ProgramReport>,
    /// The scheduled commands.
    #[serde(default)]
    pub schedules: Vec<ScheduleReport>,
    /// Where lines go besides files and console.
    #[serde(default)]
    pub sinks: Vec<SinkReport>,
}

/// One sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkReport {
    /// Its name.
    pub name: String,
    /// Whether it takes lines, as far as is known.
    pub up: bool,
    /// Why it doesn't.
    pub reason: Option<String>,
    /// Lines handed over.
    pub sent_lines: u64,
    /// Lines left out.
    pub lost_lines: u64,
    /// Bytes that wait in memory and on disk.
    pub waiting_bytes: u64,
}

/// One scheduled command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleReport {
    /// Its name.
    pub name: String,
    /// When it runs next: RFC 3339, UTC.
    pub next: Option<String>,
    /// Runs that haven't ended.
    pub running: usize,
    /// When the last run that has ended began.
    pub last: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Whether it ended well.
    pub success: Option<bool>,
}

/// One program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgramReport {
    /// Its name.
    pub name: String,
    /// `stopped`, `waiting`, `starting`, `running` (not ready), `ready`, `stopping`, `backoff`, `exited` or `failed`.
    pub state: String,
    /// Whether it starts with the supervisor.
    #[serde(default)]
    pub autostart: bool,
    /// Whether it counts as ready: ready, exited successfully, or not meant to run.
    pub ready: bool,
    /// Its dependencies that aren't ready.
    pub degraded: Vec<String>,
    /// Its process id.
    pub pid: Option<i32>,
    /// Age of its process, in seconds.
    pub uptime_seconds: Option<f64>,
    /// Restarts since the supervisor started, for any reason.
    pub restarts: u64,
    /// Restarts by reason.
    pub restarts_by_reason: BTreeMap<String, u64>,
    /// How its last process ended.
    pub last_exit: Option<String>,
    /// The latest probe result, the reason for a failure, or the time until a restart.
    pub detail: String,
    /// Why hang detection can't see whether it makes progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<String>,
    /// Whether it has hang detection.
    #[serde(default)]
    pub has_hang_detection: bool,
    /// Resident memory of all its processes, in bytes.
    pub memory_bytes: Option<u64>,
    /// CPU time of all its processes, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Number of its processes.
    pub processes: usize,
    /// The last line of its output.
    pub last_line: Option<String>,
    /// The file of its standard output.
    #[serde(default)]
    pub stdout_log: Option<PathBuf>,
    /// The file of its standard error, which may be the same.
    #[serde(default)]
    pub stderr_log: Option<PathBuf>,
}
