//! The variables of a program.

use std::{collections::BTreeMap, path::Path};

use super::{document::read_text, field::Fields, file, passed::Passed, variables_file::variables};

/// The variables of the files, and over them those of the table.
pub(super) fn environment(
    program: &file::Program,
    directory: &Path,
    fields: &mut Fields<'_>,
) -> Vec<(String, String)> {
    let mut all = BTreeMap::new();
    for file in &program.env_files {
        let path = fields.text("env_files", file);
        let (path, may_miss) = match path.strip_prefix('-') {
            Some(path) => (directory.join(path), true),
            None => (directory.join(&path), false),
        };
        match read_text(&path) {
            Ok(text) => match variables(&text) {
                Ok(found) => all.extend(found),
                Err(all) => {
                    for fault in all {
                        fields.fault("env_files", format!("{}: {fault}", path.display()));
                    }
                }
            },
            Err(error) if may_miss && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => fields.fault("env_files", format!("{}: {error}", path.display())),
        }
    }
    for (name, value) in &program.environment {
        let is_odd = |c: char| c == '=' || c.is_whitespace() || c.is_control();
        if name.is_empty() || name.contains(is_odd) {
            let message = format!("`{name}`: a name must not be empty and must not contain `=` or spaces");
            fields.fault("environment", message);
        }
        let value = fields.secret_text(&format!("environment.{name}"), value);
        all.insert(name.clone(), value);
    }
    all.into_iter().collect()
}

/// Each text has names, so that a variable may add some.
pub(super) fn passed(texts: &[String], fields: &mut Fields<'_>) -> Passed {
    let mut patterns = Vec::new();
    for text in texts {
        for name in fields.text("pass_environment", text).split_whitespace() {
            match Passed::pattern(name) {
                Some(pattern) => patterns.push(pattern),
                None => {
                    fields.fault(
                        "pass_environment",
                        format!("`{name}`: expected a name, or its beginning and `*`"),
                    );
                }
            }
        }
    }
    Passed::new(patterns)
}
