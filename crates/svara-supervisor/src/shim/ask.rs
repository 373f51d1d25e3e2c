//! Asks the supervisor, and says in the old words why there is no answer.

use std::{io, time::Duration};

use crate::out::put;

use svara_supervisor::{
    control::{ClientError, Failure, Request, Response, ask_within},
    report::Report,
};

use super::{ERROR, NOT_RUNNING, REFUSED, Shim};

/// How long to wait for an answer that needs no program's doing.
const ANSWER: Duration = Duration::from_secs(10);

/// Why something wasn't done.
pub(super) enum Refusal {
    /// The supervisor gives no answer.
    Silent(ClientError),
    /// There is no such program.
    Unknown,
    /// What the supervisor says.
    Said(String),
}

impl Shim {
    pub(super) fn ask(&self, request: &Request, mut each: impl FnMut(Response)) -> Result<(), Refusal> {
        self.ask_while(request, |response| {
            each(response);
            true
        })
    }

    /// Asks for as long as `each` wants more.
    fn ask_while(&self, request: &Request, mut each: impl FnMut(Response) -> bool) -> Result<(), Refusal> {
        let limit = Some(ANSWER).filter(|_| !request.waits() && !request.follows());
        let mut failed = None;
        let asked = ask_within(&self.socket, request, limit, |response| match response {
            Response::Error { failure, message } => {
                failed = Some((failure, message));
                true
            }
            response => each(response),
        });
        match (asked, failed) {
            (Err(error), _) => Err(Refusal::Silent(error)),
            (Ok(()), Some((Failure::UnknownProgram, _))) => Err(Refusal::Unknown),
            (Ok(()), Some((_, message))) => Err(Refusal::Said(message)),
            (Ok(()), None) => Ok(()),
        }
    }

    /// Asks, and prints the answer as it comes.
    pub(super) fn show(&self, request: &Request) -> Result<(), Refusal> {
        // A reader that is gone wants no more.
        self.ask_while(request, |response| match response {
            Response::Line(line) => put(format!("{}\n", line.text).as_bytes()),
            Response::LeftOut(lines) => put(format!("[{lines} lines left out]\n").as_bytes()),
            Response::Event(event) => put(event.to_text().as_bytes()),
            _ => true,
        })
    }

    pub(super) fn report(&self, programs: Vec<String>) -> Result<Report, Refusal> {
        let mut found = None;
        self.ask(&Request::Status { programs }, |response| {
            if let Response::Status(report) = response {
                found = Some(report);
            }
        })?;
        found.ok_or_else(|| Refusal::Said("the supervisor ends".to_owned()))
    }

    /// Prints why; returns the exit code.
    pub(super) fn failed(&self, refusal: &Refusal) -> u8 {
        let at = format!("unix://{}", self.socket.display());
        match refusal {
            Refusal::Silent(ClientError::Connect { source, .. }) => match source.kind() {
                io::ErrorKind::NotFound => {
                    say!("{at} no such file");
                    NOT_RUNNING
                }
                io::ErrorKind::ConnectionRefused => {
                    say!("{at} refused connection");
                    REFUSED
                }
                _ => {
                    say!("{at} {source}");
                    ERROR
                }
            },
            Refusal::Silent(error) => {
                say!("{at} {error}");
                ERROR
            }
            Refusal::Unknown => ERROR,
            Refusal::Said(message) => {
                say!("ERROR: {message}");
                ERROR
            }
        }
    }
}
