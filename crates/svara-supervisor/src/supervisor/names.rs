//! Which programs an operator means.

use super::{core::Core, unit::Unit};
use crate::fleet::Body;

impl Core {
    /// Resolves names: none or `all` means all programs; a program's name means all its replicas; `*` and `?` stand for
    /// any characters and any one.
    ///
    /// # Errors
    /// Which name fits no program, and which names there are.
    pub(super) fn named(&self, names: &[String]) -> Result<Vec<String>, String> {
        let all = names.is_empty() || names.iter().any(|name| name == "all");
        for name in names.iter().filter(|_| !all) {
            if !self.fleet.units.iter().any(|unit| is_meant(unit, name)) {
                let known: Vec<_> =
                    self.fleet.units.iter().map(|unit| unit.member.spec.name.as_str()).collect();
                let why = if self.disabled.contains(name) {
                    "is disabled by `enabled`"
                } else {
                    "is not a program"
                };
                return Err(format!("`{name}` {why}; programs are: {}", known.join(", ")));
            }
        }
        let meant = |unit: &&Unit| all || names.iter().any(|name| is_meant(unit, name));
        Ok(self.fleet.units.iter().filter(meant).map(|unit| unit.member.spec.name.clone()).collect())
    }
}

fn is_meant(unit: &Unit, name: &str) -> bool {
    unit.is_called(name)
        || unit.member.spec.aliases.iter().any(|alias| alias == name)
        || (name.contains(['*', '?'])
            && (matches(name.as_bytes(), unit.member.spec.name.as_bytes())
                || matches(name.as_bytes(), unit.member.spec.program.as_bytes())))
}

/// Whether the text fits a pattern of `*` and `?`.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => matches(rest, text),
        // Names have 70 characters at most, and a second star may take what the first one left.
        (Some((b'*', rest)), Some((_, tail))) => matches(rest, text) || matches(pattern, tail),
        (Some((b'?', rest)), Some((_, tail))) => matches(rest, tail),
        (Some((wanted, rest)), Some((found, tail))) => wanted == found && matches(rest, tail),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_fit_whole_names() {
        let table = [
            ("server-*", "server-0", true),
            ("server-*", "server", false),
            ("*", "vllm", true),
            ("v?lm", "vllm", true),
            ("*-1", "server-1", true),
            ("*-1", "server-10", false),
            ("s*r*0", "server-0", true),
        ];
        for (pattern, name, fits) in table {
            assert_eq!(super::matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
    }
}
