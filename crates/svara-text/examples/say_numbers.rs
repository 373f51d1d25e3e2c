//! Prints the numbers of a range in words, one per line: `say_numbers LANGUAGE FIRST LAST [STEP]`.
//!
//! The peer tests compare its output with other implementations.

use std::io::{BufWriter, Write};

use anyhow::{Context, ensure};
use svara_text::{Language, spell};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [language, first, last, step @ ..] = arguments.as_slice() else {
        anyhow::bail!("usage: say_numbers LANGUAGE FIRST LAST [STEP]");
    };
    let language: Language = language.parse()?;
    let first: u64 = first.parse().context("FIRST is not a number")?;
    let last: u64 = last.parse().context("LAST is not a number")?;
    let step: usize = step.first().map_or(Ok(1), |step| step.parse()).context("STEP is not a number")?;
    ensure!(step > 0, "STEP must be at least 1");
    let mut out = BufWriter::new(std::io::stdout().lock());
    for number in (first..=last).step_by(step) {
        writeln!(out, "{}", spell(number, language))?;
    }
    Ok(out.flush()?)
}
