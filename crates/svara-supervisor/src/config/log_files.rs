//! Which file has whose lines: each has one owner, or its rotation would be another's loss.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{fault::Fault, types::ProgramSpec};
use crate::{paths::is_special, schedule::ScheduleSpec};

/// The file of events as text.
pub(crate) const TEXT_FILE: &str = "supervisor.log";

/// The file of events as JSON.
pub(crate) const JSON_FILE: &str = "events.jsonl";

/// The file of health reports.
pub const HEALTH_FILE: &str = "healthcheck.log";

/// The directory of spools.
pub const SPOOL_DIRECTORY: &str = "spool";

/// The file of a scheduled command's output.
pub fn schedule_file(name: &str) -> String {
    format!("schedule_{name}.log")
}

/// The file of the output of a sink's command.
pub fn sink_file(name: &str) -> String {
    format!("sink_{name}.log")
}

/// Finds files that two have. The replicas of a program may share theirs, and so may its two outputs. Devices and FIFOs are
/// nobody's.
pub(super) fn shared<'a>(
    directory: &Path,
    programs: &[ProgramSpec],
    schedules: &[ScheduleSpec],
    sinks: impl Iterator<Item = &'a String>,
) -> Vec<Fault> {
    let own = [TEXT_FILE, JSON_FILE, HEALTH_FILE].map(str::to_owned).into_iter();
    let own = own
        .chain(schedules.iter().map(|schedule| schedule_file(&schedule.name)))
        .chain(sinks.map(|name| sink_file(name)));
    let own = own.map(|file| (real(&directory.join(file)), "the supervisor".to_owned()));
    let mut owners: BTreeMap<PathBuf, String> = own.collect();
    let spool = real(&directory.join(SPOOL_DIRECTORY));
    let mut faults = Vec::new();
    let outputs = programs.iter().flat_map(|spec| {
        [("stdout_log", &spec.stdout_log), ("stderr_log", &spec.stderr_log)]
            .into_iter()
            .filter_map(move |(key, path)| Some((spec, key, path.as_ref()?)))
    });
    for (spec, key, path) in outputs.filter(|(.., path)| !is_special(path)) {
        let (file, shown) = (real(path), path.display());
        let owner = owners.get(&file).cloned();
        let rotated = without_number(&file).and_then(|base| owners.get(&base).cloned());
        let message = match (owner, rotated) {
            _ if file.starts_with(&spool) => format!("`{shown}`: the supervisor has its spools there"),
            (Some(owner), _) if owner != spec.program => {
                format!("`{shown}` is a file of {owner} already; each needs a file of its own, or none")
            }
            (_, Some(owner)) => format!("`{shown}` is the name of a rotated file of {owner}"),
            _ => {
                owners.insert(file, spec.program.clone());
                continue;
            }
        };
        faults.push(Fault::new(format!("program.{}.{key}", spec.program), message));
    }
    faults
}

/// Links that lead to links to links …
const MAX_LINKS: u32 = 40;

/// Where a file is, or would be, past all links.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    past_links(&path, MAX_LINKS)
}

fn past_links(path: &Path, links_left: u32) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return plain(path) };
    match path.read_link() {
        // A link to what isn't there yet.
        Ok(target) if links_left > 0 => past_links(&parent.join(target), links_left - 1),
        _ => past_links(parent, links_left).join(name),
    }
}

/// A path without `.` and `..`, as far as its words tell.
fn plain(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// `a.log` of `a.log.3`.
fn without_number(path: &Path) -> Option<PathBuf> {
    let (base, number) = path.to_str()?.rsplit_once('.')?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| base.into())
}
