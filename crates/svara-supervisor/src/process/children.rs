//! Spawns and reaps in one place and on one thread.
//!
//! `Children` is an `Rc`, so the compiler keeps it on its thread, and there is no `await` between a spawn and its
//! registration: `waitpid(-1)` can never reap a child that isn't registered yet, nor one that std still waits for.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io,
    path::Path,
    process::{ChildStderr, ChildStdin, ChildStdout},
    rc::Rc,
    time::Duration,
};

use nix::{
    errno::Errno,
    libc,
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::sync::oneshot;

use super::{
    Exit, Family, Launch,
    launch::HELPER,
    stat::{ProcessTable, adopted_children},
};

/// All processes that we started and haven't reaped yet.
#[derive(Clone, Debug)]
pub struct Children {
    token: Rc<str>,
    /// The control socket, which they all learn.
    socket: Rc<Path>,
    waiting: Rc<RefCell<HashMap<i32, oneshot::Sender<Exit>>>>,
    /// Counts the helpers.
    helpers: Rc<Cell<u64>>,
}

/// A started process.
#[derive(Debug)]
pub struct Started {
    /// Its process id, also that of its group and session.
    pub pid: i32,
    /// The mark in its environment.
    mark: String,
    children: Children,
    /// Resolves once it has been reaped.
    pub exit: oneshot::Receiver<Exit>,
    /// Its standard input, if piped.
    pub stdin: Option<ChildStdin>,
    /// Its standard output, if piped.
    pub stdout: Option<ChildStdout>,
    /// Its standard error, if piped.
    pub stderr: Option<ChildStderr>,
}

/// Why a short command has no exit status.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It couldn't be started.
    #[error("can't be run: {0}")]
    Spawn(#[from] io::Error),
    /// It ran too long and was killed with its whole group.
    #[error("not finished within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
}

/// Kills the processes of a short command when dropped.
struct KillOnDrop {
    family: Family,
    /// What left its group is dealt with.
    is_over: bool,
}

impl KillOnDrop {
    fn new(started: &Started) -> Self {
        Self { family: Family::new(started.pid, &started.mark), is_over: false }
    }

    /// The command has exited: kills what it has left outside its group. Whatever outlives it is our child by now, or a
    /// descendant of one.
    async fn end(&mut self, children: &Children) {
        let adopted = adopted_children(|pid| children.knows(pid));
        let is_clean = adopted.is_some_and(|adopted| {
            adopted.is_empty() || self.family.is_empty(&ProcessTable::read_only(&adopted))
        });
        if !is_clean {
            kill_family(&self.family).await;
        }
        self.is_over = true;
    }

    /// It hasn't exited in time.
    async fn give_up(&mut self) {
        kill_family(&self.family).await;
        self.is_over = true;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if self.is_over {
            // Fails if no process is left.
            let _ = killpg(Pid::from_raw(self.family.leader()), Signal::SIGKILL);
        } else {
            // Nobody waits for it any more. Here is no time to look again.
            self.family.signal(Signal::SIGKILL, &ProcessTable::read());
        }
    }
}

/// Kills a whole family, also those that left its group. A process may fork while its family is being killed.
async fn kill_family(family: &Family) {
    for _ in 0..4 {
        let table = ProcessTable::read();
        if family.is_empty(&table) {
            return;
        }
        family.signal(Signal::SIGKILL, &table);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Started {
    /// Waits for the process to end, however long it takes; `None` when the supervisor ends before. What it has left is then
    /// killed, also if this future is dropped.
    pub async fn ended(self) -> Option<Exit> {
        let mut family = KillOnDrop::new(&self);
        let exit = self.exit.await.ok();
        family.end(&self.children).await;
        exit
    }

    /// Waits for the process to exit. What it has left is then killed, also if this future is dropped.
    ///
    /// # Errors
    /// When it doesn't exit within `limit`.
    pub async fn within(self, limit: Duration) -> Result<Exit, RunError> {
        let mut family = KillOnDrop::new(&self);
        match tokio::time::timeout(limit, self.exit).await {
            Ok(Ok(exit)) => {
                family.end(&self.children).await;
                Ok(exit)
            }
            // The sender is dropped only with the table itself, when we are about to exit.
            Ok(Err(_)) | Err(_) => {
                family.give_up().await;
                Err(RunError::Timeout(limit))
            }
        }
    }
}

impl Children {
    /// No children yet. `token` will mark them all, to tell them from those of another supervisor; they learn `socket`.
    pub fn new(token: &str, socket: &Path) -> Self {
        // They may run in other directories.
        let socket = std::path::absolute(socket).map_or_else(|_| socket.into(), Into::into);
        Self { token: token.into(), socket, waiting: Rc::default(), helpers: Rc::default() }
    }

    /// The token in the mark.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The family of a process.
    pub fn family(&self, started: &Started) -> Family {
        Family::new(started.pid, &started.mark)
    }

    fn mark(&self, name: &str) -> String {
        format!("{}/{name}", self.token)
    }

    /// Starts a process.
    ///
    /// # Errors
    /// As [`std::process::Command::spawn`].
    pub fn spawn(&self, launch: Launch<'_>) -> io::Result<Started> {
        let mark = if launch.name == HELPER {
            self.helpers.set(self.helpers.get() + 1);
            // Each is a family of its own.
            format!("{}.{}", self.mark(HELPER), self.helpers.get())
        } else {
            self.mark(launch.name)
        };
        let mut child = launch.spawn(&mark, &self.socket)?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        let exit = self.register(pid);
        Ok(Started {
            pid,
            mark,
            children: self.clone(),
            exit,
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
        })
    }

    /// Registers a process that was started elsewhere, to be reaped here.
    pub(super) fn register(&self, pid: i32) -> oneshot::Receiver<Exit> {
        let (sender, exit) = oneshot::channel();
        self.waiting.borrow_mut().insert(pid, sender);
        exit
    }

    /// Runs a short command to completion. What it leaves running is killed, also if this future is dropped.
    ///
    /// # Errors
    /// When it can't be started, or doesn't exit within `limit`.
    pub async fn run(&self, launch: Launch<'_>, limit: Duration) -> Result<Exit, RunError> {
        self.spawn(launch)?.within(limit).await
    }

    /// Reaps all exited children; returns how many of them were adopted orphans.
    ///
    /// Call it on SIGCHLD. The signal coalesces, so this continues until the kernel has no more.
    pub fn reap(&self) -> u64 {
        let mut orphans = 0;
        while let Some((pid, status)) = wait_any() {
            let Some(exit) = Exit::from_wait_status(status) else { continue };
            match self.waiting.borrow_mut().remove(&pid) {
                // Sending fails for a helper that nobody waits for any more.
                Some(sender) => drop(sender.send(exit)),
                None => orphans += 1,
            }
        }
        orphans
    }

    /// Whether this is a process that we started and haven't reaped.
    pub fn knows(&self, pid: i32) -> bool {
        self.waiting.borrow().contains_key(&pid)
    }
}

/// Reaps one exited child and returns its pid and status; `None` if there are no more.
///
/// Not nix's `waitpid`, which fails for a child killed by a real-time signal, after the kernel has released it.
#[expect(unsafe_code, reason = "waitpid without a lossy wrapper")]
fn wait_any() -> Option<(i32, i32)> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a local that outlives the call, which writes one int to it.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        if pid > 0 {
            return Some((pid, status));
        }
        // 0: all children are alive. ECHILD: there are none.
        if pid == 0 || Errno::last() != Errno::EINTR {
            return None;
        }
    }
}
