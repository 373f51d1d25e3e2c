//! Sinks that are commands, and what is said of sinks in the file.

use std::{fs, process::Command};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use svara_supervisor::events::Kind;

use crate::bed::{Bed, alive, eventually, program};

const NUMBERS: &str = "[program.api]\ncommand = [\"sh\", \"-c\", \"seq 1 3; echo no >&2; exec sleep 1000\"]\nready_after = \"10ms\"\n";

#[test]
fn a_command_gets_the_lines_and_the_end_of_its_input() {
    let text = NUMBERS.to_owned()
        + &program("other", &["print:other", "hang"], "")
        + "[sink.copy]\ncommand = [\"sh\", \"-c\", \"echo up >&2; cat > DIR/copy; echo end >> DIR/copy\"]\n\
           programs = [\"api\"]\nstreams = [\"stdout\"]\nevents = false\n";
    let mut bed = Bed::start(&text);
    eventually("the lines", || bed.read("copy") == "api | 1\napi | 2\napi | 3\n");
    eventually("what the command says", || bed.read("log/sink_copy.log") == "up\n");
    assert_eq!(bed.report().sinks[0].sent_lines, 3);
    bed.command(&["shutdown"]);
    assert_eq!(bed.ended().code(), Some(0));
    assert_eq!(bed.read("copy"), "api | 1\napi | 2\napi | 3\nend\n");
}

#[test]
fn a_command_gets_json_and_the_last_event() {
    let text = NUMBERS.to_owned()
        + "[sink.copy]\ncommand = [\"sh\", \"-c\", \"cat > DIR/copy\"]\nformat = \"json\"\n";
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    bed.command(&["shutdown"]);
    bed.ended();
    let lines: Vec<serde_json::Value> =
        bed.read("copy").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |program: &str| -> Vec<&str> {
        lines
            .iter()
            .filter(|line| line["program"] == program)
            .map(|line| line["message"].as_str().unwrap())
            .collect()
    };
    assert_eq!(of("api").len(), 4);
    assert!(of("supervisor").iter().any(|line| line.contains("stopped program=api")), "{lines:?}");
}

#[test]
fn a_command_that_dies_starts_again_and_misses_at_most_what_it_had_not_read() {
    let counts = "n=0; while :; do n=$$((n + 1)); echo $$n; sleep 0.005; \
                  while [ -e DIR/hold ]; do touch DIR/held; sleep 0.005; done; done";
    let text = format!("[program.api]\ncommand = [\"sh\", \"-c\", \"{counts}\"]\nready_after = \"10ms\"\n")
        + "[sink.copy]\ncommand = [\"sh\", \"-c\", \"echo $$$$ > DIR/pid; exec cat >> DIR/copy\"]\nevents = false\n";
    let mut bed = Bed::start(&text);
    eventually("some lines", || bed.read("copy").lines().count() > 20);
    let to_cat = |bed: &Bed, signal: Signal| {
        let cat = Pid::from_raw(bed.read("pid").trim().parse().unwrap());
        kill(cat, signal).unwrap();
        cat
    };
    to_cat(&bed, Signal::SIGKILL);
    let ended = loop {
        let event = bed.event("", Kind::Supervisor).cause.unwrap();
        if event.starts_with("sink copy: ") {
            break event;
        }
    };
    assert!(ended.contains("the command has ended: killed by SIGKILL"), "{ended}");
    bed.event("", Kind::SinkBack);
    let before = bed.read("copy").lines().count();
    eventually("more lines", || bed.read("copy").lines().count() > before + 20);
    let numbers = |bed: &Bed| -> Vec<u32> {
        let copy = bed.read("copy");
        // The last may not be whole yet.
        let whole = copy.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        whole.map(|line| line.strip_prefix("api | ").unwrap().parse().unwrap()).collect()
    };
    assert!(numbers(&bed).windows(2).all(|pair| pair[1] > pair[0]), "in order, and none twice");

    // Now with a known number of lines that it hasn't read.
    let cat = to_cat(&bed, Signal::SIGSTOP);
    let stat = format!("/proc/{cat}/stat");
    eventually("it reads nothing", || fs::read_to_string(&stat).unwrap().contains(") T"));
    let read = numbers(&bed);
    let sent = |bed: &Bed| u32::try_from(bed.report().sinks[0].sent_lines).unwrap();
    eventually("it has lines to read", || sent(&bed) > read.last().unwrap() + 5);
    fs::write(bed.path("hold"), "").unwrap();
    eventually("no more lines", || bed.path("held").exists());
    let printed = || u32::try_from(bed.read("log/api.log").lines().count()).unwrap();
    eventually("all is in its pipe", || sent(&bed) == printed());
    let last = printed();
    to_cat(&bed, Signal::SIGKILL);
    while !bed.event("", Kind::Supervisor).cause.unwrap().contains("the command has ended") {}
    fs::remove_file(bed.path("hold")).unwrap();
    eventually("lines after those", || numbers(&bed).len() > read.len() + 20);
    let all = numbers(&bed);
    let after = (last + 1)..;
    assert!(all.iter().copied().eq(read.iter().copied().chain(after).take(all.len())), "{read:?}: {all:?}");
    assert_eq!(bed.report().sinks[0].lost_lines, 0);
}

#[test]
fn a_command_that_never_ends_is_killed_at_the_end() {
    let text = NUMBERS.to_owned()
        + "[sink.deaf]\ncommand = [\"sh\", \"-c\", \"echo $$$$ > DIR/pid; trap '' TERM; while :; do sleep 1; done\"]\n";
    let mut bed = Bed::start(&text);
    eventually("it runs", || bed.read("pid").ends_with('\n'));
    let pid = bed.read("pid").trim().parse().unwrap();
    bed.event("api", Kind::Ready);
    bed.command(&["shutdown"]);
    bed.ended();
    eventually("it is gone", || !alive(pid));
    assert!(fs::read_dir(bed.path("log/spool/deaf")).is_err(), "its pipe took it all");
}

#[test]
fn a_command_that_can_not_run_is_said() {
    let text = NUMBERS.to_owned() + "[sink.none]\ncommand = [\"/no/such\"]\n";
    let mut bed = Bed::start(&text);
    let said = loop {
        let event = bed.event("", Kind::Supervisor).cause.unwrap();
        if event.starts_with("sink ") {
            break event;
        }
    };
    assert!(said.contains("sink none: can't be run: /no/such: No such file"), "{said}");
    let (_, _, warned) = bed.command(&["check", "--config", bed.path("supervisor.toml").to_str().unwrap()]);
    assert!(warned.contains("sink.none.command: `/no/such` does not exist"), "{warned}");
}

#[test]
fn all_faults_of_sinks_are_named() {
    let text = NUMBERS.to_owned()
        + "[sink.a]\nsyslog = \"tls://host\"\nfacility = \"local9\"\nprograms = [\"nobody\"]\nstreams = [\"stdin\"]\n\
           spool = \"10\"\nformat = \"xml\"\ntimeout = \"0s\"\n\
           [sink.b]\ncommand = [\"cat\"]\nfacility = \"user\"\nspol = \"1MiB\"\nevents = false\nstreams = []\n\
           [sink.c]\nsyslog = \"udp://h\"\ncommand = [\"cat\"]\n[sink.\"d/e\"]\n";
    let directory = Bed::prepare(&text);
    let file = directory.path().join("supervisor.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .args(["check", "--config"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{said}");
    let expected = [
        (9, "sink.a.syslog: `tls://host`: expected unix:///dev/log, udp://host[:514] or tcp://host[:601]"),
        (10, "sink.a.facility: `local9`: expected one of kern, user,"),
        (11, "sink.a.programs: there is no program `nobody`; programs are: api"),
        (12, "sink.a.streams: `stdin`: expected stdout or stderr"),
        (13, "sink.a.spool: must be at least 1MiB"),
        (14, "sink.a.format: `xml`: expected text or json"),
        (15, "sink.a.timeout: must be at least 10ms"),
        (18, "sink.b.facility: is for syslog only"),
        (19, "sink.b.spol"),
        (21, "sink.b.streams: must name at least one of stdout and stderr, since events is false"),
        (23, "sink.c.syslog: needs either syslog or command"),
        (25, "sink.d/e.name: a name must have 1 to 64 letters"),
        (25, "sink.d/e.syslog: needs either syslog or command"),
    ];
    for (line, words) in expected {
        let start = format!("{}: line {line}: {words}", file.display());
        assert!(said.lines().any(|said| said.starts_with(&start)), "{start}\nin\n{said}");
    }
    assert_eq!(said.lines().filter(|said| said.contains("sink.")).count(), expected.len(), "{said}");
}
