//! `[text]`: what happens to texts before they are said.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use svara_engine::{Acronyms, Strip};

use crate::{ConfigError, Faults};

/// The most acronyms of an operator.
const MAX_ACRONYMS: usize = 10_000;

/// Texts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextConfig {
    /// Which requests have Markdown and emoji removed, unless they say otherwise.
    pub clean: Clean,
    /// A pronunciation dictionary for all requests: a PLS file. Empty: none.
    pub dictionary: PathBuf,
    /// Words in capitals that are spelled, besides those that are known.
    pub acronyms: Vec<String>,
}

impl TextConfig {
    /// The words that are spelled.
    ///
    /// # Errors
    /// One of them isn't in capitals.
    pub fn acronyms(&self) -> Result<Acronyms, ConfigError> {
        self.spelled().map_err(|reason| ConfigError::new(format!("text.acronyms {reason}")))
    }

    pub(crate) fn check(&self, faults: &mut Faults) {
        if let Err(reason) = self.spelled() {
            faults.add("text.acronyms", reason);
        }
    }

    fn spelled(&self) -> Result<Acronyms, String> {
        if self.acronyms.len() > MAX_ACRONYMS {
            return Err(format!("may have at most {MAX_ACRONYMS} words"));
        }
        let acronyms = Acronyms::new(self.acronyms.iter().map(String::as_str));
        acronyms.map_err(|error| format!("has a wrong word: {error}"))
    }
}

/// Which requests have Markdown and emoji removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Clean {
    /// Those of APIs whose clients send what language models write: all but svara's own.
    #[default]
    Auto,
    /// All.
    On,
    /// None.
    Off,
}

impl Clean {
    /// What is removed from a text. `written_by_models` says whether the API's texts mostly are; `markdown` and `emoji` are
    /// the request's own wishes.
    pub fn strip(self, written_by_models: bool, markdown: Option<bool>, emoji: Option<bool>) -> Strip {
        let default = match self {
            Self::Auto => written_by_models,
            Self::On => true,
            Self::Off => false,
        };
        Strip { markdown: markdown.unwrap_or(default), emoji: emoji.unwrap_or(default) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_the_last_word() {
        let both = |on| Strip { markdown: on, emoji: on };
        for (clean, models, own) in
            [(Clean::Auto, true, false), (Clean::On, true, true), (Clean::Off, false, false)]
        {
            assert_eq!(clean.strip(true, None, None), both(models));
            assert_eq!(clean.strip(false, None, None), both(own));
            assert_eq!(clean.strip(true, Some(false), Some(true)), Strip { markdown: false, emoji: true });
        }
    }
}
