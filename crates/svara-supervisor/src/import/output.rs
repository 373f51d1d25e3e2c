//! Writes tables in TOML, in a fixed order.

use std::fmt::Write;

/// A table that is being written.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<(String, String)>);

/// Text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A list of texts.
pub(super) fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

impl Table {
    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.raw(key, quoted(value));
    }

    /// A value that is already TOML; a later one counts.
    pub(super) fn raw(&mut self, key: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != key);
        self.0.push((key.to_owned(), value.into()));
    }

    pub(super) fn variables(&mut self, key: &str, pairs: &[(String, String)]) {
        let pair = |(name, value): &(String, String)| format!("{} = {}", quoted(name), quoted(value));
        let pairs: Vec<String> = pairs.iter().map(pair).collect();
        if !pairs.is_empty() {
            self.raw(key, format!("{{ {} }}", pairs.join(", ")));
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known == key)
    }

    /// The table with this head, or nothing if it is empty.
    pub(super) fn write(&self, head: &str) -> String {
        let mut text = String::new();
        if !self.0.is_empty() {
            // Writing to a String can't fail.
            let _ = writeln!(text, "\n{head}");
            for (key, value) in &self.0 {
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        text
    }
}
