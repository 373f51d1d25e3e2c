//! `[text]`: what happens to texts before they are said.

use serde::{Deserialize, Serialize};
use svara_engine::Strip;

/// Texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextConfig {
    /// Which requests have Markdown and emoji removed, unless they say otherwise.
    pub clean: Clean,
}

/// Which requests have Markdown and emoji removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Clean {
    /// Those of APIs whose clients send what language models write: OpenAI's, ElevenLabs', Vapi's.
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
    pub(crate) fn strip(self, written_by_models: bool, markdown: Option<bool>, emoji: Option<bool>) -> Strip {
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
