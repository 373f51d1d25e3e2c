//! Where lines go: devices, FIFOs, slow consoles, JSON.

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::fs::FileTypeExt,
    process::Stdio,
    thread,
    time::Duration,
};

use nix::{
    sys::stat::{Mode, SFlag, makedev, mknod},
    unistd::{Uid, mkfifo},
};
use svara_supervisor::events::Kind;

use crate::bed::{Bed, QUICK, eventually, program, skip};

#[test]
fn a_device_is_never_renamed() {
    if !Uid::effective().is_root() {
        return skip("only root can make a device");
    }
    let keys = "stdout_log = \"DIR/null\"\nstderr_log = \"/dev/null\"";
    let text = "log.max_size = \"4KiB\"\n".to_owned()
        + &program("noisy", &["spew:1000000", "touch:DIR/done", "hang"], keys);
    let bed = Bed::start_as(&text, |_, directory| {
        mknod(&directory.join("null"), SFlag::S_IFCHR, Mode::S_IRWXU, makedev(1, 3)).unwrap();
    });
    eventually("it has printed", || bed.path("done").exists());
    bed.done(&svara_supervisor::control::Request::Shutdown);
    assert!(std::fs::metadata(bed.path("null")).unwrap().file_type().is_char_device());
    assert!(!bed.path("null.1").exists());
}

#[test]
fn a_log_that_is_none_is_no_file() {
    let keys = "stdout_log = \"none\"\nstderr_log = \"none\"";
    let mut bed = Bed::start_with(&program("api", &["print:hello", "hang"], keys), Stdio::piped());
    let console = BufReader::new(bed.process.stdout.take().unwrap());
    assert!(console.lines().map_while(Result::ok).any(|line| line == "api | hello"));
    assert_eq!(bed.command(&["tail", "api"]).1, "hello\n");
    let names = std::fs::read_dir(bed.path("log")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("api")));
}

#[test]
fn a_log_may_be_our_own_output() {
    let text = "log.console = false\n".to_owned()
        + &program("api", &["print:hello", "hang"], "stdout_log = \"/dev/stdout\"");
    let mut bed = Bed::start_with(&text, Stdio::piped());
    let mut lines = BufReader::new(bed.process.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("hello"));
}

#[test]
fn a_fifo_without_a_reader_holds_up_no_other_log() {
    // A console on a busy machine may lose lines as well.
    let text = "log.console = false\n".to_owned()
        + &program("stuck", &["spew:5000000", "touch:DIR/stuck.done", "hang"], "stdout_log = \"DIR/fifo\"")
        + &program("api", &["await:DIR/stuck.done", "print:hello", "hang"], "");
    let mut bed =
        Bed::start_as(&text, |_, directory| mkfifo(&directory.join("fifo"), Mode::S_IRWXU).unwrap());
    eventually("the other log", || bed.read("log/api.log") == "hello\n");
    let lost = bed.event("", Kind::LogLost).cause.unwrap();
    assert!(lost.contains("/fifo: lines are left out"), "{lost}");
    eventually("events go on", || bed.read("log/events.jsonl").contains("log_lost"));
    // Whoever comes to read gets what was kept.
    let mut first = [0; 10];
    std::fs::File::open(bed.path("fifo")).unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"xxxxxxxxxx");
}

#[test]
fn a_slow_console_costs_neither_events_nor_files() {
    let text = program("noisy", &["await:DIR/go", "spew:20000000", "touch:DIR/done", "hang"], "")
        + &program("flaps", &["exit:1"], &format!("{QUICK}max_restarts = 20\n"));
    let mut bed = Bed::start_with(&text, Stdio::piped());
    let mut console = bed.process.stdout.take().unwrap();
    let done = bed.path("done");
    // Far slower than the flood while that lasts, but not stuck.
    let reader = thread::spawn(move || {
        let (mut all, mut chunk) = (Vec::new(), vec![0; 30_000]);
        loop {
            match console.read(&mut chunk) {
                Ok(read @ 1..) => all.extend_from_slice(&chunk[..read]),
                _ => return String::from_utf8(all).unwrap(),
            }
            if !done.exists() {
                thread::sleep(Duration::from_millis(100));
            }
        }
    });
    std::fs::write(bed.path("go"), "").unwrap();
    bed.event("flaps", Kind::Failed);
    eventually("the flood is over", || bed.path("done").exists());
    bed.command(&["shutdown"]);
    bed.ended();
    let events = bed.read("log/events.jsonl");
    let numbers = events.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let numbers: Vec<u64> = numbers.map(|event| event["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no event is missing");
    assert_eq!(bed.read("log/noisy.log").lines().count(), 200_001, "no line is missing");
    let shown = reader.join().unwrap();
    let marks =
        shown.lines().filter(|line| line.starts_with("supervisor | ") && line.contains("lines left out"));
    assert!(marks.count() > 0, "the console says what it lacks");
    assert!(shown.contains("program=flaps"), "events reach it");
}

#[test]
fn json_is_json_in_every_file() {
    let text = "log.format = \"json\"\nsupervisor.health_report = \"50ms\"\n".to_owned()
        + &program("api", &["print:hello", "hang"], "");
    let bed = Bed::start(&text);
    for name in ["supervisor.log", "healthcheck.log", "api.log", "events.jsonl"] {
        eventually(name, || bed.read(&format!("log/{name}")).ends_with('\n'));
        for line in bed.read(&format!("log/{name}")).lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{name}: {line}");
        }
    }
}

#[test]
fn long_lines_are_cut_between_characters_everywhere() {
    let word = "न".repeat(20_000);
    let text = "[program.api]\ncommand = [\"sh\", \"-c\", \"cat DIR/long; exec sleep 1000\"]\n";
    let bed = Bed::start_as(text, |_, directory| {
        std::fs::write(directory.join("long"), word.clone() + "\n").unwrap();
    });
    eventually("all of it", || bed.read("log/api.log").replace('\n', "").len() == word.len());
    let log = bed.read("log/api.log");
    assert!(log.lines().all(|line| line.len() <= 8192 && line.chars().all(|c| c == 'न')), "whole characters");
    let shown = bed.command(&["tail", "api"]).1;
    assert!(shown.lines().all(|line| line.chars().all(|c| c == 'न')), "whole characters");
}
