//! A mutex whose holder's panic harms nobody else.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`. A panic while it was held is ignored: every value behind a mutex of this crate is whole between any
/// two statements that change it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
