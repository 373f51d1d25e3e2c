//! The engine's list of models. Pure.

use serde::Deserialize;

use super::Flavor;
use crate::source::{SourceError, excerpt};

/// The most bytes of the list.
pub(super) const MAX_LIST_BYTES: usize = 1 << 20;
/// The most names in an error.
const MAX_NAMED: usize = 5;

#[derive(Deserialize)]
struct List {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
}

/// Checks that the engine has the model, as far as its list proves anything: vLLM refuses names that aren't in it (of
/// served models and of LoRA adapters), other engines take any name.
///
/// # Errors
/// The list has other models only.
pub(super) fn check(flavor: Flavor, model: &str, list: &[u8]) -> Result<(), SourceError> {
    let Ok(List { data }) = serde_json::from_slice(list) else { return Ok(()) };
    if flavor != Flavor::Vllm || data.is_empty() || data.iter().any(|entry| entry.id == model) {
        return Ok(());
    }
    let names: Vec<&str> = data.iter().take(MAX_NAMED).map(|entry| entry.id.as_str()).collect();
    Err(SourceError::NoModel { model: excerpt(model), has: excerpt(&names.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_list_of_other_models_is_a_failure() {
        let list = br#"{"object":"list","data":[{"id":"base"},{"id":"adapter","root":"x","parent":"base"}]}"#;
        for name in ["base", "adapter"] {
            assert!(check(Flavor::Vllm, name, list).is_ok());
        }
        let error = check(Flavor::Vllm, "svara", list).unwrap_err().to_string();
        assert!(error.contains("svara") && error.contains("base, adapter"), "{error}");
        assert!(check(Flavor::LlamaCpp, "svara", list).is_ok(), "it takes any name");
        for other in [r#"{"data":[]}"#, r#"["base"]"#, r#"{"models":["base"]}"#, "", "<html>"] {
            assert!(check(Flavor::Vllm, "svara", other.as_bytes()).is_ok(), "{other}");
        }
    }
}
