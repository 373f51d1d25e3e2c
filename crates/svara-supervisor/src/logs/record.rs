//! Formats lines for files and the console.

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::config::LogConfig;

/// The origin and destination of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name that prefixes each line on the console.
    pub program: String,
    /// Which output.
    pub stream: Stream,
    /// Log file; none if it isn't kept.
    pub path: Option<PathBuf>,
    /// Whether the lines are also copied to the console.
    pub console: bool,
    /// What may be put around the lines.
    pub form: Form,
    /// Whose lines they are.
    pub origin: Origin,
    /// The process, if there is one.
    pub pid: Option<i32>,
    /// A word before each line, where it isn't the program itself that prints.
    pub mark: Option<&'static str>,
}

/// Whose lines they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A program's, by its name in the file.
    Program(String),
    /// A scheduled command's.
    Schedule,
    /// Ours.
    Supervisor,
    /// Those of a sink's command, which no sink gets.
    Sink,
}

/// How much a line matters, as syslog has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Something failed.
    Error = 3,
    /// Something may fail.
    Warning = 4,
    /// Something happened that isn't usual.
    Notice = 5,
    /// Everything else.
    Info = 6,
}

/// Complete lines from one source.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) source: Arc<Source>,
    pub(super) text: Vec<u8>,
    pub(super) at: SystemTime,
    pub(super) severity: Severity,
}

impl Record {
    /// The number of lines.
    pub(super) fn lines(&self) -> u64 {
        self.text.iter().filter(|byte| **byte == b'\n').count() as u64
    }
}

/// Lines that the supervisor adds to those of others.
pub(super) fn own_record(words: String, at: SystemTime) -> Record {
    let source = Source { form: Form::Program, ..Source::own("supervisor", None) };
    Record { source: Arc::new(source), text: words.into_bytes(), at, severity: Severity::Warning }
}

/// What may be put around lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A program's: the time and JSON, as configured.
    Program,
    /// Ours, which have a time already: JSON, as configured. They overtake those of programs.
    Own,
    /// Ours, which are JSON already.
    Json,
}

/// An output of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

#[derive(Serialize)]
struct JsonLine<'a> {
    time: String,
    program: &'a str,
    stream: Stream,
    message: &'a str,
}

#[derive(Deserialize)]
struct ReadLine {
    program: String,
    stream: Stream,
    message: String,
}

/// A line of a file as the program printed it, with its stream if the file tells; `None` if it is another program's.
pub fn printed(line: &str, program: &str, config: &LogConfig) -> Option<(Option<Stream>, String)> {
    if config.json
        && let Ok(read) = serde_json::from_str::<ReadLine>(line)
    {
        return (read.program == program).then_some((Some(read.stream), read.message));
    }
    let stamped = line.split_once(' ').filter(|(time, _)| humantime::parse_rfc3339(time).is_ok());
    let text = stamped.filter(|_| config.timestamps).map_or(line, |(_, text)| text);
    Some((None, text.to_owned()))
}

impl Source {
    /// A source of lines without a time of their own, which the console shows as well.
    pub fn program(program: &str, stream: Stream, origin: Origin) -> Self {
        let program = program.to_owned();
        Self {
            program,
            stream,
            path: None,
            console: true,
            form: Form::Program,
            origin,
            pid: None,
            mark: None,
        }
    }

    /// A source of our own lines.
    pub fn own(name: &str, path: Option<PathBuf>) -> Self {
        let pid = Some(std::process::id().cast_signed());
        Self { path, form: Form::Own, pid, ..Self::program(name, Stream::Stdout, Origin::Supervisor) }
    }

    /// Lines with the mark before each.
    pub(super) fn marked(&self, text: Vec<u8>) -> Vec<u8> {
        let Some(mark) = self.mark else { return text };
        self.each_line(&text, |line, out| {
            out.extend_from_slice(mark.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(line);
        })
    }

    /// The text for the file; `None` if it needs no formatting.
    pub(super) fn for_file(&self, text: &[u8], at: SystemTime, config: &LogConfig) -> Option<Vec<u8>> {
        let plain = match self.form {
            Form::Program => !config.timestamps && !config.json,
            Form::Own => !config.json,
            Form::Json => true,
        };
        if plain {
            return None;
        }
        let time = humantime::format_rfc3339_millis(at).to_string();
        Some(self.each_line(text, |line, out| {
            if config.json {
                self.json(line, &time, out);
            } else {
                out.extend_from_slice(time.as_bytes());
                out.push(b' ');
                out.extend_from_slice(line);
            }
        }))
    }

    /// The text for the console, each line prefixed with the program's name.
    pub(super) fn for_console(&self, text: &[u8], at: SystemTime, config: &LogConfig) -> Vec<u8> {
        let time = humantime::format_rfc3339_millis(at).to_string();
        self.each_line(text, |line, out| {
            if config.json {
                return self.json(line, &time, out);
            }
            if config.timestamps && self.form == Form::Program {
                out.extend_from_slice(time.as_bytes());
                out.push(b' ');
            }
            out.extend_from_slice(self.program.as_bytes());
            out.extend_from_slice(b" | ");
            out.extend_from_slice(line);
        })
    }

    fn each_line(&self, text: &[u8], mut write: impl FnMut(&[u8], &mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + text.len() / 4 + 64);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            write(line.strip_suffix(b"\n").unwrap_or(line), &mut out);
            out.push(b'\n');
        }
        out
    }

    pub(super) fn json(&self, line: &[u8], time: &str, out: &mut Vec<u8>) {
        let message = String::from_utf8_lossy(line);
        let record = JsonLine {
            time: time.to_owned(),
            program: &self.program,
            stream: self.stream,
            message: &message,
        };
        // Strings always serialize, and writing to a Vec can't fail.
        let _ = serde_json::to_writer(out, &record);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn config(timestamps: bool, json: bool) -> LogConfig {
        LogConfig {
            directory: "/".into(),
            max_size_bytes: 1,
            backups: 0,
            timestamps,
            json,
            console: true,
            sinks: Vec::new(),
        }
    }

    #[test]
    fn our_own_lines_are_json_as_well() {
        let source = |form| Source { form, ..Source::own("supervisor", None) };
        let at = SystemTime::UNIX_EPOCH;
        let text = |form, json| source(form).for_file(b"2026 ready\n", at, &config(true, json));
        assert_eq!(text(Form::Own, false), None);
        assert_eq!(text(Form::Json, true), None);
        let json = String::from_utf8(text(Form::Own, true).unwrap()).unwrap();
        assert!(
            json.contains(r#""program":"supervisor","stream":"stdout","message":"2026 ready""#),
            "{json}"
        );
    }

    #[test]
    fn lines_are_prefixed_stamped_or_json() {
        let source = Source::program("vllm", Stream::Stderr, Origin::Program("vllm".into()));
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        let text = b"a\nb\n";
        let show = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert_eq!(source.for_file(text, at, &config(false, false)), None);
        assert_eq!(show(source.for_console(text, at, &config(false, false))), "vllm | a\nvllm | b\n");
        let stamped = show(source.for_file(text, at, &config(true, false)).unwrap());
        assert_eq!(stamped, "1970-01-01T00:00:01.500Z a\n1970-01-01T00:00:01.500Z b\n");
        let json = show(source.for_file(b"\"\xff\n", at, &config(false, true)).unwrap());
        let expected =
            r#"{"time":"1970-01-01T00:00:01.500Z","program":"vllm","stream":"stderr","message":"\"�"}"#;
        assert_eq!(json, format!("{expected}\n"));
    }
}
