//! A rule: a word, what is said for it, and where it holds.

use std::iter;

use sha2::{Digest, Sha256};

use crate::{clean::spelled, language::Language};

/// What is said for a word or phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The word or phrase.
    pub text: String,
    /// What is said in its place.
    pub pronunciation: Pronunciation,
    /// Whether the case of letters matters.
    pub case_sensitive: bool,
    /// Whether it counts only as a whole word, by Unicode's letters and signs.
    pub word_boundaries: bool,
    /// The languages of voices that it holds for; none for all.
    pub only: Option<Vec<Language>>,
    /// The languages of voices that it doesn't hold for.
    pub except: Vec<Language>,
}

/// How a word is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pronunciation {
    /// As these words.
    Alias(String),
    /// As these sounds. The models take none: the word is said as it is typed.
    Phoneme {
        /// The sounds.
        phoneme: String,
        /// The alphabet that they are written in.
        alphabet: String,
    },
}

/// Rules that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DictionaryError(pub(super) String);

impl Rule {
    /// The longest text, in characters: a bound on how many texts can end in the same place.
    pub const MAX_TEXT_CHARACTERS: usize = 100;
    /// The longest alias or phoneme, in characters.
    pub const MAX_SAID_CHARACTERS: usize = 200;

    /// A rule that says `alias` for the whole word `text`, in any case and language.
    #[must_use]
    pub fn new(text: &str, alias: &str) -> Self {
        let (text, pronunciation) = (text.to_owned(), Pronunciation::Alias(alias.to_owned()));
        Self {
            text,
            pronunciation,
            case_sensitive: false,
            word_boundaries: true,
            only: None,
            except: Vec::new(),
        }
    }

    /// The rule, with its texts spelled as cleaning spells them.
    ///
    /// # Errors
    /// A text is empty or too long.
    pub fn checked(mut self) -> Result<Self, DictionaryError> {
        let no_control = |what: &str, text: &str| {
            let control = text.contains(|c: char| c.is_control() && !c.is_whitespace());
            if control {
                Err(DictionaryError(format!("{what} must not have control characters")))
            } else {
                Ok(())
            }
        };
        no_control("text", &self.text)?;
        self.text = spelled(self.text.trim()).trim().to_owned();
        check("text", &self.text, Self::MAX_TEXT_CHARACTERS)?;
        match &mut self.pronunciation {
            Pronunciation::Alias(alias) => {
                no_control("alias", alias)?;
                *alias = spelled(alias.trim()).trim().to_owned();
                check("alias", alias, Self::MAX_SAID_CHARACTERS)?;
            }
            Pronunciation::Phoneme { phoneme, alphabet } => {
                no_control("phoneme", phoneme)?;
                no_control("alphabet", alphabet)?;
                check("phoneme", phoneme, Self::MAX_SAID_CHARACTERS)?;
                check("alphabet", alphabet, Self::MAX_TEXT_CHARACTERS)?;
            }
        }
        Ok(self)
    }

    /// What is said, if a model can say it.
    pub(super) fn alias(&self) -> Option<&str> {
        match &self.pronunciation {
            Pronunciation::Alias(alias) => Some(alias),
            Pronunciation::Phoneme { .. } => None,
        }
    }

    pub(super) fn holds_for(&self, language: Option<Language>) -> bool {
        let Some(language) = language else { return self.only.is_none() };
        self.only.as_ref().is_none_or(|only| only.contains(&language)) && !self.except.contains(&language)
    }

    pub(super) fn add_to(&self, digest: &mut Sha256) {
        // Destructured, so that a new field doesn't compile until it is decided here whether it shapes the audio.
        let Self { text, pronunciation: _, case_sensitive, word_boundaries, only, except } = self;
        let codes = |languages: &[Language]| -> String {
            languages.iter().map(|language| format!("{} ", language.code())).collect()
        };
        let languages = [codes(only.as_deref().unwrap_or_default()), codes(except)];
        let texts = iter::once(text.as_str()).chain(self.alias()).chain(languages.iter().map(String::as_str));
        for text in texts {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
        digest.update([(*case_sensitive).into(), (*word_boundaries).into(), only.is_some().into()]);
    }
}

fn check(what: &str, text: &str, most: usize) -> Result<(), DictionaryError> {
    let length = text.chars().count();
    if length == 0 || text.trim().is_empty() {
        return Err(DictionaryError(format!("{what} must not be empty")));
    }
    if length > most {
        return Err(DictionaryError(format!("{what} has {length} characters, at most {most} are allowed")));
    }
    Ok(())
}
