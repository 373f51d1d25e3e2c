//! Runs a probe that is a command. What it prints tells why it fails.

use std::{convert::Infallible, io, os::fd::OwnedFd, time::Duration};

use tokio::{io::AsyncReadExt, net::unix::pipe};

use crate::{
    config::ProgramSpec,
    process::{Children, Launch, Output},
};

/// Longer lines are cut to this.
const SHOWN_BYTES: usize = 200;

/// Bytes per read.
const CHUNK_BYTES: usize = 4 << 10;

/// What is read at most once the command has ended; a pipe may be made so large.
const LAST_CHUNKS: usize = (1 << 20) / CHUNK_BYTES;

/// Runs it once.
///
/// # Errors
/// How it ended, if not with 0, and the last line that it printed, rather of standard error than of standard output.
pub(super) async fn run(
    command: &[String],
    timeout: Duration,
    spec: &ProgramSpec,
    children: &Children,
) -> Result<(), String> {
    let launch = Launch { output: Output::Piped, ..Launch::about(spec, command) };
    let mut started = children.spawn(launch).map_err(|error| format!("can't be run: {error}"))?;
    let mut errors = Listener::of(started.stderr.take().map(OwnedFd::from));
    let mut output = Listener::of(started.stdout.take().map(OwnedFd::from));
    // They are read all the time, so that it never waits for us.
    let ended = tokio::select! {
        ended = started.within(timeout) => ended,
        never = errors.listen() => match never {},
        never = output.listen() => match never {},
    };
    let how = match ended {
        Ok(exit) if exit.code() == 0 => return Ok(()),
        Ok(exit) => exit.to_string(),
        Err(error) => error.to_string(),
    };
    let line = errors.last().or_else(|| output.last());
    Err(line.map_or(how.clone(), |line| format!("{how}: {line}")))
}

/// One of its outputs.
struct Listener {
    /// `None` once it is closed.
    pipe: Option<pipe::Receiver>,
    lines: LastLine,
}

impl Listener {
    fn of(output: Option<OwnedFd>) -> Self {
        let pipe = output.and_then(|output| pipe::Receiver::from_owned_fd(output).ok());
        Self { pipe, lines: LastLine::default() }
    }

    async fn listen(&mut self) -> Infallible {
        let mut chunk = vec![0; CHUNK_BYTES];
        while let Some(pipe) = &mut self.pipe {
            match pipe.read(&mut chunk).await {
                Ok(read @ 1..) => self.lines.take(chunk.get(..read).unwrap_or_default()),
                _ => self.pipe = None,
            }
        }
        std::future::pending().await
    }

    /// The last line, with what is still in the pipe.
    fn last(&mut self) -> Option<String> {
        let mut chunk = vec![0; CHUNK_BYTES];
        for _ in 0..LAST_CHUNKS {
            let read = self.pipe.as_ref().map_or(Ok(0), |pipe| pipe.try_read(&mut chunk));
            let Ok(read @ 1..) = read.or_else(again) else { break };
            self.lines.take(chunk.get(..read).unwrap_or_default());
        }
        self.lines.last()
    }
}

/// Nothing more is there.
fn again(error: io::Error) -> io::Result<usize> {
    if error.kind() == io::ErrorKind::Interrupted { Ok(0) } else { Err(error) }
}

/// Keeps the last line that isn't blank.
#[derive(Debug, Default)]
struct LastLine {
    line: Vec<u8>,
    /// What has come of the next one.
    part: Vec<u8>,
}

impl LastLine {
    fn take(&mut self, read: &[u8]) {
        for piece in read.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            let room = SHOWN_BYTES.saturating_sub(self.part.len());
            self.part.extend(text.iter().take(room));
            if ends {
                let line = std::mem::take(&mut self.part);
                if !line.trim_ascii().is_empty() {
                    self.line = line;
                }
            }
        }
    }

    fn last(&self) -> Option<String> {
        let line = [&self.part, &self.line].into_iter().find(|line| !line.trim_ascii().is_empty())?;
        let text = String::from_utf8_lossy(line.trim_ascii()).into_owned();
        Some(text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::LastLine;

    #[test]
    fn the_last_line_that_says_something_is_kept_whatever_the_reads() {
        let last = |reads: &[&str]| {
            let mut lines = LastLine::default();
            reads.iter().for_each(|read| lines.take(read.as_bytes()));
            lines.last()
        };
        assert_eq!(last(&[]), None);
        assert_eq!(last(&["\n \n"]), None);
        assert_eq!(last(&["one\ntw", "o\n\n"]).as_deref(), Some("two"));
        assert_eq!(last(&["one\nno end"]).as_deref(), Some("no end"));
        assert_eq!(last(&["\u{1b}[1mx\ty\r\n"]).as_deref(), Some(" [1mx y"));
        assert_eq!(last(&[&"x".repeat(5000), "y\n"]), Some("x".repeat(200)));
    }
}
