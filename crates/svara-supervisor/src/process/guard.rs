//! The guard: a tiny process that outlives us briefly to kill what we leave behind.
//!
//! The kernel's death signal reaches group leaders, but not their children. As PID 1 that doesn't matter: the kernel
//! kills the whole namespace with us. Otherwise the guard waits until a pipe closes that only we hold open.

use std::{
    collections::BTreeSet,
    io::{self, BufRead, Write},
    os::unix::process::CommandExt,
    process::{ChildStdin, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use nix::sys::signal::Signal;
use tokio::sync::oneshot;

use super::{
    Children, Exit,
    family::{Family, kill_marked},
    stat::ProcessTable,
};

/// Our handle to the guard process.
#[derive(Debug)]
pub struct Guard {
    children: Children,
    groups: BTreeSet<i32>,
    process: Option<(ChildStdin, oneshot::Receiver<Exit>)>,
}

impl Guard {
    /// Starts a guard for these children.
    ///
    /// # Errors
    /// When our own executable can't be started again.
    pub fn start(children: &Children) -> io::Result<Self> {
        let mut guard = Self { children: children.clone(), groups: BTreeSet::new(), process: None };
        guard.ensure()?;
        Ok(guard)
    }

    /// Adds a process group to the guard.
    pub fn watch(&mut self, group: i32) {
        self.groups.insert(group);
        self.tell(&format!("+{group}\n"));
    }

    /// Removes a group that has ended, because its number may be reused.
    pub fn forget(&mut self, group: i32) {
        self.groups.remove(&group);
        self.tell(&format!("-{group}\n"));
    }

    /// Restarts the guard if it was killed.
    ///
    /// # Errors
    /// As [`Guard::start`].
    pub fn ensure(&mut self) -> io::Result<()> {
        if let Some((_, exit)) = &mut self.process
            && exit.try_recv() == Err(oneshot::error::TryRecvError::Empty)
        {
            return Ok(());
        }
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
        for group in self.groups.clone() {
            self.tell(&format!("+{group}\n"));
        }
        Ok(())
    }

    fn tell(&mut self, line: &str) {
        if let Some((pipe, _)) = &mut self.process {
            // If the guard is gone, SIGCHLD leads to a new one, which gets all groups.
            let _ = pipe.write_all(line.as_bytes());
        }
    }
}

/// The guard's main function: waits until the supervisor is gone, then kills what it left behind.
pub fn guard_main(token: &str) {
    let mut groups = BTreeSet::new();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let (sign, number) = line.split_at(1.min(line.len()));
        match (sign, number.parse::<i32>()) {
            ("+", Ok(group)) => drop(groups.insert(group)),
            ("-", Ok(group)) => drop(groups.remove(&group)),
            _ => {}
        }
    }
    // Repeatedly: a process may fork while its family is being killed.
    for _ in 0..20 {
        let table = ProcessTable::read();
        let families = groups.iter().map(|group| Family::new(*group, token));
        let alive = families.filter(|family| !family.is_empty(&table));
        let alive = alive.inspect(|family| family.signal(Signal::SIGKILL, &table)).count();
        if kill_marked(token, &table) + alive == 0 {
            return;
        }
        sleep(Duration::from_millis(50));
    }
}
