//! Runs the commands of sinks for as long as the supervisor, and hands their standard input to the sinks' threads.

use std::{
    cell::Cell,
    os::fd::OwnedFd,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::mpsc,
    task::{AbortHandle, spawn_local},
    time::sleep,
};

use super::services::Services;
use crate::{
    config::sink_file,
    events::Kind,
    logs::{Logs, Origin, SinkHandle, SinkInput, Source, Stream, capture},
    policy::Backoff,
    process::{Children, Launch, Output},
};

/// A command that ran for this long starts again at once.
const STABLE: Duration = Duration::from_secs(60);

/// The commands that run.
#[derive(Debug)]
pub(super) struct SinkCommands {
    running: Rc<Cell<usize>>,
    tasks: Vec<AbortHandle>,
    /// The end has come: what ends now isn't started again.
    ending: Rc<Cell<bool>>,
}

/// One of them.
struct Runner {
    name: String,
    command: Vec<String>,
    input: Arc<SinkInput>,
    children: Children,
    logs: Logs,
    source: [Source; 2],
    notes: mpsc::Sender<(Kind, String)>,
    running: Rc<Cell<usize>>,
    ending: Rc<Cell<bool>>,
}

impl SinkCommands {
    /// Starts them.
    pub(super) fn start(services: &Services) -> Self {
        let mut commands = Self { running: Rc::default(), tasks: Vec::new(), ending: Rc::default() };
        for SinkHandle { name, command, .. } in services.logs.sinks() {
            let Some((command, input)) = command.clone() else { continue };
            let path = services.log_config.directory.join(sink_file(name));
            let source = |stream| Source {
                path: Some(path.clone()),
                ..Source::program(&format!("sink {name}"), stream, Origin::Sink)
            };
            let runner = Runner {
                name: name.clone(),
                command,
                input,
                children: services.children.clone(),
                logs: services.logs.clone(),
                source: [source(Stream::Stdout), source(Stream::Stderr)],
                notes: services.notes.clone(),
                running: Rc::clone(&commands.running),
                ending: Rc::clone(&commands.ending),
            };
            commands.tasks.push(spawn_local(runner.run()).abort_handle());
        }
        commands
    }

    /// From now on, one that ends isn't started again.
    pub(super) fn end(&self) {
        self.ending.set(true);
    }

    /// Waits until they have read the end of their input and ended, up to `limit`; kills the rest.
    pub(super) async fn ended(self, limit: Duration, children: &Children) {
        let until = Instant::now() + limit;
        while self.running.get() > 0 && Instant::now() < until {
            children.reap();
            sleep(Duration::from_millis(10)).await;
        }
        self.tasks.iter().for_each(AbortHandle::abort);
        // Aborted tasks kill their processes when they are dropped, which the runtime does now.
        tokio::task::yield_now().await;
        children.reap();
    }
}

impl Runner {
    async fn run(self) {
        let backoff = Backoff::default();
        let mut attempt = 0;
        while !self.ending.get() {
            let started = Instant::now();
            let words = self.once().await;
            if self.ending.get() {
                return;
            }
            // Fails only if the supervisor is about to exit.
            let _ = self.notes.send((Kind::Supervisor, format!("sink {}: {words}", self.name))).await;
            attempt = if started.elapsed() >= STABLE { 1 } else { attempt + 1 };
            sleep(backoff.delay(attempt, 0.0)).await;
        }
    }

    /// Runs the command until it ends; returns how it ended.
    async fn once(&self) -> String {
        let launch = Launch { output: Output::Piped, reads: true, ..Launch::helper(&self.command) };
        let mut started = match self.children.spawn(launch) {
            Ok(started) => started,
            Err(error) => return format!("can't be run: {error}"),
        };
        let [stdout, stderr] = self.source.clone().map(|source| Source { pid: Some(started.pid), ..source });
        let outputs = [
            (stdout, started.stdout.take().map(OwnedFd::from)),
            (stderr, started.stderr.take().map(OwnedFd::from)),
        ];
        for (source, output) in outputs {
            if let Some(Err(error)) = output.map(|output| capture(output, source, &self.logs, &Rc::default()))
            {
                return format!("can't read its output: {error}");
            }
        }
        self.running.set(self.running.get() + 1);
        self.input.put(started.stdin.take().map(OwnedFd::from));
        let exit = started.ended().await;
        self.input.put(None);
        self.running.set(self.running.get() - 1);
        match exit {
            Some(exit) => format!("the command has ended: {exit}"),
            None => "the command has ended".to_owned(),
        }
    }
}
