//! Applies a changed file to the programs that changed, and to no others.

use super::core::Core;
use crate::{
    config::{Config, LogConfig, ProgramSpec},
    events::Kind,
    schedule::Clocks,
};

const RESTART: &str = "changes to [log] (except directory), [sink] and to supervisor.socket, socket_group and metrics need a restart of the supervisor";

/// Sinks keep their spools where they are.
const SINKS_STAY: &str =
    "the spools and logs of sinks stay in the old log.directory until the supervisor restarts";

/// What a reload doesn't do.
fn left_undone(old: &Config, new: &Config) -> Option<&'static str> {
    let log = LogConfig { directory: new.log.directory.clone(), ..old.log.clone() };
    let is_same = (&old.socket, old.socket_group, &log, old.metrics)
        == (&new.socket, new.socket_group, &new.log, new.metrics);
    let moves = old.log.directory != new.log.directory;
    match is_same {
        false => Some(RESTART),
        true if moves && !old.log.sinks.is_empty() => Some(SINKS_STAY),
        true => None,
    }
}

/// Where the supervisor's own files go, if that changes.
fn moved(old: &Config, new: &Config) -> Option<String> {
    let directory = &new.log.directory;
    (old.log.directory != *directory).then(|| format!("log.directory: {}", directory.display()))
}

/// What [`Core::reload`] would do, one line per program.
pub(super) fn would_change(old: &Config, new: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    for spec in &old.programs {
        match new.programs.iter().find(|other| other.name == spec.name) {
            Some(other) if other == spec => {}
            Some(other) if spec.differs_in_logs_only(other) => {
                lines.push(format!("{}: logs would go to other files", spec.name));
            }
            Some(_) => lines.push(format!("{}: would change", spec.name)),
            None => lines.push(format!("{}: would be removed", spec.name)),
        }
    }
    let is_new = |spec: &&ProgramSpec| !old.programs.iter().any(|other| other.name == spec.name);
    let added = new.programs.iter().filter(is_new).map(|spec| format!("{}: would be added", spec.name));
    lines.extend(added);
    lines.sort();
    lines.extend(moved(old, new));
    lines.extend(left_undone(old, new).map(str::to_owned));
    if lines.is_empty() {
        lines.push("no program would change".to_owned());
    }
    lines
}

impl Core {
    /// Switches from configuration `old` to `new`; returns a description of the changes.
    pub(super) fn reload(&mut self, old: &Config, new: &Config) -> Vec<String> {
        let mut lines = self.fleet.reload(&new.programs);
        self.replace(new);
        self.services.hooks.replace(new.hooks.clone());
        self.timers.reload(new, Clocks::read());
        self.services.move_logs(&new.log.directory);
        lines.extend(moved(old, new));
        lines.extend(left_undone(old, new).map(str::to_owned));
        if lines.is_empty() {
            lines.push("no program changed".to_owned());
        }
        self.services.note(Kind::Reload, None, None, Some(lines.join("; ")));
        lines
    }
}
