//! CPU time and memory of a server's processes, from `/proc`.

use std::{
    collections::HashMap,
    fs,
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::Context;

/// How often memory is sampled.
const PERIOD: Duration = Duration::from_millis(100);
/// How often new children are searched for, in periods.
const FAMILY_PERIODS: u32 = 10;
/// Samples of memory that are kept at most.
const MAX_POINTS: usize = 512;
/// The kernel's USER_HZ, which is 100 on every architecture that Linux runs programs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process and its descendants used while they were watched.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// CPU time.
    pub cpu: Duration,
    /// Memory at the start.
    pub start_bytes: u64,
    /// Peak memory, sampled ten times a second.
    pub peak_bytes: u64,
    /// Memory at the end.
    pub end_bytes: u64,
    /// Memory over time: seconds since the start, and bytes.
    pub course: Vec<(f64, u64)>,
}

/// Watches a process on a thread of its own.
#[derive(Debug)]
pub(super) struct Monitor {
    stop: SyncSender<()>,
    thread: JoinHandle<Option<Usage>>,
}

impl Monitor {
    /// Starts watching a process and all its descendants.
    ///
    /// # Errors
    /// There is no such process.
    pub(super) fn start(pid: u32) -> anyhow::Result<Self> {
        let first = Family::find(pid).with_context(|| format!("there is no process {pid} to watch"))?;
        let (stop, stopped) = sync_channel(1);
        let watch = move || {
            let started = Instant::now();
            let (mut family, mut periods) = (first, 0);
            let (cpu, start_bytes) = family.sample();
            let mut usage = Usage { start_bytes, ..Usage::default() };
            loop {
                let (now_cpu, bytes) = family.sample();
                usage.peak_bytes = usage.peak_bytes.max(bytes);
                usage.note(started.elapsed(), bytes);
                let left = stopped.recv_timeout(PERIOD);
                periods += 1;
                if periods % FAMILY_PERIODS == 0 || left != Err(RecvTimeoutError::Timeout) {
                    // The process is gone: its usage is incomplete, and not reported.
                    family = Family::find(pid)?;
                }
                if left != Err(RecvTimeoutError::Timeout) {
                    let (end_cpu, end_bytes) = family.sample();
                    usage.end_bytes = end_bytes;
                    usage.peak_bytes = usage.peak_bytes.max(end_bytes);
                    usage.cpu = Duration::from_secs_f64((end_cpu.max(now_cpu) - cpu).max(0.0));
                    return Some(usage);
                }
            }
        };
        let thread = std::thread::Builder::new().name("monitor".into()).spawn(watch);
        Ok(Self { stop, thread: thread.context("can't start a thread")? })
    }

    /// Stops watching. `None` if the process has died in the meantime.
    pub(super) fn stop(self) -> Option<Usage> {
        // A thread that has already ended still has its answer.
        let _ = self.stop.send(());
        self.thread.join().ok().flatten()
    }
}

impl Usage {
    /// Adds a sample of memory; drops every other one when there are too many.
    fn note(&mut self, at: Duration, bytes: u64) {
        if self.course.len() >= MAX_POINTS {
            let mut keep = false;
            self.course.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.course.push((at.as_secs_f64(), bytes));
    }
}

/// A process and its descendants.
struct Family(Vec<u32>);

impl Family {
    fn find(pid: u32) -> Option<Self> {
        fs::metadata(format!("/proc/{pid}")).ok()?;
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for entry in fs::read_dir("/proc").ok()?.flatten() {
            let id = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
            if let Some((id, stat)) = id.and_then(|id| Some((id, Stat::read(id)?))) {
                children.entry(stat.parent).or_default().push(id);
            }
        }
        let (mut family, mut at) = (vec![pid], 0);
        while let Some(parent) = family.get(at) {
            // Taken out of the map, so that a cycle in a torn reading can't go on for ever.
            family.extend(children.remove(parent).unwrap_or_default());
            at += 1;
        }
        Some(Self(family))
    }

    /// CPU seconds of all of them and of children that have ended, and resident bytes.
    fn sample(&self) -> (f64, u64) {
        let cpu = self.0.iter().filter_map(|pid| Stat::read(*pid)).map(|stat| stat.cpu_seconds).sum();
        (cpu, self.0.iter().filter_map(|pid| resident_bytes(*pid)).sum())
    }
}

#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    /// Of the process, and of its children that were waited for.
    cpu_seconds: f64,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(line: &str) -> Option<Self> {
        // The name is in parentheses, and may itself contain spaces and parentheses.
        let (_, rest) = line.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let ticks: u64 =
            fields.get(11..15)?.iter().map(|field| field.parse::<u64>()).sum::<Result<_, _>>().ok()?;
        let parent = fields.get(1)?.parse().ok()?;
        Some(Self { parent, cpu_seconds: ticks as f64 / TICKS_PER_SECOND })
    }
}

fn resident_bytes(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(value.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_line_is_read() {
        let line = "42 (a ) b (c)) S 7 42 42 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 5 0 1234 1000 250 18";
        assert_eq!(Stat::parse(line), Some(Stat { parent: 7, cpu_seconds: 1.0 }));
        assert_eq!(Stat::parse("nonsense"), None);
    }

    #[test]
    fn work_and_memory_are_seen() {
        let monitor = Monitor::start(std::process::id()).unwrap();
        let memory = vec![1u8; 64 << 20];
        let (started, mut sum) = (Stat::read(std::process::id()).unwrap().cpu_seconds, 0u64);
        while Stat::read(std::process::id()).unwrap().cpu_seconds < started + 0.2 {
            sum = memory.iter().fold(sum, |sum, byte| std::hint::black_box(sum + u64::from(*byte)));
        }
        let usage = monitor.stop().unwrap();
        assert!(usage.cpu >= Duration::from_millis(100), "{usage:?}");
        assert!(usage.peak_bytes >= usage.start_bytes && usage.peak_bytes > 64 << 20, "{usage:?}");
    }

    #[test]
    fn children_are_family_and_strangers_none() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let family = Family::find(std::process::id()).unwrap();
        assert!(family.0.contains(&child.id()) && !family.0.contains(&1));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(Monitor::start(u32::MAX).is_err());
    }

    #[test]
    fn a_long_course_stays_bounded() {
        let mut usage = Usage::default();
        for second in 0..10_000 {
            usage.note(Duration::from_secs(second), second);
        }
        assert!(usage.course.len() <= MAX_POINTS && usage.course.first() == Some(&(0.0, 0)));
        assert!(usage.course.is_sorted_by(|a, b| a.0 < b.0));
    }
}
