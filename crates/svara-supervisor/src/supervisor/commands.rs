//! Carries out operators' requests from the socket.

use tokio::sync::mpsc;

use super::{
    core::Core,
    unit::{Intent, Unit},
    waiter::{Until, Waiter},
};
use crate::{
    control::{Failure, Request, Response},
    logs::Logs,
};

impl Core {
    /// Carries out a request, except the two that the loop handles itself (`reload`, `metrics`).
    pub(super) fn call(&mut self, request: Request, reply: mpsc::Sender<Response>) {
        let starts = matches!(request, Request::Start { .. } | Request::Restart { .. });
        if starts && self.is_shutting_down() {
            return refuse(&reply, Failure::Failed, "the supervisor is shutting down".to_owned());
        }
        match request {
            Request::Status { programs } => self.with(&programs, reply, |core, names, reply| {
                send(&reply, Response::Status(core.report(&names)));
            }),
            Request::Start { programs, wait } => self.with(&programs, reply, |core, names, reply| {
                core.each(&names, |core, at| {
                    let Some(unit) = core.units.get_mut(at) else { return };
                    unit.intent = None;
                    let step = unit.machine.start();
                    unit.apply(step, &mut core.services);
                });
                core.settle(names, wait, reply);
            }),
            Request::Restart { programs, wait } => self.with(&programs, reply, |core, names, reply| {
                core.intend(&names, &Intent::Restart);
                core.settle(names, wait, reply);
            }),
            Request::Stop { programs } => self.with(&programs, reply, |core, names, reply| {
                core.intend(&names, &Intent::Stop);
                core.waiters.push(Waiter { programs: names, until: Until::Down, reply });
            }),
            Request::Tail { program, lines, stream, follow } => {
                self.with(&[program], reply, |core, names, reply| {
                    for unit in core.units.iter().filter(|unit| names.contains(&unit.spec.name)) {
                        tail(unit, lines, stream, follow, reply.clone());
                    }
                });
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
            Request::Shutdown => {
                self.shut_down(0, "by the operator");
                send(&reply, Response::Done(vec!["shutting down".to_owned()]));
            }
            Request::Reload | Request::Metrics => {
                refuse(&reply, Failure::BadRequest, "not handled here".to_owned());
            }
        }
    }

    /// Answers the waiting requests that have been met, or can't be.
    pub(super) fn answer_waiters(&mut self) {
        let units = &self.units;
        self.waiters.retain(|waiter| match waiter.answer(units) {
            None => !waiter.reply.is_closed(),
            Some(answer) => {
                send(&waiter.reply, answer);
                false
            }
        });
    }

    /// Resolves names: none or `all` means all programs; a program's name means all its replicas.
    fn with(
        &mut self,
        names: &[String],
        reply: mpsc::Sender<Response>,
        act: impl FnOnce(&mut Self, Vec<String>, mpsc::Sender<Response>),
    ) {
        let all = names.is_empty() || names.iter().any(|name| name == "all");
        let matches = |unit: &Unit, name: &String| unit.spec.name == *name || unit.spec.program == *name;
        for name in names.iter().filter(|_| !all) {
            if !self.units.iter().any(|unit| matches(unit, name)) {
                let known: Vec<_> = self.units.iter().map(|unit| unit.spec.name.as_str()).collect();
                let disabled = self.disabled.contains(name);
                let why = if disabled { "is disabled by `enabled`" } else { "is not a program" };
                let message = format!("`{name}` {why}; programs are: {}", known.join(", "));
                return refuse(&reply, Failure::UnknownProgram, message);
            }
        }
        let wanted = self.units.iter().filter(|unit| all || names.iter().any(|name| matches(unit, name)));
        let found = wanted.map(|unit| unit.spec.name.clone()).collect();
        act(self, found, reply);
    }

    fn each(&mut self, names: &[String], mut act: impl FnMut(&mut Self, usize)) {
        for at in 0..self.units.len() {
            if self.units.get(at).is_some_and(|unit| names.contains(&unit.spec.name)) {
                act(self, at);
            }
        }
    }

    fn intend(&mut self, names: &[String], intent: &Intent) {
        for unit in self.units.iter_mut().filter(|unit| names.contains(&unit.spec.name)) {
            unit.intent = Some(intent.clone());
        }
    }

    fn settle(&mut self, names: Vec<String>, wait: bool, reply: mpsc::Sender<Response>) {
        if wait {
            self.waiters.push(Waiter { programs: names, until: Until::Ready, reply });
        } else {
            self.advance();
            let named = self.units.iter().filter(|unit| names.contains(&unit.spec.name));
            send(&reply, Response::Done(named.map(Unit::describe).collect()));
        }
    }
}

fn tail(
    unit: &Unit,
    lines: usize,
    stream: Option<crate::logs::Stream>,
    follow: bool,
    reply: mpsc::Sender<Response>,
) {
    let last = unit.tail.borrow().last(lines, stream);
    let followed = follow.then(|| unit.tail.borrow_mut().follow());
    tokio::task::spawn_local(async move {
        for line in last {
            if reply.send(Response::Line(line)).await.is_err() {
                return;
            }
        }
        let Some(mut followed) = followed else { return };
        while let Some(line) = next(&mut followed, &reply).await {
            let wanted = stream.is_none_or(|stream| line.stream == stream);
            if wanted && reply.send(Response::Line(line)).await.is_err() {
                return;
            }
        }
    });
}

/// The next item, or `None` if the client is gone.
async fn next<T>(followed: &mut mpsc::Receiver<T>, reply: &mpsc::Sender<Response>) -> Option<T> {
    tokio::select! {
        next = followed.recv() => next,
        () = reply.closed() => None,
    }
}

/// Sends an answer. A new reply channel has room, and a client that is gone needs no answer.
pub(super) fn send(reply: &mpsc::Sender<Response>, response: Response) {
    let _ = reply.try_send(response);
}

pub(super) fn refuse(reply: &mpsc::Sender<Response>, failure: Failure, message: String) {
    send(reply, Response::Error { failure, message });
}
