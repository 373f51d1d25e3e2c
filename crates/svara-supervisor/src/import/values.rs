//! Values of a supervisord.conf in our words: `%(ENV_X)s` becomes `${X}`, and so on.

use std::path::Path;

/// What the names in `%(…)s` stand for.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// The directory of the file.
    pub(super) here: &'a Path,
    pub(super) program: &'a str,
    pub(super) group: &'a str,
    /// Number of processes, and of the first one.
    pub(super) processes: u32,
    pub(super) first: u32,
    /// Whether a variable is set where we run.
    pub(super) is_set: &'a dyn Fn(&str) -> bool,
}

/// A value in our words, and what couldn't be said in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) notes: Vec<String>,
}

impl Names<'_> {
    /// Translates a value; a variable that isn't set becomes `default`.
    pub(super) fn say(&self, value: &str, default: &str) -> Said {
        let mut said = Said::default();
        let mut rest = value;
        while let Some(at) = rest.find(['%', '$']) {
            let (before, from) = rest.split_at(at);
            said.text.push_str(before);
            if let Some(tail) = from.strip_prefix('$') {
                // Ours has a meaning for it.
                said.text.push_str("$$");
                rest = tail;
            } else if let Some(tail) = from.strip_prefix("%%") {
                said.text.push('%');
                rest = tail;
            } else if let Some((name, form, tail)) = reference(from) {
                self.name(name, form, default, &mut said);
                rest = tail;
            } else {
                said.text.push('%');
                said.notes.push("a `%` of its own; supervisord wants `%%`".to_owned());
                rest = from.get(1..).unwrap_or_default();
            }
        }
        said.text.push_str(rest);
        said
    }

    fn name(&self, name: &str, form: &str, default: &str, said: &mut Said) {
        let literal = |text: &str| text.replace('$', "$$");
        if let Some(variable) = name.strip_prefix("ENV_") {
            if (self.is_set)(variable) {
                said.text.push_str(&format!("${{{variable}}}"));
            } else {
                said.text.push_str(&format!("${{{variable}:-{default}}}"));
                said.notes.push(format!("{variable} isn't set here; without it, `{default}` is used"));
            }
            return;
        }
        match name {
            "here" => said.text.push_str(&literal(&self.here.display().to_string())),
            "program_name" => said.text.push_str(&literal(self.program)),
            "group_name" => said.text.push_str(&literal(self.group)),
            "numprocs" => said.text.push_str(&self.processes.to_string()),
            "host_node_name" => {
                said.text.push_str("${HOSTNAME:-localhost}");
                said.notes.push("%(host_node_name)s is $HOSTNAME".to_owned());
            }
            "process_num" if self.processes == 1 => {
                let width = form.trim_end_matches('d').parse().unwrap_or(0_usize).min(20);
                said.text.push_str(&format!("{:0width$}", self.first));
            }
            "process_num" => {
                let number = match self.first {
                    0 => "${INDEX}".to_owned(),
                    first => format!("$((${{INDEX}} + {first}))"),
                };
                said.text.push_str(&number);
                if form.len() > 1 {
                    said.notes.push(format!("%(process_num){form} is written without leading zeros"));
                }
            }
            other => said.notes.push(format!("%({other})s has no counterpart and is left out")),
        }
    }
}

/// `%(name)s` or `%(name)02d`: the name, the form and what follows.
fn reference(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.strip_prefix("%(")?.split_once(')')?;
    let length = rest.find(|c: char| !c.is_ascii_digit())?;
    let form = rest.get(..=length).filter(|form| form.ends_with(['s', 'd']))?;
    Some((name, form, rest.get(form.len()..)?))
}

/// Reads `A="1",B=two`, as in `environment`.
///
/// # Errors
/// The part that has no `=`.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (None, ',' | '\n') => parts.push(String::new()),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if c == open => quote = None,
            _ => {
                if let Some(part) = parts.last_mut() {
                    // Blanks around a name or a value without quotes don't count.
                    if quote.is_some() || !c.is_whitespace() {
                        part.push(c);
                    }
                }
            }
        }
    }
    let pair = |part: String| match part.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(part),
    };
    parts.into_iter().filter(|part| !part.is_empty()).map(pair).collect()
}

/// supervisord's booleans.
pub(super) fn is_true(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "true" | "yes" | "on" | "1" | "t" | "y")
}

/// supervisord's sizes, as ours: KB, MB and GB are powers of 1024 there.
pub(super) fn size_bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_lowercase();
    let (number, unit) = match lower.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => lower.split_at(at),
        None => (lower.as_str(), ""),
    };
    let factor: u64 = match unit.trim() {
        "" | "b" => 1,
        "kb" => 1 << 10,
        "mb" => 1 << 20,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<'a>(processes: u32, first: u32, is_set: &'a dyn Fn(&str) -> bool) -> Names<'a> {
        Names { here: Path::new("/etc/sup"), program: "api", group: "web", processes, first, is_set }
    }

    #[test]
    fn names_become_ours() {
        let is_set = |name: &str| name == "HOME";
        let table = [
            (1, 0, "%(here)s/x", "/etc/sup/x"),
            (1, 0, "%(ENV_HOME)s/%(ENV_NOPE)s", "${HOME}/${NOPE:-}"),
            (1, 7, "%(program_name)s_%(process_num)02d", "api_07"),
            (4, 0, "--port 80%(process_num)d", "--port 80${INDEX}"),
            (4, 8000, "%(process_num)d", "$((${INDEX} + 8000))"),
            (1, 0, "100%% $HOME", "100% $$HOME"),
            (1, 0, "%(group_name)s", "web"),
        ];
        for (processes, first, value, expected) in table {
            assert_eq!(names(processes, first, &is_set).say(value, "").text, expected, "{value}");
        }
        assert_eq!(names(2, 0, &is_set).say("%(process_num)02d", "").notes.len(), 1);
        assert_eq!(names(1, 0, &is_set).say("50% %(x)s", "").notes.len(), 2);
    }

    #[test]
    fn pairs_are_split_outside_quotes() {
        let found = pairs("A=\"1,2\", B='x y',\n C=plain/path,").unwrap();
        let expected = [("A", "1,2"), ("B", "x y"), ("C", "plain/path")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(pairs("A"), Err("A".to_owned()));
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(size_bytes("50MB"), Some(50 << 20));
        assert_eq!(size_bytes("0"), Some(0));
        assert_eq!(size_bytes("many"), None);
    }
}
