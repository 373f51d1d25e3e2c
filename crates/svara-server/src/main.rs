//! The `svara-server` program.

use std::{
    fmt::Display,
    io::{Write, stderr},
    process::ExitCode,
};

use clap::Parser;
use svara_server::{
    Cli, Failure,
    start::{limits, memory},
};

/// The exit code for a wrong command line or configuration: `EX_USAGE` of sysexits.h.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    // Voices, jobs and the cache are people's words: no other user may read them.
    #[cfg(unix)]
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    limits::survive_large_files();
    memory::keep_little();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version arrive here, too. A failed print means the terminal is gone.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(error)) => {
            say(&format_args!("{error:#}"));
            ExitCode::from(USAGE)
        }
        Err(Failure::Told) => ExitCode::FAILURE,
        Err(Failure::Start(error)) => {
            say(&format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// `eprintln!`, which panics where standard error is closed or its disk is full, and so would change the exit code.
fn say(error: &dyn Display) {
    let _ = writeln!(stderr(), "svara-server: {error}");
}
