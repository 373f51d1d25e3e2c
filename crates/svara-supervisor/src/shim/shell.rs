//! The shell that asks for one command after the other.

use std::io::{self, BufRead, Read};

use crate::out::put;

use super::Shim;

/// Longer lines are cut.
const MAX_LINE_BYTES: u64 = 64 << 10;

impl Shim {
    /// Shows the state, and carries out each line until the input ends. As the old one, it ends well whatever failed.
    pub(super) fn shell(&self) -> u8 {
        self.carry_out("status", &[]);
        loop {
            let line = asked("supervisor> ").unwrap_or_else(|| "quit".to_owned());
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            match words.split_first() {
                None => {}
                Some((word, _)) if matches!(word.as_str(), "quit" | "exit" | "EOF") => {
                    say!("");
                    return 0;
                }
                Some((word, [])) if word == "shutdown" && !confirmed() => {}
                Some((command, names)) => {
                    self.carry_out(command, names);
                }
            }
        }
    }
}

fn confirmed() -> bool {
    asked("Really shut the remote supervisord process down y/N? ")
        .is_some_and(|answer| answer.trim_start().starts_with(['y', 'Y']))
}

/// A line of the input; `None` at its end.
fn asked(question: &str) -> Option<String> {
    // If nobody reads it, the answer tells.
    put(question.as_bytes());
    let mut line = Vec::new();
    let length = io::stdin().lock().take(MAX_LINE_BYTES).read_until(b'\n', &mut line).ok()?;
    (length > 0).then(|| String::from_utf8_lossy(&line).into_owned())
}
