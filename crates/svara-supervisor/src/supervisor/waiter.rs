//! Requests that are answered later.

use tokio::sync::mpsc;

use super::unit::Unit;
use crate::control::{Failure, Response};

/// A request that is answered once its programs have reached a state.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) programs: Vec<String>,
    pub(super) until: Until,
    pub(super) reply: mpsc::Sender<Response>,
}

/// What a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// The programs are stopped.
    Down,
    /// They are ready, or can't become so without the operator.
    Ready,
}

impl Waiter {
    /// The answer; `None` while a program may still reach its state.
    pub(super) fn answer(&self, units: &[Unit]) -> Option<Response> {
        let named = || units.iter().filter(|unit| self.programs.contains(&unit.spec.name));
        let settled = named().all(|unit| match self.until {
            Until::Down => unit.intent.is_none() && unit.machine.state().is_final(),
            Until::Ready => unit.intent.is_none() && (unit.satisfies() || unit.machine.state().is_final()),
        });
        if !settled {
            return None;
        }
        let lines: Vec<String> = named().map(Unit::describe).collect();
        if self.until == Until::Ready && !named().all(Unit::satisfies) {
            return Some(Response::Error { failure: Failure::Failed, message: lines.join("\n") });
        }
        Some(Response::Done(lines))
    }
}
