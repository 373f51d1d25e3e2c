//! What every program's shell uses.

use std::time::Instant;

use tokio::sync::mpsc;

use super::hooks::Hooks;
use crate::config::LogConfig;
use crate::events::{EventLog, Kind};
use crate::logs::Logs;
use crate::probe::Finding;
use crate::process::{Children, Guard};

/// Shared by all programs; owned by the loop.
#[derive(Debug)]
pub(super) struct Services {
    pub(super) children: Children,
    pub(super) logs: Logs,
    pub(super) log_config: LogConfig,
    pub(super) events: EventLog,
    pub(super) hooks: Hooks,
    /// Absent in PID 1, where the kernel does its work.
    pub(super) guard: Option<Guard>,
    pub(super) findings: mpsc::Sender<Finding>,
    /// Takes events from tasks that have no access to the log.
    pub(super) notes: mpsc::Sender<(Kind, String)>,
    /// Marks the processes of this supervisor.
    pub(super) token: String,
    pub(super) started: Instant,
}

impl Services {
    /// Notes an event and sets off the hooks that wait for it.
    pub(super) fn note(
        &mut self,
        kind: Kind,
        program: Option<&str>,
        pid: Option<i32>,
        cause: Option<String>,
    ) {
        self.note_with_output(kind, program, pid, cause, Vec::new());
    }

    pub(super) fn note_with_output(
        &mut self,
        kind: Kind,
        program: Option<&str>,
        pid: Option<i32>,
        cause: Option<String>,
        output: Vec<String>,
    ) {
        let event = self.events.note(kind, program, pid, cause, output);
        self.hooks.fire(&event);
    }

    /// Puts a process under guard.
    pub(super) fn guard(&mut self, pid: i32) {
        if let Some(guard) = &mut self.guard {
            guard.watch(pid);
        }
    }

    /// Takes it out again.
    pub(super) fn unguard(&mut self, pid: i32) {
        if let Some(guard) = &mut self.guard {
            guard.forget(pid);
        }
    }
}
