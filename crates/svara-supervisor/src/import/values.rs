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
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if let Some(variable) =
            name.strip_prefix("ENV_").filter(|name| !name.is_empty() && name.chars().all(is_name))
        {
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
            "process_num" => {
                let width = form.trim_end_matches('d').parse().unwrap_or(0_usize).min(20);
                let number = match (self.processes, self.first, width) {
                    (1, first, width) => format!("{first:0width$}"),
                    (_, 0, 0) => "${INDEX}".to_owned(),
                    (_, first, 0) => format!("$((${{INDEX}} + {first}))"),
                    (_, 0, width) => format!("$((${{INDEX}}:0{width}))"),
                    (_, first, width) => format!("$((${{INDEX}} + {first}:0{width}))"),
                };
                said.text.push_str(&number);
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

/// Reads `A="1",B=two`, as in `environment`. As in supervisord, quotes are quotes only around a whole value.
///
/// # Errors
/// The part that isn't `NAME=value`: without `=`, with more after a quoted value, with a blank in one without quotes, or
/// with a quote that isn't closed.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start_matches(is_between);
    while !rest.is_empty() {
        let part = || rest.split([',', '\n']).next().unwrap_or(rest).trim().to_owned();
        let (name, value) = rest.split_once('=').ok_or_else(part)?;
        let name = name.trim();
        if name.is_empty() || name.contains([',', '\n', ' ', '\t']) {
            return Err(part());
        }
        let value = value.trim_start_matches([' ', '\t']);
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => value.get(1..).and_then(|value| value.split_once(quote)).ok_or_else(part)?,
            None => value.split_at(value.find([',', '\n']).unwrap_or(value.len())),
        };
        let value = if quote.is_some() { value.trim_matches(['"', '\'']) } else { value.trim() };
        let more = after.trim_start_matches([' ', '\t']);
        let is_over = more.is_empty() || more.starts_with([',', '\n']);
        if !is_over || (quote.is_none() && value.contains([' ', '\t'])) {
            return Err(part());
        }
        pairs.push((name.to_owned(), value.to_owned()));
        rest = more.trim_start_matches(is_between);
    }
    Ok(pairs)
}

fn is_between(c: char) -> bool {
    c == ',' || c.is_whitespace()
}

/// supervisord's booleans.
pub(super) fn is_true(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "true" | "yes" | "on" | "1")
}

/// Whether supervisord knows it as a boolean.
pub(super) fn is_boolean(text: &str) -> bool {
    is_true(text) || matches!(text.to_lowercase().as_str(), "false" | "no" | "off" | "0")
}

/// A path that may begin with the home of somebody; of another user only if this machine knows it.
pub(super) fn at_home(path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (user, below) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if user.is_empty() {
        return format!("${{HOME}}{below}");
    }
    match nix::unistd::User::from_name(user).ok().flatten() {
        Some(user) => format!("{}{below}", user.dir.display()),
        None => path.to_owned(),
    }
}

/// An umask as it is written.
///
/// # Errors
/// That it is none.
pub(super) fn umask(text: &str) -> Result<&str, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mask) if mask <= 0o777 => Ok(text),
        _ => Err(format!("`{text}`: not octal digits; left out")),
    }
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
            (4, 0, "%(process_num)02d", "$((${INDEX}:02))"),
            (4, 1, "%(process_num)3d", "$((${INDEX} + 1:03))"),
            (1, 0, "100%% $HOME", "100% $$HOME"),
            (1, 0, "%(group_name)s", "web"),
        ];
        for (processes, first, value, expected) in table {
            assert_eq!(names(processes, first, &is_set).say(value, "").text, expected, "{value}");
        }
        assert_eq!(names(1, 0, &is_set).say("50% %(x)s", "").notes.len(), 2);
    }

    #[test]
    fn pairs_are_split_outside_quotes() {
        let found = pairs("A=\"1,2\", B='x y',\n C=plain/path,").unwrap();
        let expected = [("A", "1,2"), ("B", "x y"), ("C", "plain/path")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let odd = pairs("A = it's, B=\"'x'\"\nC=, D = \"\" ,E=a=b").unwrap();
        let expected = [("A", "it's"), ("B", "x"), ("C", ""), ("D", ""), ("E", "a=b")];
        assert_eq!(odd, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for (text, part) in [
            ("A", "A"),
            ("A=1 B=2", "A=1 B=2"),
            ("A=a path/b,B=2", "A=a path/b"),
            ("A=\"1\" B=\"2\"", "A=\"1\" B=\"2\""),
            ("A=\"1", "A=\"1"),
            ("B=1,=2", "=2"),
            ("X,Y=1", "X"),
        ] {
            assert_eq!(pairs(text), Err(part.to_owned()), "{text}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        assert_eq!(size_bytes("50MB"), Some(50 << 20));
        assert_eq!(size_bytes("0"), Some(0));
        assert_eq!(size_bytes("many"), None);
    }
}
