//! The door: who comes in with which key, and how long guessing takes.

pub mod asker;
mod brake;
mod key;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use svara_service::{Caller, ErrorKind, callers::Callers};

use self::brake::Brake;
pub use self::key::{KEY_PARAMETERS, bearer, key_of};
use crate::{audit, error::ApiError};

/// Identifies callers, and slows down addresses that send wrong keys. Clones share it.
#[derive(Clone, Debug)]
pub struct Door {
    callers: Callers,
    brake: Arc<Mutex<Brake>>,
    start: Instant,
}

impl Door {
    /// A door that these callers may pass.
    pub fn new(callers: Callers) -> Self {
        Self { callers, brake: Arc::default(), start: Instant::now() }
    }

    /// Identifies the holder of a key that came from this address, and charges one request.
    ///
    /// # Errors
    /// As of [`Door::recognize`]; or the key's requests of this minute are used up.
    pub fn identify(&self, client: Option<IpAddr>, given: Option<&str>) -> Result<Caller, ApiError> {
        let caller = self.recognize(client, given)?;
        caller.charge_request()?;
        Ok(caller)
    }

    /// The holder of a key that came from this address.
    ///
    /// An address that has sent many wrong keys is refused for a while, whatever it sends: an answer would tell whether the
    /// key is right. Only keys that have come from there before are let in.
    ///
    /// # Errors
    /// The key is missing or unknown, or the address has to wait.
    pub fn recognize(&self, client: Option<IpAddr>, given: Option<&str>) -> Result<Caller, ApiError> {
        let (Some(client), Some(key)) = (client, given.filter(|_| self.callers.asks_for_keys())) else {
            return Ok(self.callers.recognize(given)?);
        };
        let now = self.start.elapsed();
        let wait = self.brake().wait(client, now);
        if let Some(wait) = wait {
            let name = self.callers.name_of(key);
            let known = name.is_some_and(|name| self.brake().knows(client, &name));
            if !known {
                audit::key_refused(client, "too_many_failures");
                return Err(ApiError::too_many_failures(wait));
            }
        }
        let recognized = self.callers.recognize(Some(key));
        match &recognized {
            Ok(caller) => {
                if let Some(name) = caller.key_name() {
                    self.brake().succeeded(client, name, now);
                }
            }
            Err(error) if error.kind == ErrorKind::InvalidKey => {
                self.brake().failed(client, now);
                audit::key_refused(client, "unknown_key");
            }
            Err(_) => {}
        }
        Ok(recognized?)
    }

    /// As [`Callers::still_knows`].
    pub fn still_knows(&self, caller: &Caller) -> bool {
        self.callers.still_knows(caller)
    }

    /// As [`Callers::nobody_yet`].
    pub fn nobody_yet(&self) -> Caller {
        self.callers.nobody_yet()
    }

    fn brake(&self) -> MutexGuard<'_, Brake> {
        self.brake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
