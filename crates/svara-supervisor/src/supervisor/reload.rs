//! Applies a changed file to the programs that changed, and to no others.

use std::time::Instant;

use super::{core::Core, timers::Timers, unit::Intent};
use crate::{config::Config, events::Kind};

impl Core {
    /// Switches from configuration `old` to `new`; returns a description of the changes.
    pub(super) fn reload(&mut self, old: &Config, new: &Config) -> Vec<String> {
        let mut lines = Vec::new();
        for unit in &mut self.units {
            match new.programs.iter().find(|spec| spec.name == unit.spec.name) {
                Some(spec) if *spec == unit.spec => unit.intent = None,
                Some(spec) => {
                    lines.push(format!("{}: changed", spec.name));
                    unit.intent = Some(Intent::Replace(Box::new(spec.clone())));
                }
                None => {
                    lines.push(format!("{}: removed", unit.spec.name));
                    unit.intent = Some(Intent::Remove);
                }
            }
        }
        for spec in &new.programs {
            if !self.units.iter().any(|unit| unit.spec.name == spec.name) {
                lines.push(format!("{}: added", spec.name));
                self.add(spec.clone());
            }
        }
        let place = |name: &str| new.programs.iter().position(|spec| spec.name == name);
        self.units.sort_by_key(|unit| place(&unit.spec.name));
        self.disabled.clone_from(&new.disabled);
        self.services.hooks.replace(new.hooks.clone());
        self.timers = Timers::new(new, Instant::now());
        if (&old.socket, &old.log, old.metrics) != (&new.socket, &new.log, new.metrics) {
            lines.push(
                "changes to [log], supervisor.socket and supervisor.metrics need a restart of the supervisor"
                    .to_owned(),
            );
        }
        if lines.is_empty() {
            lines.push("no program changed".to_owned());
        }
        self.services.note(Kind::Reload, None, None, Some(lines.join("; ")));
        lines
    }
}
