//! `tail`: every line, or the number of those left out.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use svara_supervisor::events::Kind;

use crate::bed::{Bed, eventually, program};

fn tail(bed: &Bed, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_svara-supervisor"))
        .arg("--socket")
        .arg(bed.path("socket"))
        .arg("tail")
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Prints `first`, and 5000 numbered lines at once when the test creates `DIR/go`.
fn burst() -> String {
    "[program.api]\ncommand = [\"sh\", \"-c\", \"echo first; until [ -e DIR/go ]; do sleep 0.01; done; seq 1 5000; echo; \
     exec sleep 1000\"]\nready_after = \"10ms\"\n"
        .to_owned()
}

#[test]
fn a_follower_gets_every_line_of_a_burst() {
    let mut bed = Bed::start(&burst());
    bed.event("api", Kind::Ready);
    let mut follower = tail(&bed, &["-f", "api"]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("first"));
    std::fs::write(bed.path("go"), "").unwrap();
    for n in 1..=5000 {
        assert_eq!(lines.next().unwrap(), n.to_string());
    }
    assert_eq!(lines.next().as_deref(), Some(""), "empty lines count as well");
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn a_follower_that_pauses_is_told_what_it_missed() {
    let flood = &["print:first", "await:DIR/go", "spew:20000000", "touch:DIR/done", "hang"];
    let mut bed = Bed::start(&program("api", flood, ""));
    bed.event("api", Kind::Ready);
    let mut follower = tail(&bed, &["-f", "api"]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert_eq!(lines.next().as_deref(), Some("first"));
    std::fs::write(bed.path("go"), "").unwrap();
    eventually("the flood is over", || bed.path("done").exists());
    let mut total = 0;
    for line in lines {
        match line.strip_prefix('[').and_then(|mark| mark.strip_suffix(" lines left out]")) {
            Some(missing) => total += missing.parse::<usize>().unwrap(),
            None => total += 1,
        }
        // 100 bytes each, and the end.
        if total >= 200_001 {
            break;
        }
    }
    assert_eq!(total, 200_001);
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn older_lines_come_from_the_files() {
    let text = "log.max_size = \"4KiB\"\n".to_owned() + &burst();
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    std::fs::write(bed.path("go"), "").unwrap();
    let numbers = |from: u32| (from..=5000).map(|n| format!("{n}\n")).collect::<String>() + "\n";
    eventually("all lines", || bed.command(&["tail", "api", "-n", "4"]).1 == numbers(4998));
    assert_eq!(bed.command(&["tail", "api", "stdout", "-n", "3001"]).1, numbers(2001));
    assert_eq!(bed.command(&["tail", "api", "-n", "1000000"]).1, format!("first\n{}", numbers(1)));
    let mut follower = tail(&bed, &["-f", "-n", "3001", "api"]);
    let mut seen = vec![0; numbers(2001).len()];
    follower.stdout.as_mut().unwrap().read_exact(&mut seen).unwrap();
    assert_eq!(String::from_utf8(seen).unwrap(), numbers(2001));
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn lines_from_before_the_supervisors_start_are_shown() {
    let text = "[program.api]\ncommand = [\"sh\", \"-c\", \"echo out; echo err >&2; exec sleep 1000\"]\n";
    let mut bed = Bed::start_as(text, |_, directory| {
        std::fs::create_dir(directory.join("log")).unwrap();
        std::fs::write(directory.join("log/api.log"), "yesterday\n").unwrap();
    });
    bed.event("api", Kind::Ready);
    eventually("the line of now", || bed.command(&["tail", "api", "stdout"]).1 == "yesterday\nout\n");
    eventually("both", || {
        let both = bed.command(&["tail", "api"]).1;
        both == "yesterday\nout\nerr\n" || both == "yesterday\nerr\nout\n"
    });
    assert_eq!(bed.command(&["tail", "api", "-n", "2"]).1.lines().count(), 2);
}
