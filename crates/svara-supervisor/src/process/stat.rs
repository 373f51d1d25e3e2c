//! Reads `/proc`.

use std::{
    cell::OnceCell,
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use super::mark::MARK;

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
    /// Its threads that haven't ended; the first one counts even if it has.
    pub(super) threads: u64,
    pub(super) resident_pages: u64,
    /// When it started, in clock ticks since boot; with the id, it names a process for good.
    pub(super) started_ticks: u64,
}

impl Stat {
    /// Whether it still runs: a process whose first thread has ended looks like a zombie, but its other threads go on.
    pub(super) fn is_alive(&self) -> bool {
        match self.state {
            'Z' => self.threads > 1,
            'X' => false,
            _ => true,
        }
    }
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
        self.mark.get_or_init(|| read_mark(&self.stat)).as_deref()
    }

    /// Whether it is known to be none of ours. A child of ours may have been seen before it got its mark, and so may we have
    /// been; to the first process come those whose parents have gone.
    fn is_foreign(&self, own: i32) -> bool {
        let is_unmarked = self.label.get() == Some(&None) && self.mark.get() == Some(&None);
        is_unmarked && self.stat.parent != own && self.stat.pid != own && self.stat.pid > 1
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
        Self::of(processes())
    }

    /// Reads only these processes.
    pub(super) fn read_only(pids: &[i32]) -> Self {
        Self::of(pids.iter().filter_map(|pid| read(*pid)))
    }

    fn of(processes: impl Iterator<Item = Stat>) -> Self {
        let alive = processes.filter(Stat::is_alive);
        Self { alive: alive.map(|stat| (stat.pid, Entry::new(stat))).collect() }
    }

    /// Whether `/proc` hides even ourselves: then nothing follows from what isn't there.
    pub fn is_blind(&self) -> bool {
        i32::try_from(std::process::id()).is_ok_and(|own| !self.alive.contains_key(&own))
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

    /// As [`ProcessTable::read`], and keeps the marks and labels that an earlier reading knows: what had one is ours, even
    /// if it has laid it off. Who was known to have none, and their children, are asked again only if they are ours:
    /// marks and labels come from parents.
    pub fn read_after(earlier: &Self) -> Self {
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        let table = Self::read();
        for (pid, entry) in &table.alive {
            let same = |before: &&Entry| before.stat.started_ticks == entry.stat.started_ticks;
            let known = match earlier.alive.get(pid).filter(same) {
                Some(before) if before.is_foreign(own) => (Some(None), Some(None)),
                Some(before) => (
                    before.label.get().copied().filter(Option::is_some),
                    before.mark.get().cloned().filter(Option::is_some),
                ),
                None => {
                    let parent = earlier.alive.get(&entry.stat.parent);
                    let of_foreigners = parent.is_some_and(|parent| parent.is_foreign(own));
                    if of_foreigners { (Some(None), Some(None)) } else { (None, None) }
                }
            };
            // They are new, so they are empty.
            if let Some(label) = known.0 {
                let _ = entry.label.set(label);
            }
            if let Some(mark) = known.1 {
                let _ = entry.mark.set(mark);
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

/// Why `/proc` can't be read, if it can't.
pub fn proc_trouble() -> Option<std::io::Error> {
    fs::read("/proc/self/stat").err()
}

/// Our adopted children, without reading all of `/proc`; `None` where the kernel has no such list. Everything is started and
/// adopted by our first thread.
pub(super) fn adopted_children(known: impl Fn(i32) -> bool) -> Option<Vec<i32>> {
    let list = fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id())).ok()?;
    let children = list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
    Some(children.filter(|pid| !known(*pid)).collect())
}

/// Most environments fit: then it is one call to read one.
const ENVIRONMENT_BYTES: usize = 16 << 10;

fn read_mark(stat: &Stat) -> Option<Box<[u8]>> {
    let process = format!("/proc/{}", stat.pid);
    // The first thread takes its view of the environment along when it ends.
    let threads = (stat.state == 'Z').then(|| fs::read_dir(format!("{process}/task")).ok()).flatten();
    let threads = threads.into_iter().flatten().flatten().map(|thread| thread.path());
    std::iter::once(PathBuf::from(&process)).chain(threads).find_map(|place| mark_in(&place.join("environ")))
}

fn mark_in(path: &Path) -> Option<Box<[u8]>> {
    // Unreadable: another user's, or gone.
    let mut environment = Vec::with_capacity(ENVIRONMENT_BYTES);
    File::open(path).ok()?.read_to_end(&mut environment).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    variables.find_map(|variable| variable.strip_prefix(MARK.as_bytes())?.strip_prefix(b"=")).map(Into::into)
}

fn read_label(pid: i32) -> Option<u64> {
    let limits = read_short(&format!("/proc/{pid}/limits"))?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max realtime timeout"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

pub(super) fn read(pid: i32) -> Option<Stat> {
    parse(pid, &read_short(&format!("/proc/{pid}/stat"))?)
}

/// Reads a file that the kernel makes at once, with one call: on a machine with many processes, this is most of the work.
/// A process may give itself a name that isn't UTF-8.
fn read_short(path: &str) -> Option<String> {
    let mut buffer = [0; 4096];
    let length = File::open(path).ok()?.read(&mut buffer).ok()?;
    Some(String::from_utf8_lossy(buffer.get(..length)?).into_owned())
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
        threads: number(17)?,
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
    fn a_process_ends_with_its_last_thread() {
        let alive = |state: char, threads: u64| {
            let line =
                format!("42 (a) {state} 7 42 42 0 -1 0 1 2 3 4 10 20 30 40 20 0 {threads} 0 100 1000 250 1");
            parse(42, &line).unwrap().is_alive()
        };
        assert!(alive('S', 1) && alive('D', 1) && alive('Z', 2));
        assert!(!alive('Z', 1) && !alive('Z', 0) && !alive('X', 2));
    }

    #[test]
    fn a_name_that_is_no_text_hides_nobody() {
        use std::os::unix::ffi::OsStrExt;
        let directory = tempfile::tempdir().unwrap();
        let sleep = directory.path().join(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
        fs::copy("/bin/sleep", &sleep).unwrap();
        let mut process = std::process::Command::new(&sleep).arg("100").spawn().unwrap();
        let seen = read(process.id().cast_signed());
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(seen.is_some());
    }

    #[test]
    fn we_see_ourselves() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(processes().any(|stat| stat.pid == own && stat.resident_pages > 0));
    }
}
