//! Commands that are answered later.

use std::time::{Duration, Instant};

use super::{Body, Goal};
use crate::program::State;

/// A command that is answered once its programs have got where it wants them, or can't.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    /// The number of the command.
    pub(crate) serial: u64,
    pub(crate) programs: Vec<String>,
    pub(crate) until: Until,
    /// When it is answered at the latest.
    pub(crate) deadline: Instant,
    pub(crate) limit: Duration,
}

/// What a command waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// The programs are stopped.
    Down,
    /// They are ready.
    Ready,
}

/// The answer: a line for each program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) success: bool,
    pub(crate) lines: Vec<String>,
}

/// How far one program is.
enum Progress {
    Reached(String),
    Failed(String),
    OnItsWay(String),
}

impl Waiter {
    /// The answer; `None` while a program may still get there in time.
    pub(super) fn answer<B: Body>(&self, units: &[B], shutting_down: bool, now: Instant) -> Option<Answer> {
        let late = now >= self.deadline;
        let (mut success, mut lines) = (true, Vec::new());
        for name in &self.programs {
            match self.progress(name, units, shutting_down) {
                Progress::Reached(line) => lines.push(line),
                Progress::Failed(line) => {
                    success = false;
                    lines.push(line);
                }
                Progress::OnItsWay(_) if !late => return None,
                Progress::OnItsWay(line) => {
                    success = false;
                    let goal = if self.until == Until::Down { "stopped" } else { "ready" };
                    lines.push(format!(
                        "{line}; not {goal} within {}",
                        humantime::format_duration(self.limit)
                    ));
                }
            }
        }
        Some(Answer { success, lines })
    }

    fn progress<B: Body>(&self, name: &str, units: &[B], shutting_down: bool) -> Progress {
        let Some(unit) = units.iter().find(|unit| unit.member().spec.name == name) else {
            let line = format!("{name}: removed by a reload");
            return if self.until == Until::Down { Progress::Reached(line) } else { Progress::Failed(line) };
        };
        let (line, member) = (unit.describe(), unit.member());
        let (wishes, state) = (&member.wishes, member.machine.state());
        let goal = wishes.goal(member.spec.autostart);
        let wanted = if self.until == Until::Down { Goal::Down } else { Goal::Up };
        if wishes.serial > self.serial && goal != wanted {
            return Progress::Failed(format!("{line}; a later command wants it {}", words(goal)));
        }
        match self.until {
            Until::Down if state.is_final() && wishes.change.is_none() => Progress::Reached(line),
            Until::Down => Progress::OnItsWay(line),
            Until::Ready if shutting_down => {
                Progress::Failed(format!("{line}; the supervisor is shutting down"))
            }
            Until::Ready if wishes.renew.is_some() || wishes.change.is_some() => Progress::OnItsWay(line),
            Until::Ready if unit.satisfies() => Progress::Reached(line),
            Until::Ready if matches!(state, State::Failed(_) | State::Exited(_)) => Progress::Failed(line),
            Until::Ready => match hopeless(unit, units) {
                Some(reason) => Progress::Failed(format!("{}: {reason}", member.spec.name)),
                None => Progress::OnItsWay(line),
            },
        }
    }
}

fn words(goal: Goal) -> &'static str {
    match goal {
        Goal::Up => "started",
        Goal::Down => "stopped",
    }
}

/// Why a program that waits to start can't, unless an operator does something; `None` if it may.
fn hopeless<B: Body>(unit: &B, units: &[B]) -> Option<String> {
    if *unit.member().machine.state() != State::Waiting {
        return None;
    }
    let needed = |other: &&B| unit.member().spec.after.iter().any(|name| other.is_called(name));
    units.iter().filter(needed).filter(|other| !other.satisfies()).find_map(|other: &B| {
        let member = other.member();
        if member.wishes.change.is_some() {
            return None;
        }
        let name = &member.spec.name;
        match member.machine.state() {
            State::Failed(reason) => Some(format!("waiting for {name}, which failed: {reason}")),
            State::Exited(exit) => Some(format!("waiting for {name}, which exited: {exit}")),
            State::Stopped if member.wishes.goal(member.spec.autostart) == Goal::Down => {
                Some(format!("waiting for {name}, which is stopped"))
            }
            _ => hopeless(other, units).map(|reason| format!("waiting for {name}: {reason}")),
        }
    })
}
