//! Whatever kind of thing a log's path leads to, and whatever becomes of it.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::{
        fs::{FileTypeExt, symlink},
        net::UnixListener,
    },
    process::Stdio,
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use svara_supervisor::events::Kind;

use crate::bed::{Bed, eventually, program};

/// Prints `before`, and 3000 numbers when the test makes `DIR/go`.
const NUMBERS: &str = "[program.api]\ncommand = [\"sh\", \"-c\", \"echo before; until [ -e DIR/go ]; do sleep 0.01; done; seq 1 3000; \
                       exec sleep 1000\"]\nready_after = \"10ms\"\n";

#[test]
fn a_link_to_our_own_output_is_written_to_and_never_rotated() {
    let text = "log.console = false\nlog.max_size = \"4KiB\"\n".to_owned()
        + &program("api", &["print:hello", "spew:20000", "hang"], "");
    let link = |directory: &std::path::Path| {
        fs::create_dir(directory.join("log")).unwrap();
        symlink("/dev/stdout", directory.join("log/api.log")).unwrap();
    };
    let mut bed = Bed::start_as(&text, |command, directory| {
        command.stdout(Stdio::piped());
        link(directory);
    });
    let console = bed.process.stdout.take().unwrap();
    let (tell, told) = std::sync::mpsc::sync_channel(64);
    std::thread::spawn(move || {
        BufReader::new(console).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
    });
    let next = || told.recv_timeout(crate::bed::PATIENCE).unwrap();
    assert_eq!(next(), "hello");
    while next() != "end of spew" {}
    assert!(fs::symlink_metadata(bed.path("log/api.log")).unwrap().is_symlink());

    // Our output may be a regular file, which whoever started us rotates.
    let output = tempfile::tempdir().unwrap();
    let out = output.path().join("out");
    let bed = Bed::start_as(&text, |command, directory| {
        command.stdout(fs::File::options().append(true).create(true).open(&out).unwrap());
        link(directory);
    });
    eventually("all of it", || fs::read_to_string(&out).unwrap().ends_with("end of spew\n"));
    assert_eq!(fs::read_dir(output.path()).unwrap().count(), 1, "not rotated");
    assert!(fs::symlink_metadata(bed.path("log/api.log")).unwrap().is_symlink());
}

#[test]
fn a_socket_and_a_directory_are_left_alone_and_said() {
    let text = "log.max_size = \"4KiB\"\n".to_owned()
        + &program("a", &["spew:20000", "touch:DIR/a.done", "hang"], "stdout_log = \"DIR/socket.log\"")
        + &program("b", &["spew:20000", "touch:DIR/b.done", "hang"], "stdout_log = \"DIR/directory\"");
    let mut bed = Bed::start_as(&text, |_, directory| {
        drop(UnixListener::bind(directory.join("socket.log")).unwrap());
        fs::create_dir(directory.join("directory")).unwrap();
    });
    let mut lost = [bed.event("", Kind::LogLost).cause.unwrap(), bed.event("", Kind::LogLost).cause.unwrap()];
    lost.sort();
    assert!(lost[0].contains("/directory: ") && lost[1].contains("/socket.log: "), "{lost:?}");
    eventually("both go on", || bed.path("a.done").exists() && bed.path("b.done").exists());
    assert!(fs::symlink_metadata(bed.path("socket.log")).unwrap().file_type().is_socket());
    assert!(bed.path("directory").is_dir());
    assert!(!bed.path("socket.log.1").exists() && !bed.path("directory.1").exists());
}

#[test]
fn a_file_that_becomes_a_fifo_and_a_fifo_that_becomes_a_file() {
    let text = program("api", &["repeat:line"], "");
    let bed = Bed::start(&text);
    eventually("the file", || bed.read("log/api.log").starts_with("line\n"));
    fs::remove_file(bed.path("log/api.log")).unwrap();
    // It is written to all the time, so it may have come back.
    eventually("a FIFO", || {
        let _ = fs::remove_file(bed.path("log/api.log"));
        mkfifo(&bed.path("log/api.log"), Mode::S_IRWXU).is_ok()
    });
    // Opened for both, it waits for no writer.
    let fifo = fs::File::options().read(true).write(true).open(bed.path("log/api.log")).unwrap();
    let (tell, told) = std::sync::mpsc::sync_channel(64);
    std::thread::spawn(move || {
        let first = BufReader::new(fifo).lines().map_while(Result::ok).next();
        let _ = tell.send(first);
    });
    assert_eq!(told.recv_timeout(crate::bed::PATIENCE).unwrap().as_deref(), Some("line"));
    fs::remove_file(bed.path("log/api.log")).unwrap();
    eventually("a file again", || {
        fs::symlink_metadata(bed.path("log/api.log")).is_ok_and(|data| data.is_file() && data.len() > 0)
    });
}

#[test]
fn a_file_that_was_truncated_counts_from_its_start() {
    let text = "log.max_size = \"16KiB\"\n".to_owned()
        + &program("api", &["spew:10000", "touch:DIR/first", "await:DIR/go", "spew:10000", "hang"], "");
    let bed = Bed::start(&text);
    eventually("the first", || bed.read("log/api.log").ends_with("end of spew\n"));
    // As logrotate's copytruncate does it.
    fs::File::options().write(true).open(bed.path("log/api.log")).unwrap().set_len(0).unwrap();
    // It is looked at once a second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    fs::write(bed.path("go"), "").unwrap();
    eventually("the second", || bed.read("log/api.log").ends_with("end of spew\n"));
    assert!(!bed.path("log/api.log.1").exists(), "10 kB aren't 16 KiB");
}

#[test]
fn what_is_no_regular_file_is_never_moved_out_of_the_way() {
    let text = "log.max_size = \"4KiB\"\nlog.backups = 3\n".to_owned() + NUMBERS;
    let bed = Bed::start_as(&text, |_, directory| {
        fs::create_dir(directory.join("log")).unwrap();
        mkfifo(&directory.join("log/api.log.1"), Mode::S_IRWXU).unwrap();
        fs::create_dir(directory.join("log/api.log.2")).unwrap();
    });
    // All lines at once would fit into an empty file.
    eventually("the first line", || bed.read("log/api.log") == "before\n");
    fs::write(bed.path("go"), "").unwrap();
    eventually("all lines", || bed.read("log/api.log").ends_with("3000\n"));
    assert!(fs::symlink_metadata(bed.path("log/api.log.1")).unwrap().file_type().is_fifo());
    assert!(bed.path("log/api.log.2").is_dir());
    assert!(bed.path("log/api.log.3").is_file());
    // And whoever reads back, reads on after them.
    let shown = bed.command(&["tail", "api", "-n", "1000"]).1;
    assert_eq!(shown.lines().count(), 1000);
}

#[test]
fn older_lines_are_shown_as_they_were_printed() {
    let numbers = |from: u32| (from..=3000).map(|n| format!("{n}\n")).collect::<String>();
    for format in ["log.format = \"json\"\n", "log.timestamps = true\n"] {
        let bed = Bed::start(&(format.to_owned() + NUMBERS));
        fs::write(bed.path("go"), "").unwrap();
        eventually("all lines", || bed.command(&["tail", "api", "-n", "1"]).1 == "3000\n");
        assert_eq!(bed.command(&["tail", "api", "-n", "1000"]).1, numbers(2001), "{format}");
    }
}

#[test]
fn one_file_for_both_outputs_is_shown_once() {
    let both = NUMBERS.replace("seq 1 3000", "seq 1 1500; seq 1501 3000 >&2") + "stderr_log = \"api.log\"\n";
    let bed = Bed::start(&both);
    fs::write(bed.path("go"), "").unwrap();
    eventually("all lines", || bed.read("log/api.log").lines().count() == 3001);
    let shown = bed.command(&["tail", "api", "-n", "100000"]).1;
    assert_eq!(shown.lines().count(), 3001);
    let mut sorted: Vec<u32> = shown.lines().filter_map(|line| line.parse().ok()).collect();
    sorted.sort_unstable();
    assert!(sorted.into_iter().eq(1..=3000));
}
