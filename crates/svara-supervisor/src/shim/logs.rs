//! `tail`, `maintail` and `clear`.

use std::collections::VecDeque;

use svara_supervisor::{
    control::{Request, Response},
    logs::Stream,
    report::Report,
};

use crate::out::put;

use super::{
    ERROR, Shim,
    ask::Refusal,
    meant::{is_unknown, plain},
    refuse,
};

/// A line of output has about this many bytes; the old words count bytes, ours lines.
const LINE_BYTES: usize = 80;

/// The old default.
const TAIL_BYTES: usize = 1600;

/// Lines of which the last bytes are taken: enough for short ones.
const TAIL_LINES: usize = 4096;

impl Shim {
    /// `tail [-f] [-BYTES] NAME [stdout|stderr]`; standard output unless the other is named.
    pub(super) fn tail(&self, words: &[String]) -> u8 {
        let (modifier, rest) = match words.split_first() {
            None => return refuse("too few arguments", ERROR),
            Some(_) if words.len() > 3 => return refuse("too many arguments", ERROR),
            Some((first, rest)) if first.starts_with('-') => (Some(first.as_str()), rest),
            Some(_) => (None, words),
        };
        let (name, stream) = match rest {
            [] => return refuse("tail requires process name", ERROR),
            [name] => (name, Stream::Stdout),
            [name, stream, ..] => match stream.to_lowercase().as_str() {
                "stdout" => (name, Stream::Stdout),
                "stderr" => (name, Stream::Stderr),
                other => return refuse(&format!("bad channel '{other}'"), ERROR),
            },
        };
        let program = plain(name).to_owned();
        let stream = match self.report(vec![program.clone()]) {
            Ok(report) => Some(stream).filter(|stream| *stream == Stream::Stderr || !has_one_log(&report)),
            Err(Refusal::Unknown) => Some(stream),
            Err(refusal) => return self.failed(&refusal),
        };
        let request = |lines, follow| Request::Tail { program, lines, stream, follow };
        let shown = match modifier {
            Some("-f") => {
                say!("==> Press Ctrl-C to exit <==");
                self.show(&request(TAIL_BYTES.div_ceil(LINE_BYTES), true))
            }
            None => self.last_bytes(&request(TAIL_LINES, false), TAIL_BYTES),
            Some(modifier) => match modifier.get(1..).and_then(|bytes| bytes.parse::<usize>().ok()) {
                Some(bytes) => {
                    let lines = TAIL_LINES.max(bytes.div_ceil(LINE_BYTES));
                    self.last_bytes(&request(lines, false), bytes)
                }
                None => return refuse(&format!("bad argument {modifier}"), ERROR),
            },
        };
        match shown {
            Ok(()) => 0,
            Err(Refusal::Unknown) => {
                say!("{name}: ERROR (no such process name)");
                ERROR
            }
            Err(refusal) => self.failed(&refusal),
        }
    }

    /// Prints the last bytes of an answer.
    fn last_bytes(&self, request: &Request, bytes: usize) -> Result<(), Refusal> {
        let (mut lines, mut length) = (VecDeque::new(), 0);
        self.ask(request, |response| {
            if let Response::Line(line) = response {
                length += line.text.len() + 1;
                lines.push_back(line.text);
                // Those of which nothing will be printed.
                while let Some(first) = lines.front().filter(|first: &&String| length - first.len() > bytes) {
                    length -= first.len() + 1;
                    lines.pop_front();
                }
            }
        })?;
        let text = lines.into_iter().map(|line| line + "\n").collect::<String>();
        let from = text.len().saturating_sub(bytes);
        let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        put(text.get(from..).unwrap_or_default().as_bytes());
        Ok(())
    }

    /// `maintail [-f] [-BYTES]`.
    pub(super) fn maintail(&self, words: &[String]) -> u8 {
        let bytes = match words {
            [] => Some(TAIL_BYTES),
            [word] if word == "-f" => Some(TAIL_BYTES),
            [word] => word.strip_prefix('-').and_then(|bytes| bytes.parse().ok()),
            _ => return refuse("too many arguments", ERROR),
        };
        let Some(bytes) = bytes else { return refuse(&format!("bad argument {}", words.concat()), ERROR) };
        let follow = words.first().is_some_and(|word| word == "-f");
        if follow {
            say!("==> Press Ctrl-C to exit <==");
        }
        match self.show(&Request::Events { count: bytes.div_ceil(LINE_BYTES), follow }) {
            Ok(()) => 0,
            Err(refusal) => self.failed(&refusal),
        }
    }

    pub(super) fn clear(&self, names: &[String]) -> u8 {
        self.for_each(names, is_unknown, |meant, program| {
            let shown = meant.shown(program);
            match self.ask(&Request::Clear { programs: vec![program.name.clone()] }, |_| {}) {
                Ok(()) => say!("{shown}: cleared"),
                Err(Refusal::Said(why)) => {
                    warn!("{why}");
                    say!("{shown}: ERROR (failed)");
                    return Ok(ERROR);
                }
                Err(refusal) => return Err(refusal),
            }
            Ok(0)
        })
    }
}

/// Whether both outputs go to one file, as with the old `redirect_stderr`: then this is what `tail` shows.
fn has_one_log(report: &Report) -> bool {
    report
        .programs
        .iter()
        .all(|program| program.stdout_log.is_some() && program.stdout_log == program.stderr_log)
}
