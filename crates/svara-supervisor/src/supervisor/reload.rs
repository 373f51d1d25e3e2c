//! Applies a changed file to the programs that changed, and to no others.

use std::{net::SocketAddr, path::PathBuf};

use super::core::Core;
use crate::{
    config::{Config, LogConfig, ProgramSpec, Takeover},
    events::Kind,
    schedule::Clocks,
};

const RESTART: &str = "changes to [log] (except directory), [sink] and to supervisor.socket, socket_group and metrics need a restart of the supervisor";

/// Sinks keep their spools where they are.
const SINKS_STAY: &str =
    "the spools and logs of sinks stay in the old log.directory until the supervisor restarts";

/// What only a new start changes.
#[derive(Debug)]
pub(super) struct Started {
    socket: PathBuf,
    socket_group: Option<u32>,
    metrics: Option<SocketAddr>,
    log: LogConfig,
}

impl Started {
    pub(super) fn of(config: &Config) -> Self {
        let Config { socket, socket_group, metrics, log, .. } = config.clone();
        Self { socket, socket_group, metrics, log }
    }

    /// What a reload of this file doesn't do, or earlier ones haven't done.
    fn left_undone(&self, new: &Config) -> Option<&'static str> {
        let log = LogConfig { directory: new.log.directory.clone(), ..self.log.clone() };
        let is_same = (&self.socket, self.socket_group, self.metrics, &log)
            == (&new.socket, new.socket_group, new.metrics, &new.log);
        let moves = self.log.directory != new.log.directory;
        match is_same {
            false => Some(RESTART),
            true if moves && !self.log.sinks.is_empty() => Some(SINKS_STAY),
            true => None,
        }
    }
}

/// Where the supervisor's own files go, if that changes.
fn moved(old: &Config, new: &Config) -> Option<String> {
    let directory = &new.log.directory;
    (old.log.directory != *directory).then(|| format!("log.directory: {}", directory.display()))
}

impl Core {
    /// What [`Core::reload`] would do, one line per program.
    pub(super) fn would_change(&self, old: &Config, new: &Config, started: &Started) -> Vec<String> {
        let mut lines = Vec::new();
        for spec in &old.programs {
            let name = &spec.name;
            let Some(other) = new.programs.iter().find(|other| other.name == *name) else {
                lines.push(format!("{name}: would be removed"));
                continue;
            };
            let unit = self.fleet.units.iter().find(|unit| unit.member.spec.name == *name);
            let has_ended = unit.is_some_and(|unit| unit.member.machine.state().has_ended());
            match spec.takeover(other, has_ended) {
                None => lines.push(format!("{name}: would change")),
                Some(Takeover { rules, logs }) => {
                    lines.extend(rules.then(|| format!("{name}: would change without a restart")));
                    lines.extend(logs.then(|| format!("{name}: logs would go to other files")));
                }
            }
        }
        let is_new = |spec: &&ProgramSpec| !old.programs.iter().any(|other| other.name == spec.name);
        let added = new.programs.iter().filter(is_new).map(|spec| format!("{}: would be added", spec.name));
        lines.extend(added);
        lines.sort();
        lines.extend(moved(old, new));
        lines.extend(started.left_undone(new).map(str::to_owned));
        if lines.is_empty() {
            lines.push("no program would change".to_owned());
        }
        lines
    }

    /// Switches from configuration `old` to `new`; returns a description of the changes.
    pub(super) fn reload(&mut self, old: &Config, new: &Config, started: &Started) -> Vec<String> {
        let mut lines = self.fleet.reload(&new.programs);
        self.replace(new);
        self.services.hooks.replace(new.hooks.clone());
        self.timers.reload(new, Clocks::read());
        self.services.move_logs(&new.log.directory);
        lines.extend(moved(old, new));
        lines.extend(started.left_undone(new).map(str::to_owned));
        if lines.is_empty() {
            lines.push("no program changed".to_owned());
        }
        self.services.note(Kind::Reload, None, None, Some(lines.join("; ")));
        lines
    }
}
