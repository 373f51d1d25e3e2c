//! A faulty child for the tests: each argument is a behaviour, carried out in order.
//!
//! * `exit:N` exits with code N; `sleep:MS` waits; `hang` waits forever
//! * `print:TEXT`, `warn:TEXT` write a line; `repeat:TEXT` writes one every 20 ms forever
//! * `spew:BYTES` writes that much as fast as possible, in lines of 100 bytes
//! * `ignore-term` ignores TERM, also in processes started later
//! * `fork:ARG[,ARG…]` starts another fake child in the same group; `daemon:ARG[,ARG…]` one in its own session;
//!   `bare-daemon:ARG[,ARG…]` one with no environment either
//! * `orphans:N` leaves N orphans behind that exit at once
//! * `listen:PORT` answers every HTTP request with 200; `close` stops listening but keeps running
//! * `refuse:PORT` answers every HTTP request with 404
//! * `eat:MIB` takes that much memory and keeps it
//! * `deaf:PORT` accepts connections and never answers
//! * `metrics:PORT:RUNNING:TOKENS` serves constant values of vLLM's metrics, writes `scraped` for each GET, and swallows
//!   POSTs
//! * `locked:PORT:WORDS` serves the metrics of an idle vLLM, answers POSTs with 200 if they contain these words, else with 401,
//!   and writes `let in` or `turned away`
//! * `touch:PATH` creates a file, `await:PATH` waits for one, `pid:PATH` writes its process id
//! * `end-main-thread` goes on in another thread: to the kernel, it is a zombie with living threads
//! * `on-term-await:PATH` goes on after TERM until the file exists
//! * `on-term:N` writes `got TERM` and exits with code N on TERM; `on-usr1` writes `got USR1`

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, exit},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{park, sleep, spawn},
    time::Duration,
};

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};

fn main() {
    let closed = Arc::new(AtomicBool::new(false));
    for argument in std::env::args().skip(1) {
        let (behaviour, value) = argument.split_once(':').unwrap_or((&argument, ""));
        match behaviour {
            "exit" => exit(value.parse().expect("a code")),
            "sleep" => sleep(Duration::from_millis(value.parse().expect("milliseconds"))),
            "hang" => loop {
                park();
            },
            "print" => println!("{value}"),
            "warn" => eprintln!("{value}"),
            "repeat" => loop {
                println!("{value}");
                sleep(Duration::from_millis(20));
            },
            "spew" => spew(value.parse().expect("bytes")),
            "ignore-term" => ignore_term(),
            "fork" => drop(again(value).spawn().expect("a grandchild")),
            "daemon" => drop(again(&format!("new-session,{value}")).spawn().expect("a daemon")),
            "bare-daemon" => {
                drop(again(&format!("new-session,{value}")).env_clear().spawn().expect("a daemon"));
            }
            "new-session" => drop(nix::unistd::setsid().expect("no leader of a group yet")),
            "orphans" => orphans(value.parse().expect("a number")),
            "listen" => serve(value, &closed, |stream, _| answer(stream, "ok")),
            "close" => closed.store(true, Ordering::SeqCst),
            "refuse" => serve(value, &closed, |mut stream, _| {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let _ = write!(
                    stream,
                    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
            }),
            "eat" => eat(value.parse().expect("megabytes")),
            "deaf" => serve(value, &closed, |stream, _| std::mem::forget(stream)),
            "metrics" => metrics(value, &closed),
            "locked" => locked(value, &closed),
            "touch" => std::fs::write(value, "").expect("a file"),
            "await" => {
                while !std::path::Path::new(value).exists() {
                    sleep(Duration::from_millis(5));
                }
            }
            "pid" => std::fs::write(value, std::process::id().to_string()).expect("a file"),
            "end-main-thread" => end_main_thread(),
            "on-term-await" => on_term_await(value.to_owned()),
            "on-term" => on_signal(Signal::SIGTERM, "got TERM", value.parse().ok()),
            "on-usr1" => on_signal(Signal::SIGUSR1, "got USR1", None),
            other => {
                eprintln!("unknown behaviour {other}");
                exit(64);
            }
        }
    }
}

fn again(arguments: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("our own path"));
    command.args(arguments.split(','));
    command
}

#[expect(unsafe_code, reason = "the only way to ignore a signal")]
fn ignore_term() {
    // SAFETY: SIG_IGN runs no code of ours.
    unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.expect("TERM can be ignored");
}

#[expect(unsafe_code, reason = "the only way to end one thread and no other")]
fn end_main_thread() {
    spawn(|| {
        loop {
            park();
        }
    });
    // SAFETY: it doesn't return, so nothing of this thread is used any more; nothing on its stack is lent to the other.
    unsafe { nix::libc::syscall(nix::libc::SYS_exit, 0) };
}

/// Waits for the signal on a thread; all other threads block it from now on.
fn on_signal(awaited: Signal, words: &'static str, code: Option<i32>) {
    let mut set = SigSet::empty();
    set.add(awaited);
    set.thread_block().expect("a signal can be blocked");
    spawn(move || {
        loop {
            set.wait().expect("a signal");
            println!("{words}");
            if let Some(code) = code {
                exit(code);
            }
        }
    });
}

fn on_term_await(path: String) {
    let mut set = SigSet::empty();
    set.add(Signal::SIGTERM);
    set.thread_block().expect("a signal can be blocked");
    spawn(move || {
        set.wait().expect("a signal");
        while !std::path::Path::new(&path).exists() {
            sleep(Duration::from_millis(5));
        }
        exit(0);
    });
}

fn eat(mebibytes: usize) {
    let mut taken = Vec::new();
    for _ in 0..mebibytes {
        taken.push(vec![1_u8; 1 << 20]);
    }
    std::mem::forget(taken);
}

fn spew(bytes: usize) {
    let line = format!("{}\n", "x".repeat(99));
    let block = line.repeat(100);
    let mut out = std::io::stdout().lock();
    for _ in 0..bytes / block.len() {
        out.write_all(block.as_bytes()).expect("somebody reads");
    }
    out.write_all(b"end of spew\n").expect("somebody reads");
    out.flush().expect("somebody reads");
}

/// Each is started by a child that exits at once, so the orphan is adopted.
fn orphans(count: usize) {
    for _ in 0..count {
        let status = Command::new("/bin/sh").args(["-c", "true & exit 0"]).status().expect("a shell");
        assert!(status.success());
    }
    println!("left {count} orphans");
}

fn serve(port: &str, closed: &Arc<AtomicBool>, handle: fn(TcpStream, &str)) {
    let (port, value) = port.split_once(':').unwrap_or((port, ""));
    let listener = TcpListener::bind(("127.0.0.1", port.parse().expect("a port"))).expect("the port is free");
    let (closed, value) = (Arc::clone(closed), value.to_owned());
    listener.set_nonblocking(true).expect("a socket");
    spawn(move || {
        while !closed.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).expect("a socket");
                    handle(stream, &value);
                }
                Err(_) => sleep(Duration::from_millis(5)),
            }
        }
    });
}

fn answer(mut stream: TcpStream, body: &str) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request);
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
}

fn locked(value: &str, closed: &Arc<AtomicBool>) {
    serve(value, closed, |mut stream, words| {
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap_or_default();
        let request = String::from_utf8_lossy(request.get(..length).unwrap_or_default());
        if request.starts_with("GET") {
            return respond(&mut stream, "200 OK", &page("0", "1234"));
        }
        let is_let_in = request.contains(words);
        println!("{}", if is_let_in { "let in" } else { "turned away" });
        respond(&mut stream, if is_let_in { "200 OK" } else { "401 Unauthorized" }, "");
    });
}

fn respond(stream: &mut TcpStream, status: &str, body: &str) {
    let length = body.len();
    let _ =
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
}

/// A page with vLLM's metrics.
fn page(running: &str, tokens: &str) -> String {
    format!(
        "vllm:num_requests_running{{engine=\"0\"}} {running}\nvllm:generation_tokens_total{{engine=\"0\"}} {tokens}\n"
    )
}

fn metrics(value: &str, closed: &Arc<AtomicBool>) {
    serve(value, closed, |mut stream, numbers| {
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        if request.starts_with(b"POST") {
            return std::mem::forget(stream);
        }
        let (running, tokens) = numbers.split_once(':').expect("two numbers");
        println!("scraped");
        respond(&mut stream, "200 OK", &page(running, tokens));
    });
}
