//! The `svara-bench` program.

use std::process::ExitCode;

use clap::Parser;
use svara_bench::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(verdict) => verdict.into(),
        Err(error) => {
            eprintln!("svara-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
