//! Dictionaries as answers show them, and in lists.

use http::Uri;
use serde::Serialize;
use svara_api::{
    error::ApiError,
    reading::{encoded, form::flag, schemas},
};
use svara_service::{
    Caller,
    dictionaries::{KeptDictionary, VersionRules},
};
use utoipa::openapi::Object;

use super::rules::RuleView;

const DEFAULT_PAGE: usize = 30;
const LARGEST_PAGE: usize = 100;
/// The parameters that a list reads.
const PARAMETERS: [&str; 5] = ["cursor", "page_size", "sort", "sort_direction", "include_archived"];

/// A dictionary, with the names of ElevenLabs' API and of the hosted one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PronunciationDictionary)]
pub(super) struct Entry<'a> {
    id: &'a str,
    /// The same as id.
    pronunciation_dictionary_id: &'a str,
    name: &'a str,
    #[schema(required)]
    description: Option<&'a str>,
    /// The name of the key that made it, as far as it is the caller's to know.
    created_by: &'a str,
    creation_time_unix: u64,
    #[schema(required)]
    archived_time_unix: Option<u64>,
    latest_version_id: String,
    latest_version_rules_num: usize,
    /// The same as latest_version_id.
    version_id: String,
    /// The same as latest_version_rules_num.
    version_rules_num: usize,
    /// The same.
    entry_count: usize,
    #[schema(schema_with = permission)]
    permission_on_resource: &'static str,
    /// Whether all keys may use it.
    shared: bool,
    /// The rules of the latest version.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Vec<RuleView<'a>>>,
}

fn permission() -> Object {
    schemas::choice(["admin", "viewer"], "Whether the caller may change it, or only use it.")
}

impl<'a> Entry<'a> {
    pub(super) fn new(kept: &'a KeptDictionary, caller: &Caller) -> Self {
        let (latest, own) = (kept.latest(), kept.is_of(caller));
        Self {
            id: &kept.id,
            pronunciation_dictionary_id: &kept.id,
            name: &kept.name,
            description: kept.description.as_deref(),
            created_by: kept.owner.as_deref().filter(|_| own).unwrap_or_default(),
            creation_time_unix: kept.created_unix_s,
            archived_time_unix: kept.archived_unix_s,
            latest_version_id: latest.id.clone(),
            latest_version_rules_num: latest.rules,
            version_id: latest.id,
            version_rules_num: latest.rules,
            entry_count: latest.rules,
            permission_on_resource: if own { "admin" } else { "viewer" },
            shared: kept.shared || kept.owner.is_none(),
            rules: None,
        }
    }

    pub(super) fn with_rules(self, version: &'a VersionRules) -> Self {
        Self { rules: Some(version.rules.iter().map(RuleView::new).collect()), ..self }
    }
}

/// A page of dictionaries.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PronunciationDictionaryPage)]
pub(super) struct Page<'a> {
    pub(super) pronunciation_dictionaries: Vec<Entry<'a>>,
    /// Where the next page starts.
    #[schema(required)]
    pub(super) next_cursor: Option<String>,
    pub(super) has_more: bool,
}

/// What a list asks for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Search {
    /// How many were listed already.
    offset: usize,
    page_size: Option<usize>,
    by_name: bool,
    ascending: bool,
    archived: bool,
}

/// The parameters of a list that the document shows.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "`Search` reads them")]
pub(super) struct SearchParameters {
    /// Where to continue.
    cursor: Option<String>,
    /// Dictionaries per page; the default is 30.
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<i64>,
    /// `creation_time_unix`, which is the default, or `name`.
    sort: Option<String>,
    /// `ascending` or `descending`; the default is the latest first, or names from A to Z.
    sort_direction: Option<String>,
    /// Whether those are listed that were put away.
    include_archived: Option<bool>,
}

impl Search {
    /// What an address asks for.
    ///
    /// # Errors
    /// A value isn't one of those that are allowed, or there are two where one is.
    pub(super) fn read(uri: &Uri) -> Result<Self, ApiError> {
        let (mut search, mut ascending) = (Self::default(), None);
        for (name, value) in encoded::parameters(uri, &PARAMETERS, &[])? {
            search.take(name, &value, &mut ascending).map_err(ApiError::in_query)?;
        }
        search.ascending = ascending.unwrap_or(search.by_name);
        Ok(search)
    }

    fn take(&mut self, name: &str, value: &str, ascending: &mut Option<bool>) -> Result<(), ApiError> {
        match name {
            "cursor" => {
                let cursor = value.parse();
                self.offset = cursor.map_err(|_| ApiError::invalid("cursor", "must be one of ours"))?;
            }
            "page_size" => {
                let size = value.parse().ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
                let reason = format!("must be from 1 to {LARGEST_PAGE}");
                self.page_size = Some(size.ok_or_else(|| ApiError::invalid("page_size", reason))?);
            }
            "sort" => {
                self.by_name = match value {
                    "name" => true,
                    "creation_time_unix" | "created_at_unix" => false,
                    _ => return Err(ApiError::invalid("sort", "must be creation_time_unix or name")),
                };
            }
            "sort_direction" => {
                *ascending = Some(match &*value.to_ascii_lowercase() {
                    "ascending" | "asc" => true,
                    "descending" | "desc" => false,
                    _ => return Err(ApiError::invalid("sort_direction", "must be ascending or descending")),
                });
            }
            "include_archived" => self.archived = flag("include_archived", value)?,
            _ => {}
        }
        Ok(())
    }

    /// The page of these that is asked for.
    pub(super) fn page<'a>(&self, mut all: Vec<&'a KeptDictionary>, caller: &Caller) -> Page<'a> {
        all.retain(|kept| self.archived || kept.archived_unix_s.is_none());
        all.sort_by(|a, b| {
            let (by_name, by_time) = (a.name.cmp(&b.name), a.created_unix_s.cmp(&b.created_unix_s));
            let order = if self.by_name { by_name } else { by_time };
            let order = if self.ascending { order } else { order.reverse() };
            order.then_with(|| a.id.cmp(&b.id))
        });
        let total = all.len();
        let size = self.page_size.unwrap_or(DEFAULT_PAGE);
        let page: Vec<Entry> =
            all.into_iter().skip(self.offset).take(size).map(|kept| Entry::new(kept, caller)).collect();
        let next = self.offset.saturating_add(page.len());
        let has_more = next < total && !page.is_empty();
        let next_cursor = has_more.then(|| next.to_string());
        Page { pronunciation_dictionaries: page, next_cursor, has_more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_read_from_the_query() {
        let read = |query: &str| Search::read(&format!("/?{query}").parse().unwrap());
        let search = read("page_size=3&cursor=4&sort=name&include_archived=true&x=1").unwrap();
        let wanted = Search { offset: 4, page_size: Some(3), by_name: true, ascending: true, archived: true };
        assert_eq!(search, wanted);
        assert!(!read("sort=creation_time_unix").unwrap().ascending);
        for (query, field) in [
            ("page_size=0", "page_size"),
            ("page_size=101", "page_size"),
            ("cursor=x", "cursor"),
            ("sort=x", "sort"),
            ("sort_direction=x", "sort_direction"),
            ("include_archived=x", "include_archived"),
        ] {
            assert_eq!(read(query).unwrap_err().field, Some(field));
        }
    }
}
