//! Start and stop order.

use svara_supervisor::{control::Request, events::Kind};

use crate::bed::{Bed, eventually, program, telling};

/// A readiness probe that passes once the test has created a file.
const GATE: &str =
    "[program.vllm.readiness]\ncommand = [\"test\", \"-e\", \"DIR/gate\"]\nperiod = \"20ms\"\n";

#[test]
fn a_program_starts_once_its_dependency_is_ready() {
    let text = program("vllm", &["hang"], GATE) + &program("server", &["hang"], "after = [\"vllm\"]");
    let mut bed = Bed::start(&text);
    bed.event("vllm", Kind::Running);
    let waiting = bed.status("server");
    assert_eq!((waiting.state.as_str(), waiting.detail.as_str()), ("waiting", "waiting for vllm"));
    assert_eq!(bed.command(&["status"]).0, 1);
    std::fs::write(bed.path("gate"), "").unwrap();
    bed.event("vllm", Kind::Ready);
    bed.event("server", Kind::Ready);
    assert_eq!(bed.command(&["status"]).0, 0);
    // Losing and regaining readiness is reported, but restarts nothing.
    std::fs::remove_file(bed.path("gate")).unwrap();
    let degraded = bed.event("server", Kind::Degraded);
    assert_eq!(degraded.cause.as_deref(), Some("not ready: vllm"));
    assert_eq!(bed.command(&["status"]).0, 1);
    std::fs::write(bed.path("gate"), "").unwrap();
    bed.event("server", Kind::Recovered);
    assert_eq!(bed.report().programs.iter().map(|p| p.restarts).sum::<u64>(), 0);
}

#[test]
fn programs_stop_in_reverse_order() {
    let text = program("vllm", &["hang"], "")
        + &program("server", &["on-term:0", "sleep:50", "hang"], "after = [\"vllm\"]")
        + &program("monitor", &["hang"], "after = [\"server\"]");
    let mut bed = Bed::start(&text);
    bed.event("monitor", Kind::Ready);
    bed.done(&Request::Restart { programs: vec![], wait: true });
    bed.done(&Request::Shutdown);
    bed.ended();
    let order: Vec<(String, Kind)> = bed
        .read("log/events.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<svara_supervisor::events::Event>(line).unwrap())
        .filter(|event| matches!(event.event, Kind::Stopping | Kind::Starting | Kind::Stopped))
        .map(|event| (event.program.unwrap(), event.event))
        .collect();
    let expected = [
        ("vllm", Kind::Starting),
        ("server", Kind::Starting),
        ("monitor", Kind::Starting),
        ("monitor", Kind::Stopping),
        ("server", Kind::Stopping),
        ("vllm", Kind::Stopping),
        ("vllm", Kind::Starting),
        ("server", Kind::Starting),
        ("monitor", Kind::Starting),
        ("monitor", Kind::Stopping),
        ("monitor", Kind::Stopped),
        ("server", Kind::Stopping),
        ("server", Kind::Stopped),
        ("vllm", Kind::Stopping),
        ("vllm", Kind::Stopped),
    ];
    assert_eq!(order, expected.map(|(name, kind)| (name.to_owned(), kind)));
}

#[test]
fn a_successful_job_satisfies_its_dependents() {
    let text = program("fetch", &["exit:0"], "restart = \"on-failure\"")
        + &program("vllm", &["hang"], "after = [\"fetch\"]");
    let mut bed = Bed::start(&text);
    bed.event("vllm", Kind::Ready);
    assert_eq!(bed.command(&["status"]).0, 0);
}

/// Whatever uses a program through one that has ended uses it, too.
#[test]
fn programs_stop_in_reverse_order_past_those_that_are_down() {
    let text = program("vllm", &["hang"], "")
        + &program("warm-up", &["exit:0"], "after = [\"vllm\"]\nrestart = \"on-failure\"")
        + &telling(
            "server",
            &["on-term-await:DIR/end", "hang"],
            "after = [\"warm-up\"]\nstop.grace = \"10m\"",
        );
    let mut bed = Bed::start(&text);
    bed.up(&["server"]);
    bed.done(&Request::Shutdown);
    bed.event("server", Kind::Stopping);
    std::fs::write(bed.path("end"), "").unwrap();
    bed.ended();
    let events = bed.read("log/events.jsonl");
    let at = |program: &str, kind: Kind| {
        let mut events = events
            .lines()
            .map(|line| serde_json::from_str::<svara_supervisor::events::Event>(line).unwrap())
            .map(|event| (event.program, event.event));
        events.position(|event| event == (Some(program.to_owned()), kind)).unwrap()
    };
    assert!(at("server", Kind::Stopped) < at("vllm", Kind::Stopping), "{events}");
}

#[test]
fn replicas_have_their_own_index_and_dependents_wait_for_all() {
    let server = program("server", &["print:I am ${INDEX} of $((10 + ${INDEX}))", "hang"], "replicas = 2");
    let text = server + &program("front", &["hang"], "after = [\"server\"]");
    let mut bed = Bed::start(&text);
    bed.event("front", Kind::Ready);
    let seen: Vec<_> =
        bed.seen().iter().filter(|e| e.event == Kind::Ready).map(|e| e.program.clone().unwrap()).collect();
    assert!(seen.contains(&"server-0".into()) && seen.contains(&"server-1".into()), "{seen:?}");
    eventually("its line", || bed.read("log/server-1.log") == "I am 1 of 11\n");
}

#[test]
fn a_disabled_program_counts_as_ready() {
    let text = program("vllm", &["hang"], "enabled = \"${RUN_VLLM:-false}\"")
        + &program("server", &["hang"], "after = [\"vllm\"]")
        + "[groups]\nextras = [\"vllm\"]\n";
    let mut bed = Bed::start(&text);
    bed.event("server", Kind::Ready);
    bed.stop("server");
    let (code, told, _) = bed.command(&["status", "extras"]);
    assert!(code == 0 && !told.contains("server"), "a group without programs isn't all of them: {told}");
    let (code, _, error) = bed.command(&["start", "vllm"]);
    assert_eq!(code, 4);
    assert!(error.contains("disabled"), "{error}");
}
