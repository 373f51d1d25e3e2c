//! `[supervisord]`, `[unix_http_server]` and the other sections that aren't about programs.

use std::path::Path;

use super::{
    Import,
    ini::{Entry, Section},
    output::Table,
    syslog::{NOTE, Syslog},
    values::{at_home, is_boolean, is_true, pairs, size_bytes, umask},
};

/// What is said of the supervisor, its logs and all programs.
#[derive(Debug, Default)]
pub(super) struct Service {
    supervisor: Table,
    directory: Option<String>,
    max_size_bytes: Option<u64>,
    backups: Option<u64>,
    defaults: Table,
    pub(super) syslog: Syslog,
}

/// What supervisord's sample has, and every system gives.
const USUAL_FILES: u64 = 1024;
const USUAL_PROCESSES: u64 = 200;

/// supervisord's `0`: no rotation. Larger than any disk.
const UNLIMITED_BYTES: u64 = 1 << 50;

impl Service {
    /// Takes a size of a log; one for all is left of several, the largest.
    pub(super) fn max_size(&mut self, bytes: u64) {
        let bytes = if bytes == 0 { UNLIMITED_BYTES } else { bytes.max(4096) };
        self.max_size_bytes = Some(self.max_size_bytes.map_or(bytes, |before| before.max(bytes)));
    }

    /// As [`Service::max_size`], for the number of rotated files.
    pub(super) fn backups(&mut self, number: u64) {
        let number = number.min(1000);
        self.backups = Some(self.backups.map_or(number, |before| before.max(number)));
    }

    pub(super) fn write(self, groups: &Table) -> String {
        let mut log = Table::default();
        if let Some(directory) = &self.directory {
            log.text("directory", directory);
        }
        if let Some(bytes) = self.max_size_bytes {
            let size = match bytes {
                UNLIMITED_BYTES => "1PiB".to_owned(),
                bytes if bytes % (1 << 20) == 0 => format!("{}MiB", bytes >> 20),
                bytes => bytes.to_string(),
            };
            log.text("max_size", &size);
        }
        if let Some(backups) = self.backups {
            log.raw("backups", backups.to_string());
        }
        "# Translated from a supervisord.conf; docs/supervisor.md explains the keys.\n".to_owned()
            + &self.supervisor.write("[supervisor]")
            + &log.write("[log]")
            + &self.defaults.write("[defaults]")
            + &groups.write("[groups]")
            + &self.syslog.write()
    }
}

fn logs_to_device(section: &Section) -> bool {
    section.entries.iter().any(|entry| {
        entry.key == "logfile" && (entry.value.starts_with("/dev/") || entry.value.trim() == "syslog")
    })
}

impl Import<'_> {
    pub(super) fn section(&mut self, section: &Section, service: &mut Service) {
        for entry in &section.entries {
            let done = match section.name.as_str() {
                // A console or a sink isn't rotated.
                "supervisord" if entry.key.starts_with("logfile_") && logs_to_device(section) => Ok(()),
                "supervisord" => self.supervisord(entry, service),
                "unix_http_server" => self.socket(entry, section, service),
                // Where clients find the server, and the usual plugin; neither is needed.
                "supervisorctl" if matches!(entry.key.as_str(), "serverurl" | "prompt" | "history_file") => {
                    Ok(())
                }
                "rpcinterface:supervisor" if entry.key == "supervisor.rpcinterface_factory" => Ok(()),
                "inet_http_server" => {
                    Err("left out: commands use the socket only; [supervisor] metrics has a page of its own"
                        .to_owned())
                }
                name if name.starts_with("rpcinterface:") || name.starts_with("ctlplugin:") => {
                    Err("left out: Python plugins can't be loaded".to_owned())
                }
                "supervisorctl" => Err("left out: commands need no name and password".to_owned()),
                _ => Err("unknown section".to_owned()),
            };
            if let Err(message) = done {
                self.note(entry, &section.name, &message);
            }
        }
    }

    /// Translates a value that belongs to no program.
    fn plain(&mut self, entry: &Entry, section: &str) -> String {
        let said = self.names("supervisord", "supervisord", 1, 0).say(&entry.value, "");
        for note in said.notes {
            self.note(entry, section, &note);
        }
        said.text
    }

    fn supervisord(&mut self, entry: &Entry, service: &mut Service) -> Result<(), String> {
        let value = self.plain(entry, "supervisord");
        match entry.key.as_str() {
            "logfile" if value == "syslog" => {
                service.syslog.events = true;
                return Err(NOTE.to_owned());
            }
            "logfile" | "childlogdir" => {
                let value = at_home(&value);
                let path = Path::new(&value);
                let directory = if entry.key == "logfile" { path.parent() } else { Some(path) };
                let directory = directory.filter(|directory| !directory.starts_with("/dev"));
                let is_whole =
                    |directory: &&Path| directory.is_absolute() || directory.starts_with("${HOME}");
                if let Some(directory) = directory.filter(is_whole) {
                    let directory = directory.display().to_string();
                    let differs = service.directory.as_ref().is_some_and(|known| *known != directory);
                    // That of the children wins.
                    if entry.key == "childlogdir" || service.directory.is_none() {
                        service.directory = Some(directory);
                    }
                    if differs {
                        return Err(match entry.key.as_str() {
                            "childlogdir" => "all logs are in it, also that of the supervisor",
                            _ => "left out: all logs are in `childlogdir`",
                        }
                        .to_owned());
                    }
                } else if directory.is_some() {
                    return Err("left out: logs are in [log] directory".to_owned());
                }
            }
            "logfile_maxbytes" => service.max_size(size_bytes(&value).ok_or("not a size")?),
            "logfile_backups" => service.backups(value.parse().map_err(|_| "not a number")?),
            "umask" => service.defaults.text("umask", umask(&value)?),
            "directory" => service.defaults.text("directory", &at_home(&value)),
            "environment" => match pairs(&value) {
                Ok(pairs) => service.defaults.variables("environment", &pairs),
                Err(part) => return Err(format!("`{part}` isn't NAME=value")),
            },
            // They are minimums of the supervisor's own, not limits: a smaller limit would take something away.
            "minfds" => {
                let files = value.parse::<u64>().map_err(|_| "not a number")?;
                if files > USUAL_FILES {
                    service.defaults.raw("limits", format!("{{ nofile = {files} }}"));
                }
            }
            "minprocs" if value.parse::<u64>().is_ok_and(|processes| processes <= USUAL_PROCESSES) => {}
            "minprocs" => {
                return Err(
                    "left out: raise the limit of processes where the supervisor is started".to_owned()
                );
            }
            "nodaemon" if is_true(&value) => {}
            "nodaemon" if !is_boolean(&value) => {
                return Err(format!(
                    "`{value}`: neither true nor false; the supervisor stays in the foreground"
                ));
            }
            "nodaemon" => {
                return Err(
                    "the supervisor stays in the foreground; start it from systemd or a container".to_owned()
                );
            }
            "user" if value == "root" || value == "0" => {}
            "user" => {
                return Err(
                    "left out: start the supervisor as this user, or give each program a `user`".to_owned()
                );
            }
            "pidfile" => {
                return Err("left out: `svara-supervisor status --json` has the process id".to_owned());
            }
            "loglevel" | "strip_ansi" | "nocleanup" | "identifier" | "silent" => {
                return Err("left out: there is no such setting".to_owned());
            }
            _ => return Err("unknown".to_owned()),
        }
        Ok(())
    }

    fn socket(&mut self, entry: &Entry, section: &Section, service: &mut Service) -> Result<(), String> {
        let value = self.plain(entry, "unix_http_server");
        let mode = section.entries.iter().find(|entry| entry.key == "chmod");
        let mode = mode.and_then(|entry| u32::from_str_radix(&entry.value, 8).ok()).unwrap_or(0o700);
        match entry.key.as_str() {
            "file" if value.is_empty() => return Err("left out: it is empty".to_owned()),
            "file" => {
                service.supervisor.text("socket", &value);
                return Err("commands find it by SVARA_SUPERVISOR_SOCKET or --socket".to_owned());
            }
            "chown" => match value.split_once(':') {
                Some(_) if mode & 0o020 == 0 => {
                    return Err("left out: `chmod` lets only the owner in".to_owned());
                }
                Some((_, group)) => {
                    service.supervisor.text("socket_group", group);
                    self.accounts.push("supervisor.socket_group".to_owned());
                    if nix::unistd::Group::from_name(group).ok().flatten().is_none() {
                        return Err(format!("there is no group `{group}` here; `check` and `run` want one"));
                    }
                }
                None => {
                    return Err(
                        "left out: the socket belongs to the supervisor's user; see socket_group".to_owned()
                    );
                }
            },
            "chmod" if matches!(value.as_str(), "0700" | "700" | "0600" | "600" | "0770" | "0660") => {}
            "chmod" => return Err("left out: the socket has mode 0600, or 0660 with socket_group".to_owned()),
            "username" | "password" => return Err("left out: the kernel tells who asks".to_owned()),
            _ => return Err("unknown".to_owned()),
        }
        Ok(())
    }
}
