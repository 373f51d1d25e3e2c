//! How the supervisor itself exits.

use nix::sys::signal::Signal;
use svara_supervisor::events::Kind;

use crate::bed::{Bed, QUICK, alive, eventually, program, telling};

#[test]
fn a_failed_essential_program_stops_everything_and_gives_its_code() {
    let keys = format!("{QUICK}essential = true\nmax_restarts = 1\nafter = [\"vllm\"]\n");
    let text = telling("vllm", &["on-term:0", "hang"], "")
        + &program("server", &["await:DIR/vllm.up", "exit:42"], &keys);
    let mut bed = Bed::start(&text);
    let vllm = bed.event("vllm", Kind::Ready).pid.unwrap();
    let cause = bed.event("", Kind::Shutdown).cause.unwrap();
    assert_eq!(cause, "server is essential and failed");
    assert_eq!(bed.ended().code(), Some(42));
    assert!(!alive(vllm));
    assert_eq!(bed.read("log/vllm.log"), "got TERM\n");
}

#[test]
fn a_failed_essential_program_with_code_0_is_still_a_failure() {
    let keys = format!("{QUICK}essential = true\nmax_restarts = 0\n");
    let mut bed = Bed::start(&program("vllm", &["exit:0"], &keys));
    assert_eq!(bed.ended().code(), Some(1));
}

#[test]
fn term_stops_in_order_and_exits_with_0() {
    let mut bed = Bed::start(&telling("api", &["on-term:0", "hang"], ""));
    bed.up(&["api"]);
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.ended().code(), Some(0));
    assert_eq!(bed.read("log/api.log"), "got TERM\n");
    assert!(!bed.path("socket").exists());
}

#[test]
fn a_second_term_forces() {
    let mut bed =
        Bed::start(&program("api", &["ignore-term", "touch:DIR/up", "hang"], "stop = { grace = \"10m\" }"));
    let pid = bed.event("api", Kind::Ready).pid.unwrap();
    eventually("TERM is ignored", || bed.path("up").exists());
    bed.signal(Signal::SIGTERM);
    bed.event("api", Kind::Stopping);
    bed.signal(Signal::SIGTERM);
    // Long before the grace is over.
    bed.ended();
    assert!(!alive(pid));
}

#[test]
fn a_second_request_forces_nothing() {
    let mut bed = Bed::start(&program(
        "slow",
        &["on-term-await:DIR/end", "touch:DIR/up", "hang"],
        "stop = { grace = \"10m\" }",
    ));
    eventually("it listens", || bed.path("up").exists());
    for _ in 0..2 {
        assert_eq!(bed.command(&["shutdown"]).0, 0);
    }
    std::fs::write(bed.path("end"), "").unwrap();
    assert_eq!(bed.ended().code(), Some(0));
    let events = bed.read("log/events.jsonl");
    assert!(!events.contains("killing everything"), "{events}");
}

#[test]
fn nothing_starts_during_a_shutdown() {
    let text =
        program("slow", &["on-term-await:DIR/end", "touch:DIR/up", "hang"], "stop = { grace = \"10m\" }")
            + &program("quick", &["hang"], "");
    let mut bed = Bed::start(&text);
    eventually("it listens", || bed.path("up").exists());
    bed.signal(Signal::SIGTERM);
    bed.event("quick", Kind::Stopped);
    let (code, _, error) = bed.command(&["start", "quick"]);
    assert_eq!((code, error.as_str()), (1, "the supervisor is shutting down\n"));
    std::fs::write(bed.path("end"), "").unwrap();
    assert_eq!(bed.ended().code(), Some(0));
}

#[test]
fn signals_are_forwarded_to_programs_that_list_them() {
    let text = telling("api", &["on-usr1", "hang"], "forward_signals = [\"USR1\"]")
        + &telling("deaf", &["on-term:0", "on-usr1", "hang"], "");
    let mut bed = Bed::start(&text);
    bed.up(&["api", "deaf"]);
    bed.signal(Signal::SIGUSR1);
    eventually("the signal arrives", || bed.read("log/api.log") == "got USR1\n");
    // What it would have said of the signal comes before this.
    bed.stop("deaf");
    eventually("its last words", || bed.read("log/deaf.log").ends_with("got TERM\n"));
    assert_eq!(bed.read("log/deaf.log"), "got TERM\n");
}
