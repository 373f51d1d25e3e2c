//! Plays a file with whichever player this machine has.

use std::{
    io,
    path::Path,
    process::{Command, Stdio},
};

/// Players and their flags, the best first.
const PLAYERS: [(&str, &[&str]); 4] = [
    ("pw-play", &[]),
    ("paplay", &[]),
    ("aplay", &["-q"]),
    ("ffplay", &["-nodisp", "-autoexit", "-loglevel", "error"]),
];

/// Plays a WAV file to its end. False if there is no player, or none can play here.
pub(super) fn play(file: &Path) -> bool {
    PLAYERS.iter().any(|(name, flags)| {
        let player = Command::new(name).args(*flags).arg(file).stdin(Stdio::null()).status();
        match player {
            Ok(status) => status.success(),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(player = name, %error, "can't be started");
                }
                false
            }
        }
    })
}
