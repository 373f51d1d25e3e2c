//! What short commands leave outside their group ends with them.

use nix::{sys::signal::kill, unistd::Pid};
use svara_supervisor::events::Kind;

use crate::bed::{Bed, eventually, program};

/// A command that starts a process in a session of its own, waits until it has noted its number from there, and goes on so.
fn leaves(file: &str, then: &str) -> String {
    let script = format!(
        "setsid sh -c 'echo $$$$ >> DIR/{file}; exec sleep 1000' & until test -s DIR/{file}; do sleep 0.01; done; {then}"
    );
    format!("command = [\"sh\", \"-c\", {script:?}]\n")
}

/// The first that was noted.
fn first(bed: &Bed, file: &str) -> i32 {
    let number = || bed.read(file).lines().next().and_then(|line| line.parse().ok());
    eventually(file, || number().is_some());
    number().unwrap()
}

fn is_there(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

#[test]
fn probes_hooks_and_schedules_leave_nothing_behind() {
    let probes = format!(
        "[program.api.readiness]\nperiod = \"50ms\"\n{}[program.api.liveness]\nperiod = \"50ms\"\nfailures = 100000\n{}",
        leaves("ready", "exit 0"),
        leaves("alive", "exit 1"),
    );
    let text = program("api", &["hang"], &probes)
        + &format!("[[hook]]\non = [\"ready\"]\n{}", leaves("hook", "exit 0"))
        + &format!("[[schedule]]\nname = \"s\"\ncron = \"* * * * * *\"\n{}", leaves("schedule", "exit 3"));
    let mut bed = Bed::start(&text);
    let pid = bed.event("api", Kind::Ready).pid;
    for file in ["ready", "alive", "hook", "schedule"] {
        let left = first(&bed, file);
        eventually(file, || !is_there(left));
    }
    assert_eq!(bed.status("api").pid, pid);
}

#[test]
fn a_probe_that_is_given_up_leaves_nothing_behind() {
    let probe = format!(
        "[program.api.liveness]\nperiod = \"50ms\"\ntimeout = \"10m\"\n{}",
        leaves("left", "sleep 1000")
    );
    let mut bed = Bed::start(&program("api", &["hang"], &probe));
    bed.event("api", Kind::Ready);
    let left = first(&bed, "left");
    bed.stop("api");
    eventually("it is gone", || !is_there(left));
}

#[test]
fn a_command_of_a_sink_leaves_nothing_behind() {
    let text = program("api", &["hang"], "") + "[sink.s]\n" + &leaves("left", "exit 0");
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    let left = first(&bed, "left");
    eventually("it is gone", || !is_there(left));
}
