//! The standard input of a sink's command, on its way from the thread that starts the command to the sink's.

use std::{
    os::fd::OwnedFd,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

/// A place for the input of the latest process.
#[derive(Debug, Default)]
pub struct SinkInput {
    place: Mutex<Option<OwnedFd>>,
    filled: Notify,
}

impl SinkInput {
    /// Puts the input of a new process in place of the last one's, or takes that away.
    pub fn put(&self, input: Option<OwnedFd>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = input;
        self.filled.notify_one();
    }

    /// Whether there is a newer one than was taken.
    pub(super) fn is_new(&self) -> bool {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Waits for a process.
    pub(super) async fn take(&self) -> OwnedFd {
        loop {
            let input = self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
            match input {
                Some(input) => return input,
                None => self.filled.notified().await,
            }
        }
    }
}
