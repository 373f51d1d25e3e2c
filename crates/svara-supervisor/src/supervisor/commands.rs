//! Carries out operators' requests from the socket.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::sync::mpsc;

use super::{
    core::Core,
    reply::{refuse, send},
    tail::{Wanted, tail},
    unit::Unit,
};
use crate::{
    config::parse_signal,
    control::{Call, Failure, Request, Response},
    fleet::{Body, Until, Waiter},
    logs::Logs,
};

/// How long a command waits for its programs, unless it says so itself: longer than the largest model takes to load.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

impl Core {
    /// Carries out a request, except those that the loop handles itself (`reload`, `scale`, `metrics`).
    pub(super) fn call(&mut self, call: Call) {
        let Call { request, reply, timeout } = call;
        let starts =
            matches!(request, Request::Start { .. } | Request::Restart { .. } | Request::Roll { .. });
        if starts && self.is_shutting_down() {
            return refuse(&reply, Failure::Failed, "the supervisor is shutting down".to_owned());
        }
        let names = match &request {
            Request::Status { programs }
            | Request::Start { programs, .. }
            | Request::Restart { programs, .. }
            | Request::Roll { programs }
            | Request::Signal { programs, .. }
            | Request::Clear { programs }
            | Request::Stop { programs } => self.named(programs),
            Request::Tail { program, .. } => self.named(std::slice::from_ref(program)),
            _ => Ok(Vec::new()),
        };
        let names = match names {
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
                for unit in self.fleet.units.iter().filter(|unit| names.contains(&unit.member.spec.name)) {
                    let (logs, config) = (&self.services.logs, &self.services.log_config);
                    tail(unit, logs, config, Wanted { lines, stream, follow }, reply.clone());
                }
            }
            Request::Events { count, follow } => {
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
            Request::Reopen => {
                let logs: Logs = self.services.logs.clone();
                tokio::task::spawn_local(async move {
                    logs.reopen().await;
                    send(&reply, Response::Done(vec!["log files reopened".to_owned()]));
                });
            }
            Request::Clear { .. } => self.clear(&names, reply),
            Request::Shutdown => {
                // Only a second signal forces it: a script that asks again has more patience.
                if !self.is_shutting_down() {
                    self.shut_down(0, "by the operator");
                }
                send(&reply, Response::Done(vec!["shutting down".to_owned()]));
            }
            Request::Reload { .. } | Request::Metrics | Request::Scale { .. } => {
                refuse(&reply, Failure::BadRequest, "not handled here".to_owned());
            }
        }
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
