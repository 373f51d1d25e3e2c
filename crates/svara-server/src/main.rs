//! The `svara-server` program.

use std::process::ExitCode;

use clap::Parser;
use svara_server::cli::{Cli, Failure};

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(error)) => {
            eprintln!("svara-server: {error:#}");
            ExitCode::from(64)
        }
        Err(Failure::Start(error)) => {
            eprintln!("svara-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
