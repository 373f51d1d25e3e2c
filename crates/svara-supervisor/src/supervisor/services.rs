//! What every program's shell uses.

use std::{cell::RefCell, os::fd::OwnedFd, path::PathBuf, rc::Rc, time::Instant};

use tokio::{sync::mpsc, task::JoinHandle};

use super::hooks::Hooks;
use crate::{
    config::LogConfig,
    events::{EventLog, Kind},
    logs::{Logs, Source, Stream, Tail, capture},
    probe::Finding,
    process::{Children, Guard, Started},
};

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

    /// Reads what a process prints: standard output into the first file, standard error into the second.
    pub(super) fn capture(
        &mut self,
        started: &mut Started,
        program: &str,
        paths: [&PathBuf; 2],
        tail: &Rc<RefCell<Tail>>,
    ) -> Vec<JoinHandle<()>> {
        let [stdout, stderr] = paths;
        let outputs = [
            (Stream::Stdout, stdout, started.stdout.take().map(OwnedFd::from)),
            (Stream::Stderr, stderr, started.stderr.take().map(OwnedFd::from)),
        ];
        let mut pumps = Vec::new();
        for (stream, path, output) in outputs {
            let Some(output) = output else { continue };
            let (program, path) = (program.to_owned(), path.clone());
            let source = Source { program: program.clone(), stream, path, console: true, verbatim: false };
            match capture(output, source, &self.logs, tail) {
                Ok(pump) => pumps.push(pump),
                Err(error) => {
                    let cause = format!("its output can't be read: {error}");
                    self.note(Kind::LogLost, Some(&program), Some(started.pid), Some(cause));
                }
            }
        }
        pumps
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
