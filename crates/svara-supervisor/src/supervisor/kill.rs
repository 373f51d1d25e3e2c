//! Ends the processes of a program: sends the stop signal, then KILL, and reports processes that survive KILL.

use std::time::Instant;

use nix::sys::signal::Signal;

use super::{services::Services, unit::Unit};
use crate::{events::Kind, fleet::STUCK_AFTER, process::Family};

impl Unit {
    pub(super) fn kill(&mut self, services: &mut Services) {
        let Some(process) = &mut self.process else { return };
        process.watch.abort();
        let table = services.processes_after(process.since);
        let (pid, states) = (process.family.leader(), process.family.states(&table));
        // Until it is reaped, its number is nobody else's: the group is killed whatever `/proc` says.
        let has_leader = process.exit.is_some();
        if has_leader || !states.is_empty() {
            process.family.signal(Signal::SIGKILL, &table);
        }
        let cause = match states.len() {
            0 if !has_leader || !table.is_blind() => return,
            0 => "its group was still running".to_owned(),
            left => format!("{left} processes of its group were still running"),
        };
        if !std::mem::replace(&mut process.kill_noted, true) {
            services.note(Kind::Killed, Some(&self.member.spec.name), Some(pid), Some(cause));
        } else if process.stuck.is_none() && self.member.machine.state().is_stuck(Instant::now(), STUCK_AFTER)
        {
            let stuck = stuck_words(pid, &states);
            let time = humantime::format_duration(STUCK_AFTER);
            let cause = format!("still there after KILL for {time}: {stuck}");
            process.stuck = Some(stuck);
            services.note(Kind::Killed, Some(&self.member.spec.name), Some(pid), Some(cause));
        }
    }

    /// Its name and what is left of it.
    pub(super) fn left_words(&self) -> String {
        let name = &self.member.spec.name;
        match (self.stuck(), self.pid()) {
            (Some(stuck), _) => format!("{name}: {stuck}"),
            (None, Some(pid)) => format!("{name}: process {pid}"),
            (None, None) => name.clone(),
        }
    }

    /// What KILL doesn't end, if it has been sent for long.
    pub(super) fn stuck(&self) -> Option<&str> {
        self.process.as_ref()?.stuck.as_deref()
    }
}

/// Asks a family to end. What is stopped gets the signal only once it goes on.
pub(super) fn stop(family: &Family, signal: Signal, services: &mut Services) {
    let table = services.processes();
    family.signal(signal, &table);
    family.signal(Signal::SIGCONT, &table);
}

/// Processes shown of those that KILL doesn't end.
const SHOWN_STUCK: usize = 3;

fn stuck_words(leader: i32, states: &[(i32, char)]) -> String {
    if states.is_empty() {
        return format!("process {leader}");
    }
    let word = |(pid, state): &(i32, char)| format!("process {pid} (state {state})");
    let shown: Vec<String> = states.iter().take(SHOWN_STUCK).map(word).collect();
    let more = match states.len().saturating_sub(SHOWN_STUCK) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}
