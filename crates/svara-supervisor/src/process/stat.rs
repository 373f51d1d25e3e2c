//! Reads `/proc`.

use std::{cell::OnceCell, collections::BTreeMap, fs};

use super::family::{MARK, is_label};

/// The fields of `/proc/PID/stat` used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    pub(super) pid: i32,
    pub(super) state: char,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// CPU time of the process and its reaped children, in clock ticks.
    pub(super) cpu_ticks: u64,
    pub(super) resident_pages: u64,
    /// When it started, in clock ticks since boot; with the id, it names a process for good.
    pub(super) started_ticks: u64,
}

/// Total resource usage of a program's processes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Number of processes.
    pub processes: usize,
    /// CPU time of live processes and their reaped children, seconds.
    pub cpu_seconds: f64,
    /// Resident memory, bytes; pages shared between processes count in each.
    pub resident_bytes: u64,
}

impl Usage {
    pub(super) fn add(&mut self, stat: &Stat) {
        self.processes += 1;
        self.cpu_seconds += ticks_to_seconds(stat.cpu_ticks);
        self.resident_bytes += stat.resident_pages * page_bytes();
    }
}

/// All visible processes, except those that end in the meantime.
fn processes() -> impl Iterator<Item = Stat> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?))
}

/// A process of a table.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stat: Stat,
    /// What marks it as one of a family, once it is asked for.
    mark: OnceCell<Option<Box<[u8]>>>,
    /// The same as a number, once it is asked for.
    label: OnceCell<Option<u64>>,
}

impl Entry {
    fn new(stat: Stat) -> Self {
        Self { stat, mark: OnceCell::new(), label: OnceCell::new() }
    }

    /// The mark in its environment, read when it is first asked for.
    pub(super) fn mark(&self) -> Option<&[u8]> {
        self.mark.get_or_init(|| read_mark(self.stat.pid)).as_deref()
    }

    /// The mark in its limits, read when it is first asked for.
    pub(super) fn label(&self) -> Option<u64> {
        *self.label.get_or_init(|| read_label(self.stat.pid))
    }
}

/// One reading of all processes, for everyone who asks at the same moment.
#[derive(Debug)]
pub struct ProcessTable {
    /// Without zombies: they hold no resources and vanish with their parent.
    alive: BTreeMap<i32, Entry>,
}

impl ProcessTable {
    /// Reads `/proc`.
    pub fn read() -> Self {
        let alive = processes().filter(|stat| !matches!(stat.state, 'Z' | 'X'));
        Self { alive: alive.map(|stat| (stat.pid, Entry::new(stat))).collect() }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Stat> {
        self.entries().map(|entry| &entry.stat)
    }

    pub(super) fn get(&self, pid: i32) -> Option<&Stat> {
        self.alive.get(&pid).map(|entry| &entry.stat)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.alive.values()
    }

    /// As [`ProcessTable::read`], and keeps the labels that an earlier reading knows: they don't change.
    pub fn read_after(earlier: &Self) -> Self {
        let table = Self::read();
        for (pid, entry) in &table.alive {
            if let Some(before) = earlier.alive.get(pid)
                && before.stat.started_ticks == entry.stat.started_ticks
                && let Some(known) = before.label.get().filter(|known| known.is_some_and(is_label))
            {
                // It is new, so it is empty.
                let _ = entry.label.set(*known);
            }
        }
        table
    }

    /// Adopted orphans: our children that we didn't start ourselves.
    pub fn adopted(&self, known: impl Fn(i32) -> bool) -> Vec<i32> {
        let own = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
        self.all().filter(|stat| stat.parent == own && !known(stat.pid)).map(|stat| stat.pid).collect()
    }
}

fn read_mark(pid: i32) -> Option<Box<[u8]>> {
    // Unreadable: another user's, or gone.
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    variables.find_map(|variable| variable.strip_prefix(MARK.as_bytes())?.strip_prefix(b"=")).map(Into::into)
}

fn read_label(pid: i32) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max realtime timeout"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

pub(super) fn read(pid: i32) -> Option<Stat> {
    parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(pid: i32, line: &str) -> Option<Stat> {
    // The name is in parentheses and may itself contain spaces and parentheses.
    let (_, rest) = line.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let id = |at: usize| fields.get(at)?.parse::<i32>().ok();
    Some(Stat {
        pid,
        state: fields.first()?.chars().next()?,
        parent: id(1)?,
        group: id(2)?,
        session: id(3)?,
        cpu_ticks: number(11)? + number(12)? + number(13)? + number(14)?,
        resident_pages: number(21)?,
        started_ticks: number(19)?,
    })
}

fn ticks_to_seconds(ticks: u64) -> f64 {
    // The kernel's USER_HZ is 100 on every architecture.
    ticks as f64 / 100.0
}

fn page_bytes() -> u64 {
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_contain_anything() {
        let line = "42 (a ) b (c)) S 7 42 42 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 100 1000 250 184467";
        let stat = parse(42, line).unwrap();
        assert_eq!((stat.state, stat.parent, stat.group, stat.session), ('S', 7, 42, 42));
        assert_eq!((stat.cpu_ticks, stat.resident_pages), (100, 250));
    }

    #[test]
    fn we_see_ourselves() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(processes().any(|stat| stat.pid == own && stat.resident_pages > 0));
    }
}
