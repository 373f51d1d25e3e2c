//! What the files say that this machine can't give: programs, directories and ports.

use std::{
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::unistd::{AccessFlags, access};

use crate::{
    config::{Account, Config, Fault, HookAction, ProgramSpec, SinkSpec, SinkTarget, SyslogAddress},
    probe::{Check, ProbeSpec},
    process::attain,
    reach::{barrier, may_run, missing_interpreter},
};

/// An address of this machine answers much sooner.
const ANSWER: Duration = Duration::from_millis(300);

/// Looks for everything that a configuration names on this machine; starts nothing.
pub fn findings(config: &Config) -> Vec<Fault> {
    let mut look = Look { config, found: Vec::new() };
    for spec in &config.programs {
        look.program(spec);
    }
    for (number, hook) in config.hooks.iter().enumerate() {
        if let HookAction::Command(command) = &hook.action {
            look.command(&format!("hook[{number}].command"), command, None);
        }
    }
    for schedule in &config.schedules {
        look.command(&format!("schedule.{}.command", schedule.name), &schedule.command, None);
    }
    for sink in &config.log.sinks {
        look.sink(sink);
    }
    look.directory_for("log.directory", &config.log.directory.join("x"));
    look.directory_for("supervisor.socket", &config.socket);
    // The ports of a supervisor that runs are taken by its own programs.
    let runs = std::os::unix::net::UnixStream::connect(&config.socket).is_ok();
    if !runs {
        look.ports();
    }
    let mut unique: Vec<Fault> = Vec::new();
    for fault in look.found {
        if !unique.contains(&fault) {
            unique.push(fault);
        }
    }
    unique
}

struct Look<'a> {
    config: &'a Config,
    found: Vec<Fault>,
}

impl Look<'_> {
    fn report(&mut self, key: &str, message: String) {
        let place = self.config.places.of(key);
        self.found.push(Fault { key: key.to_owned(), message, place });
    }

    fn program(&mut self, spec: &ProgramSpec) {
        let table = format!("program.{}", spec.program);
        if let Some(directory) = &spec.directory
            && !directory.is_dir()
        {
            let why = if directory.exists() { "is not a directory" } else { "does not exist" };
            self.report(&format!("{table}.directory"), format!("{} {why}", directory.display()));
        } else if let (Some(directory), Some(account)) = (&spec.directory, &spec.account) {
            self.reachable(&format!("{table}.directory"), directory, account);
        }
        self.command(&format!("{table}.command"), &spec.command, Some(spec));
        for (key, command) in [("before_start", &spec.before_start), ("stop_command", &spec.stop_command)] {
            if let Some(command) = command {
                self.command(&format!("{table}.{key}"), command, Some(spec));
            }
        }
        for (key, probe) in probes(spec) {
            if let Check::Command(command) = &probe.check {
                self.command(&format!("{table}.{key}.command"), command, Some(spec));
            }
        }
        if let Some(reason) = tls_of(spec) {
            for (key, _) in probes(spec).filter(|(_, probe)| matches!(probe.check, Check::Http(_))) {
                let message = format!(
                    "probes have no TLS, and {} speaks only HTTPS ({reason}): this one never passes; write `tcp`, or leave TLS to a proxy",
                    spec.name
                );
                self.report(&format!("{table}.{key}.http"), message);
            }
        }
        for refused in attain(&mut spec.limits.clone()) {
            self.report(&format!("{table}.{}", refused.key), format!("{} {refused}", spec.name));
        }
        for (key, log) in [("stdout_log", &spec.stdout_log), ("stderr_log", &spec.stderr_log)] {
            if let Some(log) = log
                && log.is_dir()
            {
                self.report(&format!("{table}.{key}"), format!("{} is a directory", log.display()));
            } else if let Some(log) = log
                && log.parent() != Some(&self.config.log.directory)
            {
                self.directory_for(&format!("{table}.{key}"), log);
            }
        }
    }

    fn sink(&mut self, sink: &SinkSpec) {
        let table = format!("sink.{}", sink.name);
        match &sink.target {
            SinkTarget::Command(command) => self.command(&format!("{table}.command"), command, None),
            SinkTarget::Syslog { to: SyslogAddress::Unix(path), .. } if !path.exists() => {
                self.report(&format!("{table}.syslog"), format!("{} does not exist", path.display()));
            }
            SinkTarget::Syslog { to: SyslogAddress::Unix(path), .. } if !is_socket(path) => {
                self.report(&format!("{table}.syslog"), format!("{} is not a socket", path.display()));
            }
            SinkTarget::Syslog { .. } => {}
        }
    }

    fn command(&mut self, key: &str, command: &[String], spec: Option<&ProgramSpec>) {
        let Some(file) = command.first() else { return };
        if file.contains('/') {
            let directory = spec.and_then(|spec| spec.directory.as_deref()).unwrap_or(Path::new("."));
            let path = directory.join(file);
            if let Some(why) = unusable(&path) {
                self.report(key, format!("`{file}` {why}"));
            } else if let Some(why) = missing_interpreter(&path) {
                self.report(key, format!("`{file}` can't be run: {why}"));
            } else if let Some(account) = spec.and_then(|spec| spec.account.as_ref()) {
                self.reachable(key, &path, account);
            }
            return;
        }
        let own = spec.and_then(|spec| spec.environment.iter().find(|(name, _)| name == "PATH"));
        let path =
            own.map(|(_, path)| path.clone()).or_else(|| std::env::var("PATH").ok()).unwrap_or_default();
        let mut places = std::env::split_paths(&path).map(|directory| directory.join(file));
        match places.find(|place| unusable(place).is_none()) {
            None => self.report(key, format!("`{file}` is in no directory of PATH ({path})")),
            Some(place) => {
                if let Some(why) = missing_interpreter(&place) {
                    self.report(key, format!("`{file}` can't be run: {why}"));
                }
            }
        }
    }

    /// Whether another user may run a file, or enter a directory.
    fn reachable(&mut self, key: &str, path: &Path, account: &Account) {
        let user = account.name.clone().unwrap_or_else(|| account.uid.to_string());
        if let Some(barrier) = barrier(account, path) {
            self.report(key, format!("{user} may not enter {}", barrier.display()));
        } else if path.metadata().is_ok_and(|data| !may_run(account, &data)) {
            let what = if path.is_dir() { "enter" } else { "run" };
            self.report(key, format!("{user} may not {what} {}", path.display()));
        }
    }

    /// Whether a file can be made here: its directory is there, or can be made itself.
    fn directory_for(&mut self, key: &str, file: &Path) {
        let Some(there) = file.ancestors().skip(1).find(|place| place.exists()) else { return };
        if !there.is_dir() {
            self.report(key, format!("{} is not a directory", there.display()));
        } else if access(there, AccessFlags::W_OK).is_err() {
            self.report(key, format!("{} is not writable", there.display()));
        }
    }

    fn ports(&mut self) {
        if let Some(address) = self.config.metrics
            && let Err(error) = TcpListener::bind(address)
        {
            self.report("supervisor.metrics", format!("{address}: {error}"));
        }
        let mut asked: Vec<(String, u16)> = Vec::new();
        for spec in &self.config.programs {
            for (key, probe) in probes(spec) {
                let Some((host, port)) = target(&probe.check) else { continue };
                if asked.contains(&(host.clone(), port)) {
                    continue;
                }
                asked.push((host.clone(), port));
                if let Some(address) = local(&host, port)
                    && TcpStream::connect_timeout(&address, ANSWER).is_ok()
                {
                    let message = format!(
                        "port {port} is taken: something answers there, and {} isn't running",
                        spec.name
                    );
                    self.report(&format!("program.{}.{key}", spec.program), message);
                }
            }
        }
    }
}

/// What makes a program serve HTTPS: known of `svara-server` only, whose own file isn't read.
fn tls_of(spec: &ProgramSpec) -> Option<&'static str> {
    let file = spec.command.first().map(Path::new)?;
    if file.file_name().is_none_or(|name| name != "svara-server") {
        return None;
    }
    if spec.command.iter().any(|word| word == "--tls-cert" || word.starts_with("--tls-cert=")) {
        return Some("--tls-cert");
    }
    let is_set = |name: &&str| {
        let own =
            spec.environment.iter().rev().find(|(own, _)| own == name).map(|(_, value)| !value.is_empty());
        let gets = spec.passed.as_ref().is_none_or(|passed| passed.contains(name.as_ref()));
        own.unwrap_or_else(|| gets && std::env::var_os(name).is_some_and(|value| !value.is_empty()))
    };
    ["SVARA_TLS_CERT", "SVARA_SERVER_TLS_CERT"].into_iter().find(is_set)
}

fn probes(spec: &ProgramSpec) -> impl Iterator<Item = (&'static str, &ProbeSpec)> {
    let all = [("startup", &spec.startup), ("readiness", &spec.readiness), ("liveness", &spec.liveness)];
    all.into_iter().filter_map(|(key, probe)| Some((key, probe.as_ref()?)))
}

fn target(check: &Check) -> Option<(String, u16)> {
    match check {
        Check::Http(uri) => Some((uri.host()?.to_owned(), uri.port_u16().unwrap_or(80))),
        Check::Tcp { host, port } => Some((host.clone(), *port)),
        Check::Command(_) | Check::Log(_) => None,
    }
}

/// An address of this machine; names of others aren't asked for.
fn local(host: &str, port: u16) -> Option<SocketAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host == "localhost" {
        return (host, port).to_socket_addrs().ok()?.next();
    }
    let address: IpAddr = host.parse().ok()?;
    address.is_loopback().then(|| SocketAddr::new(address, port))
}

fn is_socket(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.file_type().is_socket())
}

/// Why a program file can't be run.
fn unusable(file: &PathBuf) -> Option<&'static str> {
    if !file.exists() {
        Some("does not exist")
    } else if file.is_dir() {
        Some("is a directory")
    } else if access(file, AccessFlags::X_OK).is_err() {
        Some("is not executable")
    } else {
        None
    }
}
