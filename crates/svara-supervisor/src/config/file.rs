//! The files as written, once [`super::source`] has taken out what doesn't belong there.
//!
//! Values stay strings here, because any may contain `${VAR}`; [`super::resolve`] expands, parses and checks them, and
//! names each fault by its key. What must be there but isn't is empty, so that it is reported with everything else.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A whole `supervisor.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) supervisor: Supervisor,
    #[serde(default)]
    pub(super) log: Log,
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) program: BTreeMap<String, Program>,
    #[serde(default)]
    pub(super) hook: Vec<Hook>,
    #[serde(default)]
    pub(super) sink: BTreeMap<String, Sink>,
    #[serde(default)]
    pub(super) schedule: Vec<Schedule>,
}

/// A number or boolean, which may also be written as a string containing `${VAR}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Supervisor {
    pub(super) socket: Option<String>,
    pub(super) metrics: Option<String>,
    pub(super) health_report: Option<String>,
    pub(super) hook_grace: Option<String>,
    pub(super) socket_group: Option<String>,
    pub(super) exit_when_done: Option<Scalar>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    pub(super) directory: Option<String>,
    pub(super) max_size: Option<String>,
    pub(super) backups: Option<Scalar>,
    pub(super) timestamps: Option<Scalar>,
    pub(super) format: Option<String>,
    pub(super) console: Option<Scalar>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    #[serde(default)]
    pub(super) command: Vec<String>,
    pub(super) extra_args: Option<String>,
    pub(super) before_start: Option<Vec<String>>,
    pub(super) before_start_timeout: Option<String>,
    pub(super) stop_command: Option<Vec<String>>,
    #[serde(default)]
    pub(super) env_files: Vec<String>,
    pub(super) directory: Option<String>,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    pub(super) pass_environment: Option<Vec<String>>,
    pub(super) enabled: Option<Scalar>,
    pub(super) autostart: Option<Scalar>,
    pub(super) essential: Option<Scalar>,
    pub(super) replicas: Option<Scalar>,
    #[serde(default)]
    pub(super) after: Vec<String>,
    pub(super) user: Option<String>,
    pub(super) group: Option<String>,
    #[serde(default)]
    pub(super) limits: Limits,
    pub(super) umask: Option<String>,
    pub(super) oom_score_adj: Option<Scalar>,
    pub(super) restart: Option<String>,
    pub(super) success_codes: Option<Vec<i64>>,
    #[serde(default)]
    pub(super) backoff: Backoff,
    pub(super) max_restarts: Option<Scalar>,
    pub(super) restart_window: Option<String>,
    #[serde(default)]
    pub(super) stop: Stop,
    pub(super) ready_after: Option<String>,
    pub(super) startup: Option<Probe>,
    pub(super) readiness: Option<Probe>,
    pub(super) liveness: Option<Probe>,
    pub(super) hang: Option<Hang>,
    pub(super) stdout_log: Option<String>,
    pub(super) stderr_log: Option<String>,
    #[serde(default)]
    pub(super) forward_signals: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) nofile: Option<Scalar>,
    pub(super) core: Option<String>,
    pub(super) memory: Option<String>,
    pub(super) nproc: Option<Scalar>,
    pub(super) memlock: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backoff {
    pub(super) initial: Option<String>,
    pub(super) cap: Option<String>,
    pub(super) factor: Option<Scalar>,
    pub(super) jitter: Option<Scalar>,
    pub(super) stable_after: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stop {
    pub(super) signal: Option<String>,
    pub(super) grace: Option<String>,
    pub(super) unhealthy_grace: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Probe {
    pub(super) http: Option<String>,
    pub(super) tcp: Option<String>,
    pub(super) command: Option<Vec<String>>,
    pub(super) log: Option<String>,
    pub(super) period: Option<String>,
    pub(super) timeout: Option<String>,
    pub(super) failures: Option<Scalar>,
    pub(super) successes: Option<Scalar>,
    pub(super) deadline: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hang {
    #[serde(default)]
    pub(super) metrics: String,
    pub(super) running: Option<String>,
    pub(super) progress: Option<String>,
    pub(super) stall: Option<String>,
    pub(super) period: Option<String>,
    pub(super) canary: Option<Canary>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Canary {
    #[serde(default)]
    pub(super) http: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: String,
    pub(super) every: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hook {
    #[serde(default)]
    pub(super) on: Vec<String>,
    #[serde(default)]
    pub(super) programs: Vec<String>,
    pub(super) command: Option<Vec<String>>,
    pub(super) webhook: Option<String>,
    pub(super) timeout: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sink {
    pub(super) syslog: Option<String>,
    pub(super) command: Option<Vec<String>>,
    pub(super) facility: Option<String>,
    #[serde(default)]
    pub(super) programs: Vec<String>,
    pub(super) streams: Option<Vec<String>>,
    pub(super) events: Option<Scalar>,
    pub(super) format: Option<String>,
    pub(super) spool: Option<String>,
    pub(super) timeout: Option<String>,
    pub(super) enabled: Option<Scalar>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schedule {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) cron: String,
    #[serde(default)]
    pub(super) command: Vec<String>,
    pub(super) timeout: Option<String>,
    pub(super) enabled: Option<Scalar>,
    #[serde(default)]
    pub(super) when_ready: Vec<String>,
    pub(super) timezone: Option<String>,
    pub(super) overlap: Option<Scalar>,
}
