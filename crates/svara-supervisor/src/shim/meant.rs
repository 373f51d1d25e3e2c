//! Which programs the names of a command line mean, and the walk over them.

use svara_supervisor::report::ProgramReport;

use super::{ERROR, Shim, ask::Refusal};

/// A name of the command line and its programs; none if there is nothing of this name.
pub(super) struct Meant {
    pub(super) name: String,
    pub(super) programs: Vec<ProgramReport>,
    /// Whether it names a group or everything: then a program of which nothing is to be done goes without a word.
    pub(super) is_many: bool,
}

impl Meant {
    /// Whether there is nothing of this name.
    pub(super) fn is_missing(&self) -> bool {
        self.programs.is_empty() && self.name != "all"
    }

    /// The program as the command line has it, which may be an alias or in a group.
    pub(super) fn shown<'a>(&'a self, program: &'a ProgramReport) -> &'a str {
        match (self.programs.as_slice(), self.name.split_once(':')) {
            // The old program says it once where both are the same.
            ([_], Some((group, name))) if !self.is_many && group == name => name,
            ([_], _) if !self.is_many => &self.name,
            _ => &program.name,
        }
    }

    /// What the old program says then.
    pub(super) fn missing(&self) -> String {
        match self.name.split_once(':') {
            Some((group, "*" | "")) => format!("{group}: ERROR (no such group)"),
            _ => format!("{}: ERROR (no such process)", self.name),
        }
    }
}

/// `group:name` and `group:*` as we call them.
pub(super) fn plain(name: &str) -> &str {
    match name.split_once(':') {
        Some((group, "*" | "")) => group,
        Some((_, name)) => name,
        None => name,
    }
}

impl Shim {
    /// Asks for the state of each name; `all` alone counts.
    pub(super) fn meant(&self, names: &[String]) -> Result<Vec<Meant>, Refusal> {
        if names.iter().any(|name| name == "all") {
            let programs = self.report(Vec::new())?.programs;
            return Ok(vec![Meant { name: "all".to_owned(), programs, is_many: true }]);
        }
        let mut meant = Vec::new();
        for name in names {
            let programs = match self.report(vec![plain(name).to_owned()]) {
                Ok(report) => report.programs,
                Err(Refusal::Unknown) => Vec::new(),
                Err(other) => return Err(other),
            };
            let is_many = name.contains('*') || name.ends_with(':');
            meant.push(Meant { name: name.clone(), programs, is_many });
        }
        Ok(meant)
    }

    /// Does something to each meant program; says what is missing, with `missing` as its exit code. Returns the last
    /// exit code that tells of a failure.
    pub(super) fn for_each(
        &self,
        names: &[String],
        missing: impl Fn(&Meant) -> (String, u8),
        mut act: impl FnMut(&Meant, &ProgramReport) -> Result<u8, Refusal>,
    ) -> u8 {
        let meant = match self.meant(names) {
            Ok(meant) => meant,
            Err(refusal) => return self.failed(&refusal),
        };
        let mut last = 0;
        for meant in &meant {
            if meant.is_missing() {
                let (words, code) = missing(meant);
                say!("{words}");
                last = code;
            }
            for program in &meant.programs {
                match act(meant, program) {
                    Ok(0) => {}
                    Ok(code) => last = code,
                    Err(refusal) => return self.failed(&refusal),
                }
            }
        }
        last
    }
}

/// What most commands say of a name that nothing has.
pub(super) fn is_unknown(meant: &Meant) -> (String, u8) {
    (meant.missing(), ERROR)
}
