//! Probes of children that are deaf, closed or frozen.

use svara_supervisor::events::Kind;

use crate::bed::{Bed, QUICK, eventually, free_port, program};

fn probe(kind: &str, port: u16, keys: &str) -> String {
    format!(
        "[program.api.{kind}]\nhttp = \"http://127.0.0.1:{port}/health\"\nperiod = \"20ms\"\ntimeout = \"200ms\"\n{keys}"
    )
}

/// The other probes begin once this one passes: that the program was started says nothing of how far it is.
fn startup(program: &str, check: &str) -> String {
    format!("[program.{program}.startup]\n{check}\nperiod = \"20ms\"\n")
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
    let bound = startup("api", &format!("tcp = \"127.0.0.1:{port}\""));
    let keys = format!("{QUICK}{bound}{}", probe("liveness", port, "failures = 2\n"));
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
    // Patient, so that only the closed port counts, however busy the machine is.
    let patient = |kind: &str, keys: &str| probe(kind, port, keys).replace("\"200ms\"", "\"1m\"");
    let keys =
        format!("{QUICK}{}{}", patient("readiness", "failures = 1\n"), patient("liveness", "failures = 5\n"));
    let mut bed = Bed::start(&program("api", &behaviours, &keys));
    bed.event("api", Kind::Ready);
    std::fs::write(bed.path("close"), "").unwrap();
    // Of the probes that are on their way when it closes, one may be cut off.
    assert!(bed.event("api", Kind::Running).cause.is_some());
    let cause = bed.event("api", Kind::Stopping).cause;
    assert_eq!(cause.as_deref(), Some("liveness probe: connection refused"));
    std::fs::remove_file(bed.path("close")).unwrap();
    bed.event("api", Kind::Ready);
}

/// Hang detection from when there are metrics.
fn hang(port: u16, more: &str) -> String {
    let bound = startup("vllm", &format!("http = \"http://127.0.0.1:{port}/metrics\""));
    format!("{QUICK}{bound}{}", hang_detection(port, more))
}

fn hang_detection(port: u16, more: &str) -> String {
    format!(
        "[program.vllm.hang]\nmetrics = \"http://127.0.0.1:{port}/metrics\"\nstall = \"300ms\"\nperiod = \"50ms\"\n{more}"
    )
}

#[test]
fn running_requests_without_tokens_are_a_hang() {
    let port = free_port();
    let behaviours = ["ignore-term", "await:DIR/go", &format!("metrics:{port}:2:1234"), "hang"];
    let mut bed = Bed::start(&program("vllm", &behaviours, &hang(port, "")));
    std::fs::write(bed.path("go"), "").unwrap();
    let cause = bed.event("vllm", Kind::Stopping).cause.unwrap();
    assert!(
        cause.starts_with("hung: work pending, but no progress of vllm:generation_tokens_total"),
        "{cause}"
    );
    // It ignores TERM, so the next one isn't there yet; that one doesn't hang until the restart has been looked at.
    std::fs::remove_file(bed.path("go")).unwrap();
    bed.event("vllm", Kind::Starting);
    assert_eq!(bed.status("vllm").restarts_by_reason["hung"], 1);
    std::fs::write(bed.path("go"), "").unwrap();
    bed.event("vllm", Kind::Ready);
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
    eventually("readings of the metrics", || bed.read("log/vllm.log").matches("scraped").count() > 20);
    assert_eq!(bed.status("vllm").restarts, 0);
}

#[test]
fn hang_detection_that_cannot_read_its_metric_is_an_event() {
    let port = free_port();
    let behaviours = [&format!("metrics:{port}:0:1234"), "hang"];
    let keys = hang(port, "progress = \"vllm:renamed_total\"\n");
    let mut bed = Bed::start(&program("vllm", &behaviours, &keys));
    let cause = bed.event("vllm", Kind::Blind).cause.unwrap();
    assert_eq!(cause, "hang detection: no metric `vllm:renamed_total`");
    let status = bed.status("vllm");
    assert!(status.detail.contains("hang detection: no metric `vllm:renamed_total`"), "{status:?}");
    let page = bed.command(&["metrics"]).1;
    assert!(page.contains("svara_supervisor_hang_detection_blind{program=\"vllm\"} 1"), "{page}");
}

#[test]
fn hang_detection_that_sees_again_says_so() {
    let port = free_port();
    let behaviours = ["await:DIR/open", &format!("metrics:{port}:0:1234"), "hang"];
    let mut bed = Bed::start(&program("vllm", &behaviours, &hang_detection(port, "")));
    assert_eq!(bed.event("vllm", Kind::Blind).cause.unwrap(), "hang detection: connection refused");
    std::fs::write(bed.path("open"), "").unwrap();
    bed.event("vllm", Kind::Sighted);
    let page = bed.command(&["metrics"]).1;
    assert!(page.contains("svara_supervisor_hang_detection_blind{program=\"vllm\"} 0"), "{page}");
}

#[test]
fn a_canary_that_is_refused_is_an_event() {
    let (port, other) = (free_port(), free_port());
    let behaviours = [&format!("refuse:{other}"), &format!("metrics:{port}:0:1234"), "hang"];
    let canary = format!(
        "canary = {{ http = \"http://127.0.0.1:{other}/v1/completions\", body = '{{}}', every = \"10ms\" }}\n"
    );
    let mut bed = Bed::start(&program("vllm", &behaviours, &hang(port, &canary)));
    let cause = bed.event("vllm", Kind::Blind).cause.unwrap();
    assert_eq!(cause, "hang detection: the canary was answered with status 404");
    let (port, nobody) = (free_port(), canary.replace(&other.to_string(), &free_port().to_string()));
    let behaviours = [&format!("metrics:{port}:0:1234"), "hang"];
    let mut bed = Bed::start(&program("vllm", &behaviours, &hang(port, &nobody)));
    let cause = bed.event("vllm", Kind::Blind).cause.unwrap();
    assert_eq!(cause, "hang detection: the canary failed: connection refused");
}

#[test]
fn a_canary_has_the_key_that_the_engine_asks_for() {
    let canary = |port: u16| {
        format!(
            "[program.vllm.hang.canary]\nhttp = \"http://127.0.0.1:{port}/v1/completions\"\nbody = '{{}}'\nevery = \"10ms\"\n"
        )
    };
    let with_key = |key: &str| format!("headers = {{ Authorization = \"Bearer ${{PROBE_KEY:-{key}}}\" }}\n");
    let port = free_port();
    let behaviours = [&format!("locked:{port}:authorization: Bearer of-vllm"), "hang"];
    let keys = hang(port, &(canary(port) + &with_key("of-vllm")));
    let bed = Bed::start(&program("vllm", &behaviours, &keys));
    eventually("canaries", || bed.read("log/vllm.log").matches("let in").count() > 2);
    assert!(!bed.read("log/vllm.log").contains("turned away"));
    assert!(!bed.read("log/events.jsonl").contains("blind"));

    let port = free_port();
    let behaviours = [&format!("locked:{port}:authorization: Bearer of-vllm"), "hang"];
    let keys = hang(port, &(canary(port) + &with_key("another")));
    let mut bed = Bed::start(&program("vllm", &behaviours, &keys));
    let cause = bed.event("vllm", Kind::Blind).cause.unwrap();
    assert_eq!(cause, "hang detection: the canary was answered with status 401");
}
