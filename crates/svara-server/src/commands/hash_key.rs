//! `svara-server hash-key`: API keys for the keys file.

use std::io::stdin;

use anyhow::{Context, ensure};
use clap::Args;
use svara_config::MIN_KEY_BYTES;
use svara_service::callers::{KeyHash, check_name, random_key};

use super::out;

/// The arguments of `hash-key`.
#[derive(Debug, Args)]
pub(crate) struct HashKeyArgs {
    /// The name of the key's holder, for logs.
    #[arg(long, default_value = "unnamed")]
    name: String,
    /// Read the key from standard input instead of generating one.
    #[arg(long)]
    stdin: bool,
}

/// Prints the entry for the keys file to standard output, and a new key to standard error; it can't be shown again.
///
/// # Errors
/// The name is empty or too long; the key on standard input can't be read, is too short, or has spaces or characters outside ASCII.
pub(crate) fn run(args: &HashKeyArgs) -> anyhow::Result<()> {
    check_name(&args.name)?;
    let key = if args.stdin {
        let mut line = String::new();
        stdin().read_line(&mut line).context("can't read the key")?;
        line.trim().to_owned()
    } else {
        let key = random_key();
        out::tell(&key);
        key
    };
    // A fast hash without salt protects only keys that can't be guessed.
    ensure!(
        key.len() >= MIN_KEY_BYTES,
        "a key must have at least {MIN_KEY_BYTES} characters, chosen at random"
    );
    ensure!(key.bytes().all(|byte| byte.is_ascii_graphic()), "a key must be ASCII without spaces");
    let name = toml::Value::from(args.name.as_str());
    out::print(format!("[[keys]]\nname = {name}\nsha256 = \"{}\"\n", KeyHash::of(&key).hex()))
}
