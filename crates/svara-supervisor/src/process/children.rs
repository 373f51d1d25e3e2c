//! Spawn and reap in one place and on one thread.
//!
//! `Children` is an `Rc`, so the compiler keeps it on the thread it was made on, and no `await` lies between a spawn
//! and its entry: `waitpid(-1)` can never take a child that isn't known yet, nor one that std still waits for.

use std::{
    cell::RefCell,
    collections::HashMap,
    io,
    process::{ChildStderr, ChildStdout},
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

use super::{Exit, Family, Launch};

/// Every process we started and that hasn't been reaped.
#[derive(Clone, Debug)]
pub struct Children {
    token: Rc<str>,
    waiting: Rc<RefCell<HashMap<i32, oneshot::Sender<Exit>>>>,
}

/// A process that was started.
#[derive(Debug)]
pub struct Started {
    /// Its process id, also that of its group and session.
    pub pid: i32,
    /// Resolves when it has been reaped.
    pub exit: oneshot::Receiver<Exit>,
    /// Its standard output, if piped.
    pub stdout: Option<ChildStdout>,
    /// Its standard error, if piped.
    pub stderr: Option<ChildStderr>,
}

/// Why a short command has no exit.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It couldn't be started.
    #[error("can't be run: {0}")]
    Spawn(#[from] io::Error),
    /// It ran for too long and was killed with its whole group.
    #[error("not done within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
}

/// Kills a group that is no longer awaited.
struct KillOnDrop(i32);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // Failure means that nobody is left.
        let _ = killpg(Pid::from_raw(self.0), Signal::SIGKILL);
    }
}

impl Started {
    /// Waits for the end. Whatever is left of its group then is killed, also when this future is dropped.
    ///
    /// # Errors
    /// When it isn't done within `limit`.
    pub async fn within(self, limit: Duration) -> Result<Exit, RunError> {
        let _group = KillOnDrop(self.pid);
        match tokio::time::timeout(limit, self.exit).await {
            Ok(Ok(exit)) => Ok(exit),
            // The sender is dropped only with the table itself, when we are about to end.
            Ok(Err(_)) | Err(_) => Err(RunError::Timeout(limit)),
        }
    }
}

impl Children {
    /// No children yet. `token` marks all there will be, and tells them from those of another supervisor.
    pub fn new(token: &str) -> Self {
        Self { token: token.into(), waiting: Rc::default() }
    }

    /// The token in the mark.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Everything that comes of a process that was started under `name`.
    pub fn family(&self, started: &Started, name: &str) -> Family {
        Family::new(started.pid, &self.mark(name))
    }

    fn mark(&self, name: &str) -> String {
        format!("{}/{name}", self.token)
    }

    /// Starts a process.
    ///
    /// # Errors
    /// As [`std::process::Command::spawn`].
    pub fn spawn(&self, launch: Launch<'_>) -> io::Result<Started> {
        let mark = self.mark(launch.name);
        let mut child = launch.spawn(&mark)?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        let exit = self.register(pid);
        Ok(Started { pid, exit, stdout: child.stdout.take(), stderr: child.stderr.take() })
    }

    /// Puts a process that was started elsewhere under the reaper's eyes.
    pub(super) fn register(&self, pid: i32) -> oneshot::Receiver<Exit> {
        let (sender, exit) = oneshot::channel();
        self.waiting.borrow_mut().insert(pid, sender);
        exit
    }

    /// Runs a short command to its end. Whatever it leaves running in its group is killed, also when this future is
    /// dropped.
    ///
    /// # Errors
    /// When it can't be started, or isn't done within `limit`.
    pub async fn run(&self, launch: Launch<'_>, limit: Duration) -> Result<Exit, RunError> {
        self.spawn(launch)?.within(limit).await
    }

    /// Reaps everything that has ended; gives the number of orphans among it that we had adopted.
    ///
    /// To be called on SIGCHLD. The signal coalesces, so this goes on until the kernel has no more.
    pub fn reap(&self) -> u64 {
        let mut orphans = 0;
        while let Some((pid, status)) = wait_any() {
            let Some(exit) = Exit::from_wait_status(status) else { continue };
            match self.waiting.borrow_mut().remove(&pid) {
                // Nobody waits any more for a helper that was given up.
                Some(sender) => drop(sender.send(exit)),
                None => orphans += 1,
            }
        }
        orphans
    }

    /// Whether this is a process we started and haven't reaped.
    pub fn knows(&self, pid: i32) -> bool {
        self.waiting.borrow().contains_key(&pid)
    }
}

/// One child that has ended, and its status; `None` when there is no more of them.
///
/// Not nix's `waitpid`: that fails for a child killed by a real-time signal, after the kernel has given it away.
#[expect(unsafe_code, reason = "waitpid without a lossy wrapper")]
fn wait_any() -> Option<(i32, i32)> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a local that outlives the call, which writes one int to it.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        if pid > 0 {
            return Some((pid, status));
        }
        // 0: all alive. ECHILD: there are none.
        if pid == 0 || Errno::last() != Errno::EINTR {
            return None;
        }
    }
}
