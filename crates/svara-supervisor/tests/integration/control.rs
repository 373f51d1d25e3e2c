//! The commands, as operators type them.

use std::os::unix::fs::PermissionsExt;

use svara_supervisor::{
    control::{Request, Response, ask},
    events::Kind,
};

use crate::bed::{Bed, program};

#[test]
fn the_operators_checklist() {
    let text = program("vllm", &["print:loaded", "hang"], "")
        + &program("server", &["print:listening", "hang"], "after = [\"vllm\"]");
    let mut bed = Bed::start(&text);
    bed.event("server", Kind::Ready);
    let (code, status, _) = bed.command(&["status"]);
    assert_eq!(code, 0);
    assert!(serde_json::from_str::<serde_json::Value>(&status).unwrap()["ready"].as_bool().unwrap());
    assert_eq!(bed.command(&["stop", "server"]), (0, "server: stopped\n".into(), String::new()));
    assert_eq!(bed.command(&["status"]).0, 1);
    assert_eq!(bed.command(&["start", "--wait", "server"]), (0, "server: ready\n".into(), String::new()));
    let before = bed.status("server").pid;
    assert_eq!(bed.command(&["restart", "--wait", "server"]).1, "server: ready\n");
    assert_ne!(bed.status("server").pid, before);
    assert_eq!(bed.command(&["tail", "-n", "1", "vllm"]).1, "loaded\n");
    assert!(bed.command(&["events"]).1.contains("\"event\":\"ready\""));
    assert_eq!(bed.command(&["stop"]).1, "vllm: stopped\nserver: stopped\n");
    assert_eq!(bed.command(&["start", "-w", "all"]).0, 0);
    assert_eq!(bed.command(&["shutdown"]).0, 0);
    assert_eq!(bed.ended().code(), Some(0));
}

#[test]
fn a_wait_for_something_that_fails_says_why() {
    let mut bed = Bed::start(&program("api", &["exit:5"], "autostart = false\nmax_restarts = 0"));
    bed.event("", Kind::Supervisor);
    assert_eq!(bed.command(&["status"]).0, 0, "a program that shouldn't run doesn't count");
    let (code, _, error) = bed.command(&["start", "-w", "api"]);
    assert_eq!(code, 1);
    assert_eq!(error, "api: failed: exit code 5, after 0 restarts within 10m\n");
}

#[test]
fn wrong_names_and_missing_supervisors_have_their_own_codes() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    let (code, _, error) = bed.command(&["restart", "fastapi"]);
    assert_eq!((code, error.as_str()), (4, "`fastapi` is not a program; programs are: api\n"));
    let mode = std::fs::metadata(bed.path("socket")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = std::process::Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["run", "--config"])
        .arg(bed.path("supervisor.toml"))
        .output()
        .unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(error.contains("another supervisor is running"), "{error}");
    bed.done(&Request::Shutdown);
    bed.ended();
    let (code, _, error) = bed.command(&["status"]);
    assert_eq!(code, 69);
    assert!(error.contains("no supervisor answers"), "{error}");
}

#[test]
fn a_follower_sees_new_lines() {
    let mut bed = Bed::start(&program("api", &["print:old", "await:DIR/go", "print:new", "hang"], ""));
    bed.event("api", Kind::Ready);
    let gate = bed.path("go");
    let tail = Request::Tail { program: "api".into(), lines: 1, stream: None, follow: true };
    let mut seen = Vec::new();
    ask(&bed.path("socket"), &tail, |answer| {
        let Response::Line(line) = answer else { panic!("{answer:?}") };
        if line.text == "old" {
            std::fs::write(&gate, "").unwrap();
        }
        seen.push(line.text);
        seen.len() < 2
    })
    .unwrap();
    assert_eq!(seen, ["old", "new"]);
}

#[test]
fn reload_touches_only_what_changed() {
    let same = program("same", &["hang"], "");
    let text =
        same.clone() + &program("changed", &["print:1", "hang"], "") + &program("removed", &["hang"], "");
    let mut bed = Bed::start(&text);
    bed.event("same", Kind::Ready);
    crate::bed::eventually("the first run in the log", || bed.read("log/changed.log") == "1\n");
    let before = bed.status("same").pid;
    bed.rewrite(&(same + &program("changed", &["print:2", "hang"], "") + &program("added", &["hang"], "")));
    let lines = bed.done(&Request::Reload { dry_run: false });
    assert_eq!(lines, ["changed: changed", "removed: removed", "added: added"]);
    bed.event("added", Kind::Ready);
    crate::bed::eventually("the changed one is back", || bed.status("changed").state == "ready");
    let names: Vec<String> = bed.report().programs.into_iter().map(|p| p.name).collect();
    assert_eq!(names, ["added", "changed", "same"]);
    assert_eq!(bed.status("same").pid, before);
    crate::bed::eventually("both runs in the log", || bed.read("log/changed.log") == "1\n2\n");
    // An invalid file changes nothing.
    bed.rewrite("[program.same]\ncommand = []\nafter = [\"nobody\"]\n");
    let (code, _, error) = bed.command(&["reload"]);
    assert_eq!(code, 64);
    assert!(error.contains("program.same.command") && error.contains("`nobody`"), "{error}");
    assert_eq!(bed.status("same").pid, before);
}

#[test]
fn a_watched_status_comes_again() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    let mut watch = std::process::Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["status", "--watch", "--table", "--socket"])
        .arg(bed.path("socket"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(watch.stdout.take().unwrap()));
    let shown = lines.map_while(Result::ok).filter(|line| line.contains("PROGRAM")).take(2).count();
    assert_eq!(shown, 2);
    watch.kill().unwrap();
    watch.wait().unwrap();
}
