//! Invalid files, and the shipped file.

use std::{path::Path, process::Command};

use crate::bed::Bed;

fn check(path: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["check", "--config"])
        .arg(path)
        .env_remove("NOPE")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn faults(programs: &str) -> String {
    let directory = Bed::prepare(programs);
    let (code, text) = check(&directory.path().join("supervisor.toml"));
    assert_eq!(code, 64, "{text}");
    text
}

#[test]
fn the_shipped_file_is_valid() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/supervisor.toml");
    let (code, text) = check(&shipped);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("start order: vllm, server"), "{text}");
}

#[test]
fn unknown_keys_are_errors_with_their_line() {
    let text = faults("[program.a]\ncommand = [\"a\"]\ndepends_on = [\"b\"]\n");
    assert!(text.contains("depends_on") && text.contains("line 7"), "{text}");
}

#[test]
fn all_faults_are_reported_at_once() {
    let text = faults(
        r#"
[program.a]
command = ["${NOPE}"]
after = ["b", "x"]
stop = { signal = "HARD", grace = "soon" }
[program.b]
command = ["b"]
after = ["a"]
user = "no-such-user"
backoff = { initial = "10s", cap = "1s" }
[program.b.readiness]
http = "https://127.0.0.1/"
tcp = "x"
deadline = "1s"
[[hook]]
on = ["sneeze"]
[[schedule]]
name = "s"
cron = "every day"
command = ["x"]
"#,
    );
    let expected = [
        "program.a.command: ${NOPE} is not set; set it, or write ${NOPE:-default}",
        "program.a.stop.signal: `HARD`: expected a signal such as TERM",
        "program.a.stop.grace: `soon`",
        "program.a.after: there is no program `x`; programs are: a, b",
        "programs wait for each other: a -> b -> a",
        "program.b.user: there is no user `no-such-user`",
        "program.b.backoff.initial: cap is shorter than initial",
        "program.b.readiness.http: a probe needs exactly one of http, tcp and command",
        "program.b.readiness.deadline: only a startup probe has a deadline",
        "hook[0].on: there is no event `sneeze`",
        "hook[0].command: needs either command or webhook",
        "schedule.s.cron: `every day`",
    ];
    for fault in expected {
        assert!(text.contains(fault), "missing: {fault}\n{text}");
    }
}

#[test]
fn tls_is_refused() {
    let text =
        faults("[program.a]\ncommand = [\"a\"]\n[program.a.liveness]\nhttp = \"https://127.0.0.1/health\"\n");
    assert!(text.contains("expected http://host[:port]/path (TLS is not supported)"), "{text}");
}

#[test]
fn values_that_would_do_harm_are_refused() {
    let text = faults(
        r#"
[program.a]
command = [""]
environment = { "" = "x", "A=B" = "1" }
stop = { grace = "500000000000y" }
limits = { memory = "lots" }
umask = "9"
oom_score_adj = 5000
[program.a.readiness]
tcp = "127.0.0.1:1"
failures = 0
[[schedule]]
name = "x/../../../evil"
cron = "0 25 * * *"
command = ["x"]
timezone = "Mars"
[[schedule]]
name = "s"
cron = "* * * * *"
command = ["x"]
[[schedule]]
name = "s"
cron = "* * * * *"
command = ["x"]
"#,
    );
    let expected = [
        "program.a.command: the program file must not be empty",
        "program.a.environment: ``: a name must not be empty",
        "program.a.environment: `A=B`: a name must not be empty and must not contain `=`",
        "program.a.stop.grace: `500000000000y`",
        "program.a.limits.memory: `lots`: expected a size such as 4096, 50MiB or 24GB",
        "program.a.umask: `9`: expected octal digits such as 022",
        "program.a.oom_score_adj: must be between -1000 and 1000",
        "program.a.readiness.failures: must be at least 1",
        "schedule.x/../../../evil.name: must have 1 to 64 letters",
        "hour (0-23)",
        "schedule.x/../../../evil.timezone: `Mars`: expected a time zone such as UTC or Asia/Kolkata",
        "schedule.s.name: there is another schedule of this name",
    ];
    for fault in expected {
        assert!(text.contains(fault), "missing: {fault}\n{text}");
    }
}
