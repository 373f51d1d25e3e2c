//! Files of variables: `NAME=value` lines, as Docker and systemd read them.

/// Reads the variables of a file. A value in quotes is what is between them; nothing in it is expanded.
///
/// # Errors
/// The lines that are wrong, and why.
pub(super) fn variables(text: &str) -> Result<Vec<(String, String)>, Vec<String>> {
    let (mut variables, mut faults) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        match variable(line.strip_prefix("export ").unwrap_or(line)) {
            Ok(pair) => variables.push(pair),
            Err(what) => faults.push(format!("line {number}: {what}; expected NAME=value")),
        }
    }
    if faults.is_empty() { Ok(variables) } else { Err(faults) }
}

fn variable(line: &str) -> Result<(String, String), String> {
    let (name, value) = line.split_once('=').ok_or("no `=`")?;
    let name = name.trim_end();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(fits) {
        return Err(format!("`{name}` is no name"));
    }
    let value = value.trim();
    let quoted = ['"', '\''].iter().find(|quote| value.starts_with(**quote));
    let value = match quoted {
        Some(quote) => {
            let inner = value.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote));
            inner.ok_or("unclosed quote")?
        }
        None => value,
    };
    if value.contains('\0') {
        return Err("a zero byte".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn lines_become_variables() {
        let text = "# keys\n\nA=1\nexport B = \"two words\"\nC='$A'\nD=\n; old\nE=a=b\n";
        let pairs = [("A", "1"), ("B", "two words"), ("C", "$A"), ("D", ""), ("E", "a=b")];
        let expected = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(variables(text).unwrap(), expected);
    }

    #[test]
    fn every_wrong_line_is_named() {
        let faults = ["line 2: no `=`; expected NAME=value", "line 4: `` is no name; expected NAME=value"];
        assert_eq!(variables("A=1\nB\n\n=3\n").unwrap_err(), faults);
        assert!(variables("A B=1").is_err() && variables("=1").is_err() && variables("A=\"x").is_err());
    }
}
