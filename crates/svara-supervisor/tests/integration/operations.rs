//! Accounts, limits, hooks, schedules, metrics, the health report.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use nix::unistd::Uid;
use svara_supervisor::events::Kind;

use crate::bed::{Bed, eventually, free_port, program, skip};

#[test]
fn a_program_runs_as_its_user_with_its_groups_and_limits() {
    if !Uid::effective().is_root() {
        return skip("only root can change the user");
    }
    let text = "[program.who]\ncommand = [\"sh\", \"-c\", \"id -un; id -gn; ulimit -n; ulimit -c; pwd\"]\n\
        user = \"nobody\"\ndirectory = \"/\"\nrestart = \"never\"\nlimits = { nofile = 321, core = \"0\" }\n";
    let mut bed = Bed::start(text);
    bed.event("who", Kind::Exited);
    eventually("its output", || bed.read("log/who.log") == "nobody\nnogroup\n321\n0\n/\n");
}

#[test]
fn more_files_than_the_hard_limit_are_reported() {
    let (_, hard) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    // More than the kernel allows anyone.
    let text = "[program.api]\ncommand = [\"sh\", \"-c\", \"ulimit -n\"]\nrestart = \"never\"\nlimits = { nofile = 9223372036854775807 }\n";
    let mut bed = Bed::start(text);
    let cause = bed.event("api", Kind::Limit).cause.unwrap();
    assert!(cause.starts_with(&format!("runs with {hard} open files")), "{cause}");
    bed.event("api", Kind::Exited);
    eventually("its output", || bed.read("log/api.log") == format!("{hard}\n"));
}

#[test]
fn a_memory_limit_that_cannot_be_set_is_reported() {
    if std::path::Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        // The limit may be settable: there is nothing to test, whatever the rights are.
        return;
    }
    let mut bed = Bed::start(&program("api", &["hang"], "limits = { memory = \"1GiB\" }"));
    let cause = bed.event("api", Kind::Limit).cause.unwrap();
    assert!(cause.starts_with("runs without its memory limit: no cgroup v2 at "), "{cause}");
    bed.event("api", Kind::Ready);
}

#[test]
fn hooks_get_the_event() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let hooks = format!(
        "[[hook]]\non = [\"failed\"]\nprograms = [\"api\"]\ncommand = [\"sh\", \"-c\", \"echo $$SVARA_EVENT > DIR/event\"]\n\
         [[hook]]\non = [\"failed\"]\nwebhook = \"http://127.0.0.1:{port}/alert\"\n\
         [[hook]]\non = [\"failed\"]\ncommand = [\"false\"]\n"
    );
    let mut bed = Bed::start(&(program("api", &["exit:3"], "max_restarts = 0") + &hooks));
    listener.set_nonblocking(true).unwrap();
    let mut accepted = None;
    eventually("the webhook is called", || {
        accepted = listener.accept().ok();
        accepted.is_some()
    });
    let (mut stream, _) = accepted.unwrap();
    stream.set_nonblocking(false).unwrap();
    let mut request = String::new();
    let mut chunk = [0; 4096];
    while !request.contains('}') {
        let read = stream.read(&mut chunk).unwrap();
        request.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    assert!(
        request.starts_with("POST /alert HTTP/1.1") && request.contains("\"event\":\"failed\""),
        "{request}"
    );
    assert_eq!(bed.event("", Kind::Hook).cause.as_deref(), Some("failed: false: exit code 1"));
    eventually("the command has run", || bed.read("event").contains("\"program\":\"api\""));
}

#[test]
fn schedules_run_when_their_programs_are_ready() {
    let schedule = "[[schedule]]\nname = \"warm\"\ncron = \"* * * * * *\"\ncommand = [\"echo\", \"warm\"]\nwhen_ready = [\"api\"]\n";
    let gate = "[program.api.readiness]\ncommand = [\"test\", \"-e\", \"DIR/gate\"]\nperiod = \"20ms\"\n";
    let mut bed = Bed::start(&(program("api", &["hang"], gate) + schedule));
    let skipped = bed.event("", Kind::Schedule).cause.unwrap();
    assert_eq!(skipped, "warm: skipped, not all ready: api");
    std::fs::write(bed.path("gate"), "").unwrap();
    bed.event("api", Kind::Ready);
    assert_eq!(bed.event("", Kind::Schedule).cause.as_deref(), Some("warm: started"));
    assert_eq!(bed.event("", Kind::Schedule).cause.as_deref(), Some("warm: exit code 0"));
    eventually("its output", || bed.read("log/schedule_warm.log").starts_with("warm\n"));
}

#[test]
fn metrics_and_health_report() {
    let port = free_port();
    let text = format!("supervisor.metrics = \"127.0.0.1:{port}\"\nsupervisor.health_report = \"50ms\"\n")
        + &program("api", &["hang"], "");
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    let get = |path: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let page = get("/metrics");
    for line in [
        "svara_supervisor_up{program=\"api\"} 1",
        "svara_supervisor_ready{program=\"api\"} 1",
        "svara_supervisor_restarts_total{program=\"api\",reason=\"hung\"} 0",
        "# TYPE svara_supervisor_resident_memory_bytes gauge",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    assert!(get("/").starts_with("HTTP/1.1 404"));
    assert!(bed.command(&["metrics"]).1.contains("svara_supervisor_up{program=\"api\"} 1"));
    eventually("a report", || bed.read("log/healthcheck.log").contains("OK health check - api: ready"));
}
