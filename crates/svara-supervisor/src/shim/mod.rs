//! `supervisorctl`: the old words, their output and their exit codes, for scripts and fingers that know them.
//!
//! Called by that name (a link to the program), it asks our own supervisor. What the old program doesn't print, such as the
//! reason of a failure, is on standard error.

mod ask;
mod help;
mod logs;
mod meant;
mod programs;
mod reread;
mod shell;

use std::path::PathBuf;

use crate::out::put;
use svara_supervisor::{
    config::{DEFAULT_SOCKET, Variables},
    control::Request,
};

/// supervisorctl's exit codes, which are those of LSB: a failure, wrong words, no answer, a program that can't run or doesn't.
const ERROR: u8 = 1;
const WRONG_WORDS: u8 = 2;
const REFUSED: u8 = 4;
const NOT_RUNNING: u8 = 7;

/// What LSB says of `status`: a program doesn't run, nothing is known of one.
const STATUS_NOT_RUNNING: u8 = 3;
const STATUS_UNKNOWN: u8 = 4;

/// Carries out the words of a command line; without any, those that are typed.
pub(crate) fn main(arguments: impl Iterator<Item = String>) -> u8 {
    let mut words: Vec<String> = Vec::new();
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
            // There is a shell anyway if there are no words, and none if there are.
            "-i" | "--interactive" if words.is_empty() => {}
            // As above, in one word.
            word if words.is_empty() && OPTIONS.iter().any(|option| is_joined(word, option)) => {}
            "-h" | "--help" if words.is_empty() => words.push("help".to_owned()),
            word if words.is_empty() && word.starts_with('-') => {
                warn!("Error: option {word} not recognized\nFor help, use supervisorctl -h");
                return WRONG_WORDS;
            }
            _ => words.push(word),
        }
    }
    let socket = match Variables::new(std::env::vars()).expand(DEFAULT_SOCKET) {
        Ok(socket) => PathBuf::from(socket),
        Err(error) => {
            warn!("{error}");
            return ERROR;
        }
    };
    let shim = Shim { socket };
    // One word of a script may be a whole line.
    let words: Vec<String> =
        words.iter().flat_map(|word| word.split_whitespace()).map(str::to_owned).collect();
    match words.split_first() {
        Some((command, names)) => shim.carry_out(command, names),
        None => shim.shell(),
    }
}

/// Options with a value, which may be joined to it: `-cFILE`, `--configuration=FILE`.
const OPTIONS: [&str; 10] = [
    "-c",
    "-s",
    "-u",
    "-p",
    "-r",
    "--configuration=",
    "--serverurl=",
    "--username=",
    "--password=",
    "--history-file=",
];

fn is_joined(word: &str, option: &str) -> bool {
    word.len() > option.len()
        && word.starts_with(option)
        && (option.ends_with('=') || !word.starts_with("--"))
}

struct Shim {
    socket: PathBuf,
}

impl Shim {
    fn carry_out(&self, command: &str, names: &[String]) -> u8 {
        match command {
            "status" => self.status(names),
            "start" if names.is_empty() => refuse("start requires a process name", WRONG_WORDS),
            "stop" | "restart" | "clear" if names.is_empty() => {
                refuse(&format!("{command} requires a process name"), ERROR)
            }
            "start" => self.start(names),
            "stop" => self.stop(names),
            "restart" => {
                let stopped = self.stop(names);
                match self.start(names) {
                    0 => stopped,
                    failed => failed,
                }
            }
            "signal" => match names.split_first() {
                Some((signal, names)) if !names.is_empty() => self.signal(signal, names),
                _ => refuse("signal requires a signal name and a process name", ERROR),
            },
            "pid" => self.pid(names),
            "tail" => self.tail(names),
            "maintail" => self.maintail(names),
            "clear" => self.clear(names),
            "avail" | "reread" | "shutdown" | "version" if !names.is_empty() => {
                refuse(&format!("{command} accepts no arguments"), ERROR)
            }
            "avail" => self.avail(),
            "reread" => self.reread(),
            "update" => self.update(names),
            "shutdown" => match self.ask(&Request::Shutdown, |_| {}) {
                Ok(()) => {
                    say!("Shut down");
                    0
                }
                Err(refusal) => self.failed(&refusal),
            },
            "version" => {
                say!("{}", env!("CARGO_PKG_VERSION"));
                0
            }
            "help" | "?" => match help::help(names.first().map(String::as_str)) {
                Some(text) => {
                    put(text.as_bytes());
                    0
                }
                None => {
                    say!("*** No help on {}", names.concat());
                    0
                }
            },
            "exit" | "quit" => 0,
            other => match help::instead_of(other) {
                Some(instead) => refuse(&format!("{other} isn't offered: {instead}"), ERROR),
                None => {
                    say!("*** Unknown syntax: {}", [&[other.to_owned()], names].concat().join(" "));
                    ERROR
                }
            },
        }
    }
}

fn refuse(words: &str, code: u8) -> u8 {
    say!("Error: {words}");
    code
}
