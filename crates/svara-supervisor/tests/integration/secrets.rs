//! Keys in hooks, URLs and variables: they arrive where they should, and stand in no log.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

use svara_supervisor::events::Kind;

use crate::{
    bed::{Bed, PATIENCE, program},
    files::{check, faults},
};

/// A server that answers those who know the words in their request with 200, others with 401; its address, and the heads of the
/// requests.
fn strict(words: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, heads) = sync_channel(1000);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut head, mut chunk) = (String::new(), [0; 4096]);
            while !head.contains("\r\n\r\n") {
                match stream.read(&mut chunk) {
                    Ok(read @ 1..) => head.push_str(&String::from_utf8_lossy(chunk.get(..read).unwrap())),
                    _ => break,
                }
            }
            let status = if head.contains(words) { "200 OK" } else { "401 Unauthorized" };
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            if sender.send(head).is_err() {
                break;
            }
        }
    });
    (address, heads)
}

/// `user:s3cr3t` in base64.
const BASIC: &str = "authorization: Basic dXNlcjpzM2NyM3Q=\r\n";

#[test]
fn a_user_in_a_url_is_sent_as_such() {
    let (address, heads) = strict(BASIC);
    let url = format!("http://user:s3cr3t@{address}/x");
    let text =
        program("api", &["hang"], &format!("[program.api.readiness]\nhttp = \"{url}\"\nperiod = \"20ms\"\n"))
            + &format!("[[hook]]\non = [\"ready\"]\nwebhook = \"{url}\"\n");
    let mut bed = Bed::start(&text);
    bed.event("api", Kind::Ready);
    let mut methods = Vec::new();
    while !methods.contains(&"POST".to_owned()) {
        let head = heads.recv_timeout(PATIENCE).unwrap();
        assert!(head.contains(&format!("host: {address}\r\n")), "{head}");
        assert!(head.contains(BASIC), "{head}");
        methods.push(head.split(' ').next().unwrap().to_owned());
    }
    assert!(methods.contains(&"GET".to_owned()));
}

#[test]
fn a_failed_hook_tells_no_key() {
    let text = program("api", &["hang"], "")
        + "[[hook]]\non = [\"ready\"]\ncommand = [\"sh\", \"-c\", \"exit 1\", \"curl\", \"-H\", \"Bearer ${TOK}\"]\n\
           [[hook]]\non = [\"ready\"]\ncommand = [\"sh\", \"-c\", \"sleep 1000\", \"${TOK}\"]\ntimeout = \"50ms\"\n\
           [[hook]]\non = [\"ready\"]\ncommand = [\"/no/such/file\", \"${TOK}\"]\n\
           [[hook]]\non = [\"ready\"]\nwebhook = \"http://u:${TOK}@127.0.0.1:1/services/${TOK}?key=${TOK}\"\n";
    let mut bed = Bed::start_as(&text, |command, _| {
        command.env("TOK", "s3cr3t");
    });
    let mut causes = [(); 4].map(|()| bed.event("", Kind::Hook).cause.unwrap());
    causes.sort();
    assert_eq!(
        causes[0],
        "ready: /no/such/file: can't be run: /no/such/file: No such file or directory (os error 2)"
    );
    assert_eq!(causes[1], "ready: http://127.0.0.1:1/: connection refused");
    // Which of the two is told by its place in the file.
    assert_eq!(causes[2], "ready: sh (hook[0]): exit code 1");
    assert_eq!(causes[3], "ready: sh (hook[1]): not finished within 50ms");
    for file in ["log/events.jsonl", "log/supervisor.log"] {
        assert!(!bed.read(file).contains("s3cr3t"), "{}", bed.read(file));
    }
}

#[test]
fn a_fault_shows_no_key() {
    for (keys, fault) in [
        ("readiness.http = \"https://user:s3cr3t@h/x\"", "`https://…`: expected http://host[:port]/path"),
        ("readiness.http = \"http://user:s3cr3t@h:99999/x\"", "`http://…`: expected http://host[:port]/path"),
        ("extra_args = \"--api-key 's3cr3t\"", "program.a.extra_args: unclosed quote"),
        ("environment = { KEY = \"s3cr3t\\u0000\" }", "environment.KEY: must not contain a zero byte"),
        (
            "[[hook]]\non = [\"ready\"]\nwebhook = \"https://hooks.example.com/services/s3cr3t\"",
            "`https://hooks.example.com/…`: expected http://host[:port]/path (TLS is not supported)",
        ),
    ] {
        let found = faults(&format!("[program.a]\ncommand = [\"true\"]\n{keys}\n"));
        assert!(found.contains(fault) && !found.contains("s3cr3t"), "{keys}\n{found}");
    }
}

#[test]
fn a_host_in_brackets_may_have_a_user() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().display();
    let text = format!(
        "[supervisor]\nsocket = \"{at}/socket\"\n[log]\ndirectory = \"{at}\"\n[program.a]\ncommand = [\"true\"]\n\
         readiness.http = \"http://u:p@[127.0.0.1]:1/\"\nliveness.http = \"http://u:p@[[::1]]:1/\"\n"
    );
    let (code, found) = check(directory.path(), &text);
    assert_eq!((code, found.contains("warning")), (0, false), "{found}");
}
