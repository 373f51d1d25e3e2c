//! Log files: each has one owner, and moves without its program.

use svara_supervisor::{control::Request, events::Kind};

use crate::bed::{Bed, eventually, program};

fn faults(text: &str) -> (i32, String) {
    let directory = Bed::prepare(text);
    let file = directory.path().join("supervisor.toml");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["check", "--config"])
        .arg(file)
        .output()
        .unwrap();
    let words = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), words)
}

#[test]
fn a_file_of_another_is_refused() {
    let schedule = "[[schedule]]\nname = \"job\"\ncron = \"* * * * *\"\ncommand = [\"true\"]\n";
    for (keys, words) in [
        (
            "stdout_log = \"events.jsonl\"",
            "program.b.stdout_log: `DIR/log/events.jsonl` is a file of the supervisor",
        ),
        ("stderr_log = \"./supervisor.log\"", "program.b.stderr_log: "),
        ("stdout_log = \"x/../healthcheck.log\"", "is a file of the supervisor"),
        ("stdout_log = \"schedule_job.log\"", "is a file of the supervisor"),
        ("stdout_log = \"supervisor.log.3\"", "is the name of a rotated file of the supervisor"),
        ("stdout_log = \"spool/a.log\"", "the supervisor has its spools there"),
        ("stdout_log = \"a.log\"", "program.b.stdout_log: `DIR/log/a.log` is a file of a already"),
        ("stdout_log = \"DIR/log/a_error.log\"", "is a file of a already"),
        ("stdout_log = \"a.log.1\"", "is the name of a rotated file of a"),
    ] {
        let text = program("a", &["hang"], "") + &program("b", &["hang"], keys) + schedule;
        let directory = Bed::prepare(&text);
        let (code, told) = faults(&text);
        let words = words.replace("DIR/log/", "");
        let told = told.replace(&directory.path().display().to_string(), "DIR");
        let without_directory: String =
            told.split('`').map(|part| part.rsplit("/log/").next().unwrap()).collect::<Vec<_>>().join("`");
        assert!(code == 64 && without_directory.contains(&words), "{keys}: {code}\n{told}");
    }
    // By their names alone.
    let (code, told) = faults(&(program("a", &["hang"], "") + &program("a_error", &["hang"], "")));
    assert!(code == 64 && told.contains("is a file of a already"), "{told}");
    let (code, told) = faults(&program("supervisor", &["hang"], ""));
    assert!(code == 64 && told.contains("is a file of the supervisor"), "{told}");
}

#[test]
fn outputs_replicas_and_devices_may_share() {
    let shared = "stdout_log = \"one.log\"\nstderr_log = \"one.log\"\nreplicas = 2";
    let null = "stdout_log = \"/dev/null\"\nstderr_log = \"/dev/stdout\"";
    let text =
        program("a", &["hang"], shared) + &program("b", &["hang"], null) + &program("c", &["hang"], null);
    let (code, told) = faults(&text);
    assert_eq!(code, 0, "{told}");
}

#[test]
fn another_log_directory_restarts_nothing() {
    let text = program("a", &["pid:DIR/pid", "repeat:line"], "stderr_log = \"none\"")
        + "supervisor.health_report = \"50ms\"\n";
    let mut bed = Bed::start(&text);
    bed.event("a", Kind::Ready);
    eventually("its first lines", || bed.read("log/a.log").contains("line"));
    let pid = bed.status("a").pid;
    let file = bed.read("supervisor.toml");
    std::fs::write(bed.path("supervisor.toml"), file.replace("/log\"", "/moved\"")).unwrap();
    let lines = bed.done(&Request::Reload { dry_run: true });
    assert!(lines.contains(&"a: logs would go to other files".to_owned()), "{lines:?}");
    let lines = bed.done(&Request::Reload { dry_run: false });
    assert!(lines.contains(&"a: logs to other files".to_owned()), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("restart of the supervisor")), "{lines:?}");
    eventually("lines in the new file", || bed.read("moved/a.log").contains("line"));
    for file in ["supervisor.log", "events.jsonl", "healthcheck.log"] {
        eventually(file, || !bed.read(&format!("moved/{file}")).is_empty());
    }
    assert_eq!(bed.status("a").pid, pid);
    assert_eq!(bed.seen().iter().filter(|event| event.event == Kind::Starting).count(), 1);
    // The old files are no longer open.
    let open = || {
        let open = std::fs::read_dir(format!("/proc/{}/fd", bed.pid())).unwrap().flatten();
        let files: Vec<_> = open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).collect();
        files.iter().filter(|file| file.starts_with(bed.path("log"))).count()
    };
    eventually("the old files are closed", || open() == 0);
    // A file of its own moves as well.
    let file = bed.read("supervisor.toml").replace("stderr_log = \"none\"", "stdout_log = \"other.log\"");
    std::fs::write(bed.path("supervisor.toml"), file).unwrap();
    bed.done(&Request::Reload { dry_run: false });
    eventually("lines in its own file", || bed.read("moved/other.log").contains("line"));
    assert_eq!(bed.status("a").pid, pid);
}
