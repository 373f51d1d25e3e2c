//! Dictionaries in their stored form, JSON. Fields may be added; none changes its meaning.

use serde::{Deserialize, Serialize};
use svara_engine::{Language, Pronunciation, Rule};

use crate::{Caller, clock::unix_now};

/// A dictionary, without its rules.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct KeptDictionary {
    /// Its id.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// A line about it, for people.
    pub description: Option<String>,
    /// The name of the key that made it; none if no key was required then.
    pub owner: Option<String>,
    /// Whether all keys may use it. One without an owner is shared in any case.
    pub shared: bool,
    /// When it was made, in seconds since 1970.
    pub created_unix_s: u64,
    /// When it was put away: lists leave it out then, unless they are asked for all.
    pub archived_unix_s: Option<u64>,
    /// Its versions that are kept, the oldest first.
    pub versions: Vec<KeptVersion>,
}

/// A version of a dictionary: each change of its rules makes one.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct KeptVersion {
    /// Its id.
    pub id: String,
    /// How many rules it has.
    pub rules: usize,
    /// When it was made, in seconds since 1970.
    pub created_unix_s: u64,
}

/// What a caller says about a new dictionary.
#[derive(Clone, Debug, Default)]
pub struct NewDictionary {
    /// Its name, for people.
    pub name: String,
    /// A line about it, for people.
    pub description: Option<String>,
    /// Whether all keys may use it.
    pub shared: bool,
    /// Whether another dictionary of the caller with this name is a reason not to make it.
    pub only_of_its_name: bool,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// What is changed about a dictionary; `None`: it stays as it is.
#[derive(Clone, Debug, Default)]
pub struct DictionaryChange {
    /// Its name, for people.
    pub name: Option<String>,
    /// A line about it, for people.
    pub description: Option<String>,
    /// Whether all keys may use it.
    pub shared: Option<bool>,
    /// Whether it is put away.
    pub archived: Option<bool>,
}

impl KeptDictionary {
    pub(super) fn new(id: String, owner: Option<&str>, new: &NewDictionary, version: KeptVersion) -> Self {
        Self {
            id,
            name: new.name.clone(),
            description: new.description.clone(),
            owner: owner.map(str::to_owned),
            shared: new.shared,
            created_unix_s: version.created_unix_s,
            archived_unix_s: None,
            versions: vec![version],
        }
    }

    /// The version that is used unless another is named.
    pub fn latest(&self) -> KeptVersion {
        self.versions.last().cloned().unwrap_or_default()
    }

    /// Whether the caller may see and use it.
    pub(super) fn is_for(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Unknown => false,
            Caller::Anybody => true,
            Caller::Known(_) => self.shared || self.owner.is_none() || self.is_of(caller),
        }
    }

    /// Whether the caller may change it.
    pub fn is_of(&self, caller: &Caller) -> bool {
        caller.owns(self.owner.as_deref())
    }

    /// The dictionary with this change.
    pub(super) fn with(self, change: DictionaryChange) -> Self {
        let DictionaryChange { name, description, shared, archived } = change;
        let archived_unix_s = match archived {
            Some(true) => self.archived_unix_s.or_else(|| Some(unix_now().as_secs())),
            Some(false) => None,
            None => self.archived_unix_s,
        };
        Self {
            name: name.unwrap_or(self.name),
            description: description.or(self.description),
            shared: shared.unwrap_or(self.shared),
            archived_unix_s,
            ..self
        }
    }
}

/// The rules of a version.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct RulesRecord {
    rules: Vec<RuleRecord>,
}

#[derive(Debug, Deserialize, Serialize)]
struct RuleRecord {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phoneme: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alphabet: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    any_case: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    anywhere: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    only: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    except: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}

impl RulesRecord {
    pub(crate) fn new(rules: &[Rule]) -> Self {
        let codes = |languages: &Vec<Language>| -> Vec<String> {
            languages.iter().map(|language| language.code().to_owned()).collect()
        };
        let record = |rule: &Rule| {
            let (alias, phoneme, alphabet) = match &rule.pronunciation {
                Pronunciation::Alias(alias) => (Some(alias.clone()), None, None),
                Pronunciation::Phoneme { phoneme, alphabet } => {
                    (None, Some(phoneme.clone()), Some(alphabet.clone()))
                }
            };
            RuleRecord {
                text: rule.text.clone(),
                alias,
                phoneme,
                alphabet,
                any_case: !rule.case_sensitive,
                anywhere: !rule.word_boundaries,
                only: rule.only.as_ref().map(codes),
                except: codes(&rule.except),
            }
        };
        Self { rules: rules.iter().map(record).collect() }
    }

    /// The rules; none if one of them isn't of a kind that is known here.
    pub(crate) fn into_rules(self) -> Option<Vec<Rule>> {
        let languages = |codes: Vec<String>| -> Option<Vec<Language>> {
            codes.iter().map(|code| code.parse().ok()).collect()
        };
        let rule = |record: RuleRecord| {
            let pronunciation = match (record.alias, record.phoneme, record.alphabet) {
                (Some(alias), None, None) => Pronunciation::Alias(alias),
                (None, Some(phoneme), Some(alphabet)) => Pronunciation::Phoneme { phoneme, alphabet },
                _ => return None,
            };
            Some(Rule {
                text: record.text,
                pronunciation,
                case_sensitive: !record.any_case,
                word_boundaries: !record.anywhere,
                only: match record.only {
                    Some(codes) => Some(languages(codes)?),
                    None => None,
                },
                except: languages(record.except)?,
            })
        };
        self.rules.into_iter().map(rule).collect()
    }
}
