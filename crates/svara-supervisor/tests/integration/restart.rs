//! Exits, restarts, failing for good.

use std::time::Instant;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use svara_supervisor::{control::Request, events::Kind};

use crate::bed::{Bed, QUICK, eventually, program};

/// Kills a program; returns after how many seconds it was noticed, and after how many it was back.
fn kill_one() -> (f64, f64) {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    let first = bed.event("api", Kind::Ready).pid.unwrap();
    let killed = Instant::now();
    kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
    let noticed = bed.event("api", Kind::Stopping);
    let noticed_after = killed.elapsed().as_secs_f64();
    assert_eq!(noticed.cause.as_deref(), Some("killed by SIGKILL"));
    let second = bed.event("api", Kind::Ready).pid.unwrap();
    let back_after = killed.elapsed().as_secs_f64();
    assert_ne!(first, second);
    let status = bed.status("api");
    assert_eq!((status.restarts, status.restarts_by_reason.get("exit")), (1, Some(&1)));
    assert_eq!(status.last_exit.as_deref(), Some("killed by SIGKILL"));
    (noticed_after, back_after)
}

#[test]
fn a_killed_program_is_noticed_and_back_soon_as_a_new_process() {
    // The least of several: the machine may stall.
    let mut rounds = (0..5).map(|_| kill_one());
    assert!(rounds.any(|(noticed, back)| noticed < 2.0 && back < 5.0), "noticed after 2 s or back after 5 s");
}

#[test]
fn restarts_end_in_failed_with_the_reason_and_the_last_output() {
    let keys = format!("{QUICK}max_restarts = 3\n");
    let mut bed = Bed::start(&program("api", &["warn:no such model", "exit:7"], &keys));
    let failed = bed.event("api", Kind::Failed);
    assert_eq!(failed.cause.as_deref(), Some("exit code 7, after 3 restarts within 10m"));
    assert_eq!(failed.output.last().map(String::as_str), Some("no such model"));
    let starts = bed.seen().iter().filter(|event| event.event == Kind::Starting).count();
    assert_eq!(starts, 4);
    let (code, table, _) = bed.command(&["status"]);
    assert_eq!(code, 1, "{table}");
    // A start by the operator resets the failures.
    bed.ask(&Request::Start { programs: vec!["api".into()], wait: false });
    bed.event("api", Kind::Failed);
}

#[test]
fn policies_decide_by_the_exit_code() {
    let text = [
        program("job", &["exit:0"], "restart = \"on-failure\""),
        program("odd", &["exit:3"], "restart = \"on-failure\"\nsuccess_codes = [0, 3]"),
        program("once", &["exit:9"], "restart = \"never\""),
        program("again", &["exit:0"], &format!("{QUICK}restart = \"always\"\nmax_restarts = 1")),
    ];
    let mut bed = Bed::start(&text.concat());
    bed.event("again", Kind::Failed);
    for name in ["job", "odd", "once"] {
        eventually("it has exited", || bed.status(name).state == "exited");
        assert_eq!(bed.status(name).restarts, 0, "{name}");
    }
    assert!(bed.status("job").ready && !bed.status("once").ready);
}

#[test]
fn a_program_that_cannot_be_run_says_so() {
    let mut bed = Bed::start("[program.api]\ncommand = [\"/no/such/file\"]\nmax_restarts = 0\n");
    let failed = bed.event("api", Kind::Failed).cause.unwrap();
    assert!(failed.starts_with("can't be run: /no/such/file: No such file"), "{failed}");
}

#[test]
fn a_real_time_signal_is_noticed_as_well() {
    let mut bed = Bed::start(&program("api", &["hang"], QUICK));
    let pid = bed.event("api", Kind::Ready).pid.unwrap();
    let status = std::process::Command::new("kill").args(["-40", &pid.to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(bed.event("api", Kind::Stopping).cause.as_deref(), Some("killed by signal 40"));
    bed.event("api", Kind::Ready);
}
