//! Coordinates all programs: which may start, which must stop first, and when the supervisor is done.

use std::time::Instant;

use nix::sys::signal::Signal;

use super::{
    services::Services,
    timers::Timers,
    unit::{Intent, Unit, all_satisfied},
    waiter::Waiter,
};
use crate::{
    config::{Config, ProgramSpec},
    events::Kind,
    probe::Finding,
    program::State,
};

/// The programs and what is intended for them.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) services: Services,
    /// In start order.
    pub(super) units: Vec<Unit>,
    pub(super) timers: Timers,
    pub(super) waiters: Vec<Waiter>,
    pub(super) disabled: Vec<String>,
    shutdown: Option<u8>,
    pub(super) orphans_reaped: u64,
    seed: u64,
}

impl Core {
    /// The programs of a configuration; those with autostart begin to start.
    pub(super) fn new(config: &Config, services: Services, seed: u64) -> Self {
        let mut core = Self {
            services,
            units: Vec::new(),
            timers: Timers::new(config, Instant::now()),
            waiters: Vec::new(),
            disabled: config.disabled.clone(),
            shutdown: None,
            orphans_reaped: 0,
            seed,
        };
        for spec in &config.programs {
            core.add(spec.clone());
        }
        core
    }

    /// Adds a program, and starts it if `autostart` is set.
    pub(super) fn add(&mut self, spec: ProgramSpec) {
        self.seed = self.seed.wrapping_add(0x5851_F42D_4C95_7F2D);
        let mut unit = Unit::new(spec, self.seed);
        if unit.spec.autostart {
            let step = unit.machine.start();
            unit.apply(step, &mut self.services);
        }
        self.units.push(unit);
    }

    /// Does everything that can be done now.
    pub(super) fn advance(&mut self) {
        // Each round changes at least one program; the bound only guards against bugs in here.
        for _ in 0..100 {
            let before: Vec<_> = self.units.iter().map(|unit| unit.machine.state().clone()).collect();
            let now = Instant::now();
            for unit in &mut self.units {
                unit.look(now, &mut self.services);
                let step = unit.machine.tick(now);
                unit.apply(step, &mut self.services);
            }
            self.carry_out_intents(now);
            self.start_what_waits(now);
            self.watch_essentials();
            let after = self.units.iter().map(|unit| unit.machine.state());
            if before.len() == self.units.len() && before.iter().eq(after) {
                break;
            }
        }
        self.note_degraded();
        self.answer_waiters();
        self.timers.run(&self.units, &mut self.services);
    }

    /// When [`Core::advance`] must run next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        let units = self.units.iter().filter_map(|unit| unit.deadline(now)).min();
        [units, self.timers.deadline()].into_iter().flatten().min()
    }

    /// Reaps children, on SIGCHLD.
    pub(super) fn reap(&mut self) {
        self.orphans_reaped += self.services.children.reap();
        if let Some(guard) = &mut self.services.guard
            && let Err(error) = guard.ensure()
        {
            let cause = format!("can't restart the guard: {error}");
            self.services.note(Kind::Supervisor, None, None, Some(cause));
        }
    }

    /// Hands a probe's finding to its program.
    pub(super) fn found(&mut self, finding: Finding) {
        if let Some(unit) = self.units.iter_mut().find(|unit| unit.spec.name == finding.program) {
            unit.found(finding.generation, finding.what, &mut self.services);
        }
    }

    /// Forwards a signal to the programs that list it.
    pub(super) fn forward(&self, signal: Signal) {
        for unit in self.units.iter().filter(|unit| unit.spec.forward_signals.contains(&signal)) {
            if let Some(process) = &unit.process {
                process.family.signal(signal);
            }
        }
    }

    /// Stops everything in reverse order; on the second call, kills everything.
    pub(super) fn shut_down(&mut self, code: u8, cause: &str) {
        let again = self.shutdown.is_some();
        let words = if again { format!("{cause}, again: killing everything") } else { cause.to_owned() };
        self.services.note(Kind::Shutdown, None, None, Some(words));
        if again {
            let now = Instant::now();
            for unit in &mut self.units {
                let step = unit.machine.kill(now);
                unit.apply(step, &mut self.services);
            }
        } else {
            self.shutdown = Some(code);
            self.units.iter_mut().for_each(|unit| unit.intent = Some(Intent::Stop));
        }
    }

    /// Whether the supervisor is shutting down.
    pub(super) fn is_shutting_down(&self) -> bool {
        self.shutdown.is_some()
    }

    /// The exit code, once everything has stopped.
    pub(super) fn finished(&self) -> Option<u8> {
        self.shutdown.filter(|_| self.units.iter().all(|unit| unit.machine.state().is_final()))
    }

    fn carry_out_intents(&mut self, now: Instant) {
        let mut removed = Vec::new();
        for at in 0..self.units.len() {
            let Some(unit) = self.units.get(at) else { break };
            let Some(intent) = &unit.intent else { continue };
            let goes_first = |other: &Unit| {
                let state = other.machine.state();
                let stops =
                    matches!(state, State::Stopping(_)) || (other.intent.is_some() && !state.is_final());
                other.spec.after.contains(&unit.spec.name) && stops
            };
            if self.units.iter().any(goes_first) {
                continue;
            }
            let intent = intent.clone();
            let Some(unit) = self.units.get_mut(at) else { break };
            match intent {
                Intent::Restart => {
                    let step = unit.machine.restart(now);
                    unit.apply(step, &mut self.services);
                    unit.intent = None;
                }
                Intent::Stop => {
                    let step = unit.machine.stop(now);
                    unit.apply(step, &mut self.services);
                    if unit.machine.state().is_final() {
                        unit.intent = None;
                    }
                }
                Intent::Replace(_) | Intent::Remove if !unit.machine.state().is_final() => {
                    let step = unit.machine.stop(now);
                    unit.apply(step, &mut self.services);
                }
                Intent::Replace(spec) => {
                    self.seed = self.seed.wrapping_add(1);
                    unit.replace(*spec, self.seed);
                    if unit.spec.autostart {
                        let step = unit.machine.start();
                        unit.apply(step, &mut self.services);
                    }
                }
                Intent::Remove => removed.push(unit.spec.name.clone()),
            }
        }
        self.units.retain(|unit| !removed.contains(&unit.spec.name));
    }

    fn start_what_waits(&mut self, now: Instant) {
        if self.is_shutting_down() {
            return;
        }
        for at in 0..self.units.len() {
            let Some(unit) = self.units.get(at) else { break };
            if *unit.machine.state() != State::Waiting || !all_satisfied(&self.units, &unit.spec.after) {
                continue;
            }
            if let Some(unit) = self.units.get_mut(at) {
                let step = unit.machine.dependencies_ready(now);
                unit.apply(step, &mut self.services);
            }
        }
    }

    /// An essential program that has ended stops everything and determines the exit code.
    fn watch_essentials(&mut self) {
        if self.is_shutting_down() {
            return;
        }
        let ended = |unit: &&Unit| {
            unit.spec.essential && matches!(unit.machine.state(), State::Failed(_) | State::Exited(_))
        };
        let Some(unit) = self.units.iter().find(ended) else { return };
        let code = match (unit.machine.state(), unit.machine.last_exit()) {
            (State::Exited(exit), _) => exit.code(),
            // vLLM exits with 0 when its engine dies, so a failed program never counts as success.
            (_, exit) => exit.map(crate::process::Exit::code).filter(|code| *code != 0).unwrap_or(1),
        };
        let cause = format!("{} is essential and {}", unit.spec.name, unit.machine.state().name());
        self.shut_down(u8::try_from(code).unwrap_or(1), &cause);
    }

    fn note_degraded(&mut self) {
        for at in 0..self.units.len() {
            let Some(unit) = self.units.get(at) else { break };
            let is_ready = matches!(unit.machine.state(), State::Ready { .. });
            let missing = |name: &&String| !all_satisfied(&self.units, std::slice::from_ref(*name));
            let degraded: Vec<String> =
                unit.spec.after.iter().filter(|_| is_ready).filter(missing).cloned().collect();
            if degraded == unit.degraded {
                continue;
            }
            let Some(unit) = self.units.get_mut(at) else { break };
            if !degraded.is_empty() {
                let cause = format!("not ready: {}", degraded.join(", "));
                self.services.note(Kind::Degraded, Some(&unit.spec.name), unit.pid(), Some(cause));
            } else if is_ready {
                self.services.note(Kind::Recovered, Some(&unit.spec.name), unit.pid(), None);
            }
            unit.degraded = degraded;
        }
    }
}
