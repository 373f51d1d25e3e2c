//! Who wants what of a program, and whose wish counts.

use crate::{config::ProgramSpec, program::State};

/// What an operator last asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    Up,
    Down,
}

/// What a reload asks for.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Continue with another configuration.
    Replace(Box<ProgramSpec>),
    /// Leave.
    Remove,
}

/// A restart that hasn't begun.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renew {
    /// The number of its command.
    pub(crate) serial: u64,
    /// In a rolling restart, the programs that must be ready first.
    pub(crate) behind: Option<Vec<String>>,
}

/// The wishes about one program. Each owner has a slot of its own, so that none can overwrite another's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    /// The operator's; until there is one, `autostart` of the file counts.
    pub(crate) operator: Option<Goal>,
    /// The number of the operator's last command about this program.
    pub(crate) serial: u64,
    /// The operator wants a new process.
    pub(crate) renew: Option<Renew>,
    /// The reload's.
    pub(crate) change: Option<Change>,
}

/// What must happen to a program now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// It must have no process.
    Stop,
    /// It has no process, so that its configuration may change.
    Change,
    /// It must get a new process.
    Renew,
    /// It runs as its policy says.
    Run,
}

impl Wishes {
    /// Whether it should run, as far as the operator and the file are concerned.
    pub(crate) fn goal(&self, autostart: bool) -> Goal {
        self.operator.unwrap_or(if autostart { Goal::Up } else { Goal::Down })
    }

    /// Decides whose wish counts: the end of the supervisor comes before a reload, a reload before the operator, and
    /// the operator before the file. A reload only interrupts the operator's wish, which counts again afterwards.
    pub(crate) fn order(&self, autostart: bool, shutting_down: bool, state: &State) -> Order {
        if shutting_down {
            return Order::Stop;
        }
        if self.change.is_some() {
            return if state.has_process() { Order::Stop } else { Order::Change };
        }
        match self.goal(autostart) {
            Goal::Down => Order::Stop,
            Goal::Up if self.renew.is_some() => Order::Renew,
            Goal::Up => Order::Run,
        }
    }
}
