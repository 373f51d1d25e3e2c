//! Starts a process: own session, limits, account, and death together with us.

use std::{
    io,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    path::Path,
    process::{Child, Command, Stdio},
};

use nix::{
    fcntl::{OFlag, open},
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::Signal,
        stat::{Mode, umask},
    },
    unistd::{Gid, Uid, fchown, getpid, getppid, setgid, setgroups, setsid, setuid},
};

use super::{
    mark::{MARK, label},
    score::default_oom_score,
};
use crate::{
    config::{Account, Limits, Passed, ProgramSpec},
    reach::missing_interpreter_of,
};

/// What to start, and how.
#[derive(Debug, Default)]
pub struct Launch<'a> {
    /// Program file and arguments.
    pub command: &'a [String],
    /// Working directory; ours if `None`.
    pub directory: Option<&'a Path>,
    /// Which of our variables it gets; all if `None`.
    pub passed: Option<&'a Passed>,
    /// Variables added to those.
    pub environment: &'a [(String, String)],
    /// The account it runs as; ours if `None`.
    pub account: Option<&'a Account>,
    /// Limits to set before it runs.
    pub limits: Limits,
    /// `cgroup.procs` of the cgroup it joins.
    pub cgroup: Option<OwnedFd>,
    /// Its name in the mark that identifies its descendants; see [`super::Family`].
    pub name: &'a str,
    /// The program that it is, or is about.
    pub program: Option<&'a str>,
    /// Where its output goes.
    pub output: Output,
    /// Whether its standard input is a pipe of ours; else it is empty.
    pub reads: bool,
}

/// Where the output of a process goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// Into two pipes for us to read.
    Piped,
    /// Nowhere.
    #[default]
    Discarded,
}

/// Variable with the path of the control socket. A program gets it whatever it gets of ours: the commands look there.
const SOCKET: &str = "SVARA_SUPERVISOR_SOCKET";

/// Variable with the name of the program, as the commands take it.
const PROGRAM: &str = "SVARA_SUPERVISOR_PROGRAM";

/// The name of short commands.
pub(super) const HELPER: &str = "helper";

impl<'a> Launch<'a> {
    /// A short command: a probe, a hook, a scheduled task. Only its exit matters; its output is discarded.
    pub fn helper(command: &'a [String]) -> Self {
        // As a program by default, so that the kernel kills it before the supervisor.
        let limits = Limits { oom_score_adj: Some(default_oom_score().to_string()), ..Limits::default() };
        Self { command, name: HELPER, limits, ..Self::default() }
    }

    /// A short command about a program: as its user, in its directory, with its variables.
    pub fn about(spec: &'a ProgramSpec, command: &'a [String]) -> Self {
        let helper = Self::helper(command);
        Self {
            directory: spec.directory.as_deref(),
            passed: spec.passed.as_ref(),
            environment: &spec.environment,
            account: spec.account.as_ref(),
            program: Some(&spec.name),
            limits: Limits { umask: spec.limits.umask, ..helper.limits.clone() },
            ..helper
        }
    }

    /// Starts it. Call this only on the thread that reaps and that lives as long as the supervisor: the kernel binds
    /// the death signal to the *thread* that forked.
    ///
    /// # Errors
    /// When the program file can't be run, or a limit or the account can't be set.
    #[expect(unsafe_code, reason = "pre_exec is the only way to set session, limits and account of a child")]
    pub(super) fn spawn(self, mark: &str, socket: &Path) -> io::Result<Child> {
        let Some((file, arguments)) = self.command.split_first() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "empty command"));
        };
        let output = || match self.output {
            Output::Piped => Stdio::piped(),
            Output::Discarded => Stdio::null(),
        };
        let mut command = Command::new(file);
        if let Some(passed) = self.passed {
            command.env_clear().envs(std::env::vars_os().filter(|(name, _)| passed.contains(name)));
        }
        command
            .args(arguments)
            .env(SOCKET, socket)
            // Of a supervisor that runs under another, this would be its own name there.
            .env_remove(PROGRAM)
            .envs(self.program.map(|program| (PROGRAM, program)))
            .envs(self.account.into_iter().flat_map(Account::environment))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env(MARK, mark)
            .stdin(if self.reads { Stdio::piped() } else { Stdio::null() })
            .stdout(output())
            .stderr(output());
        if let Some(directory) = self.directory {
            command.current_dir(directory);
        }
        let prepare = Preparation {
            supervisor: getpid(),
            account: self.account.map(|account| {
                let groups = account.groups.iter().copied().map(Gid::from_raw).collect();
                (Uid::from_raw(account.uid), Gid::from_raw(account.gid), groups)
            }),
            limits: self.limits.clone(),
            cgroup: self.cgroup,
            label: label(mark),
            owns_output: self.output == Output::Piped,
        };
        // SAFETY: between fork and exec only async-signal-safe calls are made (setsid, open, write, setrlimit, umask,
        // fchown, setgroups, setgid, setuid, prctl, getppid); everything they need is allocated before the fork.
        unsafe { command.pre_exec(move || prepare.run()) };
        command.spawn().map_err(|error| {
            match self.directory.map(|directory| (directory, directory.metadata())) {
                // std tells no difference between a missing directory and a missing program.
                Some((directory, Err(error))) => {
                    told(format!("directory {}: {error}", directory.display()), &error)
                }
                Some((directory, Ok(data))) if !data.is_dir() => {
                    told(format!("directory {}: it is no directory", directory.display()), &error)
                }
                // Fork and exec refuse a user with too many processes by the same error.
                _ if error.raw_os_error() == Some(nix::libc::EAGAIN)
                    && let Some(processes) = self.limits.nproc =>
                {
                    let words = "its user has as many processes already, those of other programs included";
                    told(format!("limits.nproc = {processes}: {words}"), &error)
                }
                _ => match missing_interpreter_of(file, self.directory, self.environment) {
                    Some(why) if error.kind() == io::ErrorKind::NotFound => {
                        told(format!("{file}: {why}"), &error)
                    }
                    _ => told(format!("{file}: {error}"), &error),
                },
            }
        })
    }
}

fn told(words: String, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), words)
}

/// Keeps the descriptors that whoever started us left open from our children.
#[expect(unsafe_code, reason = "fcntl on descriptors that no value of ours owns")]
pub fn keep_descriptors() {
    let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let numbers: Vec<i32> = open.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|number| *number > 2) {
        // SAFETY: setting this flag takes no descriptor from its owner; a number that is closed by now is an error only.
        unsafe { nix::libc::fcntl(number, nix::libc::F_SETFD, nix::libc::FD_CLOEXEC) };
    }
}

/// Standard output and error of a child before its exec. Not `io::stdout()`: if another thread was making that at the time of
/// the fork, the child would wait for it for ever, and the supervisor for the child.
#[expect(unsafe_code, reason = "the standard library names these descriptors only by values behind a lock")]
const fn own_outputs() -> [BorrowedFd<'static>; 2] {
    // SAFETY: the child has just got them for its own, and keeps them until exec.
    unsafe { [BorrowedFd::borrow_raw(1), BorrowedFd::borrow_raw(2)] }
}

/// What the child does between fork and exec.
struct Preparation {
    supervisor: nix::unistd::Pid,
    account: Option<(Uid, Gid, Vec<Gid>)>,
    limits: Limits,
    cgroup: Option<OwnedFd>,
    label: u64,
    /// Whether its output is a pipe of ours.
    owns_output: bool,
}

impl Preparation {
    fn run(&self) -> io::Result<()> {
        setsid()?;
        if let Some(procs) = &self.cgroup {
            // "0" means the writing process.
            nix::unistd::write(procs, b"0")?;
        }
        // Under another supervisor, this may be out of reach; then its own environment must do.
        let _ = setrlimit(Resource::RLIMIT_RTTIME, self.label, self.label);
        if let Some(files) = self.limits.nofile {
            setrlimit(Resource::RLIMIT_NOFILE, files, files)?;
        }
        if let Some(bytes) = self.limits.core_bytes {
            setrlimit(Resource::RLIMIT_CORE, bytes, bytes)?;
        }
        if let Some(processes) = self.limits.nproc {
            setrlimit(Resource::RLIMIT_NPROC, processes, processes)?;
        }
        if let Some(bytes) = self.limits.memlock_bytes {
            setrlimit(Resource::RLIMIT_MEMLOCK, bytes, bytes)?;
        }
        if let Some(mask) = self.limits.umask {
            umask(Mode::from_bits_truncate(mask));
        }
        if let Some(score) = &self.limits.oom_score_adj {
            // Lowering it needs a privilege; then the program runs with ours.
            let file = open(c"/proc/self/oom_score_adj", OFlag::O_WRONLY, Mode::empty());
            let _ = file.and_then(|file| nix::unistd::write(file, score.as_bytes()));
        }
        if let Some((uid, gid, groups)) = &self.account {
            if self.owns_output {
                // So that it may open /dev/stdout. A system that refuses it only refuses that.
                for output in own_outputs() {
                    let _ = fchown(output, Some(*uid), Some(*gid));
                }
            }
            // In this order: after setuid, the groups could no longer be set.
            setgroups(groups)?;
            setgid(*gid)?;
            setuid(*uid)?;
        }
        // After setuid, which clears it.
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        // If the supervisor died before that call, no signal will come.
        if getppid() != self.supervisor {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }
}
