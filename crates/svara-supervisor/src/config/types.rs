//! The configuration after expansion and checking, as used by the rest of the crate.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use nix::sys::signal::Signal;

use super::{passed::Passed, places::Places};
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
    /// The group that may use the control socket, besides its owner.
    pub socket_group: Option<u32>,
    /// End once every program has ended by itself.
    pub exit_when_done: bool,
    /// Names of several programs at once.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Address that serves `/metrics`; `None` turns it off.
    pub metrics: Option<SocketAddr>,
    /// Interval of the health report line; `None` turns it off.
    pub health_report: Option<Duration>,
    /// How long the end waits for hooks.
    pub hook_grace: Duration,
    /// Log files and console.
    pub log: LogConfig,
    /// Programs in start order: each comes after its dependencies.
    pub programs: Vec<ProgramSpec>,
    /// Names of programs disabled by `enabled = false`.
    pub disabled: Vec<String>,
    /// Commands and webhooks that run on events.
    pub hooks: Vec<HookSpec>,
    /// Commands that run on a schedule.
    pub schedules: Vec<ScheduleSpec>,
    /// Where each key is.
    pub places: Places,
}

/// Settings of log files and console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Directory of the log files.
    pub directory: PathBuf,
    /// A file that would grow beyond this size is rotated.
    pub max_size_bytes: u64,
    /// Rotated files to keep besides the current one.
    pub backups: u32,
    /// Prefix each line with the time.
    pub timestamps: bool,
    /// Write JSON lines instead of plain text, in the files and on the console.
    pub json: bool,
    /// Copy all output to our own standard output, prefixed with the program's name.
    pub console: bool,
    /// Where lines go besides files and console.
    pub sinks: Vec<SinkSpec>,
}

/// Where lines go besides files and console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkSpec {
    /// Its name.
    pub name: String,
    /// Where it leads.
    pub target: SinkTarget,
    /// Only these programs (as in the file); empty means all, and scheduled commands.
    pub programs: Vec<String>,
    /// Whether it gets what they print to standard output.
    pub stdout: bool,
    /// Whether it gets what they print to standard error.
    pub stderr: bool,
    /// Whether it gets the supervisor's own events and health reports.
    pub events: bool,
    /// JSON lines instead of plain text.
    pub json: bool,
    /// What may wait on disk while it is away.
    pub spool_bytes: u64,
    /// How long it may take to accept a connection, or anything at all.
    pub timeout: Duration,
}

/// What a sink leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkTarget {
    /// A syslog server, by RFC 5424.
    Syslog {
        /// Where it listens.
        to: SyslogAddress,
        /// The number of the facility.
        facility: u8,
    },
    /// The standard input of a command that runs as long as the supervisor.
    Command(Vec<String>),
}

/// Where a syslog server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAddress {
    /// A local socket, of datagrams or a stream.
    Unix(PathBuf),
    /// UDP, one message per datagram.
    Udp {
        /// Name or address.
        host: String,
        /// The port.
        port: u16,
    },
    /// TCP, with octet counting.
    Tcp {
        /// Name or address.
        host: String,
        /// The port.
        port: u16,
    },
}

/// One process to keep running; a program with replicas becomes several.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgramSpec {
    /// Unique name: the program's, with `-INDEX` appended if there are several replicas.
    pub name: String,
    /// The program's name in the file.
    pub program: String,
    /// Other names that operators may call it by.
    pub aliases: Vec<String>,
    /// Program file and its arguments; never empty.
    pub command: Vec<String>,
    /// Runs before each start, which fails if it doesn't exit with 0.
    pub before_start: Option<Vec<String>>,
    /// `before_start` may take this long.
    pub before_start_timeout: Duration,
    /// Runs in place of the stop signal.
    pub stop_command: Option<Vec<String>>,
    /// Working directory; ours if `None`.
    pub directory: Option<PathBuf>,
    /// Which of our variables it gets; all if `None`.
    pub passed: Option<Passed>,
    /// Variables added to those.
    pub environment: Vec<(String, String)>,
    /// Start with the supervisor.
    pub autostart: bool,
    /// When it ends for good, everything stops and the supervisor exits with its code.
    pub essential: bool,
    /// Names of the processes that must be ready first.
    pub after: Vec<String>,
    /// The same as in the file: programs, also those that are disabled.
    pub after_programs: Vec<String>,
    /// The account it runs as; ours if `None`.
    pub account: Option<Account>,
    /// Resource limits.
    pub limits: Limits,
    /// Whether an exit leads to a restart.
    pub restart: RestartPolicy,
    /// Exit codes that count as success.
    pub success_codes: Vec<i32>,
    /// Delays before restarts.
    pub backoff: Backoff,
    /// Being ready for this long resets the count of attempts.
    pub stable_after: Duration,
    /// When to give up restarting.
    pub limit: RestartLimit,
    /// How it is stopped.
    pub stop: StopSpec,
    /// Without startup and readiness probes, it counts as ready after this time.
    pub ready_after: Duration,
    /// Startup probe, which gates the other probes.
    pub startup: Option<ProbeSpec>,
    /// Readiness probe, which gates dependents.
    pub readiness: Option<ProbeSpec>,
    /// Liveness probe; its failure restarts the program.
    pub liveness: Option<ProbeSpec>,
    /// Hang detection; a program with work and no progress is restarted.
    pub hang: Option<HangSpec>,
    /// Log file for its standard output, if it is kept.
    pub stdout_log: Option<PathBuf>,
    /// Log file for its standard error, if it is kept.
    pub stderr_log: Option<PathBuf>,
    /// Signals that the supervisor forwards to it.
    pub forward_signals: Vec<Signal>,
}

/// What a new configuration changes about a program that goes on as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takeover {
    /// What only the supervisor reads. Not which replicas are those of its dependencies: that follows from others.
    pub rules: bool,
    /// Its log files.
    pub logs: bool,
}

impl ProgramSpec {
    /// What changes, if a process started by one goes on under the other: they differ only in what the supervisor itself
    /// reads, or not at all. What has ended by the old rules isn't judged by new ones: it starts anew.
    pub fn takeover(&self, new: &Self, has_ended: bool) -> Option<Takeover> {
        let mut taken = Self {
            after: new.after.clone(),
            after_programs: new.after_programs.clone(),
            aliases: new.aliases.clone(),
            autostart: new.autostart,
            forward_signals: new.forward_signals.clone(),
            stop: new.stop.clone(),
            stop_command: new.stop_command.clone(),
            before_start_timeout: new.before_start_timeout,
            ready_after: new.ready_after,
            stdout_log: new.stdout_log.clone(),
            stderr_log: new.stderr_log.clone(),
            ..self.clone()
        };
        if !has_ended {
            taken = Self {
                essential: new.essential,
                restart: new.restart,
                success_codes: new.success_codes.clone(),
                backoff: new.backoff.clone(),
                stable_after: new.stable_after,
                limit: new.limit,
                ..taken
            };
        }
        let logs = (&self.stdout_log, &self.stderr_log) != (&new.stdout_log, &new.stderr_log);
        let same = Self {
            after: new.after.clone(),
            stdout_log: new.stdout_log.clone(),
            stderr_log: new.stderr_log.clone(),
            ..self.clone()
        };
        (taken == *new).then(|| Takeover { rules: same != *new, logs })
    }
}

/// A resolved user and group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// All groups of the user, set before the ids change.
    pub groups: Vec<u32>,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its home directory.
    pub home: PathBuf,
}

impl Account {
    /// The variables that tell who somebody is.
    pub fn environment(&self) -> Vec<(&'static str, std::ffi::OsString)> {
        let mut variables = vec![("HOME", self.home.clone().into_os_string())];
        if let Some(name) = &self.name {
            variables.extend([("USER", name.into()), ("LOGNAME", name.into())]);
        }
        variables
    }
}

/// Limits of a program; `None` is inherited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Open files (soft and hard).
    pub nofile: Option<u64>,
    /// Size of a core file, bytes.
    pub core_bytes: Option<u64>,
    /// Processes of its user.
    pub nproc: Option<u64>,
    /// Memory that may be locked, bytes.
    pub memlock_bytes: Option<u64>,
    /// Permissions that its new files don't get.
    pub umask: Option<u32>,
    /// How soon the kernel kills it when memory is short, in digits.
    pub oom_score_adj: Option<String>,
    /// Memory of all its processes together, through cgroup v2, bytes.
    pub memory_bytes: Option<u64>,
}

/// How a program is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopSpec {
    /// Signal sent to the whole group first.
    pub signal: Signal,
    /// Time until KILL.
    pub grace: Duration,
    /// Time until KILL after a failed liveness probe or a hang, when the program is unlikely to respond.
    pub unhealthy_grace: Duration,
}

/// A command or webhook that runs on events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSpec {
    /// Names of the events, as in the event log.
    pub on: Vec<String>,
    /// Limits it to these (replicas of) programs; empty means all.
    pub programs: Vec<String>,
    /// The action.
    pub action: HookAction,
    /// The command is killed, or the request abandoned, after this time.
    pub timeout: Duration,
}

/// What a hook does with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAction {
    /// Runs a command with the event as JSON in `SVARA_EVENT`.
    Command(Vec<String>),
    /// Sends the event as JSON by HTTP POST.
    Webhook(http::Uri),
}
