//! One turn: whatever can be done now is done, in order.

use std::time::{Duration, Instant};

use super::{Body, Change, Fleet, Goal, Member, Order, Renew, STUCK_AFTER, all_satisfied};
use crate::program::{State, Then};

impl<B: Body> Fleet<B> {
    /// Does all that can be done now. Returns the name of an essential program that has ended, if any: then the caller
    /// shuts everything down and calls again.
    pub(crate) fn turn(&mut self, now: Instant, shell: &mut B::Shell) -> Option<String> {
        self.again = false;
        // Each round changes at least one program; the bound only guards against faults in here.
        for _ in 0..100 {
            let before: Vec<_> = self.states().cloned().collect();
            let pending = self.pending();
            for unit in &mut self.units {
                unit.look(now, shell);
                let step = unit.member_mut().machine.tick(now);
                unit.apply(step, shell);
            }
            self.carry_out(now, shell);
            self.start_what_waits(now, shell);
            if let Some(name) = self.ended_essential(now) {
                return Some(name);
            }
            if self.states().eq(&before) && self.pending() == pending {
                break;
            }
        }
        None
    }

    /// The exit code if every program has ended by itself, or waits for one that has: 0, or that of the first failure. A
    /// program that an operator has stopped, or that only an operator starts, hasn't ended.
    pub(crate) fn done(&self) -> Option<u8> {
        let ended = |state: &State| matches!(state, State::Exited(_) | State::Failed(_));
        let is_over = |unit: &B| {
            let Member { spec, machine, .. } = unit.member();
            let state = machine.state();
            ended(state) || *state == State::Waiting || (*state == State::Stopped && !spec.autostart)
        };
        if !self.states().any(ended) || !self.units.iter().all(is_over) {
            return None;
        }
        let code = |unit: &B| {
            let machine = &unit.member().machine;
            let last = machine.last_exit().map(crate::process::Exit::code).filter(|code| *code != 0);
            (ended(machine.state()) && !unit.satisfies())
                .then(|| u8::try_from(last.unwrap_or(1)).unwrap_or(1))
        };
        Some(self.units.iter().find_map(code).unwrap_or(0))
    }

    /// Whether all programs are down for good, but for what KILL hasn't ended within `patience`.
    pub(crate) fn is_down(&self, now: Instant, patience: Duration) -> bool {
        self.states().all(|state| state.is_final() || state.is_stuck(now, patience))
    }

    fn states(&self) -> impl Iterator<Item = &State> {
        self.units.iter().map(|unit| unit.member().machine.state())
    }

    /// The number of wishes that aren't carried out yet: others may wait for them.
    fn pending(&self) -> usize {
        let wishes = self.units.iter().map(|unit| &unit.member().wishes);
        wishes.map(|wishes| usize::from(wishes.renew.is_some()) + usize::from(wishes.change.is_some())).sum()
    }

    /// Dependents go first: whether one of this program's still stops, or is about to. Those of a dependent without a process
    /// are its own.
    fn waits_for_dependents(&self, at: usize, now: Instant) -> bool {
        let mut seen = vec![at];
        let mut next = 0;
        while let Some(unit) = seen.get(next).and_then(|at| self.units.get(*at)) {
            next += 1;
            let name = &unit.member().spec.name;
            for (other_at, other) in self.units.iter().enumerate() {
                if !other.member().spec.after.contains(name) || seen.contains(&other_at) {
                    continue;
                }
                let state = other.member().machine.state();
                // The end comes also where one can't be killed.
                if self.shutting_down && state.is_stuck(now, STUCK_AFTER) {
                    seen.push(other_at);
                    continue;
                }
                let stops = matches!(other.order(self.shutting_down), Order::Stop | Order::Renew);
                if matches!(state, State::Stopping(_)) || (stops && state.has_process()) {
                    return true;
                }
                if !state.has_process() {
                    seen.push(other_at);
                }
            }
        }
        false
    }

    fn carry_out(&mut self, now: Instant, shell: &mut B::Shell) {
        let mut removed = Vec::new();
        for at in 0..self.units.len() {
            let waits = self.waits_for_dependents(at, now);
            let Some(unit) = self.units.get(at) else { break };
            let state = unit.member().machine.state();
            let order = unit.order(self.shutting_down);
            // A process that must end waits for its turn; what has none is held back at once.
            let waits = waits && state.has_process() && !matches!(state, State::Stopping(_));
            match order {
                Order::Run if is_down_by_order(state) => self.step(at, shell, |machine| machine.start()),
                Order::Run => {}
                Order::Renew if waits => {}
                Order::Renew => self.renew(at, now, shell),
                Order::Stop if waits => {}
                // What has ended by itself keeps its last state, unless an operator stops it.
                Order::Stop if state.is_final() && self.ends_anyway(at) => {}
                Order::Stop => self.step(at, shell, |machine| machine.stop(now)),
                Order::Change => {
                    if !state.is_final() {
                        self.step(at, shell, |machine| machine.stop(now));
                    }
                    if !self.change(at) {
                        removed.push(at);
                    }
                }
            }
        }
        let mut at = 0..;
        self.units.retain(|_| at.next().is_none_or(|at| !removed.contains(&at)));
    }

    fn step(
        &mut self,
        at: usize,
        shell: &mut B::Shell,
        decide: impl FnOnce(&mut crate::program::Machine) -> crate::program::Step,
    ) {
        if let Some(unit) = self.units.get_mut(at) {
            let step = decide(&mut unit.member_mut().machine);
            unit.apply(step, shell);
        }
    }

    fn ends_anyway(&self, at: usize) -> bool {
        let wishes = self.units.get(at).map(|unit| &unit.member().wishes);
        self.shutting_down || wishes.is_some_and(|wishes| wishes.change.is_some())
    }

    /// A new process, once those before it in a rolling restart are ready. If one of them can't become ready, the
    /// others keep the process that they have.
    fn renew(&mut self, at: usize, now: Instant, shell: &mut B::Shell) {
        let renew = self.units.get(at).and_then(|unit| unit.member().wishes.renew.clone());
        let Renew { serial, behind } = renew.unwrap_or_default();
        let behind = behind.unwrap_or_default();
        let before = || self.units.iter().filter(|unit| behind.contains(&unit.member().spec.name));
        let ready = before().all(|unit| unit.satisfies() && unit.order(self.shutting_down) == Order::Run);
        if before().any(|unit| unit.member().machine.state().is_final() && !unit.satisfies()) {
            self.cancel_roll(serial);
        }
        if !ready {
            return;
        }
        if let Some(unit) = self.units.get_mut(at) {
            unit.member_mut().wishes.renew = None;
        }
        self.step(at, shell, |machine| machine.restart(now));
    }

    /// Carries out what a reload asked for; false if the program leaves.
    fn change(&mut self, at: usize) -> bool {
        let Some(unit) = self.units.get_mut(at) else { return false };
        match unit.member_mut().wishes.change.take() {
            Some(Change::Replace(spec)) => {
                let machine = self.machine(&spec);
                if let Some(unit) = self.units.get_mut(at) {
                    let member = unit.member_mut();
                    member.machine = machine;
                    member.spec = *spec;
                    member.wishes.renew = None;
                    unit.renewed();
                }
                true
            }
            Some(Change::Remove) => false,
            None => true,
        }
    }

    /// Starts what waits for nothing any more. While a reload still stops programs, nothing new starts: what comes may
    /// need a port of what goes.
    fn start_what_waits(&mut self, now: Instant, shell: &mut B::Shell) {
        let leaves = |unit: &B| {
            let member = unit.member();
            member.wishes.change.is_some() && member.machine.state().has_process()
        };
        if self.shutting_down || self.units.iter().any(leaves) {
            return;
        }
        for at in 0..self.units.len() {
            let Some(unit) = self.units.get(at) else { break };
            let member = unit.member();
            if *member.machine.state() == State::Waiting && all_satisfied(&self.units, &member.spec.after) {
                self.step(at, shell, |machine| machine.dependencies_ready(now));
            }
        }
    }

    fn ended_essential(&self, now: Instant) -> Option<String> {
        if self.shutting_down {
            return None;
        }
        let ended = |unit: &&B| {
            let member = unit.member();
            member.spec.essential
                && member.wishes.goal(member.spec.autostart) == Goal::Up
                && match member.machine.state() {
                    State::Failed(_) | State::Exited(_) => true,
                    // It does nothing any more, and can't start again.
                    state => state.is_stuck(now, STUCK_AFTER),
                }
        };
        self.units.iter().find(ended).map(|unit| unit.member().spec.name.clone())
    }
}

/// Whether it is down, or will be, only because somebody wanted it so.
fn is_down_by_order(state: &State) -> bool {
    match state {
        State::Stopped => true,
        State::Stopping(stopping) => stopping.then == Then::Stay,
        _ => false,
    }
}
