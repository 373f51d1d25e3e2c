//! Changes that need no new process.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use svara_supervisor::events::Kind;

use crate::bed::{Bed, QUICK, eventually, program};

#[test]
fn more_and_fewer_replicas_leave_those_who_need_them_alone() {
    let text = program("w", &["hang"], "replicas = 2\n") + &program("server", &["hang"], "after = [\"w\"]\n");
    let mut bed = Bed::start(&text);
    let pid = bed.event("server", Kind::Ready).pid;
    assert_eq!(bed.command(&["scale", "w", "3"]).1, "w-2: added\n");
    bed.event("w-2", Kind::Ready);
    assert_eq!(bed.status("server").pid, pid);
    assert_eq!(bed.command(&["reload", "--dry-run"]).1, "w-2: would be removed\n");
    assert_eq!(bed.command(&["scale", "w", "1"]).1, "w-1: removed\nw-2: removed\n");
    eventually("one is left", || bed.report().programs.len() == 2);
    eventually("it lacks nobody", || bed.status("server").ready);
    assert_eq!(bed.status("server").pid, pid);
}

#[test]
fn a_dependency_that_is_enabled_leaves_those_behind_it_alone() {
    let text = |is_enabled: bool| {
        program("a", &["hang"], &format!("enabled = {is_enabled}\n"))
            + &program("b", &["hang"], "after = [\"a\"]\n")
    };
    let mut bed = Bed::start(&text(false));
    let pid = bed.event("b", Kind::Ready).pid;
    bed.rewrite(&text(true));
    assert_eq!(bed.command(&["reload"]).1, "a: added\n");
    bed.event("a", Kind::Ready);
    assert_eq!(bed.status("b").pid, pid);
}

#[test]
fn what_only_the_supervisor_reads_changes_without_a_restart() {
    let other = program("a", &["hang"], "");
    let mut bed = Bed::start(&(other.clone() + &program("b", &["hang"], "")));
    let pid = bed.event("b", Kind::Ready).pid;
    for keys in [
        "aliases = [\"old\"]\n",
        "essential = true\n",
        "after = [\"a\"]\n",
        "forward_signals = [\"USR1\"]\n",
        "restart = \"on-failure\"\n",
        "success_codes = [0, 3]\n",
        "max_restarts = 7\n",
        "restart_window = \"5m\"\n",
        "backoff = { initial = \"2s\", stable_after = \"5s\" }\n",
        "stop = { signal = \"INT\", grace = \"3s\", unhealthy_grace = \"1s\" }\n",
        "stop_command = [\"true\"]\n",
        "before_start_timeout = \"5s\"\n",
        "ready_after = \"20ms\"\n",
    ] {
        let text = program("b", &["hang"], keys);
        // The fixture has one already.
        let text =
            if keys.starts_with("ready") { text.replacen("ready_after = \"10ms\"\n", "", 1) } else { text };
        bed.rewrite(&(other.clone() + &text));
        let would = bed.command(&["reload", "--dry-run"]).1;
        assert_eq!(would, "b: would change without a restart\n", "{keys}");
        assert_eq!(bed.command(&["reload"]).1, "b: changed without a restart\n", "{keys}");
        assert_eq!(bed.command(&["reload"]).1, "no program changed\n", "{keys}");
        assert_eq!(bed.status("b").pid, pid, "{keys}");
    }
    bed.rewrite(&(other + &program("b", &["hang"], "environment = { A = \"1\" }\n")));
    assert_eq!(bed.command(&["reload"]).1, "b: changed\n");
    assert_ne!(bed.event("b", Kind::Ready).pid, pid);
}

#[test]
fn new_rules_count_at_once() {
    let mut bed = Bed::start(&program("a", &["on-term:0", "touch:DIR/up", "hang"], QUICK));
    let pid = bed.event("a", Kind::Ready).pid.unwrap();
    eventually("it listens", || bed.path("up").exists());
    let rules = "max_restarts = 0\naliases = [\"old\"]\n";
    bed.rewrite(&program("a", &["on-term:0", "touch:DIR/up", "hang"], &format!("{QUICK}{rules}")));
    bed.command(&["reload"]);
    assert_eq!(bed.command(&["status", "old"]).0, 0);
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    assert!(bed.event("a", Kind::Failed).cause.unwrap().contains("after 0 restarts"));
    // What has ended by old rules gets a new start under new ones.
    bed.rewrite(&program("a", &["on-term:0", "touch:DIR/up", "hang"], &format!("{QUICK}max_restarts = 1\n")));
    assert_eq!(bed.command(&["reload"]).1, "a: changed\n");
    bed.event("a", Kind::Ready);
}

#[test]
fn what_has_ended_stays_so_under_another_name() {
    let text = |keys: &str| {
        program("job", &["exit:0"], &format!("restart = \"never\"\n{keys}")) + &program("api", &["hang"], "")
    };
    let mut bed = Bed::start(&text(""));
    bed.event("job", Kind::Exited);
    let pid = bed.event("api", Kind::Ready).pid;
    bed.rewrite(&text("aliases = [\"old\"]\n"));
    assert_eq!(bed.command(&["reload"]).1, "job: changed without a restart\n");
    assert_eq!(bed.status("job").state, "exited");
    assert_eq!(bed.status("api").pid, pid);
}

#[test]
fn the_socket_of_the_command_line_is_no_change_of_the_file() {
    let mut bed = Bed::start_as(&program("a", &["hang"], ""), |command, directory| {
        let path = directory.join("supervisor.toml");
        let text = std::fs::read_to_string(&path).unwrap().replacen("/socket\"", "/other\"", 1);
        std::fs::write(&path, text).unwrap();
        command.arg("--socket").arg(directory.join("socket"));
    });
    bed.event("a", Kind::Ready);
    assert_eq!(bed.command(&["reload", "--dry-run"]).1, "no program would change\n");
    assert_eq!(bed.command(&["reload"]).1, "no program changed\n");
}

#[test]
fn what_still_needs_a_restart_is_told_again() {
    let other = program("a", &["hang"], "");
    let mut bed = Bed::start(&other);
    bed.event("a", Kind::Ready);
    bed.rewrite(&format!("log.backups = 3\n{other}"));
    for command in [&["reload", "--dry-run"][..], &["reload"], &["reload", "--dry-run"], &["reload"]] {
        let told = bed.command(command).1;
        assert!(told.contains("need a restart of the supervisor"), "{command:?}: {told}");
    }
    bed.rewrite(&other);
    assert_eq!(bed.command(&["reload"]).1, "no program changed\n", "it was taken back");
}

#[test]
fn supervisors_that_share_a_log_directory_are_told_so() {
    let mut first = Bed::start(&program("a", &["hang"], ""));
    first.event("a", Kind::Ready);
    let directory = first.path("log").display().to_string();
    let mut second = Bed::start_as(&program("b", &["hang"], ""), |_, own| {
        let path = own.join("supervisor.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replacen(&own.join("log").display().to_string(), &directory, 1);
        std::fs::write(&path, text).unwrap();
    });
    let causes = [(); 2].map(|()| second.event("", Kind::Supervisor).cause.unwrap());
    let told = format!("log.directory: another supervisor writes to {directory}, too");
    assert!(causes.iter().any(|cause| cause.starts_with(&told)), "{causes:?}");
    assert!(first.seen().iter().filter(|event| event.event == Kind::Supervisor).count() == 1);
}
