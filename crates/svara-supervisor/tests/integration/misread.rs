//! What looks right in a file and would do something else, or nothing.

use std::{fs, os::unix::fs::PermissionsExt, os::unix::process::CommandExt, process::Command};

use svara_supervisor::events::Kind;

use crate::{
    bed::{Bed, skip},
    files::{check, faults},
};

#[test]
fn months_are_no_minutes() {
    let found =
        faults("[program.a]\ncommand = [\"true\"]\nstop.grace = \"20M\"\nrestart_window = \"1year\"\n");
    assert!(
        found.contains("program.a.stop.grace: `20M`: `M` would be months; write 20m for minutes"),
        "{found}"
    );
    assert!(
        found.contains("program.a.restart_window: `1year`: no `year` here; write days, as in 365d"),
        "{found}"
    );
    let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["--timeout", "5M", "status"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("write 5m for minutes"));
}

#[test]
fn a_log_is_a_file() {
    for path in ["sub/", ".", "..", "sub/.", "a/..", "/"] {
        for key in ["stdout_log", "stderr_log"] {
            let found = faults(&format!("[program.a]\ncommand = [\"true\"]\n{key} = \"{path}\"\n"));
            let fault = format!("program.a.{key}: `{path}` is a directory; expected a file, or none");
            assert!(found.contains(&fault), "{path}: {found}");
        }
    }
    let found = faults("[supervisor]\nsocket = \"/run/\"\n[program.a]\ncommand = [\"true\"]\n");
    assert!(found.contains("supervisor.socket: `/run/` is a directory; expected a file"), "{found}");
}

#[test]
fn two_programs_share_no_file_by_way_of_a_link() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("log");
    fs::create_dir_all(logs.join("deep")).unwrap();
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, logs.join(name)).unwrap();
    link(".", "l");
    link("x.log", "y.log");
    link("deep", "d");
    link("../log", "up");
    let at = directory.path().display();
    for (one, other) in [
        ("x.log", "l/x.log"),
        ("x.log", "y.log"),
        ("deep/new/x.log", "d/new/x.log"),
        ("x.log", "d/../x.log"),
        ("x.log", "up/x.log"),
    ] {
        let text = format!(
            "[supervisor]\nsocket = \"{at}/socket\"\n[log]\ndirectory = \"{at}/log\"\n\
             [program.a]\ncommand = [\"true\"]\nstdout_log = \"{one}\"\n\
             [program.c]\ncommand = [\"true\"]\nstdout_log = \"{other}\"\n"
        );
        let (code, found) = check(directory.path(), &text);
        assert!(
            code == 64
                && found.contains("program.c.stdout_log: ")
                && found.contains("is a file of a already"),
            "{other}: {found}"
        );
    }
}

#[test]
fn a_hook_that_never_runs_is_refused() {
    let hook =
        |keys: &str| format!("[program.w]\ncommand = [\"true\"]\n[[hook]]\ncommand = [\"true\"]\n{keys}\n");
    let found = faults(&hook("on = [\"hook\"]"));
    assert!(found.contains("hook[0].on: `hook` runs no hook; events that do: waiting, "), "{found}");
    for event in
        ["shutdown", "reload", "supervisor", "schedule", "log_lost", "log_restored", "sink_away", "sink_back"]
    {
        let found = faults(&hook(&format!("on = [\"failed\", \"{event}\"]\nprograms = [\"w\"]")));
        let fault = format!(
            "hook[0].on: `{event}` is no program's event, so this hook never gets it; leave `programs` out"
        );
        assert!(found.contains(&fault), "{found}");
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(check(directory.path(), &hook(&format!("on = [\"{event}\"]"))).0, 0, "{event}");
    }
    let found = faults(&hook("on = []"));
    assert!(found.contains("shutdown") && !found.contains(", hook,"), "{found}");
}

#[test]
fn a_file_of_variables_is_read_as_others_read_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("env");
    let text = "[program.a]\ncommand = [\"true\"]\nenv_files = [\"env\"]\n";
    fs::write(&file, "\u{feff}A=1\nexport\tB=2\n").unwrap();
    assert_eq!(check(directory.path(), text).0, 0);
    fs::write(&file, "A=a\\\nB=\"a\\\"b\"\nC=\"x\" # note\n9D=1\n").unwrap();
    let (code, found) = check(directory.path(), text);
    assert_eq!(code, 64);
    for fault in [
        "line 1: a line that ends with `\\`",
        "line 2: `\\\"` is read",
        "line 3: text after the closing quote",
        "line 4: `9D` is no name",
    ] {
        assert!(found.contains(fault), "{fault}\n{found}");
    }
}

#[test]
fn names_and_times_that_are_changed_in_silence_are_refused() {
    let found = faults("[program.a]\ncommand = [\"true\"]\nenvironment = { \"A B\" = \"1\" }\n");
    assert!(
        found.contains(
            "program.a.environment: `A B`: a name must not be empty and must not contain `=` or spaces"
        ),
        "{found}"
    );
    let found = faults("[supervisor]\nhealth_report = \"1ms\"\n[program.a]\ncommand = [\"true\"]\n");
    assert!(found.contains("supervisor.health_report: must be at least 10ms, or 0s for none"), "{found}");
    for host in ["u:p@h", "http://h", "a b"] {
        let found = faults(&format!("[program.a]\ncommand = [\"true\"]\nreadiness.tcp = \"{host}:80\"\n"));
        assert!(found.contains("expected host:port"), "{found}");
    }
}

#[test]
fn a_missing_interpreter_is_blamed_itself() {
    let text = "[program.crlf]\ncommand = [\"DIR/crlf\"]\nmax_restarts = 0\n[program.gone]\ncommand = [\"DIR/gone\"]\nmax_restarts = 0\n";
    let mut bed = Bed::start_as(text, |_, directory| {
        for (name, line) in [("crlf", "#!/bin/sh\r\n"), ("gone", "#!/no/such -x\n")] {
            fs::write(directory.join(name), line).unwrap();
            fs::set_permissions(directory.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
    });
    let failed = bed.event("crlf", Kind::Failed).cause.unwrap();
    assert!(
        failed.contains("/crlf: its interpreter `/bin/sh\\r` does not exist: its first line ends with CR LF"),
        "{failed}"
    );
    let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["check", "--config"])
        .arg(bed.path("supervisor.toml"))
        .output()
        .unwrap();
    let warned = String::from_utf8(output.stderr).unwrap();
    assert!(warned.contains("/gone` can't be run: its interpreter `/no/such` does not exist"), "{warned}");
    assert!(warned.contains("/crlf` can't be run"), "{warned}");
}

#[test]
fn nobody_needs_a_right_to_run_as_himself() {
    if !nix::unistd::Uid::effective().is_root() {
        return skip("only root can change the user");
    }
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Where the build is, another user may not look.
    let binary = directory.path().join("svara-supervisor");
    fs::copy(env!("CARGO_BIN_EXE_svara-supervisor"), &binary).unwrap();
    let check = |keys: &str| {
        let path = directory.path().join("own.toml");
        fs::write(&path, format!("[program.a]\ncommand = [\"true\"]\n{keys}\n")).unwrap();
        let mut command = Command::new(&binary);
        command.args(["check", "--config"]).arg(&path).uid(65534).gid(0);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(check("user = \"65534\"").0, Some(0));
    let (code, found) = check("user = \"65534\"\ngroup = \"12345\"");
    assert!(
        code == Some(64)
            && found.contains("program.a.group: only root can run programs with a group other than `0`"),
        "{found}"
    );
    let (code, found) = check("user = \"12345\"");
    assert!(
        code == Some(64) && found.contains("only root can run programs as a user other than `65534`"),
        "{found}"
    );
}
