//! How requests name dictionaries.

use std::sync::Arc;

use svara_engine::Dictionary;

use super::{KeptDictionaries, MAX_VERSIONS};
use crate::{Caller, ServiceError};

/// The most dictionaries that a request may name.
pub const MAX_OF_REQUEST: usize = 3;

/// Names a dictionary in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locator {
    /// Its id.
    pub id: String,
    /// One of its versions; none for the latest.
    pub version: Option<String>,
}

impl Locator {
    /// The latest version of the dictionary with this id.
    pub fn latest(id: String) -> Self {
        Self { id, version: None }
    }
}

impl KeptDictionaries {
    /// What a request names, ready to be looked up.
    ///
    /// # Errors
    /// They are too many, one of them doesn't exist for the caller, or the store failed.
    pub async fn locate(
        &self,
        caller: &Caller,
        field: &'static str,
        locators: &[Locator],
    ) -> Result<Vec<Arc<Dictionary>>, ServiceError> {
        if locators.len() > MAX_OF_REQUEST {
            let reason = format!("may have at most {MAX_OF_REQUEST} dictionaries");
            return Err(ServiceError::invalid(field, reason));
        }
        let mut found = Vec::new();
        for locator in locators {
            let Some((_, version)) = self.rules(caller, locator).await? else {
                let shown = |text: &str| text.chars().take(64).collect::<String>();
                let id = shown(&locator.id);
                let reason = match &locator.version {
                    None => format!("no dictionary {id:?} here"),
                    Some(version) => format!(
                        "no dictionary {id:?} with a version {:?} here; the last {MAX_VERSIONS} are kept",
                        shown(version)
                    ),
                };
                return Err(ServiceError::not_found(field, reason));
            };
            found.push(Arc::clone(&version.dictionary));
        }
        Ok(found)
    }
}
