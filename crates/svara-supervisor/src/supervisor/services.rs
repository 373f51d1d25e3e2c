//! Services that all programs share.

use std::{
    cell::RefCell,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::hooks::Hooks;
use crate::{
    config::LogConfig,
    events::{EventLog, Kind},
    logs::{Logs, Origin, Pump, Source, Stream, Tail, capture},
    probe::Finding,
    process::{Children, Family, Guard, MemoryKills, ProcessTable, Started},
};

/// Shared by all programs; owned by the main loop.
#[derive(Debug)]
pub(super) struct Services {
    pub(super) children: Children,
    pub(super) logs: Logs,
    pub(super) log_config: LogConfig,
    pub(super) events: EventLog,
    pub(super) hooks: Hooks,
    /// `None` as PID 1, where the kernel does its job.
    pub(super) guard: Option<Guard>,
    pub(super) findings: mpsc::Sender<Finding>,
    /// Receives events from tasks that have no access to the event log.
    pub(super) notes: mpsc::Sender<(Kind, String)>,
    pub(super) started: Instant,
    pub(super) memory_kills: MemoryKills,
    /// The latest reading of `/proc`, and its time.
    pub(super) processes: Option<(Instant, Rc<ProcessTable>)>,
}

/// A reading of `/proc` serves everyone for this long.
const FRESH: Duration = Duration::from_millis(25);

impl Services {
    /// All processes, as they are or were a moment ago.
    pub(super) fn processes(&mut self) -> Rc<ProcessTable> {
        self.processes_after(self.started)
    }

    /// As [`Services::processes`], but read after `earliest`. A family that looks empty in a reading from after its start
    /// is empty: its leader was reaped before, or would be in it.
    pub(super) fn processes_after(&mut self, earliest: Instant) -> Rc<ProcessTable> {
        let serves = |read: &Instant| *read > earliest && read.elapsed() < FRESH;
        if let Some((_, table)) = self.processes.as_ref().filter(|(read, _)| serves(read)) {
            return Rc::clone(table);
        }
        let now = Instant::now();
        let earlier = self.processes.as_ref().map(|(_, table)| Rc::clone(table));
        let table =
            Rc::new(earlier.map_or_else(ProcessTable::read, |earlier| ProcessTable::read_after(&earlier)));
        self.processes = Some((now, Rc::clone(&table)));
        table
    }

    /// Records an event and runs its hooks.
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

    /// Captures a process's output: standard output into the first file, standard error into the second.
    pub(super) fn capture(
        &mut self,
        started: &mut Started,
        program: &str,
        origin: &Origin,
        paths: [Option<&PathBuf>; 2],
        tail: &Rc<RefCell<Tail>>,
    ) -> Vec<Pump> {
        self.capture_marked(started, program, origin, paths, tail, None)
    }

    /// As [`Services::capture`], with a word before each line.
    pub(super) fn capture_marked(
        &mut self,
        started: &mut Started,
        program: &str,
        origin: &Origin,
        paths: [Option<&PathBuf>; 2],
        tail: &Rc<RefCell<Tail>>,
        mark: Option<&'static str>,
    ) -> Vec<Pump> {
        let [stdout, stderr] = paths;
        let outputs = [
            (Stream::Stdout, stdout, started.stdout.take().map(OwnedFd::from)),
            (Stream::Stderr, stderr, started.stderr.take().map(OwnedFd::from)),
        ];
        let mut pumps = Vec::new();
        for (stream, path, output) in outputs {
            let Some(output) = output else { continue };
            let source = Source {
                path: path.cloned(),
                pid: Some(started.pid),
                mark,
                ..Source::program(program, stream, origin.clone())
            };
            match capture(output, source, &self.logs, tail) {
                Ok(pump) => pumps.push(pump),
                Err(error) => {
                    let cause = format!("can't read its output: {error}");
                    self.note(Kind::LogLost, Some(program), Some(started.pid), Some(cause));
                }
            }
        }
        pumps
    }

    /// From now on, the supervisor's own files are in another directory.
    pub(super) fn move_logs(&mut self, directory: &Path) {
        if self.log_config.directory == directory {
            return;
        }
        self.log_config.directory = directory.to_owned();
        self.events.move_to(directory);
        // Those that nobody writes to any more are closed.
        let logs = self.logs.clone();
        tokio::task::spawn_local(async move { logs.reopen().await });
    }

    /// Adds a program's processes to the guard.
    pub(super) fn guard(&mut self, family: &Family) {
        if let Some(guard) = &mut self.guard {
            guard.watch(family);
        }
    }

    /// Removes a process from the guard.
    pub(super) fn unguard(&mut self, pid: i32) {
        if let Some(guard) = &mut self.guard {
            guard.forget(pid);
        }
    }
}
