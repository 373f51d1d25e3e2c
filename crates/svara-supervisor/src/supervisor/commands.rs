//! Carries out operators' requests from the socket.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::sync::mpsc;

use super::{
    core::Core,
    file::File,
    reply::{refuse, send},
    tail::{Wanted, tail},
    unit::Unit,
};
use crate::{
    config::parse_signal,
    control::{Call, Failure, Request, Response},
    fleet::{Body, Until, Waiter},
    metrics::{self, Gpus},
};

/// How long a command waits for its programs, unless it says so itself: longer than the largest model takes to load.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

impl Core {
    /// Carries out a request. `file` is the configuration in force, for those that change it.
    pub(super) fn call(&mut self, call: Call, file: &mut File, gpus: &Gpus) {
        let Call { request, reply, timeout } = call;
        let starts =
            matches!(request, Request::Start { .. } | Request::Restart { .. } | Request::Roll { .. });
        if starts && self.is_shutting_down() {
            return refuse(&reply, Failure::Failed, "the supervisor is shutting down".to_owned());
        }
        let names = match self.names_in(&request) {
            Ok(names) => names,
            Err(message) => return refuse(&reply, Failure::UnknownProgram, message),
        };
        let limit = timeout.unwrap_or(PATIENCE);
        match request {
            Request::Status { .. } => send(&reply, Response::Status(self.report(Some(&names)))),
            Request::Start { wait, .. } => {
                let serial = self.fleet.start(&names, &mut self.services);
                self.settle(serial, names, wait, limit, reply);
            }
            Request::Restart { wait, .. } => {
                let serial = self.fleet.restart(&names);
                self.settle(serial, names, wait, limit, reply);
            }
            Request::Roll { .. } => {
                let serial = self.fleet.roll(&names);
                self.wait(serial, names, Until::Ready, limit, reply);
            }
            Request::Stop { .. } => {
                let serial = self.fleet.stop(&names);
                self.wait(serial, names, Until::Down, limit, reply);
            }
            Request::Signal { signal, .. } => match parse_signal(&signal) {
                Ok(signal) => self.signal(&names, signal, &reply),
                Err(message) => refuse(&reply, Failure::BadRequest, message),
            },
            Request::Tail { lines, stream, follow, .. } => {
                self.show_tail(&names, Wanted { lines, stream, follow }, &reply);
            }
            Request::Events { count, follow } => self.show_events(count, follow, reply),
            Request::Metrics => self.show_metrics(gpus.clone(), reply),
            Request::Reload { dry_run: false } => file.reload(self, &reply),
            Request::Reload { dry_run: true } => file.compare(self, &reply),
            Request::Scale { program, replicas } => file.scale(self, &program, replicas, &reply),
            Request::Reopen => self.reopen_logs(reply),
            Request::Clear { .. } => self.clear(&names, reply),
            Request::Shutdown => self.end_for_operator(&reply),
        }
    }

    /// The programs that a request names; none where it names none.
    fn names_in(&self, request: &Request) -> Result<Vec<String>, String> {
        match request {
            Request::Status { programs }
            | Request::Start { programs, .. }
            | Request::Restart { programs, .. }
            | Request::Roll { programs }
            | Request::Signal { programs, .. }
            | Request::Clear { programs }
            | Request::Stop { programs } => self.named(programs),
            Request::Tail { program, .. } => self.named(std::slice::from_ref(program)),
            Request::Events { .. }
            | Request::Metrics
            | Request::Reload { .. }
            | Request::Scale { .. }
            | Request::Reopen
            | Request::Shutdown => Ok(Vec::new()),
        }
    }

    fn show_tail(&self, names: &[String], wanted: Wanted, reply: &mpsc::Sender<Response>) {
        let (logs, config) = (&self.services.logs, &self.services.log_config);
        for unit in self.fleet.units.iter().filter(|unit| names.contains(&unit.member.spec.name)) {
            tail(unit, logs, config, wanted, reply.clone());
        }
    }

    /// The last events, and those to come if they are followed.
    fn show_events(&mut self, count: usize, follow: bool, reply: mpsc::Sender<Response>) {
        let events = self.services.events.last(count);
        let followed = follow.then(|| self.services.events.follow());
        tokio::task::spawn_local(async move {
            for event in events {
                if reply.send(Response::Event(event)).await.is_err() {
                    return;
                }
            }
            let Some(mut followed) = followed else { return };
            while let Some(event) = next(&mut followed, &reply).await {
                if reply.send(Response::Event(event)).await.is_err() {
                    return;
                }
            }
        });
    }

    fn show_metrics(&mut self, gpus: Gpus, reply: mpsc::Sender<Response>) {
        let units = self.fleet.units.iter();
        let memory_kills = units.map(|unit| (unit.member.spec.name.clone(), unit.oom_kills())).collect();
        let kills = self.services.memory_kills.total();
        let report = self.report(None);
        tokio::task::spawn_local(async move {
            let page = metrics::render(report, memory_kills, kills, gpus.read().await);
            send(&reply, Response::Metrics(page));
        });
    }

    fn reopen_logs(&self, reply: mpsc::Sender<Response>) {
        let logs = self.services.logs.clone();
        tokio::task::spawn_local(async move {
            logs.reopen().await;
            send(&reply, Response::Done(vec!["log files reopened".to_owned()]));
        });
    }

    fn end_for_operator(&mut self, reply: &mpsc::Sender<Response>) {
        // Only a second signal forces it: a script that asks again has more patience.
        if !self.is_shutting_down() {
            self.shut_down(0, "by the operator");
        }
        send(reply, Response::Done(vec!["shutting down".to_owned()]));
    }

    fn settle(
        &mut self,
        serial: u64,
        names: Vec<String>,
        wait: bool,
        limit: Duration,
        reply: mpsc::Sender<Response>,
    ) {
        if wait {
            return self.wait(serial, names, Until::Ready, limit, reply);
        }
        self.advance();
        let named = self.fleet.units.iter().filter(|unit| names.contains(&unit.member.spec.name));
        send(&reply, Response::Done(named.map(Unit::describe).collect()));
    }

    fn wait(
        &mut self,
        serial: u64,
        programs: Vec<String>,
        until: Until,
        limit: Duration,
        reply: mpsc::Sender<Response>,
    ) {
        // A limit too large for the clock is none.
        let now = Instant::now();
        let deadline = now.checked_add(limit).unwrap_or(now + PATIENCE);
        self.replies.insert(serial, reply);
        self.fleet.wait(Waiter { serial, programs, until, deadline, limit });
    }

    /// Empties the log files of programs, and forgets their last lines.
    fn clear(&self, names: &[String], reply: mpsc::Sender<Response>) {
        let mut files = Vec::new();
        for unit in self.fleet.units.iter().filter(|unit| names.contains(&unit.member.spec.name)) {
            unit.tail.borrow_mut().clear();
            let spec = &unit.member.spec;
            let paths = [&spec.stdout_log, &spec.stderr_log].into_iter().flatten().cloned().collect();
            files.push((spec.name.clone(), paths));
        }
        let logs = self.services.logs.clone();
        tokio::task::spawn_local(async move {
            let (mut lines, mut success) = (Vec::new(), true);
            for (name, paths) in files {
                lines.push(match logs.clear(paths).await {
                    Ok(()) => format!("{name}: cleared"),
                    Err(reason) => {
                        success = false;
                        format!("{name}: {reason}")
                    }
                });
            }
            if success {
                send(&reply, Response::Done(lines));
            } else {
                refuse(&reply, Failure::Failed, lines.join("\n"));
            }
        });
    }

    /// Sends a signal to whole groups.
    fn signal(&mut self, names: &[String], signal: Signal, reply: &mpsc::Sender<Response>) {
        let table = self.services.processes();
        let mut success = true;
        let mut lines = Vec::new();
        for unit in self.fleet.units.iter().filter(|unit| names.contains(&unit.member.spec.name)) {
            if let Some(process) = &unit.process {
                process.family.signal(signal, &table);
                lines.push(format!("{}: {signal} sent", unit.member.spec.name));
            } else {
                success = false;
                lines.push(format!("{}; it has no process", unit.describe()));
            }
        }
        if success {
            send(reply, Response::Done(lines));
        } else {
            refuse(reply, Failure::Failed, lines.join("\n"));
        }
    }
}

/// The next item, or `None` if the client is gone.
async fn next<T>(followed: &mut mpsc::Receiver<T>, reply: &mpsc::Sender<Response>) -> Option<T> {
    tokio::select! {
        next = followed.recv() => next,
        () = reply.closed() => None,
    }
}
