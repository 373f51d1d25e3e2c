//! All processes of a program: its group, its session, and those that left both.

use std::fs;

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

use super::stat::{Stat, Usage, processes};

/// Environment variable that marks every process we start; its value is `TOKEN/PROGRAM`.
pub(super) const MARK: &str = "SVARA_SUPERVISED";

/// The processes of one program.
///
/// A member is in the leader's group (like vLLM's engine and workers), in its session (job control changes groups), or
/// carries our mark in its environment (a daemon with its own session).
#[derive(Clone, Debug)]
pub struct Family {
    leader: i32,
    mark: String,
}

impl Family {
    /// The family of a leader that was started in its own session with `mark` in its environment.
    pub fn new(leader: i32, mark: &str) -> Self {
        Self { leader, mark: format!("{MARK}={mark}") }
    }

    /// The leader's process id, which is also that of the group and the session.
    pub fn leader(&self) -> i32 {
        self.leader
    }

    /// Signals the group, and members outside it one by one.
    pub fn signal(&self, signal: Signal) {
        // Fails if no process is left.
        let _ = killpg(Pid::from_raw(self.leader), signal);
        for stat in self.members().filter(|stat| stat.group != self.leader) {
            let _ = kill(Pid::from_raw(stat.pid), signal);
        }
    }

    /// Whether no member is left. Zombies don't count: they hold no resources and vanish with their parent.
    pub fn is_empty(&self) -> bool {
        self.members().next().is_none()
    }

    /// The members' resource usage.
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

/// Kills every process whose mark starts with `token`; returns their number.
pub(super) fn kill_marked(token: &str) -> usize {
    let mark = format!("{MARK}={token}/");
    let marked =
        processes().filter(|stat| !matches!(stat.state, 'Z' | 'X') && has_mark(stat.pid, &mark, true));
    let kill = |stat: &Stat| {
        // Fails if it has already exited.
        let _ = kill(Pid::from_raw(stat.pid), Signal::SIGKILL);
    };
    marked.inspect(kill).count()
}

fn has_mark(pid: i32, mark: &str, as_prefix: bool) -> bool {
    // Unreadable: another user's, or gone.
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environment.split(|byte| *byte == 0).any(|variable| {
        if as_prefix { variable.starts_with(mark.as_bytes()) } else { variable == mark.as_bytes() }
    })
}
