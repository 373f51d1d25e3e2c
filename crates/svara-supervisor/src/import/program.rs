//! `[program:x]`.

use std::collections::BTreeMap;

use super::{
    Import,
    command::DAEMON,
    ini::{Entry, Section},
    log::has_no_file,
    output::{Table, list, quoted},
    service::Service,
    syslog::NOTE,
    values::{is_boolean, is_true, pairs, size_bytes, umask},
    work::Work,
};
use crate::config::parse_signal;

/// The longest time that we take.
const LONGEST_SECONDS: u64 = 3650 * 86_400;

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
            // What isn't started with the others can't be waited for, nor what can't be run.
            if has_command(section) && value("autostart").is_none_or(is_true) {
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

impl Import<'_> {
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
        if !work.table.has("command") {
            let subject = format!("[{}]", section.name);
            self.note_at(&section.place, &subject, "left out: it has no command".to_owned());
            service.syslog.forget(&word);
            return String::new();
        }
        if section.entries.iter().any(|entry| entry.key == "redirect_stderr" && is_true(&entry.value)) {
            service.syslog.join(&word);
        }
        // As in supervisord, unless it says otherwise.
        if !work.table.has("restart") {
            work.table.text("restart", "on-failure");
        }
        if !self.dependent(section, &mut work.table) {
            self.order(&order.before(priority), &mut work);
        }
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
        if let Some(default) = switch(&entry.key).filter(|_| !is_open && !is_boolean(value)) {
            return Err(format!("`{value}`: neither true nor false; taken as {default}"));
        }
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
            "autorestart" | "redirect_stderr" | "stopsignal" | "exitcodes" | "umask" | "stdout_syslog"
            | "stderr_syslog"
                if is_open =>
            {
                return Err("depends on a variable, which isn't possible here; left out".to_owned());
            }
            "autostart" if !is_true(value) => work.table.raw("autostart", "false"),
            "autorestart" => {
                let policy = match value.to_lowercase().as_str() {
                    "unexpected" => "on-failure",
                    other if is_true(other) => "always",
                    other if is_boolean(other) => "never",
                    _ => {
                        return Err(format!(
                            "`{value}`: expected true, false or unexpected; taken as unexpected"
                        ));
                    }
                };
                work.table.text("restart", policy);
            }
            "stopwaitsecs" if whole(value)? > LONGEST_SECONDS => {
                work.stop.push(format!("grace = \"{LONGEST_SECONDS}s\""));
                return Err("3650 days are the most".to_owned());
            }
            "startsecs" if whole(value)? > LONGEST_SECONDS => {
                work.table.text("ready_after", &format!("{LONGEST_SECONDS}s"));
                return Err("3650 days are the most".to_owned());
            }
            "startsecs" => {
                work.table.text("ready_after", &format!("{}s", whole(value)?));
                // How those are written that put themselves into the background.
                if whole(value)? == 0 && !restarts(work.section) {
                    return Err(DAEMON.to_owned());
                }
            }
            "startretries" => {
                let retries = whole(value)?;
                let ends = |entry: &Entry| {
                    entry.key == "autorestart" && is_boolean(&entry.value) && !is_true(&entry.value)
                };
                if retries == 0 && !work.section.entries.iter().any(ends) {
                    work.table.raw("max_restarts", "1");
                    return Err(ONE_RESTART.to_owned());
                }
                work.table.raw("max_restarts", retries.min(1_000_000).to_string());
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
                if work.processes > 1 {
                    work.table.raw("replicas", work.processes.to_string());
                }
                match whole(value)? {
                    0 => {
                        return Err(
                            "one replica is the least; `enabled = false` leaves a program out".to_owned()
                        );
                    }
                    1..=64 => {}
                    _ => return Err("64 replicas are the most".to_owned()),
                }
            }
            "process_name" => self.process_name(entry, work)?,
            "user" => self.user(entry, work)?,
            "umask" => work.table.text("umask", umask(value)?),
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
            "stdout_logfile" | "stderr_logfile" => self.log(entry, work, service)?,
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
                service.syslog.add(&self.word(work.name), entry.key.trim_end_matches("_syslog"));
                return Err(NOTE.to_owned());
            }
            "serverurl" => {
                return Err("left out: programs find the socket in SVARA_SUPERVISOR_SOCKET".to_owned());
            }
            "socket" | "socket_owner" | "socket_mode" | "socket_backlog" => return Err("left out".to_owned()),
            "priority"
            | "dependent_startup"
            | "dependent_startup_wait_for"
            | "dependent_startup_inherit_priority"
            | "numprocs_start"
            | "autostart"
            | "redirect_stderr"
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
}

/// `startretries=0`: there, it counts only until a program runs.
const ONE_RESTART: &str =
    "one restart within restart_window (10m): none would mean that it isn't started again when it ends later";

/// supervisord's default of a switch.
fn switch(key: &str) -> Option<bool> {
    match key {
        "autostart" => Some(true),
        "redirect_stderr" | "stopasgroup" | "killasgroup" | "stdout_syslog" | "stderr_syslog" => Some(false),
        "stdout_events_enabled" | "stderr_events_enabled" => Some(false),
        _ => None,
    }
}

/// Whether there is something to run.
pub(super) fn has_command(section: &Section) -> bool {
    let command = section.entries.iter().find(|entry| entry.key == "command");
    command.and_then(|entry| shlex::split(&entry.value)).is_some_and(|words| !words.is_empty())
}

/// Whether supervisord would start it again after it has ended well.
fn restarts(section: &Section) -> bool {
    section.entries.iter().any(|entry| entry.key == "autorestart" && is_true(&entry.value))
}
