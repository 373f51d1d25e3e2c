//! All programs together, as pure policy: which may start, which must stop first, and who is answered when.
//!
//! [`Wishes::order`] decides what one program must do; [`Fleet::turn`] decides when its turn comes. What has to be done
//! about processes is left to a [`Body`]: the real one starts processes, the one of the tests plays them.

mod turn;
mod waiter;
mod wish;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub(crate) use waiter::{Answer, Until, Waiter};
pub(crate) use wish::{Change, Goal, Order, Renew, Wishes};

use crate::{
    config::{ProgramSpec, Takeover},
    program::{Machine, State, Step},
};

/// What KILL hasn't ended within this time may never end: operators are told, and the end waits for it no longer.
pub(crate) const STUCK_AFTER: Duration = Duration::from_secs(30);

/// One program: its configuration, its state and what is wanted of it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) spec: ProgramSpec,
    pub(crate) machine: Machine,
    pub(crate) wishes: Wishes,
}

/// A program and whatever carries out its decisions.
pub(crate) trait Body {
    /// What all bodies share.
    type Shell;

    fn new(member: Member) -> Self;
    fn member(&self) -> &Member;
    fn member_mut(&mut self) -> &mut Member;
    /// Carries out what the machine decided.
    fn apply(&mut self, step: Step, shell: &mut Self::Shell);
    /// Looks whether the process or the rest of its family has gone.
    fn look(&mut self, now: Instant, shell: &mut Self::Shell);
    /// Forgets what belonged to an old configuration.
    fn renewed(&mut self);
    /// The log files in its configuration are others now.
    fn logs_moved(&mut self);

    fn order(&self, shutting_down: bool) -> Order {
        let Member { spec, machine, wishes } = self.member();
        wishes.order(spec.autostart, shutting_down, machine.state())
    }

    fn is_called(&self, name: &str) -> bool {
        let spec = &self.member().spec;
        spec.name == name || spec.program == name
    }

    /// Whether its dependents may start.
    fn satisfies(&self) -> bool {
        let machine = &self.member().machine;
        match machine.state() {
            State::Ready { .. } => true,
            State::Exited(exit) => machine.is_success(*exit),
            _ => false,
        }
    }

    /// What changes, if it goes on as it is under this configuration.
    fn takeover(&self, new: &ProgramSpec) -> Option<Takeover> {
        let Member { spec, machine, .. } = self.member();
        spec.takeover(new, machine.state().has_ended())
    }

    /// Its state in one line, for the operator.
    fn describe(&self) -> String {
        let Member { spec, machine, .. } = self.member();
        match machine.state() {
            State::Failed(reason) => format!("{}: failed: {reason}", spec.name),
            State::Exited(exit) => format!("{}: exited: {exit}", spec.name),
            state => format!("{}: {}", spec.name, state.name()),
        }
    }
}

/// Whether every named program is ready or has exited successfully.
pub(crate) fn all_satisfied<B: Body>(units: &[B], names: &[String]) -> bool {
    names.iter().all(|name| units.iter().filter(|unit| unit.is_called(name)).all(Body::satisfies))
}

/// The programs and those who wait for them.
#[derive(Debug)]
pub(crate) struct Fleet<B> {
    /// In start order.
    pub(crate) units: Vec<B>,
    waiters: Vec<Waiter>,
    shutting_down: bool,
    /// Counts the operators' commands.
    serial: u64,
    /// Counts the machines, so that no observation of an old one counts for a new one of the same name.
    machines: u64,
    seed: u64,
    /// Something was called off that others may have waited for.
    again: bool,
}

impl<B: Body> Fleet<B> {
    /// `seed` is for the jitter of delays.
    pub(crate) fn new(specs: &[ProgramSpec], seed: u64) -> Self {
        let mut fleet = Self {
            units: Vec::new(),
            waiters: Vec::new(),
            shutting_down: false,
            serial: 0,
            machines: 0,
            seed,
            again: false,
        };
        specs.iter().for_each(|spec| fleet.add(spec.clone()));
        fleet
    }

    fn add(&mut self, spec: ProgramSpec) {
        let machine = self.machine(&spec);
        self.units.push(B::new(Member { machine, spec, wishes: Wishes::default() }));
    }

    fn machine(&mut self, spec: &ProgramSpec) -> Machine {
        self.seed = self.seed.wrapping_add(0x5851_F42D_4C95_7F2D);
        self.machines += 1;
        // No program starts four billion processes.
        Machine::new(spec, self.seed).numbered_from(self.machines << 32)
    }

    /// An operator's command about these programs; returns its number, which a waiter needs.
    fn command(&mut self, names: &[String], mut wish: impl FnMut(&mut Wishes)) -> u64 {
        self.serial += 1;
        for unit in &mut self.units {
            let member = unit.member_mut();
            if names.contains(&member.spec.name) {
                member.wishes.serial = self.serial;
                wish(&mut member.wishes);
            }
        }
        self.serial
    }

    /// The operator starts programs, which resets their failures.
    pub(crate) fn start(&mut self, names: &[String], shell: &mut B::Shell) -> u64 {
        let serial = self.command(names, |wishes| wishes.operator = Some(Goal::Up));
        let shutting_down = self.shutting_down;
        for unit in self.units.iter_mut().filter(|unit| names.contains(&unit.member().spec.name)) {
            if unit.order(shutting_down) == Order::Run {
                let step = unit.member_mut().machine.start();
                unit.apply(step, shell);
            }
        }
        serial
    }

    /// The operator stops programs.
    pub(crate) fn stop(&mut self, names: &[String]) -> u64 {
        self.command(names, |wishes| {
            wishes.operator = Some(Goal::Down);
            wishes.renew = None;
        })
    }

    /// The operator wants new processes.
    pub(crate) fn restart(&mut self, names: &[String]) -> u64 {
        self.command(names, |wishes| {
            wishes.operator = Some(Goal::Up);
            wishes.renew = Some(Renew { serial: wishes.serial, behind: None });
        })
    }

    /// As [`Fleet::restart`], but each replica only after those before it are ready again.
    pub(crate) fn roll(&mut self, names: &[String]) -> u64 {
        let serial = self.restart(names);
        let mut before: Vec<(String, String)> = Vec::new();
        for unit in &mut self.units {
            let member = unit.member_mut();
            if !names.contains(&member.spec.name) {
                continue;
            }
            let (program, name) = (&member.spec.program, &member.spec.name);
            let siblings = before.iter().filter(|(other, _)| other == program);
            let behind = Some(siblings.map(|(_, name)| name.clone()).collect());
            member.wishes.renew = Some(Renew { serial, behind });
            before.push((program.clone(), name.clone()));
        }
        serial
    }

    /// Everything must stop; no wish counts from now on.
    pub(crate) fn shut_down(&mut self) {
        self.shutting_down = true;
    }

    /// Whether [`Fleet::shut_down`] was called.
    pub(crate) fn is_shutting_down(&self) -> bool {
        self.shutting_down
    }

    /// Kills whatever still runs.
    pub(crate) fn kill(&mut self, now: Instant, shell: &mut B::Shell) {
        for unit in &mut self.units {
            let step = unit.member_mut().machine.kill(now);
            unit.apply(step, shell);
        }
    }

    /// Asks for these programs in place of the present ones; returns a description of the changes.
    pub(crate) fn reload(&mut self, specs: &[ProgramSpec]) -> Vec<String> {
        let mut lines = Vec::new();
        for unit in &mut self.units {
            let new = specs.iter().find(|new| new.name == unit.member().spec.name);
            if let Some(new) = new
                && let Some(takeover) = unit.takeover(new)
            {
                if takeover.rules {
                    lines.push(format!("{}: changed without a restart", new.name));
                }
                if takeover.logs {
                    lines.push(format!("{}: logs to other files", new.name));
                }
                let member = unit.member_mut();
                member.machine.follow(new);
                member.spec = new.clone();
                if takeover.logs {
                    unit.logs_moved();
                }
            }
            let Member { spec, wishes, .. } = unit.member_mut();
            let (change, words) = match specs.iter().find(|new| new.name == spec.name) {
                Some(new) if new == spec => (None, "unchanged again"),
                Some(new) => (Some(Change::Replace(Box::new(new.clone()))), "changed"),
                None => (Some(Change::Remove), "removed"),
            };
            if wishes.change.is_some() || change.is_some() {
                lines.push(format!("{}: {words}", spec.name));
            }
            wishes.change = change;
        }
        for spec in specs {
            if !self.units.iter().any(|unit| unit.member().spec.name == spec.name) {
                lines.push(format!("{}: added", spec.name));
                self.add(spec.clone());
            }
        }
        let place = |unit: &B| specs.iter().position(|spec| spec.name == unit.member().spec.name);
        self.units.sort_by_key(place);
        lines
    }

    /// Waits on behalf of the command with this number.
    pub(crate) fn wait(&mut self, waiter: Waiter) {
        self.waiters.push(waiter);
    }

    /// Takes the answers that are due now, and forgets those who don't wait any more.
    pub(crate) fn answers(&mut self, now: Instant, still_waits: impl Fn(u64) -> bool) -> Vec<(u64, Answer)> {
        let mut answers = Vec::new();
        let waiters = std::mem::take(&mut self.waiters);
        for waiter in waiters {
            if !still_waits(waiter.serial) {
                self.cancel_roll(waiter.serial);
                continue;
            }
            match waiter.answer(&self.units, self.shutting_down, now) {
                None => self.waiters.push(waiter),
                Some(answer) => {
                    self.cancel_roll(waiter.serial);
                    answers.push((waiter.serial, answer));
                }
            }
        }
        answers
    }

    /// When the next waiter has waited for too long, or now if there is more to do.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        let waiters = self.waiters.iter().map(|waiter| waiter.deadline).min();
        if self.again { Some(now) } else { waiters }
    }

    /// A rolling restart that can't go on, or that nobody waits for any more, stops where it is.
    fn cancel_roll(&mut self, serial: u64) {
        let rolls = |renew: &Renew| renew.serial == serial && renew.behind.is_some();
        for unit in &mut self.units {
            self.again |= unit.member_mut().wishes.renew.take_if(|renew| rolls(renew)).is_some();
        }
    }
}
