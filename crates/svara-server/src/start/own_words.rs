//! What the operator has said in a way of its own: `text.dictionary` and `text.acronyms`.

use std::sync::Arc;

use anyhow::Context;
use svara_config::Config;
use svara_engine::{Dictionary, OwnWords};
use svara_http::read_file;
use svara_text::read_pls;

/// The most rules in the dictionary.
const MAX_RULES: usize = 100_000;

/// Loads the operator's words.
///
/// # Errors
/// The file can't be read, or is no lexicon; an acronym isn't one.
pub fn own_words(config: &Config) -> anyhow::Result<OwnWords> {
    let acronyms = config.text.acronyms()?;
    let path = &config.text.dictionary;
    if path.as_os_str().is_empty() {
        return Ok(OwnWords { dictionary: None, acronyms });
    }
    let dictionary = || {
        let text = String::from_utf8(read_file(path)?)?;
        anyhow::Ok(Dictionary::new(read_pls(&text, MAX_RULES)?)?)
    };
    let dictionary = dictionary().with_context(|| format!("text.dictionary {}", path.display()))?;
    Ok(OwnWords { dictionary: Some(Arc::new(dictionary)), acronyms })
}
