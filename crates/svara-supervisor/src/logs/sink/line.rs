//! Lines as a sink takes them: RFC 5424, or text and JSON as on the console.

use super::super::record::{Record, Stream};
use crate::config::{SinkSpec, SinkTarget};

/// RFC 5424's limits for a host and for an application.
const MAX_HOST_BYTES: usize = 255;
const MAX_APPLICATION_BYTES: usize = 48;

/// Renders lines for one sink.
#[derive(Debug)]
pub(super) struct Form {
    /// syslog's facility and our host's name.
    syslog: Option<(u8, String)>,
    json: bool,
}

impl Form {
    pub(super) fn of(spec: &SinkSpec) -> Self {
        let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let syslog = match spec.target {
            SinkTarget::Syslog { facility, .. } => Some((facility, word(host().trim(), MAX_HOST_BYTES))),
            SinkTarget::Command(_) => None,
        };
        Self { syslog, json: spec.json }
    }

    /// The lines of a record, without newlines.
    pub(super) fn lines(&self, record: &Record) -> Vec<Vec<u8>> {
        let time = humantime::format_rfc3339_millis(record.at).to_string();
        let text = record.text.strip_suffix(b"\n").unwrap_or(&record.text);
        text.split(|byte| *byte == b'\n').map(|line| self.line(record, line, &time)).collect()
    }

    fn line(&self, record: &Record, line: &[u8], time: &str) -> Vec<u8> {
        let source = &record.source;
        let mut out = Vec::with_capacity(line.len() + 128);
        if let Some((facility, host)) = &self.syslog {
            let priority = facility * 8 + record.severity as u8;
            let application = word(&source.program, MAX_APPLICATION_BYTES);
            let process = source.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
            let kind = match source.stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            };
            out.extend_from_slice(
                format!("<{priority}>1 {time} {host} {application} {process} {kind} - ").as_bytes(),
            );
        }
        if self.json {
            source.json(line, time, &mut out);
        } else {
            if self.syslog.is_none() {
                out.extend_from_slice(source.program.as_bytes());
                out.extend_from_slice(b" | ");
            }
            out.extend_from_slice(String::from_utf8_lossy(line).as_bytes());
        }
        out
    }
}

/// A word of printable ASCII characters, as the header must have them.
fn word(text: &str, limit: usize) -> String {
    let plain = text.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).take(limit);
    let word: String = plain.collect();
    if word.is_empty() { "-".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, SystemTime},
    };

    use super::*;
    use crate::logs::record::{Origin, Severity, Source};

    fn record(text: &[u8]) -> Record {
        let source =
            Source { pid: Some(7), ..Source::program("schedule daily", Stream::Stderr, Origin::Schedule) };
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
        Record { source: Arc::new(source), text: text.to_vec(), at, severity: Severity::Info }
    }

    fn show(form: &Form, text: &[u8]) -> Vec<String> {
        form.lines(&record(text)).into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn every_line_is_a_message() {
        let form = Form { syslog: Some((3, "box".into())), json: false };
        let head = "<30>1 1970-01-01T00:00:01.500Z box schedule_daily 7 stderr - ";
        assert_eq!(
            show(&form, "नमस्ते\n\n\u{1b}[1m\n".as_bytes()),
            [format!("{head}नमस्ते"), head.to_owned(), format!("{head}\u{1b}[1m")]
        );
        assert_eq!(show(&form, b"\xff\n"), [format!("{head}\u{fffd}")]);
    }

    #[test]
    fn a_command_gets_what_the_console_shows() {
        let form = |json| Form { syslog: None, json };
        assert_eq!(show(&form(false), b"hi\n"), ["schedule daily | hi"]);
        assert!(show(&form(true), b"hi\n").concat().contains(r#""message":"hi""#));
    }

    #[test]
    fn words_are_printable_and_short() {
        assert_eq!(word("", 5), "-");
        assert_eq!(word("a b\tcनd", 5), "a_b_c");
    }
}
