//! Nothing outside holds up the supervisor: drivers, resolvers, clients, `/proc`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use svara_supervisor::{control::Request, events::Kind};

use crate::bed::{Bed, QUICK, eventually, example, free_port, program, telling};

/// Far less than a driver, a resolver or a client hangs, and enough for a busy machine.
const SOON: Duration = Duration::from_secs(8);

fn soon<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = act();
    assert!(begun.elapsed() < SOON, "{what} took {:?}", begun.elapsed());
    result
}

/// A supervisor beside a GPU driver that hangs in this function.
fn with_stuck_driver(programs: &str, place: &str) -> Bed {
    Bed::start_as(programs, |command, directory| {
        std::fs::copy(example("libstuck.so"), directory.join("libnvidia-ml.so.1")).unwrap();
        command.env("LD_LIBRARY_PATH", directory).env("STUCK_AT", place);
    })
}

#[test]
fn a_gpu_driver_that_hangs_at_the_start_holds_up_nothing() {
    let mut bed = with_stuck_driver(&program("api", &["hang"], ""), "init");
    soon("the start", || bed.event("api", Kind::Ready));
    assert_eq!(
        bed.event("", Kind::Supervisor).cause.as_deref(),
        Some("no GPU metrics: the driver doesn't answer")
    );
    let page = soon("a scrape", || bed.command(&["metrics"]).1);
    assert!(page.contains("svara_supervisor_gpu_driver_up 0\n"), "{page}");
    bed.done(&Request::Shutdown);
    soon("the end", || assert_eq!(bed.ended().code(), Some(0)));
}

#[test]
fn a_gpu_driver_that_hangs_later_holds_up_only_its_metrics() {
    let mut bed = with_stuck_driver(&program("api", &["hang"], QUICK), "count");
    let pid = bed.event("api", Kind::Ready).pid.unwrap();
    for _ in 0..3 {
        let page = soon("a scrape", || bed.command(&["metrics"]).1);
        assert!(page.contains("svara_supervisor_up{program=\"api\"} 1"), "{page}");
        assert!(page.contains("svara_supervisor_gpu_driver_up 0\n"), "{page}");
    }
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
    soon("the restart", || bed.event("api", Kind::Ready));
    bed.done(&Request::Shutdown);
    soon("the end", || assert_eq!(bed.ended().code(), Some(0)));
}

#[test]
fn a_resolver_that_hangs_holds_up_neither_other_probes_nor_the_end() {
    let port = free_port();
    let probe = |url: &str| {
        format!(
            "[program.api.startup]\ntcp = \"127.0.0.1:{port}\"\nperiod = \"20ms\"\n\
             [program.api.liveness]\nhttp = \"http://{url}\"\nperiod = \"50ms\"\ntimeout = \"10m\"\n"
        )
    };
    let metrics = format!("metrics:{port}:0:0");
    let text = program("api", &[&metrics, "hang"], &probe(&format!("localhost:{port}/")))
        + &program("flaps", &["exit:1"], &format!("{QUICK}max_restarts = 100000\n"))
        + &program(
            "odd",
            &["hang"],
            "[program.odd.liveness]\ntcp = \"probed.example.invalid:80\"\ntimeout = \"10m\"\n",
        )
        + "[[hook]]\non = [\"backoff\"]\nwebhook = \"http://alerts.example.invalid/\"\ntimeout = \"200ms\"\n";
    let mut bed = Bed::start_as(&text, |command, _| {
        command.env("LD_PRELOAD", example("libstuck.so"));
    });
    bed.event("api", Kind::Ready);
    // Both questions are being asked, and hang.
    assert_eq!(
        bed.event("", Kind::Hook).cause.as_deref(),
        Some("backoff: http://alerts.example.invalid/: no answer within 200ms")
    );
    let probes = || bed.read("log/api.log").matches("scraped").count();
    let before = probes();
    eventually("the other probes go on", || probes() > before + 10);
    assert_eq!(bed.status("api").restarts, 0);
    bed.done(&Request::Shutdown);
    soon("the end", || assert_eq!(bed.ended().code(), Some(0)));
}

/// A follower of `api` that has printed its first line.
fn follower(bed: &Bed) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .arg("--socket")
        .arg(bed.path("socket"))
        .args(["tail", "-f", "api"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "hello\n");
    (child, lines)
}

#[test]
fn followers_and_silent_clients_lock_nobody_out() {
    let mut bed = Bed::start(&program("api", &["print:hello", "hang"], ""));
    bed.event("api", Kind::Ready);
    let silent: Vec<UnixStream> =
        (0..200).map(|_| UnixStream::connect(bed.path("socket")).unwrap()).collect();
    let mut followers: Vec<_> = (0..40).map(|_| follower(&bed)).collect();
    assert_eq!(soon("status", || bed.command(&["status"]).0), 0);
    assert_eq!(soon("stop", || bed.command(&["stop", "api"]).1), "api: stopped\n");
    drop(silent);
    for (child, _) in &mut followers {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn too_many_followers_are_told_so() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    let ask = || {
        let mut client = UnixStream::connect(bed.path("socket")).unwrap();
        client.write_all(b"{\"version\":1,\"command\":\"events\",\"count\":1,\"follow\":true}\n").unwrap();
        let mut client = BufReader::new(client);
        let mut line = String::new();
        client.read_line(&mut line).unwrap();
        (client, line)
    };
    let mut open = Vec::new();
    let refused = loop {
        match ask() {
            (_, line) if line.contains("too many followers") => break line,
            (client, _) => open.push(client),
        }
        assert!(open.len() < 1000, "nobody is refused");
    };
    assert!(refused.contains("\"answer\":\"error\""), "{refused}");
    assert_eq!(bed.command(&["status"]).0, 0);
    drop(open);
    eventually("the places are free again", || !ask().1.contains("too many followers"));
}

#[test]
fn a_client_that_has_left_stops_nothing() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    bed.signal(nix::sys::signal::Signal::SIGSTOP);
    let mut client = UnixStream::connect(bed.path("socket")).unwrap();
    client.write_all(b"{\"version\":1,\"command\":\"stop\",\"programs\":[]}\n").unwrap();
    drop(client);
    let (code, _, error) = bed.command(&["status", "--timeout", "100ms"]);
    assert_eq!((code, error.as_str()), (69, "the supervisor doesn't answer within 100ms\n"));
    let (code, _, error) = bed.command(&["restart", "api", "--wait", "--timeout", "50ms"]);
    assert_eq!((code, error.as_str()), (69, "the supervisor doesn't answer within 50ms\n"));
    bed.signal(nix::sys::signal::Signal::SIGCONT);
    // Those who have left asked before; each answer is a turn in which they would have had theirs.
    for _ in 0..20 {
        assert_eq!(bed.status("api").state, "ready");
    }
    assert!(!bed.command(&["events"]).1.contains("stopping"));
}

#[test]
fn a_client_that_closes_its_half_gets_its_answer() {
    let mut bed = Bed::start(&telling("api", &["on-term-await:DIR/end", "hang"], "stop.grace = \"10m\""));
    bed.up(&["api"]);
    for (command, end) in [("status", "\"answer\":\"status\""), ("stop", "api: stopped")] {
        let mut client = UnixStream::connect(bed.path("socket")).unwrap();
        writeln!(client, "{{\"version\":1,\"command\":\"{command}\",\"programs\":[]}}").unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        if command == "stop" {
            bed.event("api", Kind::Stopping);
            std::fs::write(bed.path("end"), "").unwrap();
        }
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(end), "{command}: {answer}");
    }
}

#[test]
fn silent_scrapers_lock_nobody_out() {
    let port = free_port();
    let text = format!("supervisor.metrics = \"127.0.0.1:{port}\"\n") + &program("api", &["hang"], "");
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    let silent: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let page = soon("a scrape", || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(page.contains("svara_supervisor_up{program=\"api\"} 1"), "{page}");
    drop(silent);
}

/// Processor time of the thread that answers, however busy the machine is.
fn processor_time(bed: &Bed) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{0}/task/{0}/schedstat", bed.pid())).unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}

/// The least of several: once in a while there is something else to do.
fn least(bed: &Bed, mut act: impl FnMut()) -> Duration {
    let spent = (0..10).map(|_| {
        // The last reading serves nobody any more.
        thread::sleep(Duration::from_millis(30));
        let before = processor_time(bed);
        act();
        processor_time(bed) - before
    });
    spent.min().unwrap()
}

#[test]
fn many_programs_cost_one_reading_of_the_processes() {
    let sleeper = "command = [\"sleep\", \"1000\"]\nready_after = \"10ms\"\nreplicas = 64\n";
    let text = ["a", "b", "c"].map(|name| format!("[program.{name}]\n{sleeper}")).concat();
    let bed = Bed::start(&text);
    eventually("it answers", || bed.command(&["status"]).0 != 69);
    assert_eq!(bed.command(&["start", "--wait"]).0, 0);
    let one = least(&bed, || assert_eq!(bed.command(&["status", "a-0"]).0, 0));
    let all = least(&bed, || assert_eq!(bed.report().programs.len(), 192));
    // Were each of them to read for itself, it would be near 192 times.
    assert!(all < one * 20, "the status of one takes {one:?}, of all {all:?}");
    let before = processor_time(&bed);
    bed.stop("all");
    let end = processor_time(&bed) - before;
    // A reading takes less than the status of one; each end may cost some, but not one for each other program.
    assert!(end < one * 192 * 8, "the status of one takes {one:?}, the end of all {end:?}");
}

#[test]
fn a_hung_health_page_delays_no_command() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = deaf.local_addr().unwrap().port();
    let probe = format!("[program.api.startup]\nhttp = \"http://127.0.0.1:{port}/\"\ntimeout = \"10m\"\n");
    let mut bed = Bed::start(&program("api", &["hang"], &probe));
    bed.event("api", Kind::Starting);
    soon("status", || assert_eq!(bed.command(&["status"]).0, 1));
    soon("stop", || bed.stop("api"));
}
