//! Sinks that speak syslog: a real rsyslogd, and listeners that are away, slow, or come back.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::net::{UnixDatagram, UnixListener},
    path::Path,
    process::{Child, Command, Stdio},
};

use svara_supervisor::events::Kind;

use crate::bed::{Bed, PATIENCE, eventually, free_port, program};

/// A real rsyslogd in the foreground, which writes what it has parsed to `DIR/received`.
struct Rsyslogd(Child);

impl Rsyslogd {
    fn start(directory: &Path, input: &str) -> Self {
        let at = directory.display();
        let text = format!(
            "global(workDirectory=\"{at}\" maxMessageSize=\"64k\")\n{input}\n\
             template(name=\"parsed\" type=\"string\" string=\"%syslogfacility-text% %syslogseverity-text% \
             %hostname% %app-name% %procid% %msgid% %protocol-version%|%msg%\\n\")\n\
             action(type=\"omfile\" file=\"{at}/received\" template=\"parsed\")\n"
        );
        let config = directory.join("rsyslog.conf");
        fs::write(&config, text).unwrap();
        let program =
            ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"].into_iter().find(|path| Path::new(path).exists());
        let program = program.expect("rsyslogd is missing: scripts/test.sh installs it");
        let pid_file = directory.join("rsyslogd.pid");
        let process = Command::new(program)
            .args(["-n", "-f"])
            .arg(config)
            .arg("-i")
            .arg(pid_file)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(process)
    }
}

impl Drop for Rsyslogd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program that prints a line to each stream, and then as many numbers.
fn talks(count: u32) -> String {
    format!(
        "[program.api]\ncommand = [\"sh\", \"-c\", \"echo नमस्ते; echo 'it hurts' >&2; seq 1 {count}; exec sleep 1000\"]\n\
         ready_after = \"10ms\"\n"
    )
}

fn sink(keys: &str) -> String {
    format!("[sink.log]\n{keys}\n")
}

/// Checks what rsyslogd has read out of the messages.
fn check_received(bed: &mut Bed, count: u32) {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let host = host.trim();
    let pid = bed.event("api", Kind::Ready).pid.unwrap();
    let received = || bed.read("received");
    let head = format!("local3 info {host} api {pid}");
    // What comes by two pipes has no order.
    for line in [format!("stdout 1|{count}"), "stdout 1|नमस्ते".into(), "stderr 1|it hurts".into()]
    {
        eventually(&line, || received().contains(&format!("{head} {line}\n")));
    }
    let all = received();
    let numbers = all.lines().filter_map(|line| line.split_once(" stdout 1|")?.1.parse::<u32>().ok());
    assert!(numbers.eq(1..=count), "every number, in order");
    eventually("an event", || {
        received().contains(&format!("local3 info {host} supervisor {} stdout 1|", bed.pid()))
            && received().contains("ready program=api")
    });
    bed.command(&["shutdown"]);
    bed.ended();
    eventually("the last event", || bed.read("received").contains(" stopped program=api"));
}

#[test]
fn a_real_rsyslogd_reads_our_datagrams() {
    let text = talks(2000) + &sink("syslog = \"unix://DIR/devlog\"\nfacility = \"local3\"");
    let directory = Bed::prepare(&text);
    let input = format!(
        "module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
         input(type=\"imuxsock\" Socket=\"{}/devlog\" UseSpecialParser=\"off\" RateLimit.Interval=\"0\")",
        directory.path().display()
    );
    let _rsyslogd = Rsyslogd::start(directory.path(), &input);
    check_received(&mut Bed::run(directory), 2000);
}

#[test]
fn a_real_rsyslogd_reads_our_octet_counted_stream() {
    let port = free_port();
    let text = talks(2000) + &sink(&format!("syslog = \"tcp://127.0.0.1:{port}\"\nfacility = \"local3\""));
    let directory = Bed::prepare(&text);
    let input =
        format!("module(load=\"imtcp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\")");
    let _rsyslogd = Rsyslogd::start(directory.path(), &input);
    check_received(&mut Bed::run(directory), 2000);
}

#[test]
fn a_real_rsyslogd_reads_our_udp() {
    let port = free_port();
    // Fewer than the smallest buffer holds: only root gets a larger one.
    let text = talks(200) + &sink(&format!("syslog = \"udp://127.0.0.1:{port}\"\nfacility = \"local3\""));
    let directory = Bed::prepare(&text);
    let input = format!(
        "module(load=\"imudp\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=\"{port}\" rcvbufSize=\"8m\")"
    );
    let _rsyslogd = Rsyslogd::start(directory.path(), &input);
    check_received(&mut Bed::run(directory), 200);
}

/// Reads messages that come after their lengths.
fn counted(stream: TcpStream) -> impl Iterator<Item = String> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::new(stream);
    std::iter::from_fn(move || {
        let mut length = Vec::new();
        reader.read_until(b' ', &mut length).ok().filter(|read| *read > 0)?;
        let length: usize = String::from_utf8(length).unwrap().trim().parse().unwrap();
        let mut message = vec![0; length];
        reader.read_exact(&mut message).ok()?;
        Some(String::from_utf8(message).unwrap())
    })
}

fn numbers(messages: impl Iterator<Item = String>) -> impl Iterator<Item = u32> {
    messages.filter_map(|message| message.rsplit_once(" - ")?.1.parse().ok())
}

#[test]
fn lines_wait_on_disk_for_a_sink_that_is_away_and_for_the_next_supervisor() {
    let port = free_port();
    let flood = "[program.api]\ncommand = [\"sh\", \"-c\", \"seq 1 20000; echo > DIR/done; exec sleep 1000\"]\n\
                 ready_after = \"10ms\"\n";
    let text = flood.to_owned() + &sink(&format!("syslog = \"tcp://127.0.0.1:{port}\"\nevents = false"));
    let mut bed = Bed::start(&text);
    let away = bed.event("", Kind::SinkAway).cause.unwrap();
    assert!(away.starts_with("log: Connection refused") && away.ends_with("; lines wait"), "{away}");
    eventually("all is printed", || bed.path("done").exists());
    eventually("it waits", || bed.report().sinks[0].waiting_bytes > 20_000 * 50);
    let sink = &bed.report().sinks[0];
    assert!(!sink.up && sink.lost_lines == 0 && sink.sent_lines == 0, "{sink:?}");
    let table = bed.command(&["status", "--table"]).1;
    assert!(table.contains("SINK") && table.contains("away: Connection refused"), "{table}");
    let page = bed.command(&["metrics"]).1;
    assert!(page.contains("svara_supervisor_sink_up{sink=\"log\"} 0\n"), "{page}");
    bed.command(&["shutdown"]);
    bed.ended();
    assert!(fs::read_dir(bed.path("log/spool/log")).unwrap().count() > 1, "more than one file");

    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    bed.rewrite(&text.replace("seq 1 20000", "seq 20001 20005"));
    bed.start_again();
    let mut messages = numbers(counted(listener.accept().unwrap().0));
    for n in 1..=20_005 {
        assert_eq!(messages.next(), Some(n));
    }
    eventually("nothing waits", || bed.report().sinks[0].waiting_bytes == 0);
    assert_eq!(fs::read_dir(bed.path("log/spool/log")).unwrap().count(), 0);
}

#[test]
fn a_sink_that_comes_back_gets_what_waited_and_the_number_of_what_is_missing() {
    let socket = tempfile::tempdir().unwrap();
    let path = socket.path().join("stream");
    let text = "log.console = false\n".to_owned()
        + &program("api", &["await:DIR/go", "spew:20000000", "touch:DIR/done", "repeat:after"], "")
        + &sink(&format!("syslog = \"unix://{}\"\nspool = \"1MiB\"", path.display()));
    let mut bed = Bed::start(&text);
    bed.event("", Kind::SinkAway);
    fs::write(bed.path("go"), "").unwrap();
    let lost = bed.event("", Kind::LogLost).cause.unwrap();
    assert!(lost.starts_with("sink log: lines are left out: "), "{lost}");
    eventually("the flood is over", || bed.path("done").exists());
    let size = |directory: &Path| -> u64 {
        let files = fs::read_dir(directory).unwrap();
        files.map(|file| file.unwrap().metadata().map_or(0, |data| data.len())).sum()
    };
    assert!(size(&bed.path("log/spool/log")) <= 1 << 20);
    let listener = UnixListener::bind(&path).unwrap();
    let stream = listener.accept().unwrap().0;
    bed.event("", Kind::SinkBack);
    let (mut seen, mut missing) = (0, 0);
    // It stays open: what is still printed finds the sink there.
    let mut lines = BufReader::new(stream).lines();
    for line in lines.by_ref().map_while(Result::ok) {
        if let Some((head, _)) = line.split_once(" lines left out: the sink was away") {
            missing += head.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap();
        } else if line.contains("xxxx") || line.ends_with("end of spew") {
            seen += 1;
        } else if missing > 0 && line.ends_with(" after") {
            break;
        }
    }
    let total = seen + missing;
    // 100 bytes each, and the end; events and some of the lines after may be missing as well.
    assert!(total >= 200_001 && seen > 4000, "{seen} seen, {missing} missing");
    let sink = &bed.report().sinks[0];
    assert!(sink.up && sink.lost_lines >= missing, "{sink:?}");
    drop(lines);
}

#[test]
fn a_sink_that_reads_nothing_blocks_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = program("api", &["spew:30000000", "touch:DIR/done", "hang"], "")
        + &sink(&format!("syslog = \"tcp://127.0.0.1:{port}\"\nspool = \"1MiB\"\ntimeout = \"500ms\""));
    let mut bed = Bed::start(&text);
    let _stream = listener.accept().unwrap();
    eventually("the flood is over", || bed.path("done").exists());
    eventually("the file has it all", || bed.read("log/api.log").ends_with("end of spew\n"));
    let away = bed.event("", Kind::SinkAway).cause.unwrap();
    assert!(away.contains("it reads nothing"), "{away}");
    assert_eq!(bed.command(&["status"]).0, 0, "a sink's trouble isn't a program's");
    bed.command(&["shutdown"]);
    bed.ended();
}

#[test]
fn nothing_is_lost_when_a_datagram_socket_is_made_anew() {
    let socket = tempfile::tempdir().unwrap();
    let path = socket.path().join("devlog");
    let text = "[program.api]\ncommand = [\"sh\", \"-c\", \"n=0; while :; do n=$$((n + 1)); echo $$n; sleep 0.002; done\"]\n\
                ready_after = \"10ms\"\n"
        .to_owned()
        + &sink(&format!("syslog = \"unix://{}\"\nevents = false", path.display()));
    let first = UnixDatagram::bind(&path).unwrap();
    let mut bed = Bed::start(&text);
    let mut expected = 1;
    let read = |socket: &UnixDatagram, until: u32, expected: &mut u32| {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut message = [0; 1024];
        while *expected <= until {
            let length = socket.recv(&mut message).unwrap();
            let text = String::from_utf8_lossy(&message[..length]).into_owned();
            assert_eq!(text.rsplit(' ').next().unwrap(), expected.to_string(), "{text}");
            *expected += 1;
        }
    };
    read(&first, 200, &mut expected);
    // As on a restart of the server: what was still in the old socket is read, then it goes.
    fs::remove_file(&path).unwrap();
    first.set_nonblocking(true).unwrap();
    let second = UnixDatagram::bind(&path).unwrap();
    // A connected sender keeps the old socket until it closes, so the test reads that one first. It takes no more by then.
    first.shutdown(std::net::Shutdown::Read).unwrap();
    let mut message = [0; 1024];
    while let Ok(length @ 1..) = first.recv(&mut message) {
        let text = String::from_utf8_lossy(&message[..length]).into_owned();
        assert_eq!(text.rsplit(' ').next().unwrap(), expected.to_string());
        expected += 1;
    }
    drop(first);
    read(&second, expected + 200, &mut expected);
    bed.event("", Kind::SinkBack);
    assert_eq!(bed.report().sinks[0].lost_lines, 0);
}

#[test]
fn nobody_on_a_udp_port_is_noticed() {
    let port = free_port();
    let text =
        "[program.api]\ncommand = [\"sh\", \"-c\", \"seq 1 50; exec sleep 1000\"]\nready_after = \"10ms\"\n"
            .to_owned()
            + &sink(&format!("syslog = \"udp://127.0.0.1:{port}\"\nevents = false"));
    let mut bed = Bed::start(&text);
    let away = bed.event("", Kind::SinkAway).cause.unwrap();
    assert!(away.contains("Connection refused"), "{away}");
    let server = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut message = [0; 1024];
    for n in 1..=50 {
        let length = server.recv(&mut message).unwrap();
        assert!(String::from_utf8_lossy(&message[..length]).ends_with(&format!(" stdout - {n}")), "{n}");
    }
}

/// UDP tells only after something was sent that nobody listens at an address, so the other ones get their turn.
#[test]
fn a_udp_server_may_listen_at_any_address_of_its_name() {
    for address in ["127.0.0.1", "::1"] {
        let Ok(server) = UdpSocket::bind((address, 0)) else {
            eprintln!("skipped: this machine has no {address}");
            continue;
        };
        server.set_read_timeout(Some(PATIENCE)).unwrap();
        let port = server.local_addr().unwrap().port();
        let text = "[program.api]\ncommand = [\"sh\", \"-c\", \"seq 1 50; exec sleep 1000\"]\nready_after = \"10ms\"\n"
            .to_owned()
            + &sink(&format!("syslog = \"udp://localhost:{port}\"\nevents = false"));
        let bed = Bed::start(&text);
        let mut message = [0; 1024];
        for n in 1..=50 {
            let length = server.recv(&mut message).unwrap();
            assert!(String::from_utf8_lossy(&message[..length]).ends_with(&format!(" stdout - {n}")), "{n}");
        }
        drop(bed);
    }
}

#[test]
fn a_server_that_closes_its_connections_loses_nothing_while_idle() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = "[program.api]\ncommand = [\"sh\", \"-c\", \"echo 1; until [ -e DIR/go ]; do sleep 0.01; done; echo 2; exec sleep 1000\"]\n\
                ready_after = \"10ms\"\n"
        .to_owned()
        + &sink(&format!("syslog = \"tcp://127.0.0.1:{port}\"\nevents = false"));
    let bed = Bed::start(&text);
    let mut first = numbers(counted(listener.accept().unwrap().0));
    assert_eq!(first.next(), Some(1));
    drop(first);
    fs::write(bed.path("go"), "").unwrap();
    assert_eq!(numbers(counted(listener.accept().unwrap().0)).next(), Some(2));
    assert!(bed.report().sinks[0].up);
}
