//! A reader that is gone, as in `svara-supervisor status | head -1`.

use std::process::{Command, Stdio};

use svara_supervisor::events::Kind;

use crate::{
    bed::{Bed, eventually, program},
    shim::run,
};

/// Runs a command whose output nobody reads: its exit code and what it says of that.
fn unread(bed: &Bed, line: &str) -> (i32, String) {
    let mut words = line.split(' ');
    let name = words.next().unwrap();
    let binary = match name {
        "supervisorctl" => bed.path("supervisorctl"),
        _ => env!("CARGO_BIN_EXE_svara-supervisor").into(),
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(binary)
        .args(words)
        .env("SVARA_SUPERVISOR_SOCKET", bed.path("socket"))
        .current_dir(bed.path("."))
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_that_is_gone_breaks_nothing() {
    let text =
        program("api", &["print:out", "hang"], "") + &program("web", &["print:out", "hang"], "replicas = 2");
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    eventually("all are ready", || bed.report().ready);
    std::fs::write(bed.path("supervisord.conf"), "[program:a]\ncommand=sleep 1\n").unwrap();
    run(&bed, "supervisorctl version");
    for (line, code) in [
        ("supervisorctl status", 0),
        ("supervisorctl status nobody", 4),
        ("supervisorctl tail api", 0),
        ("supervisorctl tail -f api", 0),
        ("supervisorctl maintail -f", 0),
        ("supervisorctl help", 0),
        ("supervisorctl pid all", 0),
        ("supervisorctl avail", 0),
        ("supervisorctl frobnicate", 1),
        ("supervisorctl", 0),
        ("ours status", 0),
        ("ours status --table", 0),
        ("ours status --watch", 0),
        ("ours tail -f api", 0),
        ("ours events -f", 0),
        ("ours metrics", 0),
        ("ours check --config supervisor.toml", 0),
        ("ours import supervisord.conf", 0),
        ("ours completions bash", 0),
        ("ours completions zsh", 0),
        ("ours man", 0),
        ("supervisorctl clear web:* api", 0),
        ("ours stop api", 0),
        // All that are meant, though nobody reads of the first.
        ("supervisorctl signal TERM web-0 web-1", 0),
    ] {
        let (found, said) = unread(&bed, line);
        assert_eq!((found, said.as_str()), (code, ""), "{line}");
    }
    assert_eq!(bed.status("api").state, "stopped");
    for ended in bed.events(Kind::Backoff, &["web-0", "web-1"]) {
        assert_eq!(ended.cause.unwrap().split(';').next(), Some("killed by SIGTERM"));
    }
}

#[test]
fn an_answer_that_a_full_disk_loses_is_a_failure() {
    // Every write to /dev/full fails, as on a full disk.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["completions", "bash"])
        .stdout(full)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("can't be written"), "{said}");
}
