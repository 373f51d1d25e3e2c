//! What probes and requests are told.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::net::UnixStream,
    thread,
};

use svara_supervisor::events::Kind;

use crate::bed::{Bed, QUICK, eventually, program};

#[test]
fn the_reason_of_a_command_is_what_it_prints() {
    let script = "echo on its way; echo the disk is full >&2; exit 3";
    let probe = format!(
        "[program.api.liveness]\ncommand = [\"sh\", \"-c\", {script:?}]\nperiod = \"20ms\"\nfailures = 1\n"
    );
    let mut bed = Bed::start(&program("api", &["hang"], &format!("{QUICK}max_restarts = 0\n{probe}")));
    let cause = bed.event("api", Kind::Failed).cause.unwrap();
    assert!(cause.starts_with("liveness probe: exit code 3: the disk is full"), "{cause}");
}

#[test]
fn the_reason_of_a_command_that_hangs_is_what_it_printed_last() {
    let script = "echo asks the engine; yes | head -c 300000; echo; echo waits; sleep 1000";
    let probe =
        format!("[program.api.readiness]\ncommand = [\"sh\", \"-c\", {script:?}]\ntimeout = \"2s\"\n");
    let mut bed = Bed::start(&program("api", &["hang"], &probe));
    bed.event("api", Kind::Running);
    eventually("its reason", || bed.status("api").detail == "readiness: not finished within 2s: waits");
}

#[test]
fn a_line_that_is_cut_is_still_found() {
    let long = format!("head -c 8190 /dev/zero | tr '\\\\0' x; echo READY; exec {} hang", crate::bed::fake());
    let late = format!("printf REA; sleep 1.5; echo DY; exec {} hang", crate::bed::fake());
    for script in [long, late] {
        let text =
            format!("[program.api]\ncommand = [\"sh\", \"-c\", \"{script}\"]\nreadiness.log = \"READY\"\n");
        let mut bed = Bed::start(&text);
        bed.event("api", Kind::Ready);
    }
}

/// A server that sends no end of a body.
fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
                while stream.write_all(&[b'x'; 4096]).is_ok() {}
            });
        }
    });
    address
}

#[test]
fn a_probe_needs_no_end_of_the_body() {
    let probe = format!("[program.api.readiness]\nhttp = \"http://{}/\"\nperiod = \"20ms\"\n", endless());
    let mut bed = Bed::start(&program("api", &["hang"], &probe));
    bed.event("api", Kind::Ready);
    assert_eq!(bed.status("api").detail, "readiness: ok");
}

#[test]
fn a_request_that_is_none_is_answered() {
    let mut bed = Bed::start(&program("api", &["hang"], ""));
    bed.event("api", Kind::Ready);
    let ask = |bytes: &[u8]| {
        let mut client = UnixStream::connect(bed.path("socket")).unwrap();
        client.write_all(bytes).unwrap();
        let mut line = String::new();
        BufReader::new(client).read_line(&mut line).unwrap();
        line
    };
    let odd = ask(b"\xff\xfe\n");
    assert!(odd.contains("\"answer\":\"error\"") && odd.contains("invalid request"), "{odd}");
    let unfinished = ask(b"{\"version\":1");
    assert!(unfinished.contains("no request within 5s"), "{unfinished}");
}

#[test]
fn programs_and_commands_find_the_supervisor() {
    let supervisor = env!("CARGO_BIN_EXE_svara-supervisor");
    let show = |file: &str| {
        format!(
            "[\"sh\", \"-c\", \"echo $$SVARA_SUPERVISOR_PROGRAM $$SVARA_SUPERVISOR_SOCKET > DIR/{file}.new; mv DIR/{file}.new DIR/{file}\"]"
        )
    };
    let keys = format!(
        "replicas = 2\npass_environment = []\n[program.api.readiness]\ncommand = {}\n\
         [[hook]]\non = [\"ready\"]\ncommand = [\"sh\", \"-c\", \"{supervisor} status api-0 --json > DIR/asked; echo ok >> DIR/hook\"]\n\
         [program.own]\ncommand = [\"sh\", \"-c\", \"echo $$SVARA_SUPERVISOR_SOCKET\"]\nrestart = \"never\"\n\
         environment = {{ SVARA_SUPERVISOR_SOCKET = \"/mine\" }}\n",
        show("probe-${INDEX}"),
    );
    let run = "echo $$SVARA_SUPERVISOR_PROGRAM $$SVARA_SUPERVISOR_SOCKET; exec sleep 1000";
    let text = format!("[program.api]\ncommand = [\"sh\", \"-c\", \"{run}\"]\n{keys}");
    let mut bed = Bed::start_as(&text, |command, directory| {
        command.env_remove("SVARA_SUPERVISOR_SOCKET").env("SVARA_SUPERVISOR_PROGRAM", "outer");
        command.current_dir(directory);
        let path = directory.join("supervisor.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        // A relative path is one for the supervisor only.
        std::fs::write(
            &path,
            text.replacen(&format!("socket = \"{}/", directory.display()), "socket = \"", 1),
        )
        .unwrap();
    });
    bed.event("own", Kind::Exited);
    let socket = bed.path("socket").canonicalize().unwrap();
    let said = |name: &str| format!("{name} {}\n", socket.display());
    eventually("its output", || bed.read("log/api-1.log") == said("api-1"));
    eventually("a probe", || bed.read("probe-0") == said("api-0"));
    eventually("a hook", || bed.read("hook").starts_with("ok\n"));
    assert!(bed.read("asked").contains("\"name\":\"api-0\""), "{}", bed.read("asked"));
    eventually("its own", || bed.read("log/own.log") == "/mine\n");
}
