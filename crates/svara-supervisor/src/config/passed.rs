//! Which variables of ours a program gets.

use std::ffi::OsStr;

/// Variables that say where a process is, not what it may do.
const ALWAYS: &[&str] =
    &["HOME", "LANG", "LANGUAGE", "LC_*", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"];

/// The names of the variables that a program gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed(Vec<String>);

impl Passed {
    /// Those that every program gets, and those that fit one of these patterns.
    pub(super) fn new(patterns: Vec<String>) -> Self {
        Self(patterns)
    }

    /// A name, or the beginning of names and `*`; none if the text is neither.
    pub(super) fn pattern(text: &str) -> Option<String> {
        let name = text.strip_suffix('*').unwrap_or(text);
        let fits = !name.is_empty() && !name.contains(['=', '*']);
        fits.then(|| text.to_owned())
    }

    /// Whether a variable of this name is passed on.
    pub fn contains(&self, name: &OsStr) -> bool {
        let Some(name) = name.to_str() else { return false };
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        ALWAYS.iter().any(|pattern| fits(pattern)) || self.0.iter().any(|pattern| fits(pattern))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_beginnings_fit() {
        let passed = Passed::new(["VLLM_*", "HF_HOME"].map(str::to_owned).to_vec());
        for (name, fits) in [
            ("VLLM_PORT", true),
            ("VLLM_", true),
            ("HF_HOME", true),
            ("HF_HOME2", false),
            ("HF_TOKEN", false),
            ("PATH", true),
            ("LC_ALL", true),
            ("vllm_port", false),
            ("SVARA_API_KEY", false),
        ] {
            assert_eq!(passed.contains(OsStr::new(name)), fits, "{name}");
        }
        assert_eq!(["", "*", "A*B", "A=1"].map(Passed::pattern), [const { None }; 4]);
    }
}
