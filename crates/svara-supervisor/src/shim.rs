//! `supervisorctl`: the old words and their output, for scripts and fingers that know them.
//!
//! Called by that name (a link to the program), it asks our own supervisor.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use svara_supervisor::{
    config::Variables,
    control::{DEFAULT_SOCKET, Failure, Request, Response, ask_within},
    logs::Stream,
    supervisor::{ProgramReport, Report},
};

/// How long to wait for an answer that needs no program's doing.
const ANSWER: Duration = Duration::from_secs(10);

/// supervisorctl's exit codes: an error, a process that isn't there or doesn't run, and what LSB says of `status`.
const ERROR: u8 = 1;
const NOT_RUNNING: u8 = 3;
const UNKNOWN: u8 = 4;

const HELP: &str = "\
default commands (type help <topic>):
=====================================
clear  maintail  pid     reread   shutdown  start   stop  update   version
help   reload    restart  signal  status    tail
";

/// Carries out the words of a command line.
pub(crate) fn main(arguments: impl Iterator<Item = String>) -> u8 {
    let mut words = Vec::new();
    let mut arguments = arguments.peekable();
    while let Some(word) = arguments.next() {
        match word.as_str() {
            // Where supervisord is; ours is known.
            "-c" | "--configuration" | "-s" | "--serverurl" | "-u" | "--username" | "-p" | "--password"
            | "-r" | "--history-file"
                if words.is_empty() =>
            {
                drop(arguments.next());
            }
            "-h" | "--help" if words.is_empty() => words.push("help".to_owned()),
            _ => words.push(word),
        }
    }
    let Some((command, names)) = words.split_first() else {
        eprintln!("*** an interactive shell isn't offered; give a command, such as: supervisorctl status");
        return 2;
    };
    let socket = match Variables::new(std::env::vars()).expand(DEFAULT_SOCKET) {
        Ok(socket) => PathBuf::from(socket),
        Err(error) => {
            eprintln!("{error}");
            return ERROR;
        }
    };
    Shim { socket }.carry_out(command, names)
}

struct Shim {
    socket: PathBuf,
}

/// `group:name` and `group:*` as we call them.
fn plain(names: &[String]) -> Vec<String> {
    let name = |name: &String| match name.split_once(':') {
        Some((group, "*" | "")) => group.to_owned(),
        Some((_, name)) => name.to_owned(),
        None => name.clone(),
    };
    names.iter().map(name).collect()
}

impl Shim {
    fn carry_out(&self, command: &str, names: &[String]) -> u8 {
        match command {
            "status" => self.status(names),
            "start" | "stop" | "restart" if names.is_empty() => {
                println!("Error: {command} requires a process name");
                ERROR
            }
            "start" => self.each(names, "started", |programs| Request::Start { programs, wait: true }),
            "stop" => self.each(names, "stopped", |programs| Request::Stop { programs }),
            "restart" => {
                let stopped = self.each(names, "stopped", |programs| Request::Stop { programs });
                let started = self.each(names, "started", |programs| Request::Start { programs, wait: true });
                stopped.max(started)
            }
            "signal" => match names.split_first() {
                Some((signal, names)) if !names.is_empty() => self.each(names, "signalled", |programs| {
                    Request::Signal { programs, signal: signal.clone() }
                }),
                _ => {
                    println!("Error: signal requires a signal name and a process name");
                    ERROR
                }
            },
            "pid" => self.pid(names),
            "tail" => self.tail(names),
            "maintail" => {
                let follow = names.iter().any(|word| word == "-f");
                self.show(&Request::Events { count: 50, follow })
            }
            // What is read is also applied, as there is no reading without.
            "reread" | "update" => self.show(&Request::Reload),
            "clear" | "reload" => {
                println!(
                    "Error: {command} isn't offered; log files rotate by themselves, and `svara-supervisor reload` applies a changed file"
                );
                ERROR
            }
            "shutdown" => match self.ask(&Request::Shutdown, |_| {}) {
                Ok(()) => {
                    println!("Shut down");
                    0
                }
                Err(code) => code,
            },
            "version" => {
                println!("{}", env!("CARGO_PKG_VERSION"));
                0
            }
            "help" | "?" => {
                print!("{HELP}");
                0
            }
            other => {
                println!("*** Unknown syntax: {other}");
                ERROR
            }
        }
    }

    /// Asks; prints what is wrong and returns its code.
    fn ask(&self, request: &Request, mut each: impl FnMut(Response)) -> Result<(), u8> {
        let limit = Some(ANSWER).filter(|_| !request.waits() && !request.follows());
        let mut failed = None;
        let asked = ask_within(&self.socket, request, limit, |response| {
            match response {
                Response::Error { failure, message } => failed = Some((failure, message)),
                response => each(response),
            }
            true
        });
        match (asked, failed) {
            (Err(error), _) => {
                println!("unix://{} {error}", self.socket.display());
                Err(UNKNOWN)
            }
            (Ok(()), Some((Failure::UnknownProgram, message))) => {
                let name = message.split('`').nth(1).unwrap_or_default();
                println!("{name}: ERROR (no such process)");
                Err(UNKNOWN)
            }
            (Ok(()), Some((_, message))) => {
                for line in message.lines() {
                    let (name, reason) = line.split_once(": ").unwrap_or(("", line));
                    println!("{name}: ERROR ({reason})");
                }
                Err(ERROR)
            }
            (Ok(()), None) => Ok(()),
        }
    }

    fn report(&self, names: &[String]) -> Result<Report, u8> {
        let mut found = None;
        self.ask(&Request::Status { programs: plain(names) }, |response| {
            if let Response::Status(report) = response {
                found = Some(report);
            }
        })?;
        found.ok_or(ERROR)
    }

    fn status(&self, names: &[String]) -> u8 {
        let report = match self.report(names) {
            Ok(report) => report,
            Err(code) => return code,
        };
        let width = report.programs.iter().map(|program| program.name.len()).max().unwrap_or(0).max(32);
        for program in &report.programs {
            println!("{:width$} {:<10}{}", program.name, state(program), detail(program));
        }
        let runs = |program: &ProgramReport| state(program) == "RUNNING";
        if report.programs.iter().all(runs) { 0 } else { NOT_RUNNING }
    }

    /// One line for each program that a command is about.
    fn each(&self, names: &[String], done: &str, request: impl Fn(Vec<String>) -> Request) -> u8 {
        let before = match self.report(names) {
            Ok(report) => report.programs,
            Err(code) => return code,
        };
        let moot = |program: &&ProgramReport| match done {
            "started" => matches!(state(program), "RUNNING" | "STARTING"),
            "stopped" => matches!(state(program), "STOPPED" | "EXITED" | "FATAL"),
            _ => false,
        };
        let all = names.iter().any(|name| name == "all" || name.contains('*'));
        let mut code = 0;
        for program in before.iter().filter(moot).filter(|_| !all) {
            let word = if done == "started" { "already started" } else { "not running" };
            println!("{}: ERROR ({word})", program.name);
            code = ERROR;
        }
        let programs: Vec<String> =
            before.iter().filter(|program| !moot(program)).map(|program| program.name.clone()).collect();
        if programs.is_empty() {
            return code;
        }
        match self.ask(&request(programs.clone()), |_| {}) {
            Ok(()) => programs.iter().for_each(|name| println!("{name}: {done}")),
            Err(failed) => code = failed,
        }
        code
    }

    fn pid(&self, names: &[String]) -> u8 {
        match self.report(names) {
            Ok(report) if names.is_empty() => println!("{}", report.pid),
            Ok(report) => {
                report.programs.iter().for_each(|program| println!("{}", program.pid.unwrap_or(0)));
            }
            Err(code) => return code,
        }
        0
    }

    /// `tail [-f] [-BYTES] NAME [stdout|stderr]`; standard output unless the other is named.
    fn tail(&self, words: &[String]) -> u8 {
        let follow = words.iter().any(|word| word == "-f");
        // A line has about 80 bytes; the old default is 1600 of them.
        let bytes = words.iter().find_map(|word| word.strip_prefix('-')?.parse::<usize>().ok());
        let lines = bytes.unwrap_or(1600).div_ceil(80);
        let mut rest = words.iter().filter(|word| !word.starts_with('-'));
        let Some(name) = rest.next() else {
            println!("Error: too few arguments");
            return ERROR;
        };
        let stream = match rest.next().map(String::as_str) {
            None | Some("stdout") => Stream::Stdout,
            Some("stderr") => Stream::Stderr,
            Some(other) => {
                println!("Error: bad channel '{other}'");
                return ERROR;
            }
        };
        let program = plain(std::slice::from_ref(name)).concat();
        if follow {
            println!("==> Press Ctrl-C to exit <==");
        }
        self.show(&Request::Tail { program, lines, stream: Some(stream), follow })
    }

    fn show(&self, request: &Request) -> u8 {
        let printed = self.ask(request, |response| {
            let mut out = io::stdout().lock();
            // A reader that is gone wants no more.
            let _ = match response {
                Response::Line(line) => writeln!(out, "{}", line.text),
                Response::LeftOut(lines) => writeln!(out, "[{lines} lines left out]"),
                Response::Event(event) => write!(out, "{}", event.to_text()),
                Response::Done(lines) => lines.iter().try_for_each(|line| writeln!(out, "{line}")),
                _ => Ok(()),
            };
        });
        printed.err().unwrap_or(0)
    }
}

/// The state in supervisord's words. It knows no readiness: what isn't ready yet is starting.
fn state(program: &ProgramReport) -> &'static str {
    match program.state.as_str() {
        "ready" => "RUNNING",
        "waiting" | "starting" | "running" => "STARTING",
        "stopping" => "STOPPING",
        "backoff" => "BACKOFF",
        "exited" => "EXITED",
        "failed" => "FATAL",
        _ => "STOPPED",
    }
}

fn detail(program: &ProgramReport) -> String {
    match (program.pid, program.uptime_seconds) {
        (Some(pid), Some(uptime)) if state(program) == "RUNNING" => {
            let seconds = uptime as u64;
            let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
            let days = match days {
                0 => String::new(),
                1 => "1 day, ".to_owned(),
                days => format!("{days} days, "),
            };
            format!("pid {pid}, uptime {days}{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60)
        }
        _ => program.detail.clone(),
    }
}
