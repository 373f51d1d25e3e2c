//! `svara-supervisor`: the command line. Called `supervisorctl`, it speaks that one's words.

#[macro_use]
mod out;

mod cli;
mod exit_code;
mod offline;
mod shim;

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_default();
    if Path::new(&called).file_name().is_some_and(|name| name == "supervisorctl") {
        let words = arguments.map(|word| word.to_string_lossy().into_owned());
        return out::outcome(ExitCode::from(shim::main(words)));
    }
    out::outcome(cli::main())
}
