//! Which voices `GET /v2/voices` is asked for.

use http::Uri;
use svara_api::{
    error::ApiError,
    reading::encoded,
    voice::{CLONED, Entry},
};
use svara_text::{Language, spelled};

const DEFAULT_PAGE: usize = 10;
const LARGEST_PAGE: usize = 100;
/// ElevenLabs' orders. The voices here have no times: theirs is the order of the files, which is the default.
const ORDERS: [&str; 2] = ["name", "created_at_unix"];
const DIRECTIONS: [&str; 2] = ["asc", "desc"];
/// ElevenLabs' categories. Here, voices are of the first two.
const CATEGORIES: [&str; 6] = ["premade", CLONED, "generated", "professional", "famous", "high_quality"];
const VOICE_TYPES: [&str; 7] =
    ["personal", "community", "default", "workspace", "non-default", "non-community", "saved"];
const GENDERS: [&str; 3] = ["female", "male", "neutral"];
/// The parameters that a search reads; the second ones may be there several times.
const PARAMETERS: [&str; 8] =
    ["next_page_token", "page_size", "search", "sort", "sort_direction", "category", "voice_type", "gender"];
const LISTS: [&str; 2] = ["language", "voice_ids"];

/// What a listing asks for.
#[derive(Debug, PartialEq)]
pub(super) struct Search {
    /// Where to go on: the number of voices that were listed already.
    pub(super) offset: usize,
    pub(super) page_size: usize,
    /// By name instead of the order of the files.
    pub(super) by_name: bool,
    pub(super) descending: bool,
    /// What is searched for, [folded]: each word somewhere.
    words: Vec<String>,
    category: Option<&'static str>,
    voice_type: Option<&'static str>,
    gender: Option<&'static str>,
    languages: Vec<String>,
    voice_ids: Vec<String>,
}

/// The parameters of a search that the document lists.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "`Search` reads them")]
pub(super) struct SearchParameters {
    /// Where to continue.
    next_page_token: Option<String>,
    /// Voices per page; the default is 10.
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<i64>,
    /// Words, each of them part of an id, name, alias, description or language.
    search: Option<String>,
    /// `name`, or `created_at_unix` for the order of the files, which is the default.
    sort: Option<String>,
    /// `asc`, which is the default, or `desc`.
    sort_direction: Option<String>,
    /// `premade` or `cloned`; of ElevenLabs' others there are no voices.
    category: Option<String>,
    /// ElevenLabs' kind of voice.
    voice_type: Option<String>,
    /// `female` or `male`; there are no `neutral` voices.
    gender: Option<String>,
    /// A language, by any of its names; may be repeated.
    language: Option<String>,
    /// The id of a voice; may be repeated.
    voice_ids: Option<String>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            offset: 0,
            page_size: DEFAULT_PAGE,
            by_name: false,
            descending: false,
            words: Vec::new(),
            category: None,
            voice_type: None,
            gender: None,
            languages: Vec::new(),
            voice_ids: Vec::new(),
        }
    }
}

impl Search {
    /// What an address asks for. The names of what it has besides are told by the answer's header.
    ///
    /// # Errors
    /// A value isn't one of those that are allowed, or there are two where one is.
    pub(super) fn read(uri: &Uri) -> Result<Self, ApiError> {
        let mut search = Self::default();
        for (name, value) in encoded::parameters(uri, &PARAMETERS, &LISTS)? {
            search.take(name, &value).map_err(ApiError::in_query)?;
        }
        Ok(search)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), ApiError> {
        match name {
            "next_page_token" => {
                let token = value.parse();
                self.offset =
                    token.map_err(|_| ApiError::invalid("next_page_token", "must be one of ours"))?;
            }
            "page_size" => {
                let size = value.parse().ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
                let reason = format!("must be from 1 to {LARGEST_PAGE}");
                self.page_size = size.ok_or_else(|| ApiError::invalid("page_size", reason))?;
            }
            "search" => {
                let words = value.split(|letter: char| letter.is_whitespace() || "()[],".contains(letter));
                self.words = words.filter(|word| !word.is_empty()).map(folded).collect();
            }
            "sort" => self.by_name = one_of("sort", &ORDERS, value)? == "name",
            "sort_direction" => self.descending = one_of("sort_direction", &DIRECTIONS, value)? == "desc",
            "category" => self.category = Some(one_of("category", &CATEGORIES, value)?),
            "voice_type" => self.voice_type = Some(one_of("voice_type", &VOICE_TYPES, value)?),
            "gender" => self.gender = Some(one_of("gender", &GENDERS, value)?),
            // Of a language that isn't known, there are no voices.
            "language" => self.languages.push(
                Language::named(value)
                    .map_or_else(|| value.to_lowercase(), |language| language.code().to_owned()),
            ),
            "voice_ids" => self.voice_ids.push(value.to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// Whether a voice is asked for.
    pub(super) fn wants(&self, entry: &Entry) -> bool {
        let voice = entry.voice();
        let category = entry.category();
        let own = category == CLONED;
        let texts = [&voice.voice_id, &voice.name].into_iter().chain(&voice.description);
        let texts: Vec<String> =
            texts.chain(&voice.languages).chain(&voice.aliases).map(|text| folded(text)).collect();
        let said = |word: &String| {
            let spoken = Language::named(word).map(Language::code);
            texts.iter().any(|text| text.contains(word))
                || voice.languages.iter().any(|language| Some(language.as_str()) == spoken)
        };
        let named = |id: &String| {
            [&voice.voice_id].into_iter().chain(&voice.aliases).any(|name| name.eq_ignore_ascii_case(id))
        };
        let of_type = |voice_type: &str| match voice_type {
            "default" => !own,
            "community" => false,
            _ => own,
        };
        let gender = voice.gender.map(|gender| gender.capitalized().to_lowercase());
        self.words.iter().all(said)
            && self.category.is_none_or(|wanted| wanted == category)
            && self.voice_type.is_none_or(of_type)
            && self.gender.is_none_or(|wanted| gender.as_deref() == Some(wanted))
            && (self.languages.is_empty() || self.languages.iter().any(|l| voice.languages.contains(l)))
            && (self.voice_ids.is_empty() || self.voice_ids.iter().any(named))
    }
}

/// A text in one spelling, in lower case.
fn folded(text: &str) -> String {
    spelled(text).to_lowercase()
}

/// The one of these words that a value is, in any case.
fn one_of<const N: usize>(
    field: &'static str,
    words: &[&'static str; N],
    value: &str,
) -> Result<&'static str, ApiError> {
    let found = words.iter().find(|word| word.eq_ignore_ascii_case(value));
    found.copied().ok_or_else(|| ApiError::invalid(field, format!("must be one of {}", words.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Search, ApiError> {
        Search::read(&format!("/v2/voices?{query}").parse().unwrap())
    }

    #[test]
    fn a_search_is_read_from_the_address() {
        let search = read("page_size=3&search=Hin&language=hin&language=Bengali&gender=Female&x=1").unwrap();
        assert_eq!((search.page_size, &*search.words), (3, &["hin".to_owned()][..]));
        assert_eq!(
            (search.languages, search.gender),
            (vec!["hi".to_owned(), "bn".to_owned()], Some("female"))
        );
        let search = read("category=PREMADE&sort=Name&sort_direction=DESC&voice_type=Default").unwrap();
        assert_eq!((search.category, search.voice_type), (Some("premade"), Some("default")));
        assert!(search.by_name && search.descending);
        assert_eq!(read("sort=&category=").unwrap(), Search::default());
    }

    #[test]
    fn values_that_there_are_not_are_refused_by_name() {
        for (query, field) in [
            ("page_size=0", "page_size"),
            ("page_size=101", "page_size"),
            ("next_page_token=x", "next_page_token"),
            ("sort=age", "sort"),
            ("sort_direction=up", "sort_direction"),
            ("category=mine", "category"),
            ("voice_type=x", "voice_type"),
            ("gender=woman", "gender"),
        ] {
            let error = read(query).unwrap_err();
            assert_eq!(error.field, Some(field));
            assert!(error.message.contains("must be"), "{}", error.message);
        }
    }
}
