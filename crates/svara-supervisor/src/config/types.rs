//! The configuration after expansion and checking: what the rest of the crate works with.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use nix::sys::signal::Signal;

use crate::{
    policy::{Backoff, RestartLimit, RestartPolicy},
    probe::{HangSpec, ProbeSpec},
    schedule::ScheduleSpec,
};

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Control socket.
    pub socket: PathBuf,
    /// Where `/metrics` is served; off when absent.
    pub metrics: Option<SocketAddr>,
    /// How often the health report line is written; off when absent.
    pub health_report: Option<Duration>,
    /// Log files and console.
    pub log: LogConfig,
    /// Programs in start order: every program stands behind those it comes after.
    pub programs: Vec<ProgramSpec>,
    /// Names of programs that are switched off by `enabled = false`.
    pub disabled: Vec<String>,
    /// What runs on events.
    pub hooks: Vec<HookSpec>,
    /// What runs at set times.
    pub schedules: Vec<ScheduleSpec>,
}

/// How output is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Directory of the log files.
    pub directory: PathBuf,
    /// A file that has reached this size is rotated.
    pub max_size_bytes: u64,
    /// Rotated files kept beside the current one.
    pub backups: u32,
    /// Put the time before each line in the files.
    pub timestamps: bool,
    /// JSON lines in place of plain text, in the files and on the console.
    pub json: bool,
    /// Copy everything to our own standard output with the program's name before it.
    pub console: bool,
}

/// One process to keep alive; a program with replicas gives several.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgramSpec {
    /// Unique name: the program's, with `-INDEX` behind it when there are several replicas.
    pub name: String,
    /// The program's name in the file.
    pub program: String,
    /// Program file and its arguments; never empty.
    pub command: Vec<String>,
    /// Working directory; ours when absent.
    pub directory: Option<PathBuf>,
    /// Variables added to our own environment.
    pub environment: Vec<(String, String)>,
    /// Start with the supervisor.
    pub autostart: bool,
    /// When it gives up, everything stops and the supervisor exits with its code.
    pub essential: bool,
    /// Names of the processes that have to be ready first.
    pub after: Vec<String>,
    /// Who it runs as; us when absent.
    pub account: Option<Account>,
    /// Resource limits.
    pub limits: Limits,
    /// Whether an exit leads to a restart.
    pub restart: RestartPolicy,
    /// Exit codes that count as success.
    pub success_codes: Vec<i32>,
    /// How long to wait before a restart.
    pub backoff: Backoff,
    /// A run that was ready for this long clears the count of attempts.
    pub stable_after: Duration,
    /// When to give up.
    pub limit: RestartLimit,
    /// How it is stopped.
    pub stop: StopSpec,
    /// With no startup and no readiness probe: ready after this long.
    pub ready_after: Duration,
    /// Gate to the other probes.
    pub startup: Option<ProbeSpec>,
    /// Gate to the programs that come after.
    pub readiness: Option<ProbeSpec>,
    /// Restarts the program.
    pub liveness: Option<ProbeSpec>,
    /// Restarts a program that has work and makes no progress.
    pub hang: Option<HangSpec>,
    /// Log file of its standard output.
    pub stdout_log: PathBuf,
    /// Log file of its standard error.
    pub stderr_log: PathBuf,
    /// Signals passed on to it when the supervisor gets them.
    pub forward_signals: Vec<Signal>,
}

/// A resolved user and group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Every group of the user, set before the ids change.
    pub groups: Vec<u32>,
}

/// Limits of a program; absent ones are inherited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Open files (soft and hard).
    pub nofile: Option<u64>,
    /// Size of a core file, bytes.
    pub core_bytes: Option<u64>,
    /// Memory of the whole group, by cgroup v2, bytes.
    pub memory_bytes: Option<u64>,
}

/// How a program is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopSpec {
    /// Sent to the whole group first.
    pub signal: Signal,
    /// Time until KILL.
    pub grace: Duration,
    /// Time until KILL for a program that failed its liveness probe or hangs: it is unlikely to listen.
    pub unhealthy_grace: Duration,
}

/// A command or a webhook that is run on events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSpec {
    /// Names of the events, as in the event log.
    pub on: Vec<String>,
    /// Only for these (replicas of) programs; for all when empty.
    pub programs: Vec<String>,
    /// What is done.
    pub action: HookAction,
    /// It is killed or given up after this time.
    pub timeout: Duration,
}

/// What a hook does with the event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAction {
    /// Runs a command with the event as JSON in `SVARA_EVENT`.
    Command(Vec<String>),
    /// Sends the event as JSON by HTTP POST.
    Webhook(http::Uri),
}
