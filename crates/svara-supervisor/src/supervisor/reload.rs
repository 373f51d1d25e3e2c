//! Applies a changed file to the programs that changed, and to no others.

use super::core::Core;
use crate::{config::Config, events::Kind, schedule::Clocks};

impl Core {
    /// Switches from configuration `old` to `new`; returns a description of the changes.
    pub(super) fn reload(&mut self, old: &Config, new: &Config) -> Vec<String> {
        let mut lines = self.fleet.reload(&new.programs);
        self.replace(new);
        self.services.hooks.replace(new.hooks.clone());
        self.timers.reload(new, Clocks::read());
        if (&old.socket, old.socket_group, &old.log, old.metrics)
            != (&new.socket, new.socket_group, &new.log, new.metrics)
        {
            lines.push(
                "changes to [log] and to supervisor.socket, socket_group and metrics need a restart of the supervisor"
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
