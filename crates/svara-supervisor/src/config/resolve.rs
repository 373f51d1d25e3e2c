//! Turns the file into the checked configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::unistd::Group;

use super::{
    DEFAULT_SOCKET, Variables,
    document::{Document, read_text},
    fault::{ConfigError, Fault},
    field::{Fields, LONGEST, SHORTEST},
    file,
    hook::hook,
    log_files::shared,
    places::Places,
    program::{Context, NAME_OF_ITS_OWN, is_word, names_directory, resolve_program},
    sink::sinks,
    types::{Config, LogConfig, ProgramSpec},
};
use crate::{
    graph::start_order,
    schedule::{ScheduleSpec, comes, parse_timezone},
};

/// Reads and checks a file, and those that it includes.
///
/// # Errors
/// See [`ConfigError`].
pub fn load(path: &Path, variables: &Variables) -> Result<Config, ConfigError> {
    load_scaled(path, variables, &BTreeMap::new())
}

/// As [`load`], with other numbers of replicas for some programs.
///
/// # Errors
/// See [`ConfigError`].
pub fn load_scaled(
    path: &Path,
    variables: &Variables,
    scaled: &BTreeMap<String, u32>,
) -> Result<Config, ConfigError> {
    let text = read_text(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    resolve(&text, directory, variables, scaled)
}

/// Checks the text of a file; what it includes is looked for in the working directory.
///
/// # Errors
/// See [`ConfigError`].
pub fn parse(text: &str, variables: &Variables) -> Result<Config, ConfigError> {
    resolve(text, Path::new("."), variables, &BTreeMap::new())
}

fn resolve(
    text: &str,
    directory: &Path,
    variables: &Variables,
    scaled: &BTreeMap<String, u32>,
) -> Result<Config, ConfigError> {
    let document = Document::read(text, directory, variables);
    let file: file::File = match document.tree.clone().try_into() {
        Ok(file) => file,
        // What doesn't fit has been taken out, so this comes only with faults that say so.
        Err(error) => {
            let fault = Fault::new("", error.to_string());
            return Err(ConfigError::Faults(document.finish(vec![fault]).0));
        }
    };
    let mut faults = Vec::new();
    let mut fields = Fields { table: String::new(), variables, faults: &mut faults };
    if file.program.is_empty() {
        fields.fault("program", "no programs; add at least one [program.NAME]");
    }
    let mut log = log(&file.log, &mut fields.below("log"));
    log.sinks = sinks(&file, log.json, &mut fields);
    let context = Context { logs: &log.directory, directory, variables, scaled };
    let mut programs = Vec::new();
    let mut disabled = Vec::new();
    for (name, program) in &file.program {
        match resolve_program(name, program, context, fields.faults) {
            replicas if replicas.is_empty() => disabled.push(name.clone()),
            replicas => programs.extend(replicas),
        }
    }
    check_names(&file, &programs, &mut fields);
    let programs = in_order(&file, programs, &disabled, fields.faults);
    let mut hooks: Vec<_> =
        (0..).zip(&file.hook).map(|(n, spec)| hook(n, spec, &file, &mut fields)).collect();
    for hook in &mut hooks {
        hook.programs = replicas_of(&hook.programs, &programs);
    }
    let schedules = schedules(&file, &mut fields);
    fields.faults.extend(shared(
        &log.directory,
        &programs,
        &schedules,
        log.sinks.iter().map(|sink| &sink.name),
    ));
    let mut own = fields.below("supervisor");
    let mut config = Config {
        socket: socket(file.supervisor.socket.as_deref(), &mut own),
        socket_group: socket_group(file.supervisor.socket_group.as_deref(), &mut own),
        exit_when_done: own.switch("exit_when_done", file.supervisor.exit_when_done.as_ref(), false),
        groups: groups(&file, &programs),
        metrics: metrics_address(file.supervisor.metrics.as_deref().unwrap_or_default(), &mut own),
        health_report: health_report(file.supervisor.health_report.as_deref(), &mut own),
        hook_grace: own.duration_in(
            "hook_grace",
            file.supervisor.hook_grace.as_deref(),
            Duration::from_secs(10),
            Duration::ZERO..=Duration::from_secs(3600),
        ),
        log,
        programs,
        disabled,
        hooks,
        schedules,
        places: Places::default(),
    };
    let (faults, places) = document.finish(faults);
    config.places = places;
    if faults.is_empty() { Ok(config) } else { Err(ConfigError::Faults(faults)) }
}

fn health_report(value: Option<&str>, fields: &mut Fields<'_>) -> Option<Duration> {
    let every = fields.duration("health_report", value, Duration::from_secs(60));
    if !every.is_zero() && every < SHORTEST {
        let least = humantime::format_duration(SHORTEST);
        fields.fault("health_report", format!("must be at least {least}, or 0s for none"));
    }
    Some(every).filter(|every| !every.is_zero())
}

/// The kernel takes no longer path.
const MAX_SOCKET_BYTES: usize = 107;

fn socket(value: Option<&str>, fields: &mut Fields<'_>) -> PathBuf {
    let path = fields.path("socket", value, DEFAULT_SOCKET);
    if path.to_str().is_some_and(|path| !path.is_empty() && names_directory(path)) {
        fields.fault("socket", format!("`{}` is a directory; expected a file", path.display()));
    }
    if path.as_os_str().len() > MAX_SOCKET_BYTES {
        fields.fault("socket", format!("must not be longer than {MAX_SOCKET_BYTES} bytes"));
    }
    path
}

fn socket_group(value: Option<&str>, fields: &mut Fields<'_>) -> Option<u32> {
    let name = fields.text("socket_group", value?);
    let found = match name.parse::<u32>() {
        Ok(number) => Some(number),
        Err(_) => Group::from_name(&name).ok().flatten().map(|group| group.gid.as_raw()),
    };
    if found.is_none() {
        fields.fault("socket_group", format!("there is no group `{name}`; a number needs no entry"));
    }
    found
}

/// The replicas that each group stands for.
fn groups(file: &file::File, programs: &[ProgramSpec]) -> BTreeMap<String, Vec<String>> {
    file.groups.iter().map(|(name, members)| (name.clone(), replicas_of(members, programs))).collect()
}

/// An alias names one program only, or some of its replicas, and a group's name none.
fn check_names(file: &file::File, programs: &[ProgramSpec], fields: &mut Fields<'_>) {
    let mut seen: BTreeSet<&String> = file.program.keys().collect();
    seen.extend(programs.iter().map(|spec| &spec.name));
    let fits = NAME_OF_ITS_OWN;
    for (name, program) in &file.program {
        let mut aliases = BTreeSet::new();
        let replicas: Vec<&ProgramSpec> = programs.iter().filter(|spec| spec.program == *name).collect();
        // As written, one comes again in each replica.
        let twice = (1..)
            .zip(&program.aliases)
            .filter(|(next, alias)| program.aliases.get(*next..).is_some_and(|later| later.contains(alias)));
        for (_, alias) in twice {
            fields.fault(&format!("program.{name}.aliases"), format!("`{alias}`: {fits}"));
        }
        for alias in replicas.iter().flat_map(|spec| &spec.aliases) {
            if seen.contains(alias) && is_word(alias) {
                fields.fault(&format!("program.{name}.aliases"), format!("`{alias}`: {fits}"));
            }
            aliases.insert(alias);
        }
        seen.extend(aliases);
    }
    for (name, members) in &file.groups {
        let key = format!("groups.{name}");
        if name == "all" || !is_word(name) || !seen.insert(name) {
            fields.fault(&key, format!("`{name}`: {fits}"));
        }
        if members.is_empty() {
            fields.fault(&key, "must name at least one program");
        }
        for member in members.iter().filter(|member| !file.program.contains_key(*member)) {
            fields.fault(&key, no_program(member, file));
        }
    }
}

pub(super) fn no_program(name: &str, file: &file::File) -> String {
    let known: Vec<&str> = file.program.keys().map(String::as_str).collect();
    format!("there is no program `{name}`; programs are: {}", known.join(", "))
}

fn metrics_address(value: &str, fields: &mut Fields<'_>) -> Option<SocketAddr> {
    let address = fields.text("metrics", value);
    if address.is_empty() {
        return None;
    }
    let parsed = address.parse();
    if parsed.is_err() {
        fields.fault("metrics", format!("`{address}`: expected an address such as 127.0.0.1:9108"));
    }
    parsed.ok()
}

fn log(log: &file::Log, fields: &mut Fields<'_>) -> LogConfig {
    let json = fields.json("format", log.format.as_deref(), false);
    let max_size_bytes = fields.bytes("max_size", log.max_size.as_deref()).unwrap_or(50 << 20);
    if max_size_bytes < 4096 {
        fields.fault("max_size", "must be at least 4 KiB");
    }
    LogConfig {
        directory: fields.path("directory", log.directory.as_deref(), "/var/log/supervisor"),
        max_size_bytes,
        // At each rotation, every one of them is renamed.
        backups: fields.integer("backups", log.backups.as_ref(), 10, 0..=1000),
        timestamps: fields.switch("timestamps", log.timestamps.as_ref(), false),
        json,
        console: fields.switch("console", log.console.as_ref(), true),
        sinks: Vec::new(),
    }
}

/// Checks the graph of programs (not replicas), sorts the replicas in start order and resolves `after` to names of
/// replicas. A disabled program counts as ready.
fn in_order(
    file: &file::File,
    mut programs: Vec<ProgramSpec>,
    disabled: &[String],
    faults: &mut Vec<Fault>,
) -> Vec<ProgramSpec> {
    let graph: BTreeMap<_, _> =
        file.program.iter().map(|(name, p)| (name.clone(), p.after.clone())).collect();
    let order = match start_order(&graph) {
        Ok(order) => order,
        Err(errors) => {
            faults.extend(errors.into_iter().map(Fault::from));
            return programs;
        }
    };
    let mut seen = BTreeSet::new();
    for spec in &programs {
        if !seen.insert(spec.name.clone()) {
            let key = format!("program.{}", spec.program);
            let message = format!("a replica would be named `{}`, like another program", spec.name);
            faults.push(Fault::new(key, message));
        }
    }
    programs.sort_by_key(|spec| order.iter().position(|name| *name == spec.program));
    let replicas: Vec<(String, String)> =
        programs.iter().map(|spec| (spec.program.clone(), spec.name.clone())).collect();
    for spec in &mut programs {
        let needed = spec.after.iter().filter(|name| !disabled.contains(name));
        let needed = needed.flat_map(|name| replicas.iter().filter(move |(program, _)| program == name));
        spec.after = needed.map(|(_, replica)| replica.clone()).collect();
    }
    programs
}

/// Replaces names of programs with those of their replicas. A disabled program has none and keeps its name, which then
/// matches nothing.
fn replicas_of(names: &[String], programs: &[ProgramSpec]) -> Vec<String> {
    let of = |name: &String| {
        let replicas = programs.iter().filter(|spec| spec.program == *name).map(|spec| spec.name.clone());
        let replicas: Vec<String> = replicas.collect();
        if replicas.is_empty() { vec![name.clone()] } else { replicas }
    };
    names.iter().flat_map(of).collect()
}

fn schedules(file: &file::File, fields: &mut Fields<'_>) -> Vec<ScheduleSpec> {
    let mut schedules = Vec::new();
    let mut names = BTreeSet::new();
    for (number, schedule) in file.schedule.iter().enumerate() {
        let is_alone = file.schedule.iter().filter(|other| other.name == schedule.name).count() == 1;
        let table = match schedule.name.as_str() {
            name if is_alone && !name.is_empty() => format!("schedule.{name}"),
            _ => format!("schedule[{number}]"),
        };
        let mut fields = fields.below(&table);
        for name in schedule.when_ready.iter().filter(|name| !file.program.contains_key(*name)) {
            fields.fault("when_ready", no_program(name, file));
        }
        let expression = fields.text("cron", &schedule.cron);
        let cron = crate::schedule::parse_cron(&expression);
        let command = fields.words("command", &schedule.command);
        let minute = Duration::from_secs(60);
        let timeout = fields.duration_in("timeout", schedule.timeout.as_deref(), minute, SHORTEST..=LONGEST);
        let enabled = fields.switch("enabled", schedule.enabled.as_ref(), true);
        let overlap = fields.switch("overlap", schedule.overlap.as_ref(), false);
        let zone = fields.text("timezone", schedule.timezone.as_deref().unwrap_or("UTC"));
        let timezone = parse_timezone(&zone).unwrap_or_else(|error| {
            fields.fault("timezone", error);
            jiff::tz::TimeZone::UTC
        });
        if !is_word(&schedule.name) {
            fields.fault("name", "must have 1 to 64 letters, digits, `_` or `-`: it names a log file");
        }
        if !names.insert(&schedule.name) {
            fields.fault("name", format!("`{}`: there is another schedule of this name", schedule.name));
        }
        match cron {
            Ok(cron) if !comes(&cron, &timezone) => {
                fields.fault("cron", format!("`{expression}`: this time never comes"));
            }
            Ok(cron) if enabled => schedules.push(ScheduleSpec {
                name: schedule.name.clone(),
                cron,
                command,
                timeout,
                when_ready: schedule.when_ready.clone(),
                timezone,
                overlap,
            }),
            Ok(_) => {}
            Err(error) => fields.fault("cron", format!("`{expression}`: {error}")),
        }
    }
    schedules
}
