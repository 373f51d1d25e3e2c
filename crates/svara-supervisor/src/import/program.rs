//! `[program:x]`.

use std::collections::BTreeMap;

use super::{
    Import,
    ini::{Entry, Section},
    output::{Table, list, quoted},
    service::Service,
    values::{is_true, pairs, size_bytes},
};
use crate::config::parse_signal;

/// supervisord's `priority` of a program that has none.
const NO_PRIORITY: i64 = 999;

/// The programs by priority.
#[derive(Debug)]
pub(super) struct Order(BTreeMap<i64, Vec<String>>);

impl Order {
    pub(super) fn of(sections: &[Section], words: &BTreeMap<String, String>) -> Self {
        let mut order: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for section in sections {
            let Some(name) = section.name.strip_prefix("program:") else { continue };
            let value = |key: &str| section.entries.iter().find(|e| e.key == key).map(|e| e.value.as_str());
            // What isn't started with the others can't be waited for.
            if value("autostart").is_none_or(is_true) {
                let priority = value("priority").and_then(|p| p.parse().ok()).unwrap_or(NO_PRIORITY);
                order.entry(priority).or_default().extend(words.get(name.trim()).cloned());
            }
        }
        Self(order)
    }

    /// Those that start just before a program of this priority.
    fn before(&self, priority: i64) -> Vec<String> {
        self.0.range(..priority).next_back().map(|(_, names)| names.clone()).unwrap_or_default()
    }
}

/// A program that is being translated.
struct Work<'a> {
    section: &'a Section,
    name: &'a str,
    group: &'a str,
    processes: u32,
    first: u32,
    table: Table,
    stop: Vec<String>,
}

impl Import<'_> {
    /// Translates a value of a program.
    fn said(&mut self, work: &Work<'_>, entry: &Entry, default: &str) -> String {
        let names = self.names(work.name, work.group, work.processes, work.first);
        let said = names.say(&entry.value, default);
        for note in said.notes {
            self.note(entry, &work.section.name, &note);
        }
        said.text
    }

    pub(super) fn program(
        &mut self,
        section: &Section,
        name: &str,
        group: &str,
        order: &Order,
        service: &mut Service,
    ) -> String {
        let number = |key: &str| {
            let entry = section.entries.iter().find(|entry| entry.key == key);
            entry.and_then(|entry| entry.value.parse::<u32>().ok())
        };
        // A number that only a variable tells may be more than one.
        let is_open =
            section.entries.iter().any(|entry| entry.key == "numprocs" && entry.value.contains("%("));
        let processes = if is_open { 2 } else { number("numprocs").unwrap_or(1).clamp(1, 64) };
        let first = number("numprocs_start").unwrap_or(0);
        let word = self.word(name);
        let mut work =
            Work { section, name, group, processes, first, table: Table::default(), stop: Vec::new() };
        if word != name {
            self.note_at(&section.place, &format!("[{}]", section.name), format!("is called `{word}`"));
        }
        if !section.entries.iter().any(|entry| entry.key == "command") {
            let subject = format!("[{}]", section.name);
            self.note_at(&section.place, &subject, "left out: it has no command".to_owned());
            return String::new();
        }
        let mut priority = NO_PRIORITY;
        for entry in &section.entries {
            if entry.key == "priority" {
                match entry.value.parse() {
                    Ok(number) => priority = number,
                    Err(_) => self.note(entry, &section.name, "not a number; left out"),
                }
            }
            if let Err(message) = self.entry(entry, &mut work, service) {
                self.note(entry, &section.name, &message);
            }
        }
        // As in supervisord, unless it says otherwise.
        if !work.table.has("restart") {
            work.table.text("restart", "on-failure");
        }
        self.order(&order.before(priority), &mut work);
        if !work.stop.is_empty() {
            let stop = format!("{{ {} }}", work.stop.join(", "));
            work.table.raw("stop", stop);
        }
        work.table.write(&format!("[program.{word}]"))
    }

    fn order(&mut self, before: &[String], work: &mut Work<'_>) {
        if before.is_empty() {
            return;
        }
        work.table.raw("after", list(before));
        let entry = work.section.entries.iter().find(|entry| entry.key == "priority");
        let place = entry.map_or(&work.section.place, |entry| &entry.place);
        let message =
            format!("starts when {} is ready, which supervisord didn't wait for", before.join(", "));
        self.note_at(place, &format!("[{}] priority", work.section.name), message);
    }

    fn entry(&mut self, entry: &Entry, work: &mut Work<'_>, service: &mut Service) -> Result<(), String> {
        let value = entry.value.trim();
        let whole =
            |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}`: not a whole number; left out"));
        let is_open = value.contains("%(");
        match entry.key.as_str() {
            "command" => self.command(entry, work)?,
            // Values that become known when the supervisor starts.
            "autostart" | "numprocs" | "startretries" if is_open => {
                let (key, default) = match entry.key.as_str() {
                    "autostart" => ("autostart", "true"),
                    "numprocs" => ("replicas", "1"),
                    _ => ("max_restarts", "3"),
                };
                let said = self.said(work, entry, default);
                work.table.text(key, &said);
            }
            "startsecs" if is_open => {
                let said = self.said(work, entry, "1");
                work.table.text("ready_after", &format!("{said}s"));
            }
            "stopwaitsecs" if is_open => {
                let said = self.said(work, entry, "10");
                work.stop.push(format!("grace = {}", quoted(&format!("{said}s"))));
            }
            "autorestart" | "redirect_stderr" | "stopsignal" | "exitcodes" | "umask" if is_open => {
                return Err("depends on a variable, which isn't possible here; left out".to_owned());
            }
            "autostart" if !is_true(value) => work.table.raw("autostart", "false"),
            "autorestart" => {
                let policy = match value.to_lowercase().as_str() {
                    "unexpected" => "on-failure",
                    other if is_true(other) => "always",
                    _ => "never",
                };
                work.table.text("restart", policy);
            }
            "startsecs" => work.table.text("ready_after", &format!("{}s", whole(value)?)),
            "startretries" => {
                work.table.raw("max_restarts", whole(value)?.min(1_000_000).to_string());
                return Err("counted within restart_window (10m), not only while starting".to_owned());
            }
            "exitcodes" => {
                let codes = value.split([',', ' ']).filter(|code| !code.is_empty());
                let codes: Result<Vec<u8>, _> = codes.map(str::parse).collect();
                let codes = codes.map_err(|_| format!("`{value}`: not exit codes; left out"))?;
                work.table.raw("success_codes", format!("{codes:?}"));
            }
            "stopsignal" => match parse_signal(value) {
                Ok(signal) => {
                    work.stop.push(format!("signal = {}", quoted(signal.as_str().trim_start_matches("SIG"))));
                }
                Err(message) => return Err(message),
            },
            "stopwaitsecs" => work.stop.push(format!("grace = {}", quoted(&format!("{}s", whole(value)?)))),
            "stopasgroup" | "killasgroup" if is_true(value) => {}
            "stopasgroup" | "killasgroup" => {
                return Err("all processes of a program are always stopped".to_owned());
            }
            "numprocs" => {
                if whole(value)? > 64 {
                    return Err("64 replicas are the most".to_owned());
                }
                if work.processes > 1 {
                    work.table.raw("replicas", work.processes.to_string());
                }
            }
            "process_name" if work.processes > 1 => {
                let name = self.word(work.name);
                return Err(format!("replicas are called {name}-0, {name}-1 and so on"));
            }
            "process_name" if value != "%(program_name)s" => {
                return Err(format!("the process is called {}", self.word(work.name)));
            }
            "user" => self.user(entry, work)?,
            "umask" => work.table.text("umask", value),
            "directory" => {
                let said = self.said(work, entry, "/");
                work.table.text("directory", &said);
            }
            "environment" => {
                let said = self.said(work, entry, "");
                let pairs = pairs(&said).map_err(|part| format!("`{part}` isn't NAME=value; left out"))?;
                work.table.variables("environment", &pairs);
            }
            "redirect_stderr" if is_true(value) => self.one_log(work),
            "stdout_logfile" | "stderr_logfile" => self.log(entry, work)?,
            // What has no file isn't rotated.
            "stdout_logfile_maxbytes" | "stdout_logfile_backups"
                if has_no_file(work.section, "stdout_logfile") => {}
            "stderr_logfile_maxbytes" | "stderr_logfile_backups"
                if has_no_file(work.section, "stderr_logfile") => {}
            "stdout_logfile_maxbytes" | "stderr_logfile_maxbytes" => {
                service.max_size(size_bytes(value).ok_or("not a size")?);
            }
            "stdout_logfile_backups" | "stderr_logfile_backups" => service.backups(whole(value)?),
            "stdout_capture_maxbytes"
            | "stderr_capture_maxbytes"
            | "stdout_events_enabled"
            | "stderr_events_enabled"
                if value != "0"
                    && !matches!(value.to_lowercase().as_str(), "false" | "0mb" | "0kb" | "0b") =>
            {
                return Err("left out: output doesn't become events".to_owned());
            }
            "stdout_syslog" | "stderr_syslog" if is_true(value) => {
                return Err(
                    "left out: send the console's lines to syslog by the container's driver or systemd"
                        .to_owned(),
                );
            }
            "serverurl" => {
                return Err("left out: programs find the socket in SVARA_SUPERVISOR_SOCKET".to_owned());
            }
            "socket" | "socket_owner" | "socket_mode" | "socket_backlog" => return Err("left out".to_owned()),
            "priority"
            | "numprocs_start"
            | "autostart"
            | "redirect_stderr"
            | "process_name"
            | "stdout_syslog"
            | "stderr_syslog"
            | "stdout_capture_maxbytes"
            | "stderr_capture_maxbytes"
            | "stdout_events_enabled"
            | "stderr_events_enabled" => {}
            _ => return Err("unknown".to_owned()),
        }
        Ok(())
    }

    fn command(&mut self, entry: &Entry, work: &mut Work<'_>) -> Result<(), String> {
        let raw = entry.value.replace('\n', " ");
        let words = shlex::split(&raw).ok_or("unclosed quote; left out")?;
        let mut command = Vec::new();
        let mut more = Vec::new();
        for word in &words {
            let said = self.said(work, &Entry { value: word.clone(), ..entry.clone() }, "");
            // A variable alone may be several words.
            let is_variable =
                word.starts_with("%(ENV_") && word.ends_with(")s") && word.matches("%(").count() == 1;
            if (is_variable && !command.is_empty()) || !more.is_empty() {
                let quoted = shlex::try_quote(&said).map_err(|_| "a zero byte; left out")?.into_owned();
                more.push(if is_variable { said } else { quoted });
            } else {
                command.push(said);
            }
        }
        if command.is_empty() {
            return Err("no command".to_owned());
        }
        work.table.raw("command", list(&command));
        if !more.is_empty() {
            work.table.text("extra_args", &more.join(" "));
        }
        Ok(())
    }

    fn user(&mut self, entry: &Entry, work: &mut Work<'_>) -> Result<(), String> {
        let user = self.said(work, entry, "");
        let is_there = user.parse::<u32>().is_ok()
            || user.contains("${")
            || nix::unistd::User::from_name(&user).ok().flatten().is_some();
        if !is_there {
            return Err(format!("left out: there is no user `{user}` here; add `user` where there is"));
        }
        work.table.text("user", &user);
        Ok(())
    }

    /// Both streams into the file of standard output.
    fn one_log(&mut self, work: &mut Work<'_>) {
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

    fn log(&mut self, entry: &Entry, work: &mut Work<'_>) -> Result<(), String> {
        let key = if entry.key.starts_with("stdout") { "stdout_log" } else { "stderr_log" };
        if let Some(file) = self.log_file(entry, work)
            && !work.table.has(key)
        {
            work.table.text(key, &file);
        }
        match entry.value.trim() {
            "syslog" => {
                Err("left out: send the console's lines to syslog by the container's driver or systemd"
                    .to_owned())
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
                let said = self.said(work, entry, "x");
                let is_relative = !value.starts_with('/') && !value.starts_with('%');
                Some(if is_relative { self.here.join(said).display().to_string() } else { said })
            }
        }
    }
}

fn has_no_file(section: &Section, key: &str) -> bool {
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
