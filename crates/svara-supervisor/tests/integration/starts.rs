//! What runs before a program and to stop it, lines that tell that it is ready, numbers of replicas, and the end of jobs.

use svara_supervisor::events::Kind;

use crate::bed::{Bed, QUICK, alive, eventually, program};

#[test]
fn before_start_runs_before_each_start() {
    let keys = format!(
        "{QUICK}before_start = [\"sh\", \"-c\", \"echo prepared; echo x >> DIR/before\"]\nenvironment = {{ A = \"1\" }}\n"
    );
    let mut bed = Bed::start(&program("api", &["print:runs", "await:DIR/die", "exit:1"], &keys));
    bed.event("api", Kind::Ready);
    eventually("its output", || bed.read("log/api.log") == "prepared\nruns\n");
    std::fs::write(bed.path("die"), "").unwrap();
    bed.event("api", Kind::Backoff);
    eventually("the second", || bed.read("before").lines().count() >= 2);
}

#[test]
fn a_before_start_that_fails_or_hangs_is_a_failed_start() {
    let failing = "before_start = [\"sh\", \"-c\", \"echo no >&2; exit 7\"]\nmax_restarts = 0\n";
    let hanging = "before_start = [\"sleep\", \"1000\"]\nbefore_start_timeout = \"50ms\"\nmax_restarts = 0\n";
    let missing = "before_start = [\"/no/such\"]\nmax_restarts = 0\n";
    let text = program("a", &["touch:DIR/started", "hang"], failing)
        + &program("b", &["touch:DIR/started", "hang"], hanging)
        + &program("c", &["touch:DIR/started", "hang"], missing)
        + &program("d", &["hang"], "before_start = [\"sh\", \"-c\", \"touch DIR/first; exec sleep 1000\"]\n");
    let mut bed = Bed::start(&text);
    bed.event("", Kind::Supervisor);
    let failed = |name: &str| {
        eventually("it fails", || bed.status(name).state == "failed");
        bed.status(name).detail
    };
    assert!(failed("a").starts_with("before_start: exit code 7"), "{}", failed("a"));
    assert!(failed("b").starts_with("before_start: not finished within 50ms"), "{}", failed("b"));
    assert!(failed("c").contains("/no/such"), "{}", failed("c"));
    assert!(!bed.path("started").exists());
    // An operator may stop it meanwhile.
    eventually("it runs", || bed.path("first").exists());
    let first = bed.status("d").pid.unwrap();
    bed.stop("d");
    assert!(!alive(first));
    assert_eq!(bed.status("d").state, "stopped");
}

#[test]
fn a_stop_command_takes_the_place_of_the_signal() {
    let keys = "stop_command = [\"sh\", \"-c\", \"echo $$SVARA_PROGRAM_PID > DIR/stop; touch DIR/end\"]\nstop.grace = \"10m\"\n";
    let mut bed = Bed::start(&program("api", &["on-term:9", "await:DIR/end", "exit:0"], keys));
    let pid = bed.event("api", Kind::Ready).pid.unwrap();
    bed.stop("api");
    assert_eq!(bed.status("api").last_exit.as_deref(), Some("exit code 0"));
    assert_eq!(bed.read("stop"), format!("{pid}\n"));
}

#[test]
fn a_stop_command_that_fails_is_told_and_the_signal_sent() {
    let keys = "stop_command = [\"sh\", \"-c\", \"exit 3\"]\nstop.grace = \"10m\"\n";
    let mut bed = Bed::start(&program("api", &["on-term:9", "touch:DIR/up", "hang"], keys));
    bed.event("api", Kind::Ready);
    eventually("it listens", || bed.path("up").exists());
    bed.stop("api");
    assert_eq!(bed.status("api").last_exit.as_deref(), Some("exit code 9"));
    bed.event("api", Kind::Stopping);
    let cause = bed.event("api", Kind::Stopping).cause.unwrap();
    assert_eq!(cause, "stop_command: exit code 3; SIGTERM is sent");
}

#[test]
fn a_line_of_the_log_tells_that_a_program_is_ready() {
    let keys = "[program.api.startup]\nlog = \"startup complete\"\n[program.api.readiness]\nlog = \"model वाणी loaded\"\n";
    let behaviours =
        ["warn:INFO: Application startup complete.", "await:DIR/go", "print:model वाणी loaded", "hang"];
    let mut bed = Bed::start(&program("api", &behaviours, keys));
    bed.event("api", Kind::Running);
    assert_eq!(bed.status("api").detail, "readiness: no line with `model वाणी loaded`");
    std::fs::write(bed.path("go"), "").unwrap();
    bed.event("api", Kind::Ready);
    // A line of the process before doesn't count.
    std::fs::remove_file(bed.path("go")).unwrap();
    bed.command(&["restart", "api"]);
    bed.event("api", Kind::Running);
    assert_eq!(bed.status("api").state, "running");
}

#[test]
fn a_line_that_never_comes_is_a_failed_start() {
    let keys = "max_restarts = 0\n[program.api.startup]\nlog = \"done\"\ndeadline = \"100ms\"\n";
    let mut bed = Bed::start(&program("api", &["print:nearly", "hang"], keys));
    let cause = bed.event("api", Kind::Failed).cause.unwrap();
    assert!(cause.starts_with("not started within 100ms, last answer: no line with `done`"), "{cause}");
}

#[test]
fn a_replica_that_stays_goes_on_running() {
    let mut bed = Bed::start(&program("web", &["hang"], "replicas = 3"));
    bed.event("web-2", Kind::Ready);
    eventually("all are ready", || bed.report().ready);
    let pid = bed.status("web-0").pid;
    // Also if it is the only one: its name stays that of one of several.
    assert_eq!(bed.command(&["scale", "web", "1"]).1, "web-1: removed\nweb-2: removed\n");
    eventually("the others are gone", || bed.report().programs.len() == 1);
    assert_eq!(bed.status("web-0").pid, pid);
    assert_eq!(bed.command(&["scale", "web", "2"]).1, "web-1: added\n");
    assert_eq!(bed.command(&["reload"]).1, "web-2: added\n");
    assert_eq!(bed.status("web-0").pid, pid);
}

#[test]
fn scale_changes_the_number_of_replicas_until_a_reload() {
    let text =
        program("w", &["hang"], "replicas = 2\naliases = [\"worker\"]\n") + &program("x", &["hang"], "");
    let mut bed = Bed::start(&text);
    bed.event("x", Kind::Ready);
    let first = bed.status("w-0").pid;
    assert_eq!(bed.command(&["scale", "worker", "4"]).1, "w-2: added\nw-3: added\n");
    assert_eq!(bed.command(&["start", "--wait", "w"]).1, "w-0: ready\nw-1: ready\nw-2: ready\nw-3: ready\n");
    assert_eq!(bed.status("w-0").pid, first, "the others go on");
    assert_eq!(bed.command(&["scale", "w", "2"]).1, "w-2: removed\nw-3: removed\n");
    bed.event("w-3", Kind::Stopped);
    bed.command(&["scale", "w", "3"]);
    assert_eq!(bed.command(&["reload"]).1, "w-2: removed\n");
    for (replicas, name, code) in [("0", "w", 1), ("65", "w", 1), ("2", "nobody", 4), ("2", "w-0", 4)] {
        let (found, _, error) = bed.command(&["scale", name, replicas]);
        assert_eq!(found, code, "{name} {replicas}: {error}");
    }
}

#[test]
fn the_supervisor_ends_when_all_jobs_have_ended() {
    let end = "supervisor.exit_when_done = true\n";
    let job =
        |name: &str, exit: &str, keys: &str| program(name, &[exit], &format!("restart = \"never\"\n{keys}"));
    let mut bed =
        Bed::start(&(end.to_owned() + &job("a", "exit:0", "") + &job("b", "exit:0", "after = [\"a\"]\n")));
    assert_eq!(bed.ended().code(), Some(0));
    let others = job("c", "exit:0", "after = [\"a\"]\n") + &job("off", "exit:0", "autostart = false\n");
    let mut bed = Bed::start(&(end.to_owned() + &job("a", "exit:5", "") + &others));
    assert_eq!(bed.ended().code(), Some(5));
}

#[test]
fn a_group_names_several_programs() {
    let text = "[groups]\ntts = [\"a\", \"w\"]\n".to_owned()
        + &program("a", &["hang"], "")
        + &program("b", &["hang"], "")
        + &program("w", &["hang"], "replicas = 2\n");
    let mut bed = Bed::start(&text);
    bed.event("a", Kind::Ready);
    eventually("all are ready", || bed.report().ready);
    assert_eq!(bed.command(&["stop", "tts"]).1, "a: stopped\nw-0: stopped\nw-1: stopped\n");
    assert_eq!(bed.status("b").state, "ready");
    assert_eq!(bed.command(&["start", "tts", "--wait"]).1, "a: ready\nw-0: ready\nw-1: ready\n");
    let (code, _, error) = bed.command(&["stop", "nobody"]);
    assert!(code == 4 && error.contains("programs are: a, b, w-0, w-1, tts"), "{error}");
}
