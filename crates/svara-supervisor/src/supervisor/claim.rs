//! Tells of another supervisor that writes to the same log directory: each would rotate the other's files away.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};

use super::services::Services;
use crate::events::Kind;

/// A lock on the directory itself, so that no file is added to it.
#[derive(Debug, Default)]
pub(super) struct Claim {
    directory: PathBuf,
    /// `None` if another has it, or the directory knows no locks.
    lock: Option<Flock<File>>,
}

impl Claim {
    /// Claims the log directory, if it is another than before.
    pub(super) fn follow(&mut self, services: &mut Services) {
        if services.log_config.directory == self.directory {
            return;
        }
        self.directory.clone_from(&services.log_config.directory);
        self.lock = match take(&self.directory) {
            Ok(lock) => lock,
            Err(Held) => {
                let directory = self.directory.display();
                let cause = format!(
                    "log.directory: another supervisor writes to {directory}, too: each rotates the other's files"
                );
                services.note(Kind::Supervisor, None, None, Some(cause));
                None
            }
        };
    }
}

struct Held;

fn take(directory: &Path) -> Result<Option<Flock<File>>, Held> {
    // What can't be made or opened is told once something is to be written.
    let made = std::fs::create_dir_all(directory).and_then(|()| File::open(directory));
    let Ok(directory) = made else { return Ok(None) };
    match Flock::lock(directory, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Err(Held),
        Err(_) => Ok(None),
    }
}
