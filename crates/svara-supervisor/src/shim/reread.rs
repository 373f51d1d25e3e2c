//! `reread`, `update` and `avail`: what a changed file brings.

use svara_supervisor::control::{Request, Response};

use super::{ERROR, Shim, ask::Refusal, programs::is_down};

/// A program that the file changes, and how.
struct Change {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Removed,
    Changed,
    /// Its process goes on.
    ChangedInPlace,
    Added,
}

impl Shim {
    /// What a reload would do, and what it couldn't.
    fn changes(&self) -> Result<Vec<Change>, Refusal> {
        let mut changes = Vec::new();
        self.ask(&Request::Reload { dry_run: true }, |response| {
            let Response::Done(lines) = response else { return };
            for line in lines {
                match line.split_once(": would ") {
                    Some((name, what)) => {
                        let kind = match what {
                            "be added" => Kind::Added,
                            "be removed" => Kind::Removed,
                            "change without a restart" => Kind::ChangedInPlace,
                            _ => Kind::Changed,
                        };
                        changes.push(Change { name: name.to_owned(), kind });
                    }
                    None if line.contains("need a restart") => warn!("{line}"),
                    None => {}
                }
            }
        })?;
        changes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(changes)
    }

    pub(super) fn reread(&self) -> u8 {
        let changes = match self.changes() {
            Ok(changes) => changes,
            Err(refusal) => return self.failed(&refusal),
        };
        for Change { name, kind } in &changes {
            let word = match kind {
                Kind::Added => "available",
                Kind::Removed => "disappeared",
                Kind::Changed | Kind::ChangedInPlace => "changed",
            };
            say!("{name}: {word}");
        }
        if changes.is_empty() {
            say!("No config updates to processes");
        }
        0
    }

    /// As the old program: stops what goes or changes, and starts what comes and what ran.
    pub(super) fn update(&self, names: &[String]) -> u8 {
        match self.try_update(names) {
            Ok(code) => code,
            Err(refusal) => self.failed(&refusal),
        }
    }

    fn try_update(&self, names: &[String]) -> Result<u8, Refusal> {
        let mut changes = self.changes()?;
        changes.sort_by_key(|change| change.kind);
        let mut code = 0;
        if !names.is_empty() && !names.iter().any(|name| name == "all") {
            for meant in self.meant(names)?.iter().filter(|meant| meant.programs.is_empty()) {
                if !changes.iter().any(|change| change.name == meant.name) {
                    say!("ERROR: no such group: {}", meant.name);
                    code = ERROR;
                }
            }
            let is_meant = |change: &&Change| names.iter().any(|name| is_of(&change.name, name));
            if changes.iter().filter(is_meant).count() == 0 {
                return Ok(code);
            }
            let others = changes.iter().filter(|change| !is_meant(change));
            let others: Vec<&str> = others.map(|change| change.name.as_str()).collect();
            if !others.is_empty() {
                say!("ERROR: the file also changes {}; `update` applies all of it", others.join(", "));
                return Ok(ERROR);
            }
        }
        let goes = |change: &&Change| matches!(change.kind, Kind::Removed | Kind::Changed);
        let goes: Vec<String> = changes.iter().filter(goes).map(|change| change.name.clone()).collect();
        let mut ran = Vec::new();
        if !goes.is_empty() {
            let report = self.report(goes)?;
            ran = report.programs.iter().filter(|p| !is_down(p)).map(|p| p.name.clone()).collect();
        }
        if !ran.is_empty() {
            self.ask(&Request::Stop { programs: ran.clone() }, |_| {})?;
        }
        let applied = self.ask(&Request::Reload { dry_run: false }, |_| {});
        let stays = |name: &String| changes.iter().any(|c| c.name == *name && c.kind == Kind::Changed);
        // Also if the file was broken in the meantime: what was stopped runs again.
        ran.retain(|name| applied.is_err() || stays(name));
        if !ran.is_empty() {
            self.ask(&Request::Start { programs: ran, wait: false }, |_| {})?;
        }
        applied?;
        for Change { name, kind } in &changes {
            let done = match kind {
                Kind::Removed => "stopped\nremoved",
                Kind::Changed => "stopped\nupdated",
                Kind::ChangedInPlace => "updated",
                Kind::Added => "added",
            };
            done.lines().for_each(|word| match word {
                "stopped" => say!("{name}: stopped"),
                word => say!("{name}: {word} process group"),
            });
        }
        Ok(code)
    }

    /// There are no priorities here; the place in the order of starts says the same.
    pub(super) fn avail(&self) -> u8 {
        let (report, changes) = match (self.report(Vec::new()), self.changes()) {
            (Ok(report), Ok(changes)) => (report, changes),
            (Err(refusal), _) | (_, Err(refusal)) => return self.failed(&refusal),
        };
        let show = |name: &str, used: &str, auto: bool, order: usize| {
            let auto = if auto { "auto" } else { "manual" };
            say!("{name:32} {used:9} {auto:9} {order}:{order}");
        };
        for (order, program) in (1..).zip(&report.programs) {
            show(&program.name, "in use", program.autostart, order);
        }
        let added = changes.iter().filter(|change| change.kind == Kind::Added);
        for (order, Change { name, .. }) in (report.programs.len() + 1..).zip(added) {
            show(name, "avail", true, order);
        }
        0
    }
}

/// Whether a program has this name, or is a replica of one that has.
fn is_of(program: &str, name: &str) -> bool {
    let replica = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    program == name || program.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')).is_some_and(replica)
}
