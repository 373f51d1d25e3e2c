//! The guard: a tiny process that outlives us briefly to kill what we leave behind.
//!
//! The kernel's death signal reaches group leaders, but not their children. As PID 1 that doesn't matter: the kernel
//! kills the whole namespace with us. Otherwise the guard waits until a pipe closes that only we hold open. It has a
//! shadow, which does its work if both are killed at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead, Write},
    os::unix::process::CommandExt,
    process::{ChildStdin, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use nix::{sys::signal::Signal, unistd::getppid};
use tokio::sync::oneshot;

use super::{
    Children, Exit,
    family::{Family, kill_marked},
    stat::{ProcessTable, read},
};

/// Our handle to the guard process.
#[derive(Debug)]
pub struct Guard {
    children: Children,
    /// Each group with the label of its processes.
    groups: BTreeMap<i32, u64>,
    process: Option<(ChildStdin, oneshot::Receiver<Exit>)>,
}

impl Guard {
    /// Starts a guard for these children.
    ///
    /// # Errors
    /// When our own executable can't be started again.
    pub fn start(children: &Children) -> io::Result<Self> {
        let mut guard = Self { children: children.clone(), groups: BTreeMap::new(), process: None };
        guard.ensure()?;
        Ok(guard)
    }

    /// Adds a program's processes to the guard.
    pub fn watch(&mut self, family: &Family) {
        let (group, label) = (family.leader(), family.label());
        self.groups.insert(group, label);
        self.tell(&format!("+{group} {label}\n"));
    }

    /// Removes a group that has ended, because its number may be reused.
    pub fn forget(&mut self, group: i32) {
        self.groups.remove(&group);
        self.tell(&format!("-{group}\n"));
    }

    /// Restarts the guard if it has ended; returns how it did.
    ///
    /// # Errors
    /// As [`Guard::start`].
    pub fn ensure(&mut self) -> io::Result<Option<Exit>> {
        let ended = match self.process.as_mut().map(|(_, exit)| exit.try_recv()) {
            Some(Err(oneshot::error::TryRecvError::Empty)) => return Ok(None),
            Some(Ok(exit)) => Some(exit),
            Some(Err(oneshot::error::TryRecvError::Closed)) | None => None,
        };
        let mut child = Command::new("/proc/self/exe")
            .args(["guard", self.children.token()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let exit = self.children.register(i32::try_from(child.id()).map_err(io::Error::other)?);
        let pipe = child.stdin.take().ok_or_else(|| io::Error::other("the guard has no pipe"))?;
        self.process = Some((pipe, exit));
        for (group, label) in self.groups.clone() {
            self.tell(&format!("+{group} {label}\n"));
        }
        Ok(ended)
    }

    fn tell(&mut self, line: &str) {
        if let Some((pipe, _)) = &mut self.process {
            // If the guard is gone, SIGCHLD leads to a new one, which gets all groups.
            let _ = pipe.write_all(line.as_bytes());
        }
    }
}

/// What a guard has to kill.
#[derive(Debug, Default)]
struct Ward {
    groups: BTreeMap<i32, u64>,
    /// Also those of groups that have ended: a daemon may be left.
    labels: BTreeSet<u64>,
}

impl Ward {
    fn take(&mut self, line: &str) {
        let (sign, rest) = line.split_at(1.min(line.len()));
        let mut numbers = rest.split(' ');
        let group = numbers.next().and_then(|group| group.parse().ok());
        let label = numbers.next().and_then(|label| label.parse().ok());
        match (sign, group, label) {
            ("+", Some(group), Some(label)) => {
                self.groups.insert(group, label);
                self.labels.insert(label);
            }
            ("-", Some(group), None) => drop(self.groups.remove(&group)),
            _ => {}
        }
    }

    fn lines(&self) -> String {
        self.groups.iter().map(|(group, label)| format!("+{group} {label}\n")).collect()
    }

    fn kill(&self, token: &str) {
        // Repeatedly: a process may fork while its family is being killed.
        for _ in 0..20 {
            let table = ProcessTable::read();
            let families = self.groups.iter().map(|(group, label)| Family::labelled(*group, token, *label));
            let alive = families.filter(|family| !family.is_empty(&table));
            let alive = alive.inspect(|family| family.signal(Signal::SIGKILL, &table)).count();
            if kill_marked(token, &self.labels, &table) + alive == 0 {
                return;
            }
            sleep(Duration::from_millis(50));
        }
    }
}

/// The guard's main function: waits until the supervisor is gone, then kills what it left behind.
pub fn guard_main(token: &str) {
    let supervisor = getppid().as_raw();
    let mut ward = Ward::default();
    let mut shadow = start_shadow(token, supervisor);
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        ward.take(&line);
        let told = shadow.as_mut().is_some_and(|pipe| writeln!(pipe, "{line}").is_ok());
        if !told {
            shadow = start_shadow(token, supervisor);
            // If that fails as well, the next line tries again.
            let _ = shadow.as_mut().map(|pipe| pipe.write_all(ward.lines().as_bytes()));
        }
    }
    ward.kill(token);
}

/// Starts a process that does the guard's work if the guard is killed together with the supervisor.
fn start_shadow(token: &str, supervisor: i32) -> Option<ChildStdin> {
    let mut command = Command::new("/proc/self/exe");
    command.args(["shadow", token, &supervisor.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    // Without it, the guard still does its own work.
    command.spawn().ok()?.stdin.take()
}

/// The shadow's main function: waits until the guard is gone. If the supervisor is, too, it kills what is left; otherwise
/// there will be a new guard.
pub fn shadow_main(token: &str, supervisor: i32) {
    // Its first thread does all the work; without that, it is gone whatever its other threads do.
    let started =
        |pid: i32| read(pid).filter(|stat| !matches!(stat.state, 'Z' | 'X')).map(|stat| stat.started_ticks);
    let first = started(supervisor);
    let mut ward = Ward::default();
    io::stdin().lock().lines().map_while(Result::ok).for_each(|line| ward.take(&line));
    for _ in 0..150 {
        if started(supervisor).is_none_or(|now| Some(now) != first) {
            return ward.kill(token);
        }
        sleep(Duration::from_millis(20));
    }
}
