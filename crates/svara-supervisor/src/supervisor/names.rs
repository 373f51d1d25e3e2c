//! Which programs an operator means.

use super::{core::Core, unit::Unit};
use crate::{fleet::Body, pattern::matches};

impl Core {
    /// Resolves names: none or `all` means all programs; a program's name means all its replicas, a group's all its programs; `*` and `?` stand for
    /// any characters and any one.
    ///
    /// # Errors
    /// Which name fits no program, and which names there are.
    pub(super) fn named(&self, names: &[String]) -> Result<Vec<String>, String> {
        let all = names.is_empty() || names.iter().any(|name| name == "all");
        for name in names.iter().filter(|_| !all) {
            if !self.fleet.units.iter().any(|unit| self.is_meant(unit, name)) {
                // A group of disabled programs only.
                if self.groups.contains_key(name) {
                    continue;
                }
                let names = self.fleet.units.iter().map(|unit| unit.member.spec.name.as_str());
                let known: Vec<_> = names.chain(self.groups.keys().map(String::as_str)).collect();
                let why = if self.disabled.contains(name) {
                    "is disabled by `enabled`"
                } else {
                    "is not a program"
                };
                return Err(format!("`{name}` {why}; programs are: {}", known.join(", ")));
            }
        }
        let meant = |unit: &&Unit| all || names.iter().any(|name| self.is_meant(unit, name));
        Ok(self.fleet.units.iter().filter(meant).map(|unit| unit.member.spec.name.clone()).collect())
    }

    fn is_meant(&self, unit: &Unit, name: &str) -> bool {
        let group = self.groups.get(name.strip_suffix(":*").unwrap_or(name));
        group.is_some_and(|members| members.contains(&unit.member.spec.name)) || is_called(unit, name)
    }
}

fn is_called(unit: &Unit, name: &str) -> bool {
    unit.is_called(name)
        || unit.member.spec.aliases.iter().any(|alias| alias == name)
        || (name.contains(['*', '?'])
            && (matches(name, &unit.member.spec.name) || matches(name, &unit.member.spec.program)))
}
