//! What the operator has said in a way of its own: `text.dictionary` and `text.acronyms`.

use std::{fs::File, io::Read, sync::Arc};

use anyhow::{Context, bail};
use svara_config::Config;
use svara_engine::{Dictionary, OwnWords};
use svara_text::read_pls;

/// The largest file, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The most rules in it.
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
        let mut text = String::new();
        File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_BYTES {
            bail!("the file is larger than {MAX_BYTES} bytes");
        }
        Ok(Dictionary::new(read_pls(&text, MAX_RULES)?)?)
    };
    let dictionary = dictionary().with_context(|| format!("text.dictionary {}", path.display()))?;
    Ok(OwnWords { dictionary: Some(Arc::new(dictionary)), acronyms })
}
