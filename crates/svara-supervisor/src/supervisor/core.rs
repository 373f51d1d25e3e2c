//! All programs, with everything that carries out what [`Fleet`] decides.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tokio::sync::mpsc;

use super::{
    reply::{refuse, send},
    services::Services,
    timers::Timers,
    unit::Unit,
};
use crate::{
    config::Config,
    control::{Failure, Response},
    events::Kind,
    fleet::{Fleet, STUCK_AFTER, all_satisfied},
    probe::Finding,
    program::State,
    schedule::Clocks,
};

/// After the end was asked for twice, what KILL hasn't ended by then isn't waited for.
const FORCED_END: Duration = Duration::from_secs(5);

/// The programs, and those who wait for them.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) services: Services,
    pub(super) fleet: Fleet<Unit>,
    pub(super) timers: Timers,
    /// Who waits, by the number of the command.
    pub(super) replies: HashMap<u64, mpsc::Sender<Response>>,
    pub(super) disabled: Vec<String>,
    pub(super) groups: BTreeMap<String, Vec<String>>,
    exit_when_done: bool,
    code: u8,
    /// When the end was first asked for again.
    forced: Option<Instant>,
    pub(super) orphans_reaped: u64,
}

impl Core {
    /// The programs of a configuration; those with autostart start with the first [`Core::advance`].
    pub(super) fn new(config: &Config, services: Services, seed: u64) -> Self {
        Self {
            services,
            fleet: Fleet::new(&config.programs, seed),
            timers: Timers::new(config, Clocks::read()),
            replies: HashMap::new(),
            disabled: config.disabled.clone(),
            groups: config.groups.clone(),
            exit_when_done: config.exit_when_done,
            code: 0,
            forced: None,
            orphans_reaped: 0,
        }
    }

    /// Does everything that can be done now.
    pub(super) fn advance(&mut self) {
        let now = Clocks::read();
        while let Some(name) = self.fleet.turn(now.steady, &mut self.services) {
            self.end_with(&name);
        }
        if self.exit_when_done
            && !self.is_shutting_down()
            && let Some(code) = self.fleet.done()
        {
            self.shut_down(code, "every program has ended");
            self.fleet.turn(now.steady, &mut self.services);
        }
        self.note_degraded();
        self.answer(now.steady);
        if !self.is_shutting_down() {
            self.timers.run(now, &self.fleet.units, &mut self.services);
        }
    }

    /// When [`Core::advance`] must run next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        let units = self.fleet.units.iter().filter_map(|unit| unit.deadline(now)).min();
        [units, self.timers.deadline(now).filter(|_| !self.is_shutting_down()), self.fleet.deadline(now)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Takes over what isn't about single programs.
    pub(super) fn replace(&mut self, config: &Config) {
        self.disabled.clone_from(&config.disabled);
        self.groups.clone_from(&config.groups);
        self.exit_when_done = config.exit_when_done;
    }

    /// Reaps children, on SIGCHLD.
    pub(super) fn reap(&mut self) {
        self.orphans_reaped += self.services.children.reap();
        if let Some(guard) = &mut self.services.guard
            && let Some(cause) = match guard.ensure() {
                Ok(None) => None,
                Ok(Some(exit)) => Some(format!("the guard has ended ({exit}) and was started again")),
                Err(error) => Some(format!("can't restart the guard: {error}")),
            }
        {
            self.services.note(Kind::Supervisor, None, None, Some(cause));
        }
    }

    /// Hands a probe's finding to its program.
    pub(super) fn found(&mut self, finding: Finding) {
        if let Some(unit) = self.fleet.units.iter_mut().find(|unit| unit.member.spec.name == finding.program)
        {
            unit.found(finding.generation, finding.what, &mut self.services);
        }
    }

    /// Forwards a signal to the programs that list it.
    pub(super) fn forward(&mut self, signal: Signal) {
        let table = self.services.processes();
        let listed = |unit: &&Unit| unit.member.spec.forward_signals.contains(&signal);
        for unit in self.fleet.units.iter().filter(listed) {
            if let Some(process) = &unit.process {
                process.family.signal(signal, &table);
            }
        }
    }

    /// Stops everything in reverse order; on the second call, kills everything.
    pub(super) fn shut_down(&mut self, code: u8, cause: &str) {
        let again = self.is_shutting_down();
        let words = if again { format!("{cause}, again: killing everything") } else { cause.to_owned() };
        self.services.note(Kind::Shutdown, None, None, Some(words));
        if again {
            let now = Instant::now();
            self.forced.get_or_insert(now);
            self.fleet.kill(now, &mut self.services);
        } else {
            self.code = code;
            self.fleet.shut_down();
        }
    }

    /// Whether the supervisor is shutting down.
    pub(super) fn is_shutting_down(&self) -> bool {
        self.fleet.is_shutting_down()
    }

    /// Whether nothing is waited for any more.
    pub(super) fn is_forced(&self) -> bool {
        self.forced.is_some()
    }

    /// The exit code, once everything has stopped, but for what can't be killed: then it is no success.
    pub(super) fn finished(&self) -> Option<u8> {
        let now = Instant::now();
        let has_waited = |asked: Instant| now.saturating_duration_since(asked) >= FORCED_END;
        let patience = if self.forced.is_some_and(has_waited) { FORCED_END } else { STUCK_AFTER };
        if !self.is_shutting_down() || !self.fleet.is_down(now, patience) {
            return None;
        }
        let is_left = self.left().next().is_some();
        Some(if is_left { self.code.max(1) } else { self.code })
    }

    /// The programs that still have a process.
    pub(super) fn left(&self) -> impl Iterator<Item = &Unit> {
        self.fleet.units.iter().filter(|unit| unit.process.is_some())
    }

    /// An essential program has ended: it stops everything and determines the exit code.
    fn end_with(&mut self, name: &str) {
        let Some(unit) = self.fleet.units.iter().find(|unit| unit.member.spec.name == name) else { return };
        let machine = &unit.member.machine;
        let code = match (machine.state(), machine.last_exit()) {
            (State::Exited(exit), _) => exit.code(),
            // vLLM exits with 0 when its engine dies, so a failed program never counts as success.
            (_, exit) => exit.map(crate::process::Exit::code).filter(|code| *code != 0).unwrap_or(1),
        };
        let what = match machine.state() {
            State::Stopping(_) => "can't be killed",
            state => state.name(),
        };
        let cause = format!("{name} is essential and {what}");
        self.shut_down(u8::try_from(code).unwrap_or(1), &cause);
    }

    /// Answers the waiting commands that have been met, or can't be.
    fn answer(&mut self, now: Instant) {
        self.replies.retain(|_, reply| !reply.is_closed());
        let replies = &self.replies;
        let answers = self.fleet.answers(now, |serial| replies.contains_key(&serial));
        for (serial, answer) in answers {
            let Some(reply) = self.replies.remove(&serial) else { continue };
            if answer.success {
                send(&reply, Response::Done(answer.lines));
            } else {
                refuse(&reply, Failure::Failed, answer.lines.join("\n"));
            }
        }
    }

    fn note_degraded(&mut self) {
        for at in 0..self.fleet.units.len() {
            let Some(unit) = self.fleet.units.get(at) else { break };
            let is_ready = matches!(unit.member.machine.state(), State::Ready { .. });
            let missing = |name: &&String| !all_satisfied(&self.fleet.units, std::slice::from_ref(*name));
            let after = unit.member.spec.after.iter();
            let degraded: Vec<String> = after.filter(|_| is_ready).filter(missing).cloned().collect();
            if degraded == unit.degraded {
                continue;
            }
            let Some(unit) = self.fleet.units.get_mut(at) else { break };
            if !degraded.is_empty() {
                let cause = format!("not ready: {}", degraded.join(", "));
                self.services.note(Kind::Degraded, Some(&unit.member.spec.name), unit.pid(), Some(cause));
            } else if is_ready {
                self.services.note(Kind::Recovered, Some(&unit.member.spec.name), unit.pid(), None);
            }
            unit.degraded = degraded;
        }
    }
}
