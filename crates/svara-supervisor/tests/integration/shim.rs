//! The old commands, as scripts and the operators' note have them.

use std::process::Command;

use svara_supervisor::events::Kind;

use crate::bed::{Bed, program};

/// Runs a line such as `supervisorctl stop all`.
fn run(bed: &Bed, line: &str) -> (i32, String) {
    let link = bed.path("supervisorctl");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_svara-supervisor"), &link).unwrap();
    }
    let words = line.split(' ').skip(1);
    let output =
        Command::new(link).args(words).env("SVARA_SUPERVISOR_SOCKET", bed.path("socket")).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_notes_commands_work_verbatim() {
    let text = program("vllm", &["print:loaded", "warn:odd", "hang"], "")
        + &program("server", &["hang"], "after = [\"vllm\"]\naliases = [\"fastapi\"]\n");
    let mut bed = Bed::start(&text);
    bed.event("server", Kind::Ready);
    let (code, status) = run(&bed, "supervisorctl status");
    assert_eq!(code, 0, "{status}");
    let pid = bed.status("vllm").pid.unwrap();
    assert!(status.starts_with(&format!("{:32} RUNNING   pid {pid}, uptime 0:00:0", "vllm")), "{status}");
    assert_eq!(run(&bed, "supervisorctl restart vllm"), (0, "vllm: stopped\nvllm: started\n".into()));
    assert_eq!(run(&bed, "supervisorctl restart fastapi").0, 0);
    assert_eq!(run(&bed, "supervisorctl stop all"), (0, "vllm: stopped\nserver: stopped\n".into()));
    let (code, status) = run(&bed, "supervisorctl status vllm");
    assert!(code == 3 && status.contains("vllm") && status.contains("STOPPED"), "{status}");
    assert_eq!(run(&bed, "supervisorctl start all"), (0, "vllm: started\nserver: started\n".into()));
    assert_eq!(run(&bed, "supervisorctl start vllm"), (1, "vllm: ERROR (already started)\n".into()));
    assert_eq!(run(&bed, "supervisorctl stop fastapi").0, 0);
    assert_eq!(run(&bed, "supervisorctl stop fastapi"), (1, "server: ERROR (not running)\n".into()));
}

#[test]
fn the_other_old_words_work() {
    let mut bed =
        Bed::start(&program("vllm", &["print:loaded", "warn:odd", "on-usr1", "touch:DIR/up", "hang"], ""));
    bed.event("vllm", Kind::Ready);
    crate::bed::eventually("it listens", || bed.path("up").exists());
    let pid = bed.status("vllm").pid.unwrap();
    assert_eq!(run(&bed, "supervisorctl pid vllm"), (0, format!("{pid}\n")));
    assert_eq!(run(&bed, "supervisorctl pid"), (0, format!("{}\n", bed.pid())));
    assert_eq!(run(&bed, "supervisorctl tail vllm"), (0, "loaded\n".into()));
    assert_eq!(run(&bed, "supervisorctl -c /etc/supervisord.conf tail vllm stderr"), (0, "odd\n".into()));
    assert_eq!(run(&bed, "supervisorctl signal USR1 vllm:*"), (0, "vllm: signalled\n".into()));
    crate::bed::eventually("the signal arrives", || bed.read("log/vllm.log").contains("got USR1"));
    assert!(run(&bed, "supervisorctl maintail").1.contains("ready program=vllm"));
    assert_eq!(run(&bed, "supervisorctl update"), (0, "no program changed\n".into()));
    assert_eq!(run(&bed, "supervisorctl start nobody"), (4, "nobody: ERROR (no such process)\n".into()));
    assert_eq!(run(&bed, "supervisorctl frobnicate").0, 1);
    assert_eq!(run(&bed, "supervisorctl shutdown"), (0, "Shut down\n".into()));
    bed.ended();
    assert_eq!(run(&bed, "supervisorctl status").0, 4);
}
