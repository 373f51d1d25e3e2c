//! All processes of a program: its group, its session, its descendants, and those that left all of them.

use std::{cell::RefCell, collections::BTreeSet};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

use super::{
    mark::{are_labelled, is_label, label},
    stat::{Entry, ProcessTable, Stat, Usage},
};

/// More than any process has.
const MAX_ANCESTORS: usize = 1000;

/// Kills what an earlier supervisor with this token left of the named programs; returns whether there was anything.
pub fn kill_leftovers(token: &str, programs: &[&str]) -> bool {
    let labels = programs.iter().map(|name| label(&format!("{token}/{name}"))).collect();
    // Repeatedly: a process may fork while it is being killed.
    let found = (0..20).take_while(|round| {
        if *round > 0 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        kill_marked(token, &labels, &ProcessTable::read()) > 0
    });
    found.count() > 0
}

/// The processes of one program.
///
/// A member is in the leader's group (like vLLM's engine and workers), in its session (job control changes groups),
/// carries our mark in its environment (a daemon with its own session), carries it as a resource limit (a daemon with its
/// own session and environment), or was seen as a descendant of a member (should it have lowered the limit as well).
#[derive(Clone, Debug)]
pub struct Family {
    leader: i32,
    mark: String,
    label: u64,
    /// Members by descent only, by process id and start: once their parents are gone, nothing else tells.
    strays: RefCell<BTreeSet<(i32, u64)>>,
}

impl Family {
    /// The family of a leader that was started in its own session with `mark` in its environment.
    pub fn new(leader: i32, mark: &str) -> Self {
        Self::labelled(leader, mark, label(mark))
    }

    /// As [`Family::new`], with the label of another mark.
    pub(super) fn labelled(leader: i32, mark: &str, label: u64) -> Self {
        Self { leader, mark: mark.to_owned(), label, strays: RefCell::default() }
    }

    /// The label of its processes.
    pub(super) fn label(&self) -> u64 {
        self.label
    }

    /// The leader's process id, which is also that of the group and the session.
    pub fn leader(&self) -> i32 {
        self.leader
    }

    /// Signals the group, and members outside it one by one.
    pub fn signal(&self, signal: Signal, table: &ProcessTable) {
        let members = self.members(table);
        // Fails if no process is left.
        let _ = killpg(Pid::from_raw(self.leader), signal);
        for stat in members.iter().filter(|stat| stat.group != self.leader) {
            let _ = kill(Pid::from_raw(stat.pid), signal);
        }
    }

    /// Whether no member is left.
    pub fn is_empty(&self, table: &ProcessTable) -> bool {
        self.members(table).is_empty()
    }

    /// The members' resource usage.
    pub fn usage(&self, table: &ProcessTable) -> Usage {
        let mut usage = Usage::default();
        self.members(table).iter().for_each(|stat| usage.add(stat));
        usage
    }

    /// The members, each with the kernel's letter for its state: `D` waits for a device and can't be killed meanwhile.
    pub fn states(&self, table: &ProcessTable) -> Vec<(i32, char)> {
        self.members(table).iter().map(|stat| (stat.pid, stat.state)).collect()
    }

    /// Remembers the members that only their descent tells.
    pub fn learn(&self, table: &ProcessTable) {
        self.members(table);
    }

    fn members(&self, table: &ProcessTable) -> Vec<Stat> {
        let mut strays = self.strays.borrow_mut();
        strays.retain(|(pid, started)| table.get(*pid).is_some_and(|stat| stat.started_ticks == *started));
        let is_one = |entry: &&Entry| {
            let stat = &entry.stat;
            stat.group == self.leader
                || stat.session == self.leader
                || strays.contains(&(stat.pid, stat.started_ticks))
                || match entry.label() {
                    Some(label) if label == self.label => true,
                    // Another's; there is no need to read its environment.
                    Some(label) if is_label(label) && !are_labelled() => false,
                    _ => entry.mark() == Some(self.mark.as_bytes()),
                }
        };
        let mut members: Vec<Stat> = table.entries().filter(is_one).map(|entry| entry.stat).collect();
        let mut pids: BTreeSet<i32> = members.iter().map(|stat| stat.pid).collect();
        // Each round finds the children of those found before.
        loop {
            let descends = |stat: &&Stat| pids.contains(&stat.parent) && !pids.contains(&stat.pid);
            let found: Vec<Stat> = table.all().filter(descends).copied().collect();
            if found.is_empty() {
                return members;
            }
            pids.extend(found.iter().map(|stat| stat.pid));
            strays.extend(found.iter().map(|stat| (stat.pid, stat.started_ticks)));
            members.extend(found);
        }
    }
}

/// Kills every process whose mark starts with `token`, or that has one of these labels; returns their number.
///
/// Never ourselves and those that we come from: a program of that supervisor may have started us.
pub(super) fn kill_marked(token: &str, labels: &BTreeSet<u64>, table: &ProcessTable) -> usize {
    let own = i32::try_from(std::process::id()).unwrap_or_default();
    let parent = |pid: &i32| table.get(*pid).map(|stat| stat.parent);
    let line: BTreeSet<i32> = std::iter::successors(Some(own), parent).take(MAX_ANCESTORS).collect();
    let mark = format!("{token}/");
    let marked = |entry: &&Entry| {
        entry.mark().is_some_and(|found| found.starts_with(mark.as_bytes()))
            || entry.label().is_some_and(|label| labels.contains(&label))
    };
    let kill = |entry: &&Entry| {
        // Fails if it has already exited.
        let _ = kill(Pid::from_raw(entry.stat.pid), Signal::SIGKILL);
    };
    table.entries().filter(|entry| !line.contains(&entry.stat.pid)).filter(marked).inspect(kill).count()
}
