//! What requests say about dictionaries.

use serde::Deserialize;
use svara_api::{
    error::ApiError,
    reading::{lenient, schemas},
};
use svara_engine::Rule;
use svara_service::dictionaries::NewDictionary;
use utoipa::openapi::Object;

use super::rules::{RuleFields, RuleList, RuleStrings};

/// The longest name, in characters.
const MAX_NAME: usize = 200;
/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 2000;

/// A new dictionary.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = NewPronunciationDictionary)]
pub(super) struct NewFields {
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub(super) name: Option<String>,
    /// A line about it.
    #[schema(max_length = 2000)]
    pub(super) description: Option<String>,
    #[schema(value_type = Vec<RuleFields>)]
    pub(super) rules: Option<RuleList>,
    #[serde(default, deserialize_with = "lenient::text")]
    #[schema(schema_with = access)]
    pub(super) workspace_access: Option<String>,
    /// The same as workspace_access: whether all keys may use it.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) shared: Option<bool>,
}

/// A new dictionary, from a file.
#[derive(utoipa::ToSchema)]
#[schema(as = PronunciationDictionaryFile)]
#[expect(dead_code, reason = "the document shows them; a form is read field by field")]
pub(super) struct FileFields {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// A lexicon (PLS).
    #[schema(value_type = Option<String>, format = Binary)]
    file: Option<Vec<u8>>,
    #[schema(max_length = 2000)]
    description: Option<String>,
    #[schema(schema_with = access)]
    workspace_access: Option<String>,
    shared: Option<bool>,
}

fn access() -> Object {
    schemas::choice(["viewer", "commenter"], "Lets all keys use the dictionary.")
}

/// Rules of a dictionary.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = PronunciationRules)]
pub(super) struct RulesBody {
    #[schema(value_type = Vec<RuleFields>)]
    pub(super) rules: Option<RuleList>,
}

/// The words whose rules are taken out.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = PronunciationRuleStrings)]
pub(super) struct RemoveBody {
    #[schema(value_type = Vec<String>)]
    pub(super) rule_strings: Option<RuleStrings>,
}

/// What is to be changed about a dictionary.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = PronunciationDictionaryChange)]
pub(super) struct Changes {
    #[schema(min_length = 1, max_length = 200)]
    pub(super) name: Option<String>,
    #[schema(max_length = 2000)]
    pub(super) description: Option<String>,
    /// Whether it is put away: lists leave it out then.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) archived: Option<bool>,
    /// Whether all keys may use it.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) shared: Option<bool>,
}

impl NewFields {
    pub(super) fn into_new(
        self,
        rules: Vec<Rule>,
        only_of_its_name: bool,
    ) -> Result<NewDictionary, ApiError> {
        let name = self.name.ok_or_else(|| ApiError::invalid("name", "is required"))?;
        let access = self.workspace_access.map(|access| access.trim().to_ascii_lowercase());
        let shared = match access.as_deref() {
            None => self.shared.unwrap_or(false),
            Some("viewer" | "commenter") => true,
            Some(_) => {
                let reason = "only viewer is possible: others may use the dictionary, but not change it";
                return Err(ApiError::unsupported("workspace_access", reason));
            }
        };
        check_texts(Some(&name), self.description.as_deref())?;
        let (name, description) = (name.trim().to_owned(), self.description);
        Ok(NewDictionary { name, description, shared, only_of_its_name, rules })
    }
}

/// Refuses texts that are empty or too long.
pub(super) fn check_texts(name: Option<&str>, description: Option<&str>) -> Result<(), ApiError> {
    if name.is_some_and(|name| name.trim().is_empty()) {
        return Err(ApiError::invalid("name", "must not be empty"));
    }
    for (field, text, most) in [("name", name, MAX_NAME), ("description", description, MAX_DESCRIPTION)] {
        if text.is_some_and(|text| text.chars().count() > most) {
            return Err(ApiError::invalid(field, format!("may have at most {most} characters")));
        }
    }
    Ok(())
}
