//! Processes that don't end as others do: their first thread has ended, they are stopped, or can't be killed; and `/proc` is hidden.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use svara_supervisor::events::Kind;

use crate::bed::{Bed, QUICK, eventually, program, skip};

fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

/// Whether a process of this number is there, with whatever threads.
fn is_there(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn await_state(pid: i32, wanted: char) {
    eventually("its state", || state(pid) == Some(wanted));
}

#[test]
fn a_leader_whose_first_thread_has_ended_is_killed() {
    let keys = "stop = { grace = \"200ms\" }";
    let mut bed = Bed::start(&program("lead", &["ignore-term", "end-main-thread"], keys));
    let pid = bed.event("lead", Kind::Ready).pid.unwrap();
    await_state(pid, 'Z');
    assert_eq!(bed.status("lead").processes, 1);
    let stopped = bed.command(&["--timeout", "90s", "stop", "lead"]);
    assert_eq!(stopped, (0, "lead: stopped\n".into(), String::new()));
    assert!(!is_there(pid));
    bed.event("lead", Kind::Killed);
}

#[test]
fn an_engine_whose_first_thread_has_ended_lives_beside_no_other() {
    for how in ["fork", "daemon"] {
        let engine = format!("{how}:ignore-term,pid:DIR/engine,end-main-thread");
        let keys = format!("{QUICK}stop = {{ grace = \"200ms\" }}");
        let mut bed = Bed::start(&program("vllm", &[&engine, "await:DIR/engine", "hang"], &keys));
        bed.event("vllm", Kind::Ready);
        let next = |bed: &Bed| {
            let pid = bed.pid_in("engine");
            await_state(pid, 'Z');
            fs::remove_file(bed.path("engine")).unwrap();
            pid
        };
        let first = next(&bed);
        bed.stop("vllm");
        assert!(!is_there(first), "{how}: after a stop");
        assert_eq!(bed.command(&["start", "--wait", "vllm"]).0, 0);
        let leader = bed.event("vllm", Kind::Ready).pid.unwrap();
        let second = next(&bed);
        signal(leader, Signal::SIGKILL);
        bed.event("vllm", Kind::Starting);
        assert!(!is_there(second), "{how}: after a crash");
        bed.event("vllm", Kind::Ready);
        let third = next(&bed);
        bed.signal(Signal::SIGKILL);
        bed.ended();
        eventually("the guard has killed it", || !is_there(third) || state(third) != Some('Z'));
    }
}

#[test]
fn what_is_stopped_ends_as_it_likes() {
    let keys = "stop = { grace = \"10m\" }";
    let mut bed = Bed::start(&program("api", &["on-term:0", "touch:DIR/up", "hang"], keys));
    let pid = bed.event("api", Kind::Ready).pid.unwrap();
    eventually("it listens", || bed.path("up").exists());
    signal(pid, Signal::SIGSTOP);
    await_state(pid, 'T');
    assert_eq!(bed.command(&["--timeout", "90s", "stop", "api"]).1, "api: stopped\n");
    assert_eq!(bed.read("log/api.log"), "got TERM\n");
}

/// Runs a supervisor in namespaces of its own, whose `/proc` is empty; `None` if there can't be any.
fn without_proc(programs: &str, flags: &[&str]) -> Option<(tempfile::TempDir, Command)> {
    let hide = "mount -t tmpfs none /proc && exec \"$@\"";
    let mut probe = Command::new("unshare");
    if !probe.args(flags).args(["sh", "-c", hide, "sh", "true"]).status().is_ok_and(|status| status.success())
    {
        skip("no namespaces here");
        return None;
    }
    let directory = Bed::prepare(programs);
    let mut command = Command::new("unshare");
    command.args(flags).args([
        "sh",
        "-c",
        hide,
        "sh",
        env!("CARGO_BIN_EXE_svara-supervisor"),
        "run",
        "--config",
    ]);
    command.arg(directory.path().join("supervisor.toml")).stdout(Stdio::null());
    Some((directory, command))
}

#[test]
fn a_hidden_proc_keeps_nobody_alive() {
    let keys = "stop = { grace = \"200ms\" }";
    let stubborn = program("api", &["ignore-term", "touch:DIR/up", "hang"], keys);
    let flags = ["--mount", "--pid", "--fork", "--kill-child"];
    let Some((directory, mut command)) = without_proc(&stubborn, &flags) else { return };
    let process = command.spawn().unwrap();
    let mut bed = Bed::attach(directory, process);
    let causes = [(); 2].map(|()| bed.event("", Kind::Supervisor).cause.unwrap());
    assert!(causes.iter().any(|cause| cause.starts_with("can't read /proc: ")), "{causes:?}");
    bed.event("api", Kind::Ready);
    eventually("TERM is ignored", || bed.path("up").exists());
    assert_eq!(bed.command(&["--timeout", "90s", "stop", "api"]).1, "api: stopped\n");
    bed.event("api", Kind::Killed);
    bed.command(&["shutdown"]);
    assert_eq!(bed.ended().code(), Some(0));
}

#[test]
fn a_start_that_needs_proc_says_so() {
    let Some((_directory, mut command)) = without_proc(&program("api", &["hang"], ""), &["--mount"]) else {
        return;
    };
    let output = command.output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("can't read /proc: No such file"), "{error}");
}

/// A cgroup whose processes can be frozen: while they are, nothing kills them.
struct Freezer {
    mount: tempfile::TempDir,
    group: PathBuf,
}

impl Freezer {
    fn new() -> Option<Self> {
        let mount = tempfile::tempdir().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "cgroup", "-o", "freezer", "none"]).arg(mount.path()).output();
        if !mounted.is_ok_and(|output| output.status.success()) {
            skip("no freezer here");
            return None;
        }
        let group = mount.path().join(format!("svara-{}", std::process::id()));
        fs::create_dir(&group).unwrap();
        Some(Self { mount, group })
    }

    fn freeze(&self, pid: i32) {
        fs::write(self.group.join("cgroup.procs"), pid.to_string()).unwrap();
        fs::write(self.group.join("freezer.state"), "FROZEN").unwrap();
        eventually("it is frozen", || {
            fs::read_to_string(self.group.join("freezer.state")).unwrap() == "FROZEN\n"
        });
    }

    fn thaw(&self) {
        let _ = fs::write(self.group.join("freezer.state"), "THAWED");
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        self.thaw();
        let empty =
            |group: &Path| fs::read_to_string(group.join("cgroup.procs")).is_ok_and(|all| all.is_empty());
        for _ in 0..500 {
            if empty(&self.group) && fs::remove_dir(&self.group).is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let _ = Command::new("umount").arg(self.mount.path()).status();
    }
}

#[test]
fn what_cannot_be_killed_holds_up_no_end_that_is_asked_for_twice() {
    let Some(freezer) = Freezer::new() else { return };
    let keys = "stop = { grace = \"100ms\" }";
    let mut bed = Bed::start(&program("api", &["hang"], keys));
    let pid = bed.event("api", Kind::Ready).pid.unwrap();
    freezer.freeze(pid);
    bed.signal(Signal::SIGTERM);
    bed.event("api", Kind::Killed);
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.ended().code(), Some(1));
    let log = bed.read("log/supervisor.log");
    assert!(log.contains(&format!("ends before what can't be killed: api: process {pid}")), "{log}");
    freezer.thaw();
    eventually("it is gone", || !is_there(pid) || state(pid) == Some('Z'));
}
