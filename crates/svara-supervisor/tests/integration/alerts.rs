//! Hooks: the last events, storms, and events that don't fit.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    thread,
    time::Duration,
};

use svara_supervisor::events::Kind;

use crate::bed::{Bed, QUICK, eventually, program};

/// A sink that takes a while for each event; its address, and the events that it has taken.
fn sink(takes: Duration) -> (String, Receiver<serde_json::Value>) {
    sink_until(takes, Arc::default())
}

/// As above; it takes nothing once `is_over`.
fn sink_until(takes: Duration, is_over: Arc<AtomicBool>) -> (String, Receiver<serde_json::Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/alert", listener.local_addr().unwrap());
    let (sender, taken) = sync_channel(1000);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (sender, is_over, mut stream) = (sender.clone(), Arc::clone(&is_over), stream.unwrap());
            thread::spawn(move || {
                let mut request = BufReader::new(stream.try_clone().unwrap());
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    request.read_line(&mut line).unwrap();
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                request.read_exact(&mut body).unwrap();
                thread::sleep(takes);
                // Only what was answered in time has arrived.
                if !is_over.load(Ordering::SeqCst)
                    && stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_ok()
                {
                    let _ = sender.send(serde_json::from_slice(&body).unwrap());
                }
            });
        }
    });
    (url, taken)
}

#[test]
fn the_alerts_of_the_end_arrive_before_it() {
    let is_over = Arc::<AtomicBool>::default();
    let (url, taken) = sink_until(Duration::from_millis(300), Arc::clone(&is_over));
    let keys = format!("{QUICK}essential = true\nmax_restarts = 1\n");
    let on = "on = [\"backoff\", \"failed\", \"shutdown\"]";
    let hooks = format!(
        "[[hook]]\n{on}\nwebhook = \"{url}\"\n\
         [[hook]]\n{on}\ncommand = [\"sh\", \"-c\", \"sleep 0.3; echo $$SVARA_EVENT_NAME >> DIR/alerts\"]\n"
    );
    let mut bed = Bed::start(&(program("api", &["exit:3"], &keys) + &hooks));
    assert_eq!(bed.ended().code(), Some(3));
    is_over.store(true, Ordering::SeqCst);
    // What was answered is told in a moment.
    let next = || taken.recv_timeout(crate::bed::PATIENCE).unwrap()["event"].as_str().unwrap().to_owned();
    let mut names = [next(), next(), next()];
    names.sort();
    assert_eq!(names, ["backoff", "failed", "shutdown"]);
    let alerts = bed.read("alerts");
    let mut alerts: Vec<&str> = alerts.lines().collect();
    alerts.sort_unstable();
    assert_eq!(alerts, ["backoff", "failed", "shutdown"]);
}

#[test]
fn the_end_waits_for_a_sink_that_hangs_no_longer_than_it_may() {
    let (url, taken) = sink(Duration::from_secs(600));
    let hook = format!("[[hook]]\non = [\"shutdown\"]\nwebhook = \"{url}\"\ntimeout = \"10m\"\n");
    let text = "supervisor.hook_grace = \"300ms\"\n".to_owned() + &program("api", &["hang"], "") + &hook;
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    bed.command(&["shutdown"]);
    assert_eq!(bed.ended().code(), Some(0));
    assert!(taken.try_recv().is_err());
    let log = bed.read("log/supervisor.log");
    assert!(log.contains("ends with 1 events that hooks haven't got"), "{log}");
}

#[test]
fn every_program_of_a_storm_is_told_of() {
    let (url, taken) = sink(Duration::from_millis(100));
    let hook = format!("[[hook]]\non = [\"ready\"]\nwebhook = \"{url}\"\n");
    let mut bed = Bed::start(&(program("api", &["hang"], "replicas = 20\n") + &hook));
    for _ in 0..20 {
        taken.recv_timeout(crate::bed::PATIENCE).unwrap();
    }
    assert!(bed.seen().iter().all(|event| event.event != Kind::Hook));
    bed.event("api-19", Kind::Ready);
}

#[test]
fn equal_alerts_that_wait_become_one_with_their_number() {
    let (url, taken) = sink(Duration::from_millis(500));
    let hook = format!("[[hook]]\non = [\"backoff\", \"failed\"]\nwebhook = \"{url}\"\n");
    let mut bed = Bed::start(&(program("api", &["exit:1"], &format!("{QUICK}max_restarts = 40\n")) + &hook));
    bed.event("api", Kind::Failed);
    let mut count = 0;
    loop {
        let event = taken.recv_timeout(crate::bed::PATIENCE).unwrap();
        if event["event"] == "backoff" {
            count += 1 + event["repeated"].as_u64().unwrap_or(0);
        }
        if count == 40 {
            break;
        }
    }
}

#[test]
fn control_characters_keep_no_hook_from_running() {
    let text = "[program.api]\ncommand = [\"sh\", \"-c\", \"for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \
        cat DIR/odd; done; exit 1\"]\nmax_restarts = 0\n\
        [[hook]]\non = [\"failed\"]\ncommand = [\"sh\", \"-c\", \"printf %s $${#SVARA_EVENT} > DIR/size\"]\n";
    let odd = "\u{1b}".repeat(2040) + "\n";
    let mut bed = Bed::start_as(text, |_, directory| std::fs::write(directory.join("odd"), odd).unwrap());
    let failed = bed.event("api", Kind::Failed);
    assert_eq!(failed.output.len(), 20);
    eventually("the hook has run", || bed.read("size").parse::<u32>().is_ok_and(|size| size > 10_000));
}
