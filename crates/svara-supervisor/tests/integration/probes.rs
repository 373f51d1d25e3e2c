//! Probes of children that are deaf, closed or frozen.

use svara_supervisor::events::Kind;

use crate::bed::{Bed, QUICK, eventually, free_port, program};

fn probe(kind: &str, port: u16, keys: &str) -> String {
    format!(
        "[program.api.{kind}]\nhttp = \"http://127.0.0.1:{port}/health\"\nperiod = \"20ms\"\ntimeout = \"200ms\"\n{keys}"
    )
}

#[test]
fn startup_is_over_when_the_port_answers() {
    let port = free_port();
    let behaviours = ["await:DIR/loaded", &format!("listen:{port}"), "hang"];
    let keys = probe("startup", port, "deadline = \"1m\"\n") + &probe("readiness", port, "");
    let mut bed = Bed::start(&program("api", &behaviours, &keys));
    bed.event("api", Kind::Starting);
    eventually("progress in the status", || {
        bed.status("api").detail.ends_with("of 1m; startup: connection refused")
    });
    std::fs::write(bed.path("loaded"), "").unwrap();
    bed.event("api", Kind::Ready);
}

#[test]
fn a_start_that_takes_too_long_is_a_failure() {
    let port = free_port();
    let keys = format!("{QUICK}max_restarts = 1\n{}", probe("startup", port, "deadline = \"150ms\"\n"));
    let mut bed = Bed::start(&program("api", &["hang"], &keys));
    let failed = bed.event("api", Kind::Failed).cause.unwrap();
    assert!(failed.starts_with("not started within 150ms, last answer: connection refused"), "{failed}");
}

#[test]
fn a_program_that_accepts_and_never_answers_is_restarted() {
    let port = free_port();
    let keys = format!("{QUICK}{}", probe("liveness", port, "failures = 2\n"));
    let mut bed = Bed::start(&program("api", &[&format!("deaf:{port}"), "ignore-term", "hang"], &keys));
    bed.event("api", Kind::Ready);
    let cause = bed.event("api", Kind::Stopping).cause.unwrap();
    assert_eq!(cause, "liveness probe: no answer within 200ms");
    bed.event("api", Kind::Ready);
    assert!(bed.status("api").restarts_by_reason["liveness"] >= 1);
}

#[test]
fn a_program_that_closes_its_port_and_lives_is_noticed() {
    let port = free_port();
    let behaviours = [&format!("listen:{port}"), "await:DIR/close", "close", "hang"];
    let keys = format!(
        "{QUICK}{}{}",
        probe("readiness", port, "failures = 1\n"),
        probe("liveness", port, "failures = 5\n")
    );
    let mut bed = Bed::start(&program("api", &behaviours, &keys));
    bed.event("api", Kind::Ready);
    std::fs::write(bed.path("close"), "").unwrap();
    assert_eq!(bed.event("api", Kind::Running).cause.as_deref(), Some("connection refused"));
    bed.event("api", Kind::Stopping);
    std::fs::remove_file(bed.path("close")).unwrap();
    bed.event("api", Kind::Ready);
}

fn hang(port: u16, more: &str) -> String {
    format!(
        "{QUICK}[program.vllm.hang]\nmetrics = \"http://127.0.0.1:{port}/metrics\"\nstall = \"300ms\"\nperiod = \"50ms\"\n{more}"
    )
}

#[test]
fn running_requests_without_tokens_are_a_hang() {
    let port = free_port();
    let behaviours = [&format!("metrics:{port}:2:1234"), "ignore-term", "hang"];
    let mut bed = Bed::start(&program("vllm", &behaviours, &hang(port, "")));
    let cause = bed.event("vllm", Kind::Stopping).cause.unwrap();
    assert!(
        cause.starts_with("hung: work pending, but no progress of vllm:generation_tokens_total"),
        "{cause}"
    );
    bed.event("vllm", Kind::Ready);
    assert_eq!(bed.status("vllm").restarts_by_reason["hung"], 1);
}

#[test]
fn an_idle_engine_that_swallows_the_canary_hangs() {
    let port = free_port();
    let behaviours = [&format!("metrics:{port}:0:1234"), "hang"];
    let canary = format!(
        "canary = {{ http = \"http://127.0.0.1:{port}/v1/completions\", body = '{{}}', every = \"10ms\" }}\n"
    );
    let mut bed = Bed::start(&program("vllm", &behaviours, &hang(port, &canary)));
    let cause = bed.event("vllm", Kind::Stopping).cause.unwrap();
    assert!(cause.starts_with("hung: "), "{cause}");
}

#[test]
fn an_idle_engine_is_no_hang() {
    let port = free_port();
    let behaviours = [&format!("metrics:{port}:0:1234"), "hang"];
    let bed = Bed::start(&program("vllm", &behaviours, &hang(port, "")));
    // Readings are a period apart, so this many take three times the stall.
    eventually("readings of the metrics", || bed.read("log/vllm.log").matches("scraped").count() > 18);
    assert_eq!(bed.status("vllm").restarts, 0);
}
