//! How everything stands, as `status` and the metrics give it.

use serde::{Deserialize, Serialize};

/// The supervisor and its programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether every program that is meant to run is ready (or has ended as it should).
    pub ready: bool,
    /// Version of the supervisor.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// Seconds since it started.
    pub uptime_seconds: f64,
    /// Orphans it has adopted and reaped.
    pub orphans_reaped: u64,
    /// Output that was lost: to a full disk, a stuck console.
    pub dropped_log_bytes: u64,
    /// In start order.
    pub programs: Vec<ProgramReport>,
}

/// One program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProgramReport {
    /// Its name.
    pub name: String,
    /// `stopped`, `waiting`, `starting`, `running` (not ready), `ready`, `stopping`, `backoff`, `exited` or `failed`.
    pub state: String,
    /// Whether it counts as ready: ready, or ended as it should, or not meant to run.
    pub ready: bool,
    /// Those it comes after that aren't ready.
    pub degraded: Vec<String>,
    /// Its process.
    pub pid: Option<i32>,
    /// Age of the process.
    pub uptime_seconds: Option<f64>,
    /// Restarts since the supervisor started, whatever the reason.
    pub restarts: u64,
    /// Restarts by reason.
    pub restarts_by_reason: std::collections::BTreeMap<String, u64>,
    /// How the latest process that ended did so.
    pub last_exit: Option<String>,
    /// The probe's latest answer, the reason of a failure, the time left until a restart.
    pub detail: String,
    /// Memory of all its processes.
    pub memory_bytes: Option<u64>,
    /// Processor time of all its processes.
    pub cpu_seconds: Option<f64>,
    /// Number of its processes.
    pub processes: usize,
    /// The last line it printed.
    pub last_line: Option<String>,
}
