//! `status`, `start`, `stop`, `signal` and `pid`.

use svara_supervisor::{config::parse_signal, control::Request, report::ProgramReport};

use super::{
    ERROR, NOT_RUNNING, STATUS_NOT_RUNNING, STATUS_UNKNOWN, Shim, WRONG_WORDS,
    ask::Refusal,
    meant::{Meant, is_unknown},
};

/// supervisorctl's column for names is this wide, or three wider than the longest.
const NAMES: usize = 30;

/// The system's words for a program file that isn't there, or can't be run.
const NO_FILE: &str = "No such file or directory";
const NOT_EXECUTABLE: &str = "Permission denied";

impl Shim {
    pub(super) fn status(&self, names: &[String]) -> u8 {
        let all = ["all".to_owned()];
        let meant = match self.meant(if names.is_empty() { &all } else { names }) {
            Ok(meant) => meant,
            Err(refusal) => {
                self.failed(&refusal);
                return STATUS_UNKNOWN;
            }
        };
        let mut code = 0;
        for meant in meant.iter().filter(|meant| meant.is_missing()) {
            say!("{}", meant.missing());
            code = STATUS_UNKNOWN;
        }
        let programs = || meant.iter().flat_map(|meant| &meant.programs);
        let width = programs().map(|program| program.name.len()).max().unwrap_or(0).max(NAMES) + 3;
        for program in programs() {
            say!("{:width$}{:<10}{}", program.name, state(program), detail(program));
        }
        if programs().any(is_down) { STATUS_NOT_RUNNING } else { code }
    }

    pub(super) fn start(&self, names: &[String]) -> u8 {
        self.each(names, Doing::Start)
    }

    pub(super) fn stop(&self, names: &[String]) -> u8 {
        self.each(names, Doing::Stop)
    }

    /// Does it to the named programs at once; a line for each of them.
    fn each(&self, names: &[String], doing: Doing) -> u8 {
        let mut due: Vec<(String, String)> = Vec::new();
        let missing = |meant: &Meant| match meant.is_many && doing == Doing::Start {
            true => (meant.missing(), WRONG_WORDS),
            false => is_unknown(meant),
        };
        let mut code = self.for_each(names, missing, |meant, program| {
            if !doing.is_moot(program) {
                due.push((program.name.clone(), meant.shown(program).to_owned()));
            } else if !meant.is_many {
                say!("{}: ERROR ({})", meant.shown(program), doing.moot());
            }
            Ok(0)
        });
        if due.is_empty() {
            return code;
        }
        let programs: Vec<String> = due.iter().map(|(name, _)| name.clone()).collect();
        let after = match self.ask(&doing.request(programs.clone()), |_| {}) {
            Ok(()) => Vec::new(),
            Err(Refusal::Said(why)) => {
                warn!("{why}");
                match self.report(programs) {
                    Ok(report) => report.programs,
                    Err(refusal) => return self.failed(&refusal),
                }
            }
            Err(refusal) => return self.failed(&refusal),
        };
        for (name, shown) in due {
            match after.iter().find(|program| program.name == name && !doing.is_done(program)) {
                None => say!("{shown}: {}", doing.done()),
                Some(program) => {
                    let (why, failed) = doing.failed(program);
                    say!("{shown}: ERROR ({why})");
                    code = failed;
                }
            }
        }
        code
    }

    pub(super) fn signal(&self, signal: &str, names: &[String]) -> u8 {
        self.for_each(names, is_unknown, |meant, program| {
            let shown = meant.shown(program);
            let request = Request::Signal { programs: vec![program.name.clone()], signal: signal.to_owned() };
            if parse_signal(signal).is_err() {
                say!("{shown}: ERROR (bad signal name)");
                return Ok(ERROR);
            }
            if is_down(program) && meant.is_many {
                return Ok(0);
            }
            if is_down(program) || self.ask(&request, |_| {}).is_err() {
                say!("{shown}: ERROR (not running)");
                return Ok(NOT_RUNNING);
            }
            say!("{shown}: signalled");
            Ok(0)
        })
    }

    pub(super) fn pid(&self, names: &[String]) -> u8 {
        if names.is_empty() {
            return match self.report(Vec::new()) {
                Ok(report) => {
                    say!("{}", report.pid);
                    0
                }
                Err(refusal) => self.failed(&refusal),
            };
        }
        let missing = |meant: &Meant| (format!("No such process {}", meant.name), ERROR);
        self.for_each(names, missing, |meant, program| {
            say!("{}", program.pid.unwrap_or(0));
            Ok(if program.pid.is_none() && meant.name != "all" { NOT_RUNNING } else { 0 })
        })
    }
}

/// What a command does to programs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Start,
    Stop,
}

impl Doing {
    fn request(self, programs: Vec<String>) -> Request {
        match self {
            Self::Start => Request::Start { programs, wait: true },
            Self::Stop => Request::Stop { programs },
        }
    }

    /// Whether there is nothing to do.
    fn is_moot(self, program: &ProgramReport) -> bool {
        match self {
            Self::Start => matches!(state(program), "RUNNING" | "STARTING"),
            Self::Stop => is_down(program),
        }
    }

    fn is_done(self, program: &ProgramReport) -> bool {
        match self {
            Self::Start => state(program) == "RUNNING",
            Self::Stop => is_down(program),
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Stop => "stopped",
        }
    }

    fn moot(self) -> &'static str {
        match self {
            Self::Start => "already started",
            Self::Stop => "not running",
        }
    }

    /// Why it has failed, and the exit code of that.
    fn failed(self, program: &ProgramReport) -> (&'static str, u8) {
        let file = program.detail.strip_prefix("can't be run: ").unwrap_or_default();
        match self {
            Self::Start if file.contains(NO_FILE) => ("no such file", ERROR),
            Self::Start if file.contains(NOT_EXECUTABLE) => ("file is not executable", ERROR),
            Self::Start => ("spawn error", NOT_RUNNING),
            Self::Stop => ("still running", ERROR),
        }
    }
}

/// The state in supervisord's words. It knows no readiness: what isn't ready yet is starting.
pub(super) fn state(program: &ProgramReport) -> &'static str {
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

/// What supervisord calls stopped.
pub(super) fn is_down(program: &ProgramReport) -> bool {
    matches!(state(program), "STOPPED" | "EXITED" | "FATAL")
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
