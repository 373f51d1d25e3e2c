//! Commands about a program: its probes, and what stops it.

use nix::unistd::Uid;
use svara_supervisor::events::Kind;

use crate::bed::{Bed, alive, eventually, program};

#[test]
fn probes_run_as_the_program_does() {
    let probe = |file: &str| {
        let script =
            format!("echo $$OWN $$(pwd) $${{HOME-none}} $${{SECRET-none}} $$(id -un) > DIR/shared/{file}");
        format!("command = [\"sh\", \"-c\", {script:?}]\nperiod = \"50ms\"\n")
    };
    let user = if Uid::effective().is_root() { "user = \"nobody\"\n" } else { "" };
    let keys = format!(
        "environment = {{ OWN = \"mine\" }}\npass_environment = [\"PATH\"]\ndirectory = \"/tmp\"\n{user}\
         [program.a.startup]\n{}[program.a.readiness]\n{}[program.a.liveness]\n{}",
        probe("startup"),
        probe("readiness"),
        probe("liveness"),
    );
    let mut bed = Bed::start_as(
        &format!("[program.a]\ncommand = [\"sleep\", \"100\"]\n{keys}"),
        |command, directory| {
            use std::os::unix::fs::PermissionsExt;
            std::fs::create_dir(directory.join("shared")).unwrap();
            for path in [directory.to_owned(), directory.join("shared")] {
                std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
            }
            command.env("SECRET", "hush");
        },
    );
    bed.event("a", Kind::Ready);
    for file in ["startup", "readiness", "liveness"] {
        let path = format!("shared/{file}");
        eventually(file, || bed.read(&path).ends_with('\n'));
        let told = bed.read(&path);
        let words: Vec<&str> = told.split_whitespace().collect();
        assert_eq!((words[0], words[1], words[3]), ("mine", "/tmp", "none"), "{told}");
        if !user.is_empty() {
            assert_eq!(words[4], "nobody", "{told}");
        }
    }
}

#[test]
fn what_the_stop_command_prints_is_kept_and_marked() {
    // It leaves a process behind that holds its output open.
    let script = "echo asked; echo politely >&2; sleep 100 & kill $$SVARA_PROGRAM_PID";
    let keys = format!("stop_command = [\"sh\", \"-c\", {script:?}]");
    let mut bed = Bed::start(&program("a", &["print:hello", "hang"], &keys));
    bed.event("a", Kind::Ready);
    bed.stop("a");
    eventually("its output", || bed.read("log/a.log") == "hello\nstop_command: asked\n");
    eventually("its errors", || bed.read("log/a_error.log") == "stop_command: politely\n");
    let (_, shown, _) = bed.command(&["tail", "a"]);
    assert!(shown.contains("stop_command: asked") && shown.contains("stop_command: politely"), "{shown}");
}

#[test]
fn a_stop_command_does_not_outlive_what_it_stops() {
    // One that would go on and on, whatever comes.
    let script =
        "printf %s $$$$ > DIR/commander; kill $$SVARA_PROGRAM_PID; while :; do echo again; sleep 0.01; done";
    let keys = format!("stop.grace = \"10m\"\nstop_command = [\"sh\", \"-c\", {script:?}]");
    let mut bed = Bed::start(&program("a", &["print:hello", "hang"], &keys));
    let first = bed.event("a", Kind::Ready).pid;
    assert_eq!(bed.command(&["restart", "--wait", "a"]).1, "a: ready\n");
    assert!(!alive(bed.pid_in("commander")));
    assert_ne!(bed.event("a", Kind::Ready).pid, first);
    eventually("the second says hello", || bed.read("log/a.log").matches("hello\n").count() == 2);
    let log = bed.read("log/a.log");
    assert!(log.contains("stop_command: again\n") && log.ends_with("hello\n"), "{log}");
    // It was killed for want of something to stop, so nothing failed.
    let told = bed.seen().iter().filter_map(|event| event.cause.as_deref());
    assert!(!told.into_iter().any(|cause| cause.contains("stop_command")));
}

#[test]
fn a_stop_command_may_take_its_last_steps() {
    let script = "kill $$SVARA_PROGRAM_PID; while kill -0 $$SVARA_PROGRAM_PID; do sleep 0.01; done 2>/dev/null; \
                  echo ended; touch DIR/cleaned; exit 3";
    let keys = format!("stop.grace = \"10m\"\nstop_command = [\"sh\", \"-c\", {script:?}]");
    let mut bed = Bed::start(&program("a", &["hang"], &keys));
    bed.event("a", Kind::Ready);
    bed.stop("a");
    assert!(bed.path("cleaned").exists());
    eventually("its output", || bed.read("log/a.log") == "stop_command: ended\n");
    bed.event("a", Kind::Stopped);
    // Nobody is left who could get a signal.
    let told = bed.seen().iter().filter_map(|event| event.cause.as_deref());
    assert!(!told.into_iter().any(|cause| cause.contains("stop_command")));
}
