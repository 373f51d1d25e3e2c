//! Files of variables: `NAME=value` lines, as Docker and systemd read them.

/// Reads the variables of a file. A value in quotes is what is between them; nothing in it is expanded.
///
/// # Errors
/// The lines that are wrong, and why.
pub(super) fn variables(text: &str) -> Result<Vec<(String, String)>, Vec<String>> {
    let (mut variables, mut faults) = (Vec::new(), Vec::new());
    // Some editors begin a file with a mark that nobody sees.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let exported = line.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace));
        match variable(exported.unwrap_or(line).trim_start()) {
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
    if name.is_empty() || !name.chars().all(fits) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("`{name}` is no name"));
    }
    let value = value.trim();
    let quoted = ['"', '\''].iter().find(|quote| value.starts_with(**quote));
    let value = match quoted {
        Some(quote) => {
            // Docker, Compose and systemd don't agree about what these mean.
            if *quote == '"' && value.contains("\\\"") {
                return Err("`\\\"` is read in different ways: quote the value with '".to_owned());
            }
            let inner = value.strip_prefix(*quote).and_then(|rest| rest.split_once(*quote));
            match inner.ok_or("unclosed quote")? {
                (inner, "") => inner,
                _ => return Err("text after the closing quote".to_owned()),
            }
        }
        None if value.ends_with('\\') => {
            return Err("a line that ends with `\\`: a value is on one line, or in quotes".to_owned());
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

    #[test]
    fn an_unseen_mark_and_a_tab_change_nothing() {
        let pairs = vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())];
        assert_eq!(variables("\u{feff}A=1\nexport\tB=2\n").unwrap(), pairs);
        assert_eq!(variables("export=1").unwrap(), [("export".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn what_others_read_in_another_way_is_refused() {
        for (line, what) in [
            ("A=a\\", "a line that ends with `\\`"),
            ("A=\"a\\\"b\"", "`\\\"` is read in different ways"),
            ("A=\"x\" # note", "text after the closing quote"),
            ("A='it''s'", "text after the closing quote"),
            ("A=\"x", "unclosed quote"),
            ("9A=1", "`9A` is no name"),
        ] {
            let found = variables(line).unwrap_err().concat();
            assert!(found.contains(what), "{line}: {found}");
        }
        assert_eq!(variables("A='C:\\'\nB=x # y").unwrap().len(), 2);
    }
}
