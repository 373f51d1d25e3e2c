//! As PID 1 of its own namespace.

use std::process::{Command, Stdio};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use svara_supervisor::events::Kind;

use crate::bed::{Bed, alive, eventually, program, skip};

/// Starts a supervisor as PID 1; skips the test and returns `None` if namespaces can't be created.
fn start(programs: &str) -> Option<Bed> {
    let probe = Command::new("unshare").args(["--pid", "--fork", "--mount-proc", "true"]).output();
    match probe {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            skip(&format!("unshare: {}", String::from_utf8_lossy(&output.stderr)));
            return None;
        }
        Err(error) => {
            skip(&format!("unshare: {error}"));
            return None;
        }
    }
    let directory = Bed::prepare(programs);
    let process = Command::new("unshare")
        .args([
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
            env!("CARGO_BIN_EXE_svara-supervisor"),
            "run",
            "--config",
        ])
        .arg(directory.path().join("supervisor.toml"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    Some(Bed::attach(directory, process))
}

/// The supervisor itself, as seen from outside: the child of `unshare`.
fn init(bed: &Bed) -> i32 {
    *bed.children().first().expect("unshare has a child")
}

#[test]
fn a_thousand_orphans_are_reaped() {
    let Some(mut bed) = start(&program("maker", &["orphans:1000", "hang"], "")) else { return };
    bed.event("maker", Kind::Ready);
    assert_eq!(bed.report().pid, 1);
    eventually("a thousand", || bed.report().orphans_reaped == 1000);
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", init(&bed))).unwrap();
    assert_eq!(children.split_whitespace().count(), 1, "only the program: {children}");
}

#[test]
fn signals_and_exit_codes_pass() {
    let keys = "essential = true\nmax_restarts = 0\nforward_signals = [\"USR1\"]";
    let Some(mut bed) =
        start(&program("api", &["on-usr1", "touch:DIR/up", "await:DIR/die", "exit:42"], keys))
    else {
        return;
    };
    bed.event("api", Kind::Ready);
    eventually("it listens", || bed.path("up").exists());
    kill(Pid::from_raw(init(&bed)), Signal::SIGUSR1).unwrap();
    eventually("the signal arrives", || bed.read("log/api.log") == "got USR1\n");
    std::fs::write(bed.path("die"), "").unwrap();
    assert_eq!(bed.ended().code(), Some(42));
}

#[test]
fn term_to_pid_1_ends_everything_with_0() {
    let Some(mut bed) = start(&program("api", &["on-term:0", "touch:DIR/up", "hang"], "")) else { return };
    bed.event("api", Kind::Ready);
    eventually("it listens", || bed.path("up").exists());
    kill(Pid::from_raw(init(&bed)), Signal::SIGTERM).unwrap();
    assert_eq!(bed.ended().code(), Some(0));
    assert_eq!(bed.read("log/api.log"), "got TERM\n");
}

#[test]
fn killed_as_pid_1_it_takes_everything_with_it() {
    let Some(mut bed) = start(&program("api", &["ignore-term", "hang"], "")) else { return };
    bed.event("api", Kind::Ready);
    let init = init(&bed);
    let inner = std::fs::read_to_string(format!("/proc/{init}/task/{init}/children")).unwrap();
    let leader: i32 = inner.trim().parse().unwrap();
    assert!(alive(leader));
    kill(Pid::from_raw(init), Signal::SIGKILL).unwrap();
    bed.ended();
    eventually("the namespace is gone", || !alive(leader));
}
