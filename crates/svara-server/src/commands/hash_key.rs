//! `svara-server hash-key`.

use std::io::stdin;

use anyhow::{Context, ensure};
use clap::Args;

use svara_service::callers::{KeyHash, random_key};

/// What `hash-key` takes.
#[derive(Debug, Args)]
pub(crate) struct HashKeyArgs {
    /// Whose key it is.
    #[arg(long, default_value = "unnamed")]
    name: String,
    /// Read the key from standard input instead of making one.
    #[arg(long)]
    stdin: bool,
}

/// Prints the entry for the keys file to standard output, and a new key, which nobody can see again, to standard error.
///
/// # Errors
/// There is no key on standard input, or it can be guessed.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this is what the command is for")]
pub(crate) fn run(args: &HashKeyArgs) -> anyhow::Result<()> {
    let key = if args.stdin {
        let mut line = String::new();
        stdin().read_line(&mut line).context("can't read the key")?;
        line.trim().to_owned()
    } else {
        let key = random_key();
        eprintln!("{key}");
        key
    };
    // A hash without salt, made for speed, protects only what nobody can guess.
    ensure!(key.len() >= 20, "a key needs at least 20 characters, chosen at random");
    ensure!(key.bytes().all(|byte| byte.is_ascii_graphic()), "a key is ASCII without spaces");
    let name = toml::Value::from(args.name.as_str());
    println!("[[keys]]\nname = {name}\nsha256 = \"{}\"", KeyHash::of(&key).hex());
    Ok(())
}
