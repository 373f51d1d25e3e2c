//! The old commands, as scripts and the operators' note have them.

use std::process::Command;

use svara_supervisor::events::Kind;

use crate::bed::{Bed, program};

/// Runs a line such as `supervisorctl stop all`.
pub(crate) fn run(bed: &Bed, line: &str) -> (i32, String) {
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
    assert_eq!(
        run(&bed, "supervisorctl restart fastapi"),
        (0, "fastapi: stopped\nfastapi: started\n".into())
    );
    assert_eq!(run(&bed, "supervisorctl stop all"), (0, "vllm: stopped\nserver: stopped\n".into()));
    let (code, status) = run(&bed, "supervisorctl status vllm");
    assert!(code == 3 && status.contains("vllm") && status.contains("STOPPED"), "{status}");
    assert_eq!(run(&bed, "supervisorctl start all"), (0, "vllm: started\nserver: started\n".into()));
    assert_eq!(run(&bed, "supervisorctl start vllm"), (0, "vllm: ERROR (already started)\n".into()));
    assert_eq!(run(&bed, "supervisorctl stop fastapi"), (0, "fastapi: stopped\n".into()));
    assert_eq!(run(&bed, "supervisorctl stop fastapi"), (0, "fastapi: ERROR (not running)\n".into()));
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
    assert_eq!(run(&bed, "supervisorctl update"), (0, String::new()));
    assert_eq!(run(&bed, "supervisorctl start nobody"), (1, "nobody: ERROR (no such process)\n".into()));
    assert_eq!(run(&bed, "supervisorctl frobnicate").0, 1);
    assert_eq!(run(&bed, "supervisorctl shutdown"), (0, "Shut down\n".into()));
    bed.ended();
    assert_eq!(run(&bed, "supervisorctl status").0, 4);
}

#[test]
fn logs_are_cleared() {
    let text = program("api", &["print:out", "warn:err", "hang"], "")
        + &program("none", &["print:shown", "hang"], "stdout_log = \"none\"\nstderr_log = \"DIR/fifo\"");
    let mut bed = Bed::start_as(&text, |_, directory| {
        nix::unistd::mkfifo(&directory.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    });
    bed.events(Kind::Ready, &["api", "none"]);
    crate::bed::eventually("both files", || {
        bed.read("log/api.log") + &bed.read("log/api_error.log") == "out\nerr\n"
    });
    crate::bed::eventually("the line in memory", || bed.command(&["tail", "none"]).1 == "shown\n");
    assert_eq!(run(&bed, "supervisorctl clear"), (1, "Error: clear requires a process name\n".into()));
    assert_eq!(run(&bed, "supervisorctl clear nobody"), (1, "nobody: ERROR (no such process)\n".into()));
    assert_eq!(run(&bed, "supervisorctl clear all"), (0, "api: cleared\nnone: cleared\n".into()));
    assert_eq!(bed.read("log/api.log") + &bed.read("log/api_error.log"), "");
    assert_eq!(run(&bed, "supervisorctl tail api"), (0, String::new()));
    assert_eq!(bed.command(&["tail", "none"]).1, "");
    assert!(bed.path("fifo").exists());
    bed.done(&svara_supervisor::control::Request::Restart { programs: vec!["api".into()], wait: true });
    crate::bed::eventually("new lines", || bed.read("log/api.log") == "out\n");
    assert_eq!(bed.command(&["clear", "api"]), (0, "api: cleared\n".into(), String::new()));
}

#[test]
fn reread_says_what_would_change_and_update_changes_it() {
    let one = program("one", &["hang"], "autostart = false");
    let mut bed = Bed::start(&(one + &program("two", &["hang"], "")));
    let pid = bed.event("two", Kind::Ready).pid;
    assert_eq!(run(&bed, "supervisorctl reread"), (0, "No config updates to processes\n".into()));
    let avail = |name: &str, used: &str, auto: &str, order: u32| {
        format!("{name:32} {used:9} {auto:9} {order}:{order}\n")
    };
    assert_eq!(
        run(&bed, "supervisorctl avail").1,
        avail("one", "in use", "manual", 1) + &avail("two", "in use", "auto", 2)
    );
    bed.rewrite(&(program("two", &["hang", "x"], "") + &program("three", &["hang"], "")));
    let changes = "one: disappeared\nthree: available\ntwo: changed\n";
    assert_eq!(run(&bed, "supervisorctl reread"), (0, changes.into()));
    assert_eq!(run(&bed, "supervisorctl reread"), (0, changes.into()), "nothing was done");
    assert_eq!(bed.status("two").pid, pid);
    assert!(run(&bed, "supervisorctl avail").1.contains(&avail("three", "avail", "auto", 3)));
    let dry = bed.command(&["reload", "--dry-run"]).1;
    assert_eq!(dry, "one: would be removed\nthree: would be added\ntwo: would change\n");
    let (code, refused) = run(&bed, "supervisorctl update two");
    assert!(code == 1 && refused.contains("the file also changes one, three"), "{refused}");
    assert_eq!(bed.status("two").pid, pid);
    let done = "one: stopped\none: removed process group\ntwo: stopped\ntwo: updated process group\nthree: added process group\n";
    assert_eq!(run(&bed, "supervisorctl update all"), (0, done.into()));
    bed.event("three", Kind::Ready);
    assert_ne!(bed.event("two", Kind::Ready).pid, pid);
    bed.rewrite(&(program("two", &["hang", "y"], "") + &program("three", &["hang"], "")));
    bed.stop("two");
    let done = "two: stopped\ntwo: updated process group\n";
    assert_eq!(run(&bed, "supervisorctl update two"), (0, done.into()));
    assert_eq!(bed.status("two").state, "stopped", "what didn't run isn't started");
    bed.rewrite("[program.two]\n");
    let (code, refused) = run(&bed, "supervisorctl reread");
    assert!(code == 1 && refused.contains("program.two.command"), "{refused}");
}

#[test]
fn what_is_not_offered_says_what_is() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    for (word, instead) in [
        ("fg api", "tail -f"),
        ("add api", "update"),
        ("remove api", "update"),
        ("reload", "update"),
        ("open unix:///x", "SVARA_SUPERVISOR_SOCKET"),
        ("maintail -x", "bad argument -x"),
        ("reread now", "accepts no arguments"),
        ("avail now", "accepts no arguments"),
    ] {
        let (code, said) = run(&bed, &format!("supervisorctl {word}"));
        assert!(code == 1 && said.starts_with("Error: ") && said.contains(instead), "{word}: {said}");
    }
    assert_eq!(run(&bed, "supervisorctl -x status"), (2, String::new()));
    assert!(run(&bed, "supervisorctl help").1.contains("avail"));
    assert!(run(&bed, "supervisorctl help clear").1.starts_with("clear <name>"));
    assert_eq!(run(&bed, "supervisorctl help frobnicate"), (0, "*** No help on frobnicate\n".into()));
    assert!(run(&bed, "supervisorctl maintail -100").1.lines().count() <= 2);
}

#[test]
fn maintail_follows() {
    use std::io::{BufRead, BufReader};
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    run(&bed, "supervisorctl status");
    let mut follower = Command::new(bed.path("supervisorctl"))
        .args(["maintail", "-f"])
        .env("SVARA_SUPERVISOR_SOCKET", bed.path("socket"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("==> Press Ctrl-C to exit <=="));
    assert!(lines.by_ref().any(|line| line.contains("ready program=api")));
    bed.stop("api");
    assert!(lines.any(|line| line.contains("stopped program=api")));
    follower.kill().unwrap();
    follower.wait().unwrap();
}
