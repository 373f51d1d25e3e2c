//! Applies a changed file to the programs that changed, and to no others.

use super::core::Core;
use crate::{
    config::{Config, ProgramSpec},
    events::Kind,
    schedule::Clocks,
};

const RESTART: &str = "changes to [log], [sink] and to supervisor.socket, socket_group and metrics need a restart of the supervisor";

fn needs_restart(old: &Config, new: &Config) -> bool {
    (&old.socket, old.socket_group, &old.log, old.metrics)
        != (&new.socket, new.socket_group, &new.log, new.metrics)
}

/// What [`Core::reload`] would do, one line per program.
pub(super) fn would_change(old: &Config, new: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    for spec in &old.programs {
        match new.programs.iter().find(|other| other.name == spec.name) {
            Some(other) if other == spec => {}
            Some(_) => lines.push(format!("{}: would change", spec.name)),
            None => lines.push(format!("{}: would be removed", spec.name)),
        }
    }
    let is_new = |spec: &&ProgramSpec| !old.programs.iter().any(|other| other.name == spec.name);
    let added = new.programs.iter().filter(is_new).map(|spec| format!("{}: would be added", spec.name));
    lines.extend(added);
    lines.sort();
    if needs_restart(old, new) {
        lines.push(RESTART.to_owned());
    }
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
        if needs_restart(old, new) {
            lines.push(RESTART.to_owned());
        }
        if lines.is_empty() {
            lines.push("no program changed".to_owned());
        }
        self.services.note(Kind::Reload, None, None, Some(lines.join("; ")));
        lines
    }
}
