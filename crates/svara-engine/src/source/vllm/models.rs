//! The engine's list of models. Pure.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Flavor,
    answer::{Beginning, Cut},
    wire::ErrorBody,
};
use crate::source::{SourceError, excerpt};

/// The most bytes of the list.
pub(super) const MAX_LIST_BYTES: usize = 4 << 20;
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
/// served models and of LoRA adapters), other engines take any name, and have lists of other forms.
///
/// # Errors
/// The list has other models only, isn't JSON, isn't whole, or is an error.
pub(super) fn check(flavor: Flavor, model: &str, list: &Beginning) -> Result<(), SourceError> {
    let unreadable = |fault| Err(SourceError::ModelList { fault });
    let Beginning { bytes, cut } = list;
    match cut {
        Some(Cut::Slow) => return unreadable("doesn't arrive in time"),
        Some(Cut::Broken) => return unreadable("breaks off"),
        Some(Cut::Long) => return unreadable("is too long"),
        None => {}
    }
    let Ok(List { data }) = serde_json::from_slice(bytes) else {
        return match serde_json::from_slice::<ErrorBody>(bytes) {
            Ok(_) => unreadable("is an error"),
            Err(_) => match serde_json::from_slice(bytes) {
                Err(_) => unreadable("isn't JSON"),
                Ok(Value::Array(_)) => Ok(()),
                Ok(Value::Object(fields)) if fields.values().any(Value::is_array) => Ok(()),
                Ok(_) => unreadable("is no list"),
            },
        };
    };
    if flavor != Flavor::Vllm || data.is_empty() || data.iter().any(|entry| entry.id == model) {
        return Ok(());
    }
    let names: Vec<&str> = data.iter().take(MAX_NAMED).map(|entry| entry.id.as_str()).collect();
    Err(SourceError::NoModel { model: excerpt(model), has: excerpt(&names.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(flavor: Flavor, model: &str, list: &[u8]) -> Result<(), SourceError> {
        super::check(flavor, model, &Beginning { bytes: list.to_vec(), cut: None })
    }

    #[test]
    fn a_list_of_other_models_is_a_failure() {
        let list = br#"{"object":"list","data":[{"id":"base"},{"id":"adapter","root":"x","parent":"base"}]}"#;
        for name in ["base", "adapter"] {
            assert!(check(Flavor::Vllm, name, list).is_ok());
        }
        let error = check(Flavor::Vllm, "svara", list).unwrap_err().to_string();
        assert!(error.contains("svara") && error.contains("base, adapter"), "{error}");
        assert!(check(Flavor::LlamaCpp, "svara", list).is_ok(), "it takes any name");
        for other in [r#"{"data":[]}"#, r#"["base"]"#, r#"{"models":["base"]}"#, "[]"] {
            assert!(check(Flavor::Vllm, "svara", other.as_bytes()).is_ok(), "{other}");
        }
    }

    #[test]
    fn what_is_no_list_is_a_failure_at_every_engine() {
        for (text, fault) in [
            ("", "isn't JSON"),
            ("<html>", "isn't JSON"),
            (r#"{"data":[{"id":"sv"#, "isn't JSON"),
            (r#"{"error":{"message":"no"}}"#, "is an error"),
            (r#"{"detail":"Not Found"}"#, "is an error"),
            (r#"{"status":"starting"}"#, "is no list"),
            ("null", "is no list"),
        ] {
            for flavor in [Flavor::Vllm, Flavor::OpenAi] {
                let error = check(flavor, "svara", text.as_bytes()).unwrap_err().to_string();
                assert!(error.ends_with(fault), "{text}: {error}");
            }
        }
        for cut in [Cut::Long, Cut::Slow, Cut::Broken] {
            let list = Beginning { bytes: br#"{"data":[]}"#.to_vec(), cut: Some(cut) };
            let error = super::check(Flavor::OpenAi, "svara", &list).unwrap_err();
            assert!(matches!(error, SourceError::ModelList { .. }), "{cut:?}");
        }
    }
}
