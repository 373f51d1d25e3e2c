//! How requests name pronunciation dictionaries.

use std::sync::Arc;

use serde::Deserialize;
use svara_engine::Dictionary;
use svara_service::{
    Caller, Service,
    dictionaries::{Locator, MAX_OF_REQUEST},
};

use super::bounded::Bounded;
use crate::error::ApiError;

/// The field of ElevenLabs' requests.
pub const LOCATORS: &str = "pronunciation_dictionary_locators";
/// The field of the others.
pub const DICTIONARY_ID: &str = "pronunciation_dictionary_id";

/// A dictionary, and a version of it; the latest if none is given.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[schema(as = PronunciationDictionaryLocator)]
pub struct LocatorFields {
    pronunciation_dictionary_id: String,
    version_id: Option<String>,
}

/// As many as a request may name.
pub type Locators = Bounded<LocatorFields, MAX_OF_REQUEST>;

impl Locators {
    /// As the service names them.
    pub fn named(self) -> Vec<Locator> {
        let locator = |fields: LocatorFields| Locator {
            id: fields.pronunciation_dictionary_id,
            version: fields.version_id.filter(|version| !version.is_empty()),
        };
        self.into_vec().into_iter().map(locator).collect()
    }

    /// Those of a field of a form, which are JSON.
    ///
    /// # Errors
    /// They aren't a list of locators, or too many.
    pub fn of_form(value: &str) -> Result<Self, ApiError> {
        let reason = format!("must be a JSON list of at most {MAX_OF_REQUEST}, each with a {DICTIONARY_ID}");
        serde_json::from_str(value).map_err(|_| ApiError::invalid(LOCATORS, reason))
    }
}

/// What a request names by id or by locators, and the field that does.
///
/// # Errors
/// It has both.
pub fn named(
    id: Option<String>,
    locators: Option<Locators>,
) -> Result<(&'static str, Vec<Locator>), ApiError> {
    match (id, locators.filter(|locators| !locators.is_empty())) {
        (Some(_), Some(_)) => {
            Err(ApiError::unsupported(LOCATORS, format!("can't be given together with {DICTIONARY_ID}")))
        }
        (None, Some(locators)) => Ok((LOCATORS, locators.named())),
        (id, None) => Ok((DICTIONARY_ID, id.into_iter().map(Locator::latest).collect())),
    }
}

/// The dictionary with this id, if the caller may use it.
///
/// # Errors
/// The store failed, or the dictionary is damaged.
pub async fn find(service: &Service, caller: &Caller, id: &str) -> Result<Option<Arc<Dictionary>>, ApiError> {
    let locator = Locator { id: id.to_owned(), version: None };
    let found = service.dictionaries().rules(caller, &locator).await?;
    Ok(found.map(|(_, version)| Arc::clone(&version.dictionary)))
}
