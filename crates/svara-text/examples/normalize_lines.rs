//! Normalizes lines of standard input, each a language code, a tab and a text.
//!
//! ```text
//! printf 'hi\t₹500\n' | cargo run -p svara-text --example normalize_lines
//! ```

use std::io::{BufRead, Write, stdin, stdout};

use anyhow::Context;
use svara_text::{Language, normalize};

fn main() -> anyhow::Result<()> {
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let line = line?;
        let (code, text) = line.split_once('\t').context("a line is a language code, a tab and a text")?;
        writeln!(out, "{}", normalize(text, code.parse::<Language>()?))?;
    }
    Ok(())
}
