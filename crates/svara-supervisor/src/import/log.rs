//! The log files of a program.

use super::{
    Import,
    ini::{Entry, Section},
    service::Service,
    syslog::NOTE,
    values::at_home,
    work::Work,
};

impl Import<'_> {
    /// Both streams into the file of standard output.
    pub(super) fn one_log(&mut self, work: &mut Work<'_>) {
        let stdout = work.section.entries.iter().find(|entry| entry.key == "stdout_logfile").cloned();
        let file = match stdout {
            Some(entry) => self.log_file(&entry, work),
            None => None,
        };
        let file = file.unwrap_or_else(|| match work.processes {
            1 => format!("{}.log", self.word(work.name)),
            _ => format!("{}-${{INDEX}}.log", self.word(work.name)),
        });
        if !work.table.has("stdout_log") {
            work.table.text("stdout_log", &file);
        }
        work.table.text("stderr_log", &file);
    }

    pub(super) fn log(
        &mut self,
        entry: &Entry,
        work: &mut Work<'_>,
        service: &mut Service,
    ) -> Result<(), String> {
        let key = if entry.key.starts_with("stdout") { "stdout_log" } else { "stderr_log" };
        if let Some(file) = self.log_file(entry, work)
            && !work.table.has(key)
        {
            work.table.text(key, &file);
        }
        match entry.value.trim() {
            "syslog" => {
                service.syslog.add(&self.word(work.name), entry.key.trim_end_matches("_logfile"));
                Err(NOTE.to_owned())
            }
            value if is_console(value) => Err("the console has all output, with names in front".to_owned()),
            _ => Ok(()),
        }
    }

    /// The file of a stream; `None` for ours.
    fn log_file(&mut self, entry: &Entry, work: &Work<'_>) -> Option<String> {
        match entry.value.trim() {
            value if value.eq_ignore_ascii_case("auto") || value.is_empty() => None,
            value if value.eq_ignore_ascii_case("none") || value == "syslog" => Some("none".to_owned()),
            value if is_console(value) => Some("none".to_owned()),
            value => {
                let said = at_home(&self.said(work, entry, "x"));
                if value.starts_with('%') || said.starts_with(['/', '$']) {
                    return Some(said);
                }
                let path = self.here.join(said).display().to_string();
                let message = format!("is {path}; supervisord takes it from where it was started");
                self.note(entry, &work.section.name, &message);
                Some(path)
            }
        }
    }
}

pub(super) fn has_no_file(section: &Section, key: &str) -> bool {
    let file = section.entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.trim());
    file.is_some_and(|file| {
        file.starts_with("/dev/") || is_console(file) || file.eq_ignore_ascii_case("none") || file == "syslog"
    })
}

fn is_console(path: &str) -> bool {
    matches!(
        path,
        "/dev/stdout"
            | "/dev/stderr"
            | "/dev/fd/1"
            | "/dev/fd/2"
            | "/proc/1/fd/1"
            | "/proc/1/fd/2"
            | "/proc/self/fd/1"
            | "/proc/self/fd/2"
    )
}
