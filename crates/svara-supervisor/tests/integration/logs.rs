//! Logs: complete, bounded, never blocking.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use svara_supervisor::{
    control::{Request, Response},
    events::Kind,
    logs::Stream,
};

use crate::bed::{Bed, eventually, program};

#[test]
fn both_outputs_are_kept_apart_and_copied_with_a_prefix() {
    let text = program("vllm", &["print:to stdout", "warn:to stderr", "hang"], "");
    let mut bed = Bed::start_with(&text, Stdio::piped());
    let console = bed.process.stdout.take().unwrap();
    let mut lines =
        BufReader::new(console).lines().map_while(Result::ok).filter(|line| line.starts_with("vllm | "));
    let mut seen = [lines.next().unwrap(), lines.next().unwrap()];
    seen.sort();
    assert_eq!(seen, ["vllm | to stderr", "vllm | to stdout"]);
    eventually("the file", || bed.read("log/vllm.log") == "to stdout\n");
    eventually("the other file", || bed.read("log/vllm_error.log") == "to stderr\n");
    let tail =
        Request::Tail { program: "vllm".into(), lines: 5, stream: Some(Stream::Stderr), follow: false };
    let answers = bed.ask(&tail);
    assert!(matches!(answers.as_slice(), [Response::Line(line)] if line.text == "to stderr"), "{answers:?}");
}

#[test]
fn a_line_without_an_end_is_seen() {
    let text = "[program.ask]\ncommand = [\"/bin/sh\", \"-c\", \"printf 'is up'; exec sleep 1000\"]\n\
        startup = { log = \"is up\" }\n";
    let mut bed = Bed::start(text);
    bed.event("ask", Kind::Ready);
    eventually("the file", || bed.read("log/ask.log") == "is up\n");
}

#[test]
fn a_flood_is_written_whole_rotated_and_held_in_bounded_memory() {
    const FLOOD_BYTES: u64 = 100_000_000;
    let text = "log.max_size = \"64MiB\"\nlog.backups = 2\nlog.console = false\n".to_owned()
        + &program("noisy", &[&format!("spew:{FLOOD_BYTES}"), "exit:0"], "restart = \"never\"");
    let mut bed = Bed::start(&text);
    bed.event("noisy", Kind::Exited);
    let report = bed.report();
    bed.done(&Request::Shutdown);
    let size = |name: &str| std::fs::metadata(bed.path(name)).map_or(0, |data| data.len());
    let kept = || size("log/noisy.log") + size("log/noisy.log.1");
    eventually("the writer is done", || kept() + report.dropped_log_bytes >= FLOOD_BYTES);
    assert_eq!(kept() + report.dropped_log_bytes, FLOOD_BYTES + 12, "dropped {}", report.dropped_log_bytes);
    assert!(size("log/noisy.log.1") <= 64 << 20 && size("log/noisy.log.1") > 60 << 20);
}

#[test]
fn memory_stays_bounded_under_a_flood() {
    let text = program("noisy", &["spew:50000000", "touch:DIR/done", "hang"], "");
    let bed = Bed::start(&text);
    eventually("the flood is over", || bed.path("done").exists());
    let status = std::fs::read_to_string(format!("/proc/{}/status", bed.pid())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < 20_000, "peak {peak_kb} kB in a debug build");
}

#[test]
fn a_removed_log_directory_comes_back() {
    let bed = Bed::start(&program("api", &["repeat:line"], ""));
    eventually("the first line", || bed.read("log/api.log").starts_with("line\n"));
    // Removal fails if a file is recreated while its directory is being emptied.
    eventually("the directory is gone", || std::fs::remove_dir_all(bed.path("log")).is_ok());
    // Lines go to the removed file until its path is checked, once a second.
    eventually("a line in a new file", || bed.read("log/api.log").starts_with("line\n"));
}

#[test]
fn a_full_disk_is_reported_and_blocks_nobody() {
    // Every write to /dev/full fails, as on a full disk.
    let text = program("api", &["spew:1000000", "touch:DIR/done", "hang"], "stdout_log = \"/dev/full\"");
    let mut bed = Bed::start(&text);
    let lost = bed.event("", Kind::LogLost).cause.unwrap();
    assert!(lost.contains("/dev/full: No space left"), "{lost}");
    eventually("the child was not blocked", || bed.path("done").exists());
    eventually("the loss is counted", || bed.report().dropped_log_bytes >= 1_000_000);
}

#[test]
fn the_largest_file_that_it_may_write_ends_nobody() {
    let text = program("api", &["await:DIR/go", "spew:1000000", "touch:DIR/done", "hang"], "");
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    let pid = bed.pid().to_string();
    let limited = Command::new("prlimit").args(["--pid", &pid, "--fsize=100000"]).status().unwrap();
    assert!(limited.success());
    std::fs::write(bed.path("go"), "").unwrap();
    let lost = bed.event("", Kind::LogLost).cause.unwrap();
    assert!(lost.contains("File too large"), "{lost}");
    eventually("the child was not blocked", || bed.path("done").exists());
    assert_eq!(bed.command(&["status"]).0, 0);
}

#[test]
fn a_console_that_nobody_reads_blocks_nobody() {
    let text = program("noisy", &["spew:5000000", "touch:DIR/done", "hang"], "");
    // Piped, and never read.
    let bed = Bed::start_with(&text, Stdio::piped());
    eventually("the child was not blocked", || bed.path("done").exists());
    eventually("the file has it all", || bed.read("log/noisy.log").ends_with("end of spew\n"));
    assert_eq!(bed.command(&["status"]).0, 0);
    assert!(bed.report().dropped_log_bytes > 0);
}

#[test]
fn json_lines_have_time_program_and_stream() {
    let text = "log.format = \"json\"\n".to_owned() + &program("api", &["print:say \"hi\"", "hang"], "");
    let bed = Bed::start(&text);
    eventually("the line", || !bed.read("log/api.log").is_empty());
    let line: serde_json::Value = serde_json::from_str(&bed.read("log/api.log")).unwrap();
    assert_eq!(
        (&line["program"], &line["stream"], &line["message"]),
        (&"api".into(), &"stdout".into(), &"say \"hi\"".into())
    );
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn last_words_are_kept_though_somebody_else_holds_the_pipe() {
    let script = "until [ -e DIR/go ]; do sleep 0.01; done; seq 1 2000; printf bye";
    let text = format!(
        "[program.a]\ncommand = [\"sh\", \"-c\", \"{script}\"]\nready_after = \"10ms\"\nrestart = \"never\"\n"
    );
    let mut bed = Bed::start(&text);
    let pid = bed.event("a", Kind::Ready).pid.unwrap();
    let holder = std::fs::File::options().write(true).open(format!("/proc/{pid}/fd/1")).unwrap();
    std::fs::write(bed.path("go"), "").unwrap();
    bed.event("a", Kind::Exited);
    eventually("its last words", || bed.read("log/a.log").ends_with("\n2000\nbye\n"));
    drop(holder);
}
