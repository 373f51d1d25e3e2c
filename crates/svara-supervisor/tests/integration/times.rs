//! Schedules: once each, not beside themselves, by the wall clock.

use std::collections::BTreeMap;

use svara_supervisor::events::Kind;

use crate::bed::{Bed, alive, eventually, program};

fn job(name: &str, cron: &str, script: &str, keys: &str) -> String {
    format!(
        "[[schedule]]\nname = \"{name}\"\ncron = \"{cron}\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n{keys}\n"
    )
}

#[test]
fn jobs_that_are_due_together_run_once_each() {
    let jobs = ["a", "b", "c", "d"].map(|name| job(name, "*/2 * * * * *", "true", ""));
    let mut bed = Bed::start(&(program("api", &["hang"], "") + &jobs.concat()));
    let mut runs: BTreeMap<String, usize> = BTreeMap::new();
    // Until each has run three times.
    while runs.len() < 4 || runs.values().any(|count| *count < 3) {
        let cause = bed.event("", Kind::Schedule).cause.unwrap();
        if let Some(name) = cause.strip_suffix(": started") {
            *runs.entry(name.to_owned()).or_default() += 1;
        }
    }
    assert!(runs.values().all(|count| (3..=4).contains(count)), "{runs:?}");
    let spread = runs.values().max().unwrap() - runs.values().min().unwrap();
    assert!(spread <= 1, "{runs:?}");
}

#[test]
fn a_job_does_not_run_beside_itself() {
    let script = "until [ -e DIR/go ]; do sleep 0.01; done; exit 3";
    let mut bed = Bed::start(&(program("api", &["hang"], "") + &job("slow", "* * * * * *", script, "")));
    let mut next = || bed.event("", Kind::Schedule).cause.unwrap();
    assert_eq!([next(), next()], ["slow: started", "slow: skipped, the last one still runs"]);
    assert_eq!(bed.report().schedules[0].running, 1);
    std::fs::write(bed.path("go"), "").unwrap();
    while bed.event("", Kind::Schedule).cause.unwrap() != "slow: exit code 3" {}
    let (code, status, _) = bed.command(&["status", "--table"]);
    assert!(code == 0 && status.contains("SCHEDULE") && status.contains("exit code 3"), "{status}");
    let schedule = bed.report().schedules.remove(0);
    assert!(
        schedule.success == Some(false) && schedule.last.is_some() && schedule.next.is_some(),
        "{schedule:?}"
    );
}

#[test]
fn a_job_that_may_overlap_does() {
    let job = job("slow", "* * * * * *", "sleep 1000", "overlap = true");
    let mut bed = Bed::start(&(program("api", &["hang"], "") + &job));
    for _ in 0..2 {
        assert_eq!(bed.event("", Kind::Schedule).cause.as_deref(), Some("slow: started"));
    }
}

#[test]
fn a_timeout_ends_all_that_a_job_started() {
    let daemon = format!("{} daemon:ignore-term,pid:DIR/daemon,hang hang", crate::bed::fake());
    let job = job("slow", "* * * * * *", &daemon, "timeout = \"900ms\"");
    let mut bed = Bed::start(&(program("api", &["hang"], "") + &job));
    assert_eq!(bed.event("", Kind::Schedule).cause.as_deref(), Some("slow: started"));
    let daemon = bed.pid_in("daemon");
    while !bed.event("", Kind::Schedule).cause.unwrap().contains("not finished within 900ms") {}
    eventually("the daemon is gone", || !alive(daemon));
}

#[test]
fn the_start_is_the_first_event() {
    let text = program("a", &["hang"], "") + &program("b", &["hang"], "after = [\"a\"]");
    let mut bed = Bed::start(&text);
    bed.event("b", Kind::Ready);
    assert_eq!(bed.seen()[0].event, Kind::Supervisor, "{:?}", bed.seen()[0]);
}
