//! What supervisord sends to syslog, as sinks.

use std::collections::BTreeMap;

use super::output::{Table, list};

/// What is said of anything that goes there.
pub(super) const NOTE: &str =
    "goes to /dev/log by RFC 5424, with the program's name; see `facility` of [sink.syslog]";

/// The programs whose streams go to syslog.
#[derive(Debug, Default)]
pub(super) struct Syslog {
    /// Standard output and standard error of each.
    programs: BTreeMap<String, [bool; 2]>,
    /// Whether the supervisor's own lines do.
    pub(super) events: bool,
}

impl Syslog {
    /// A stream of a program goes there: `stdout` or `stderr`.
    pub(super) fn add(&mut self, program: &str, stream: &str) {
        let [stdout, stderr] = self.programs.entry(program.to_owned()).or_default();
        *(if stream == "stderr" { stderr } else { stdout }) = true;
    }

    /// A program is left out.
    pub(super) fn forget(&mut self, program: &str) {
        self.programs.remove(program);
    }

    /// Standard error goes where standard output goes.
    pub(super) fn join(&mut self, program: &str) {
        if let Some([stdout, stderr]) = self.programs.get_mut(program) {
            *stderr = *stdout;
        }
    }

    /// A sink for each set of streams; the first one gets the events.
    pub(super) fn write(&self) -> String {
        let kinds: [(&str, [bool; 2], &[&str]); 3] = [
            ("syslog", [true, true], &["stdout", "stderr"]),
            ("syslog-stdout", [true, false], &["stdout"]),
            ("syslog-stderr", [false, true], &["stderr"]),
        ];
        let mut events = self.events;
        let mut text = String::new();
        for (name, which, streams) in kinds {
            let programs = self.programs.iter().filter(|(_, streams)| **streams == which);
            let programs: Vec<&String> = programs.map(|(name, _)| name).collect();
            if !programs.is_empty() {
                text.push_str(
                    &sink(&programs, streams, std::mem::take(&mut events)).write(&format!("[sink.{name}]")),
                );
            }
        }
        if events {
            text.push_str(&sink(&[], &[], true).write("[sink.syslog]"));
        }
        text
    }
}

fn sink(programs: &[&String], streams: &[&str], events: bool) -> Table {
    let mut table = Table::default();
    table.text("syslog", "unix:///dev/log");
    // That of Python's syslog().
    table.text("facility", "user");
    if !programs.is_empty() {
        table.raw("programs", list(programs));
    }
    table.raw("streams", list(streams));
    if !events {
        table.raw("events", "false");
    }
    table
}
