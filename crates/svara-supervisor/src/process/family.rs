//! Everything a program has started: its group, its session, and what fled from both.

use std::fs;

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

use super::stat::{Stat, Usage, processes};

/// Name of the variable that marks every process we start; its value is `TOKEN/PROGRAM`.
pub(super) const MARK: &str = "SVARA_SUPERVISED";

/// The processes of one program.
///
/// A member is in the leader's group (as vLLM's engine and workers are), or in its session (job control moves groups),
/// or carries our mark in its environment (a daemon that made its own session).
#[derive(Clone, Debug)]
pub struct Family {
    leader: i32,
    mark: String,
}

impl Family {
    /// The family of a leader that was started as the head of its own session with `mark` in its environment.
    pub fn new(leader: i32, mark: &str) -> Self {
        Self { leader, mark: format!("{MARK}={mark}") }
    }

    /// The leader's process id, which is also the group's and the session's.
    pub fn leader(&self) -> i32 {
        self.leader
    }

    /// Sends a signal to the group, and to members outside of it one by one.
    pub fn signal(&self, signal: Signal) {
        // Failure means that nobody is left to signal.
        let _ = killpg(Pid::from_raw(self.leader), signal);
        for stat in self.members().filter(|stat| stat.group != self.leader) {
            let _ = kill(Pid::from_raw(stat.pid), signal);
        }
    }

    /// Whether no member is left. Zombies don't count: they hold nothing, and end when their parent does.
    pub fn is_empty(&self) -> bool {
        self.members().next().is_none()
    }

    /// What the members use.
    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        self.members().for_each(|stat| usage.add(&stat));
        usage
    }

    fn members(&self) -> impl Iterator<Item = Stat> {
        processes().filter(|stat| !matches!(stat.state, 'Z' | 'X') && self.includes(stat))
    }

    fn includes(&self, stat: &Stat) -> bool {
        stat.group == self.leader || stat.session == self.leader || has_mark(stat.pid, &self.mark, false)
    }
}

/// Kills every process that carries a mark beginning with `token`; gives their number.
pub(super) fn kill_marked(token: &str) -> usize {
    let mark = format!("{MARK}={token}/");
    let marked =
        processes().filter(|stat| !matches!(stat.state, 'Z' | 'X') && has_mark(stat.pid, &mark, true));
    let kill = |stat: &Stat| {
        // Failure means that it has ended by itself.
        let _ = kill(Pid::from_raw(stat.pid), Signal::SIGKILL);
    };
    marked.inspect(kill).count()
}

fn has_mark(pid: i32, mark: &str, as_prefix: bool) -> bool {
    // Unreadable: not ours (another user's), or gone.
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environment.split(|byte| *byte == 0).any(|variable| {
        if as_prefix { variable.starts_with(mark.as_bytes()) } else { variable == mark.as_bytes() }
    })
}
