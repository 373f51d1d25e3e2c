//! Rules as requests bring them and answers show them: with ElevenLabs' names, and with the hosted API's.

use std::collections::HashMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use svara_api::{
    error::ApiError,
    reading::{bounded::Bounded, lenient, schemas},
};
use svara_engine::{Language, Pronunciation, Rule};
use svara_text::read_pls;
use utoipa::openapi::Object;

/// More than the configuration allows.
const MOST: usize = 50_000;
/// The most languages of a rule: more than there are.
const MOST_LANGUAGES: usize = 64;
/// The most rules that an answer names as overruled.
const MOST_NAMED: usize = 16;

pub(super) type RuleList = Bounded<RuleFields, MOST>;
pub(super) type RuleStrings = Bounded<String, MOST>;

/// A rule: what is said for a word. ElevenLabs' names are string_to_replace and alias, or phoneme and alphabet; the hosted
/// API's are text and pronunciation.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(as = PronunciationRule)]
pub(super) struct RuleFields {
    #[serde(default, deserialize_with = "lenient::text")]
    #[schema(schema_with = kind)]
    r#type: Option<String>,
    /// The word or phrase.
    #[schema(max_length = 100)]
    string_to_replace: Option<String>,
    /// What is said for it.
    #[schema(max_length = 200)]
    alias: Option<String>,
    /// The sounds. The models take none: such a rule is kept and has no effect.
    phoneme: Option<String>,
    /// The alphabet of the sounds, such as ipa.
    alphabet: Option<String>,
    /// The word or phrase.
    #[schema(max_length = 100)]
    text: Option<String>,
    /// What is said for it.
    #[schema(max_length = 200)]
    pronunciation: Option<String>,
    /// Whether the case of letters matters. The default is true; false where the word is called text.
    #[serde(default, deserialize_with = "lenient::flag")]
    case_sensitive: Option<bool>,
    /// Whether it counts only as a whole word. The default is true.
    #[serde(default, deserialize_with = "lenient::flag")]
    word_boundaries: Option<bool>,
    /// The languages of voices that it holds for; all by default.
    #[schema(value_type = Option<Vec<String>>)]
    only_languages: Option<Bounded<String, MOST_LANGUAGES>>,
    /// The languages of voices that it doesn't hold for.
    #[schema(value_type = Option<Vec<String>>)]
    except_languages: Option<Bounded<String, MOST_LANGUAGES>>,
}

fn kind() -> Object {
    schemas::choice(["alias", "phoneme"], "What kind of rule it is.")
}

impl RuleFields {
    /// Whether it has the hosted API's names.
    fn is_hosted(&self) -> bool {
        self.text.is_some() || self.pronunciation.is_some()
    }

    fn into_rule(self) -> Result<Rule, String> {
        let hosted = self.is_hosted();
        let words = [
            ("text", &self.text, &self.string_to_replace),
            ("pronunciation", &self.pronunciation, &self.alias),
        ];
        for ((name, value, other), theirs) in words.into_iter().zip(["string_to_replace", "alias"]) {
            if value.is_some() && other.is_some() && value != other {
                return Err(format!("{theirs} and {name} are one field: send one"));
            }
        }
        let (text, name) =
            if hosted { (self.text, "text") } else { (self.string_to_replace.clone(), "string_to_replace") };
        // A rule with names of both APIs lacks one of each.
        let (has_word, has_alias) = (self.string_to_replace.is_some(), self.alias.is_some());
        let required = |value: Option<String>, name: &str| {
            let hint = match name {
                "text" if has_word => "; string_to_replace goes with alias",
                "pronunciation" if has_alias => "; alias goes with string_to_replace",
                _ => "",
            };
            value.ok_or_else(|| format!("{name} is required{hint}"))
        };
        let text = required(text, name)?;
        let kind = self.r#type.map(|kind| kind.trim().to_ascii_lowercase());
        let pronunciation = match (hosted, kind.as_deref()) {
            (true, None | Some("alias")) => {
                Pronunciation::Alias(required(self.pronunciation, "pronunciation")?)
            }
            (false, Some("alias")) => Pronunciation::Alias(required(self.alias, "alias")?),
            (false, None) if self.phoneme.is_none() => Pronunciation::Alias(required(self.alias, "alias")?),
            (_, None | Some("phoneme")) => Pronunciation::Phoneme {
                phoneme: required(self.phoneme, "phoneme")?,
                alphabet: required(self.alphabet, "alphabet")?,
            },
            (_, Some(_)) => return Err("type must be alias or phoneme".to_owned()),
        };
        let languages = |field: &str, named: Bounded<String, MOST_LANGUAGES>| {
            let language = |name: &String| {
                let shown: String = name.chars().take(32).collect();
                let unknown = format!("{field}: {shown:?} is none of the languages that texts are read in");
                Language::named(name).ok_or(unknown)
            };
            named.iter().map(language).collect::<Result<Vec<Language>, String>>()
        };
        let rule = Rule {
            text,
            pronunciation,
            case_sensitive: self.case_sensitive.unwrap_or(!hosted),
            word_boundaries: self.word_boundaries.unwrap_or(true),
            only: self.only_languages.map(|named| languages("only_languages", named)).transpose()?,
            except: self
                .except_languages
                .map_or(Ok(Vec::new()), |named| languages("except_languages", named))?,
        };
        // It speaks of the hosted API's text.
        rule.clone().checked().map(|_| rule).map_err(|error| {
            let said = error.to_string();
            match said.split_once(' ') {
                Some(("text", reason)) => format!("{name} {reason}"),
                _ => said,
            }
        })
    }
}

/// The rules of a request.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) rules: Vec<Rule>,
    /// Whether one of them has the hosted API's names.
    pub(super) hosted: bool,
    /// What they have in vain: phonemes, and rules in whose place a later one comes.
    pub(super) in_vain: Vec<String>,
}

/// What answers call the phonemes of rules, of which the models take none.
pub(super) const PHONEME: &str = "rules[].phoneme";

/// Reads rules.
///
/// # Errors
/// One of them isn't a rule.
pub(super) fn rules(list: RuleList) -> Result<Read, ApiError> {
    let hosted = list.iter().any(RuleFields::is_hosted);
    let rule = |(number, fields): (usize, RuleFields)| {
        let wrong = |reason| ApiError::invalid("rules", format!("can't be used: rule {number}: {reason}"));
        fields.into_rule().map_err(wrong)
    };
    let rules = (1..).zip(list.into_vec()).map(rule).collect::<Result<Vec<Rule>, _>>()?;
    let (mut in_vain, mut last) = (Vec::new(), HashMap::new());
    for (at, rule) in rules.iter().enumerate() {
        let earlier = last.insert((&rule.text, &rule.only, &rule.except), (at, rule));
        let overruled = earlier.filter(|(_, earlier)| *earlier != rule && in_vain.len() < MOST_NAMED);
        if let Some((at, _)) = overruled {
            in_vain.push(format!("rules[{at}]"));
        }
    }
    in_vain.extend(has_phonemes(&rules).then(|| PHONEME.to_owned()));
    Ok(Read { rules, hosted, in_vain })
}

/// The rules of a lexicon.
///
/// # Errors
/// The file is no lexicon.
pub(super) async fn rules_of_file(file: Bytes, max_rules: usize) -> Result<Vec<Rule>, ApiError> {
    let reading = move || {
        let text = std::str::from_utf8(&file).map_err(|_| ApiError::invalid("file", "must be UTF-8"))?;
        let wrong = |error| ApiError::invalid("file", format!("is no PLS lexicon that can be read: {error}"));
        read_pls(text, max_rules).map_err(wrong)
    };
    tokio::task::spawn_blocking(reading).await.map_err(ApiError::internal)?
}

/// Whether a model can't say one of the rules.
pub(super) fn has_phonemes(rules: &[Rule]) -> bool {
    rules.iter().any(|rule| matches!(rule.pronunciation, Pronunciation::Phoneme { .. }))
}

/// A rule, with the names of both APIs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = KeptPronunciationRule)]
pub(super) struct RuleView<'a> {
    #[schema(schema_with = kind)]
    r#type: &'static str,
    string_to_replace: &'a str,
    /// The same.
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<&'a str>,
    /// The same as alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pronunciation: Option<&'a str>,
    /// The sounds, which have no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    phoneme: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alphabet: Option<&'a str>,
    case_sensitive: bool,
    word_boundaries: bool,
    #[schema(required)]
    only_languages: Option<Vec<&'static str>>,
    #[schema(required)]
    except_languages: Option<Vec<&'static str>>,
}

impl<'a> RuleView<'a> {
    pub(super) fn new(rule: &'a Rule) -> Self {
        let (kind, alias, phoneme, alphabet) = match &rule.pronunciation {
            Pronunciation::Alias(alias) => ("alias", Some(alias.as_str()), None, None),
            Pronunciation::Phoneme { phoneme, alphabet } => {
                ("phoneme", None, Some(phoneme.as_str()), Some(alphabet.as_str()))
            }
        };
        let codes = |languages: &Vec<Language>| languages.iter().map(|language| language.code()).collect();
        Self {
            r#type: kind,
            string_to_replace: &rule.text,
            text: &rule.text,
            alias,
            pronunciation: alias,
            phoneme,
            alphabet,
            case_sensitive: rule.case_sensitive,
            word_boundaries: rule.word_boundaries,
            only_languages: rule.only.as_ref().map(codes),
            except_languages: Some(&rule.except).filter(|except| !except.is_empty()).map(codes),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: &Value) -> Result<(Vec<Rule>, bool), ApiError> {
        let list = json!([{"string_to_replace": "a", "alias": "b"}, value]);
        rules(serde_json::from_value(list).unwrap()).map(|Read { rules, hosted, .. }| (rules, hosted))
    }

    #[test]
    fn both_forms_of_rules_are_read() {
        let (rules, hosted) =
            read(&json!({"text": "SQL", "pronunciation": "sequel", "only_languages": ["hindi"]})).unwrap();
        assert!(hosted && rules[0].case_sensitive && !rules[1].case_sensitive && rules[1].word_boundaries);
        assert_eq!(rules[1].only, Some(vec![Language::Hindi]));
        let phoneme = json!({"type": "phoneme", "string_to_replace": "a", "phoneme": "x", "alphabet": "ipa"});
        let (rules, hosted) = read(&phoneme).unwrap();
        assert!(has_phonemes(&rules) && !hosted);
        let shown = json!(RuleView::new(&rules[1]));
        assert_eq!(
            (&shown["type"], &shown["phoneme"], shown.get("alias")),
            (&json!("phoneme"), &json!("x"), None)
        );
    }

    #[test]
    fn wrong_rules_are_named() {
        for (rule, reason) in [
            (json!({}), "string_to_replace is required"),
            (json!({"string_to_replace": "a"}), "alias is required"),
            (json!({"string_to_replace": "a", "alias": "b", "type": "phoneme"}), "phoneme is required"),
            (json!({"string_to_replace": "a", "phoneme": "b"}), "alphabet is required"),
            (json!({"string_to_replace": "a", "alias": "b", "type": "x"}), "type must be alias or phoneme"),
            (json!({"text": "a"}), "pronunciation is required"),
            (json!({"pronunciation": "a"}), "text is required"),
            (
                json!({"text": "a", "pronunciation": "b", "except_languages": ["Klingon"]}),
                "except_languages: \"Klingon\"",
            ),
        ] {
            let error = read(&rule).unwrap_err();
            assert!(
                error.message.starts_with("rules can't be used: rule 2: ") && error.message.contains(reason),
                "{error}"
            );
        }
    }
}
