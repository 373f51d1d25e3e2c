//! Expands `${VAR}`, `${VAR:-default}`, `$((a + b))`, `$((a + b:02))` and `$$` in the file's values.

use std::collections::HashMap;

/// The variables for expansion: the replica's own override the supervisor's environment.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    values: HashMap<String, String>,
}

/// More digits than any number has.
const MAX_WIDTH: usize = 20;

/// Deeper than anyone writes by hand.
const MAX_DEPTH: usize = 16;

/// Why a value can't be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// `${VAR}` has no default and isn't set.
    #[error("${{{0}}} is not set; set it, or write ${{{0}:-default}}")]
    Unset(String),
    /// A missing closing bracket, or an invalid name.
    #[error(
        "`{0}`: expected ${{NAME}}, ${{NAME:-default}}, $((a + b)) or $$ for a dollar sign, as in a script's own $$NAME"
    )]
    Syntax(String),
    /// A term of a sum isn't a whole number.
    #[error("`{0}` in $((…)) is not a whole number; write $$((…)) for a sum of the script's own")]
    Number(String),
    /// What follows the `:` of a sum isn't a number of digits.
    #[error("`:{0}` in $((…)): expected a number of digits after a zero, as in :02")]
    Width(String),
    /// Defaults within defaults within defaults.
    #[error("more than {MAX_DEPTH} variables within each other")]
    Depth,
}

impl Variables {
    /// Variables from names and values; later ones win.
    pub fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { values: values.into_iter().collect() }
    }

    /// A copy with one more variable.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut values = self.values.clone();
        values.insert(name.to_owned(), value.to_owned());
        Self { values }
    }

    /// Replaces every variable in the text.
    ///
    /// As in a shell, the default after `:-` also replaces a variable that is set but empty.
    ///
    /// # Errors
    /// [`ExpandError`] names the variable or the text that can't be parsed.
    pub fn expand(&self, text: &str) -> Result<String, ExpandError> {
        self.expand_within(text, 0)
    }

    fn expand_within(&self, text: &str, depth: usize) -> Result<String, ExpandError> {
        if depth > MAX_DEPTH {
            return Err(ExpandError::Depth);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let syntax = || ExpandError::Syntax(format!("${after}"));
            if let Some(tail) = after.strip_prefix('$') {
                out.push('$');
                rest = tail;
            } else if let Some(tail) = after.strip_prefix("((") {
                let (sum, tail) = until(tail, "((", "))").ok_or_else(syntax)?;
                out.push_str(&self.add(sum, depth)?);
                rest = tail;
            } else if let Some(tail) = after.strip_prefix('{') {
                let (inner, tail) = until(tail, "{", "}").ok_or_else(syntax)?;
                out.push_str(&self.lookup(inner, depth)?);
                rest = tail;
            } else {
                return Err(syntax());
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn lookup(&self, inner: &str, depth: usize) -> Result<String, ExpandError> {
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(ExpandError::Syntax(format!("${{{inner}}}")));
        }
        match (self.values.get(name), default) {
            (Some(value), None) => Ok(value.clone()),
            (Some(value), Some(_)) if !value.is_empty() => Ok(value.clone()),
            (_, Some(default)) => self.expand_within(default, depth + 1),
            (None, None) => Err(ExpandError::Unset(name.to_owned())),
        }
    }

    fn add(&self, sum: &str, depth: usize) -> Result<String, ExpandError> {
        let sum = self.expand_within(sum, depth + 1)?;
        let (sum, width) = match sum.split_once(':') {
            Some((sum, width)) => (sum, Some(width.trim())),
            None => (sum.as_str(), None),
        };
        let width = match width {
            Some(text) => text
                .strip_prefix('0')
                .and_then(|digits| digits.parse::<usize>().ok())
                .filter(|width| *width <= MAX_WIDTH)
                .ok_or_else(|| ExpandError::Width(text.to_owned()))?,
            None => 0,
        };
        let mut total = 0_i64;
        for term in sum.split('+') {
            let bad = || ExpandError::Number(term.trim().to_owned());
            let term: i64 = term.trim().parse().map_err(|_| bad())?;
            total = total.checked_add(term).ok_or_else(bad)?;
        }
        Ok(format!("{total:0width$}"))
    }
}

/// Splits at the `close` that matches an `open` already consumed.
fn until<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(close) {
            if depth == 0 {
                return Some((text.get(..at)?, rest.get(close.len()..)?));
            }
            depth -= 1;
            at += close.len();
        } else if rest.starts_with(open) {
            depth += 1;
            at += open.len();
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        Variables::new([("PORT".into(), "8080".into()), ("EMPTY".into(), String::new())])
    }

    #[test]
    fn variables_defaults_and_sums_are_replaced() {
        let table = [
            ("plain", "plain"),
            ("${PORT}", "8080"),
            ("http://127.0.0.1:${PORT}/health", "http://127.0.0.1:8080/health"),
            ("${UNSET:-8000}", "8000"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY}", ""),
            ("${UNSET:-${PORT}}", "8080"),
            ("${UNSET:-}", ""),
            ("$$5 and $${PORT}", "$5 and ${PORT}"),
            ("$((${PORT} + 2))", "8082"),
            ("$((${UNSET:-7} + 2:02)) $((${PORT}:02)) $((7 : 03))", "09 8080 007"),
            ("नमस्ते ${PORT}", "नमस्ते 8080"),
        ];
        for (text, expected) in table {
            assert_eq!(variables().expand(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn faults_name_what_is_wrong() {
        assert_eq!(variables().expand("${NOPE}"), Err(ExpandError::Unset("NOPE".into())));
        assert_eq!(variables().expand("$((${PORT} + x))"), Err(ExpandError::Number("x".into())));
        for width in ["2", "0x", "", "099"] {
            let wrong = variables().expand(&format!("$((1:{width}))"));
            assert_eq!(wrong, Err(ExpandError::Width(width.into())));
        }
        let deep = "${A:-".repeat(50) + &"}".repeat(50);
        assert_eq!(variables().expand(&deep), Err(ExpandError::Depth));
        for text in ["${PORT", "$PORT", "${}", "${a b}", "$((1", "100$"] {
            assert!(matches!(variables().expand(text), Err(ExpandError::Syntax(_))), "{text}");
        }
    }
}
