//! What `check` finds on the machine, and who may use the socket.

use std::{net::TcpListener, process::Command};

use nix::unistd::Uid;
use svara_supervisor::events::Kind;

use crate::bed::{Bed, eventually, program, skip};

/// Exit code and all output of `check`.
fn check(programs: &str, more: &[&str]) -> (i32, String) {
    let directory = Bed::prepare(programs);
    std::fs::write(directory.path().join("plain"), "").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["check", "--config"])
        .arg(directory.path().join("supervisor.toml"))
        .args(more)
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn what_is_missing_here_is_found() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = format!(
        r#"supervisor.metrics = "127.0.0.1:{port}"
[program.a]
command = ["no-such-program"]
directory = "/no/such"
before_start = ["/no/such/file"]
stop_command = ["DIR/plain"]
[program.a.startup]
tcp = "127.0.0.1:{port}"
[program.b]
command = ["sh"]
environment = {{ PATH = "/nowhere" }}
stdout_log = "/proc/1/status/b.log"
[program.b.liveness]
command = ["nor-this"]
[[hook]]
on = ["failed"]
command = ["no-hook"]
[[schedule]]
name = "s"
cron = "* * * * *"
command = ["no-job"]
"#
    );
    let (code, found) = check(&text, &[]);
    assert_eq!(code, 0, "{found}");
    for fault in [
        "line 7: program.a.command: `no-such-program` is in no directory of PATH",
        "line 8: program.a.directory: /no/such does not exist",
        "line 9: program.a.before_start: `/no/such/file` does not exist",
        "/plain` is not executable",
        &format!("line 11: program.a.startup: port {port} is taken"),
        "program.b.command: `sh` is in no directory of PATH (/nowhere)",
        "program.b.stdout_log: /proc/1/status is not a directory",
        "program.b.liveness.command: `nor-this` is in no directory",
        "hook[0].command: `no-hook`",
        "schedule.s.command: `no-job`",
        &format!("supervisor.metrics: 127.0.0.1:{port}: Address already in use"),
    ] {
        assert!(found.contains(fault), "missing: {fault}\n{found}");
    }
    assert_eq!(check(&text, &["--strict"]).0, 1);
    let fine = "[program.a]\ncommand = [\"sh\"]\ndirectory = \"/\"\n";
    let (code, found) = check(fine, &["--strict"]);
    assert!(code == 0 && !found.contains("warning"), "{found}");
}

#[test]
fn a_second_supervisor_does_not_start_beside_one_whose_socket_is_gone() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    std::fs::remove_file(bed.path("socket")).unwrap();
    let second = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["run", "--config"])
        .arg(bed.path("supervisor.toml"))
        .output()
        .unwrap();
    let words = String::from_utf8(second.stderr).unwrap();
    assert!(second.status.code() == Some(1) && words.contains("another supervisor is running at"), "{words}");
    // A signal brings it back at once.
    bed.signal(nix::sys::signal::Signal::SIGUSR2);
    eventually("it answers again", || bed.command(&["status"]).0 == 0);
}

#[test]
fn members_of_the_sockets_group_may_use_it() {
    if !Uid::effective().is_root() {
        return skip("only root can change the user");
    }
    let mut bed = Bed::start_as(
        &("supervisor.socket_group = \"54321\"\n".to_owned() + &program("api", &["hang"], "")),
        |_, directory| {
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(directory, open).unwrap();
        },
    );
    bed.event("api", Kind::Ready);
    // Where it is built, others may not be able to run it.
    let client = bed.path("client");
    // By a process of its own: what another thread of ours starts meanwhile would hold the file open for writing.
    let copied =
        Command::new("cp").arg(env!("CARGO_BIN_EXE_svara-supervisor")).arg(&client).status().unwrap();
    assert!(copied.success());
    let ask = |group: &str| {
        let output = Command::new("setpriv")
            .args(["--reuid=65534", &format!("--regid={group}"), "--clear-groups"])
            .arg(&client)
            .args(["status", "--json", "--socket"])
            .arg(bed.path("socket"))
            .output()
            .unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    assert!(ask("54321").contains("\"name\":\"api\""), "{}", ask("54321"));
    assert!(ask("54322").contains("Permission denied"), "{}", ask("54322"));
}
