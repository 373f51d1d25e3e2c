//! Commands, reloads and dependencies that meet each other.

use std::{net::TcpStream, thread};

use svara_supervisor::{control::Request, events::Kind};

use crate::bed::{Bed, QUICK, eventually, free_pair, program, telling};

/// On TERM it goes on until the test has created `DIR/NAME.end`.
fn lingering(name: &str, keys: &str) -> String {
    telling(
        name,
        &[&format!("on-term-await:DIR/{name}.end"), "hang"],
        &format!("stop.grace = \"10m\"\n{keys}"),
    )
}

fn release(bed: &Bed, name: &str) {
    std::fs::write(bed.path(&format!("{name}.end")), "").unwrap();
}

/// Runs a command beside the test; its result comes with `join`.
fn beside(bed: &Bed, arguments: &[&str]) -> thread::JoinHandle<(i32, String, String)> {
    let socket = bed.path("socket").display().to_string();
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    thread::spawn(move || {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
            .args(["--socket", &socket])
            .args(arguments)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    })
}

#[test]
fn a_reload_that_is_taken_back_during_the_stop_leaves_the_programs_running() {
    let before = lingering("a", "") + &lingering("b", "");
    let mut bed = Bed::start(&before);
    bed.up(&["a", "b"]);
    bed.rewrite(&lingering("a", "environment = { A = \"1\" }\n"));
    assert_eq!(bed.command(&["reload"]).1, "a: changed\nb: removed\n");
    bed.event("b", Kind::Stopping);
    bed.rewrite(&before);
    assert_eq!(bed.command(&["reload"]).1, "b: unchanged again\na: unchanged again\n");
    release(&bed, "a");
    release(&bed, "b");
    assert_eq!(bed.command(&["start", "--wait"]).0, 0);
    assert!(bed.report().programs.iter().all(|program| program.state == "ready"));
}

#[test]
fn a_taken_back_reload_needs_no_command_to_bring_the_programs_back() {
    let before = lingering("a", "");
    let mut bed = Bed::start(&before);
    let first = bed.up(&["a"])[0].pid;
    bed.rewrite(&lingering("a", "environment = { A = \"1\" }\n"));
    bed.done(&Request::Reload { dry_run: false });
    bed.event("a", Kind::Stopping);
    bed.rewrite(&before);
    bed.done(&Request::Reload { dry_run: false });
    release(&bed, "a");
    assert_ne!(bed.event("a", Kind::Ready).pid, first);
}

/// The operator has mended the cause while the process still ends.
#[test]
fn a_start_during_the_stop_after_a_failed_probe_resets_the_count() {
    let keys = format!(
        "{QUICK}max_restarts = 1\nessential = true\nstop.unhealthy_grace = \"10m\"\n[program.a.liveness]\n\
         command = [\"test\", \"-e\", \"DIR/well\"]\nperiod = \"20ms\"\nfailures = 1\n"
    );
    let behaviours = ["on-term-await:DIR/a.end", "await:DIR/die", "exit:1"];
    let mut bed = Bed::start_as(&program("a", &behaviours, &keys), |_, directory| {
        std::fs::write(directory.join("well"), "").unwrap();
    });
    let falls_ill = |bed: &mut Bed| {
        bed.event("a", Kind::Ready);
        std::fs::remove_file(bed.path("well")).unwrap();
        let cause = bed.event("a", Kind::Stopping).cause.unwrap();
        assert!(cause.starts_with("liveness probe"), "{cause}");
        std::fs::write(bed.path("well"), "").unwrap();
    };
    falls_ill(&mut bed);
    release(&bed, "a");
    bed.event("a", Kind::Backoff);
    std::fs::remove_file(bed.path("a.end")).unwrap();
    falls_ill(&mut bed);
    bed.done(&Request::Start { programs: vec!["a".into()], wait: false });
    release(&bed, "a");
    bed.event("a", Kind::Ready);
    std::fs::write(bed.path("die"), "").unwrap();
    let cause = bed.event("a", Kind::Backoff).cause.unwrap();
    assert!(cause.starts_with("exit code 1; restart 1 in "), "{cause}");
}

#[test]
fn a_reload_leaves_a_stop_that_waits_for_its_turn() {
    let mut bed = Bed::start(&(program("a", &["hang"], "") + &lingering("b", "after = [\"a\"]\n")));
    bed.up(&["b"]);
    let stop = beside(&bed, &["stop"]);
    bed.event("b", Kind::Stopping);
    assert_eq!(bed.command(&["reload"]).1, "no program changed\n");
    release(&bed, "b");
    assert_eq!(stop.join().unwrap(), (0, "a: stopped\nb: stopped\n".into(), String::new()));
}

#[test]
fn a_reload_by_hup_leaves_a_restart_that_waits_for_its_turn() {
    let mut bed = Bed::start(&(program("a", &["hang"], "") + &lingering("b", "after = [\"a\"]\n")));
    let first = bed.event("a", Kind::Ready).pid;
    bed.up(&["b"]);
    let restart = beside(&bed, &["restart", "--wait"]);
    bed.event("b", Kind::Stopping);
    bed.signal(nix::sys::signal::Signal::SIGHUP);
    bed.event("", Kind::Reload);
    release(&bed, "b");
    assert_eq!(restart.join().unwrap().1, "a: ready\nb: ready\n");
    assert_ne!(bed.status("a").pid, first);
}

#[test]
fn an_operators_stop_outlasts_a_reload() {
    let mut bed = Bed::start(&program("a", &["hang"], ""));
    bed.event("a", Kind::Ready);
    bed.stop("a");
    bed.rewrite(&program("a", &["hang"], "environment = { A = \"1\" }\n"));
    bed.done(&Request::Reload { dry_run: false });
    assert_eq!(bed.status("a").state, "stopped");
    assert_eq!(bed.command(&["start", "--wait", "a"]).1, "a: ready\n");
}

#[test]
fn a_start_behind_a_failed_program_is_answered() {
    let text = program("a", &["exit:1"], "max_restarts = 0\n")
        + &program("b", &["hang"], "after = [\"a\"]\n")
        + &program("c", &["hang"], "after = [\"b\"]\n");
    let mut bed = Bed::start(&text);
    bed.event("a", Kind::Failed);
    let reason = "waiting for a, which failed: exit code 1, after 0 restarts within 10m";
    for command in ["start", "restart"] {
        let (code, _, error) = bed.command(&[command, "b", "--wait"]);
        assert_eq!((code, error), (1, format!("b: {reason}\n")), "{command}");
    }
    let (code, _, error) = bed.command(&["start", "c", "--wait"]);
    assert_eq!((code, error), (1, format!("c: waiting for b: {reason}\n")));
    let (code, _, error) = bed.command(&["restart", "--rolling", "b"]);
    assert_eq!((code, error), (1, format!("b: {reason}\n")));
    assert_eq!(bed.command(&["start", "--wait"]).0, 1);
}

#[test]
fn a_start_behind_a_stopped_program_is_answered() {
    let text = program("a", &["hang"], "") + &program("b", &["hang"], "after = [\"a\"]\n");
    let mut bed = Bed::start(&text);
    bed.event("b", Kind::Ready);
    bed.stop("all");
    let (code, _, error) = bed.command(&["start", "b", "--wait"]);
    assert_eq!((code, error.as_str()), (1, "b: waiting for a, which is stopped\n"));
}

#[test]
fn an_overtaken_command_is_answered() {
    let mut bed = Bed::start(&lingering("b", ""));
    bed.up(&["b"]);
    let stop = beside(&bed, &["stop", "b"]);
    bed.event("b", Kind::Stopping);
    let start = beside(&bed, &["start", "--wait", "b"]);
    let (code, _, error) = stop.join().unwrap();
    assert_eq!((code, error.as_str()), (1, "b: stopping; a later command wants it started\n"));
    release(&bed, "b");
    assert_eq!(start.join().unwrap().1, "b: ready\n");
    bed.up(&["b"]);
    std::fs::remove_file(bed.path("b.end")).unwrap();
    let restart = beside(&bed, &["restart", "--wait", "b"]);
    bed.event("b", Kind::Stopping);
    let stop = beside(&bed, &["stop", "b"]);
    let (code, _, error) = restart.join().unwrap();
    assert_eq!((code, error.as_str()), (1, "b: stopping; a later command wants it stopped\n"));
    release(&bed, "b");
    assert_eq!(stop.join().unwrap().1, "b: stopped\n");
}

#[test]
fn a_command_waits_no_longer_than_it_says() {
    let never = "[program.a.readiness]\ncommand = [\"false\"]\nperiod = \"20ms\"\n";
    let mut bed = Bed::start(&(program("a", &["hang"], never) + &lingering("b", "")));
    bed.up(&["b"]);
    let (code, _, error) = bed.command(&["--timeout", "100ms", "start", "--wait", "a"]);
    assert_eq!((code, error.as_str()), (1, "a: running; not ready within 100ms\n"));
    let (code, _, error) = bed.command(&["stop", "b", "--timeout", "100ms"]);
    assert_eq!((code, error.as_str()), (1, "b: stopping; not stopped within 100ms\n"));
}

#[test]
fn a_program_that_a_reload_removes_answers_those_who_wait_for_it() {
    let other = program("a", &["hang"], "");
    let mut bed = Bed::start(&(other.clone() + &lingering("b", "")));
    bed.up(&["b"]);
    let restart = beside(&bed, &["restart", "--wait", "b"]);
    bed.event("b", Kind::Stopping);
    bed.rewrite(&other);
    bed.done(&Request::Reload { dry_run: false });
    release(&bed, "b");
    let (code, _, error) = restart.join().unwrap();
    assert_eq!((code, error.as_str()), (1, "b: removed by a reload\n"));
}

#[test]
fn replicas_that_come_wait_for_those_that_go() {
    let port = free_pair();
    let probe =
        format!("[program.w.startup]\ntcp = \"127.0.0.1:$(({port} + ${{INDEX}}))\"\nperiod = \"20ms\"\n");
    let listen = format!("listen:$(({port} + ${{INDEX}}))");
    let server = |keys: &str| {
        let keys = format!("{QUICK}essential = true\nmax_restarts = 0\nstop.grace = \"10m\"\n{keys}{probe}");
        program("w", &["on-term-await:DIR/w.end", &listen, "hang"], &keys)
    };
    let mut bed = Bed::start(&server(""));
    bed.event("w", Kind::Ready);
    bed.rewrite(&server("replicas = 2\n"));
    bed.done(&Request::Reload { dry_run: false });
    bed.event("w", Kind::Stopping);
    assert_eq!(bed.status("w-0").state, "waiting");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok(), "the old one still serves");
    release(&bed, "w");
    bed.event("w-0", Kind::Ready);
    let started = bed.command(&["start", "--wait"]);
    assert_eq!(
        started,
        (0, "w-0: ready\nw-1: ready\n".into(), String::new()),
        "{}",
        bed.read("log/w-1_error.log")
    );
}

#[test]
fn a_rolling_restart_takes_the_next_when_the_last_is_ready() {
    let gate = "replicas = 2\n[program.w.readiness]\ncommand = [\"test\", \"-e\", \"DIR/gate\"]\nperiod = \"20ms\"\n";
    let mut bed = Bed::start(&program("w", &["hang"], gate));
    bed.event("", Kind::Supervisor);
    std::fs::write(bed.path("gate"), "").unwrap();
    assert_eq!(bed.command(&["start", "--wait"]).0, 0);
    let before = [bed.status("w-0").pid, bed.status("w-1").pid];
    std::fs::remove_file(bed.path("gate")).unwrap();
    let restart = beside(&bed, &["restart", "--rolling", "w"]);
    eventually("the first has its new process", || {
        let status = bed.status("w-0");
        status.state == "running" && status.pid != before[0]
    });
    assert_eq!(bed.status("w-1").pid, before[1], "the second waits for the first");
    std::fs::write(bed.path("gate"), "").unwrap();
    assert_eq!(restart.join().unwrap().1, "w-0: ready\nw-1: ready\n");
    assert_ne!(bed.status("w-1").pid, before[1]);
}
