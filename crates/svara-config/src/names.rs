//! The names of variables: which key one sets, and which one was meant by a name that sets none.

use std::sync::LazyLock;

use toml::Table;

use super::{Config, env::VARIABLES};
use crate::plain::one_of;

/// What the names of keys' variables begin with.
const PREFIX: &str = "SVARA_";

/// All keys, as sections of their defaults.
pub(super) fn keys() -> Table {
    // The defaults are written into the shipped file, too; a test holds the two together.
    Table::try_from(Config::default()).unwrap_or_default()
}

/// The variable of each key.
static OF_KEYS: LazyLock<Vec<(String, String, String)>> = LazyLock::new(|| {
    let mut names = Vec::new();
    for (section, keys) in keys() {
        for key in keys.as_table().into_iter().flat_map(Table::keys) {
            let name = format!("{PREFIX}{section}_{key}").to_ascii_uppercase();
            if name != OF_SUPERVISOR {
                names.push((name, section.clone(), key.clone()));
            }
        }
    }
    names
});

/// The supervisor's own, which says how it logs; the server's is `LOG_FORMAT`.
const OF_SUPERVISOR: &str = "SVARA_LOG_FORMAT";

/// What other programs of this project read, and their scripts and compose files.
const OF_OTHERS: [&str; 29] = [
    OF_SUPERVISOR,
    "SVARA_BIN_DIR",
    "SVARA_CONTAINER_NAME",
    "SVARA_DRAIN",
    "SVARA_FUZZ_INPUTS",
    "SVARA_HISTORIES",
    "SVARA_HISTORY",
    "SVARA_IMAGE",
    "SVARA_KEYS",
    "SVARA_LOG_DIR",
    "SVARA_LOG_MAX_SIZE",
    "SVARA_MEMORY",
    "SVARA_MODELS",
    "SVARA_MPS",
    "SVARA_PASS_ENVIRONMENT",
    "SVARA_PEERS_ROOT",
    "SVARA_SCHEMATHESIS_EXAMPLES",
    "SVARA_SERVER",
    "SVARA_SERVERS",
    "SVARA_SERVER_ARGS",
    "SVARA_SERVER_IMAGE",
    "SVARA_SNAC",
    "SVARA_SUPERVISED",
    "SVARA_TOOLS_IMAGE",
    "SVARA_VLLM_PACKAGE",
    "VLLM_DTYPE",
    "VLLM_EXTRA_ARGS",
    "VLLM_MAX_MODEL_LEN",
    "VLLM_MAX_NUM_SEQS",
];

/// What groups of such names begin with.
const GROUPS_OF_OTHERS: [&str; 8] = [
    "SVARA_BENCH_",
    "SVARA_EVENT",
    "SVARA_FETCH",
    "SVARA_PROGRAM_",
    "SVARA_RUN_",
    "SVARA_SUPERVISOR_",
    "SVARA_TEST_",
    "SVARA_WARM",
];

/// Variables of the Python stack without an effect, and what has it.
const OF_PYTHON: [(&str, &str); 3] = [
    ("VLLM_ENFORCE_EAGER", "for vLLM: VLLM_EXTRA_ARGS=\"--enforce-eager\""),
    ("VLLM_QUANTIZATION", "for vLLM: VLLM_EXTRA_ARGS=\"--quantization fp8\""),
    ("VLLM_TRUST_REMOTE_CODE", "for vLLM: VLLM_EXTRA_ARGS=\"--trust-remote-code\""),
];

/// The section and key that a variable sets by its form.
pub(super) fn key_of(name: &str) -> Option<(&'static str, &'static str)> {
    let found = OF_KEYS.iter().find(|(known, ..)| known == name)?;
    // A name of its own may mean another key: SVARA_VOICES_… are the stored ones.
    (!VARIABLES.iter().any(|(known, ..)| *known == name)).then_some((&found.1, &found.2))
}

/// Whether Kubernetes sets the variable for a Service, such as one that is called svara-server.
pub(super) fn is_of_kubernetes(name: &str, value: &str) -> bool {
    name.contains("_SERVICE_") || name.contains("_TCP") || name.ends_with("_PORT") && value.contains("://")
}

/// Of each variable without an effect whose name looks as if it had one: what was meant.
pub(super) fn warnings(variables: &[(String, String)]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, value) in variables {
        let of_others =
            OF_OTHERS.contains(&&**name) || GROUPS_OF_OTHERS.iter().any(|group| name.starts_with(group));
        let ours = || VARIABLES.iter().map(|(known, ..)| *known);
        let is_known = ours().any(|known| known == name) || OF_KEYS.iter().any(|(known, ..)| known == name);
        if value.trim().is_empty() || is_known || of_others || is_of_kubernetes(name, value) {
            continue;
        }
        let is_off = matches!(value.trim(), "false" | "0" | "off");
        let python = OF_PYTHON.iter().find(|(known, _)| known == name && !is_off).map(|(_, hint)| *hint);
        let warning = if let Some(hint) = python {
            Some(format!("{name} has no effect; {hint}"))
        } else if name.starts_with(PREFIX) {
            let all = ours().chain(OF_KEYS.iter().map(|(known, ..)| known.as_str()));
            let hint = without_section(name).unwrap_or_else(|| meant(name, all));
            Some(format!("{name} has no effect{hint}"))
        } else {
            // Others' variables are none of our business, unless a slip of the finger explains one.
            let near = ours().find(|known| known.len() > 5 && strsim::osa_distance(known, name) == 1);
            near.map(|near| format!("{name} has no effect; did you mean {near}?"))
        };
        warnings.extend(warning);
    }
    warnings
}

/// Most sections that a hint names.
const MOST_SECTIONS: usize = 4;

/// `; did you mean SVARA_SERVER_PORT?` for `SVARA_PORT`, which lacks its section.
fn without_section(name: &str) -> Option<String> {
    let key = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
    let found = OF_KEYS.iter().filter(|(.., known)| *known == key).map(|(variable, ..)| variable.as_str());
    did_you_mean(&found.collect::<Vec<_>>())
}

/// `; did you mean limits.streams?` for a key that belongs to another section, or stands in none.
pub(super) fn of_other_section(key: &str) -> Option<String> {
    let known = keys();
    let sections =
        known.iter().filter(|(_, keys)| keys.as_table().is_some_and(|keys| keys.contains_key(key)));
    let found: Vec<String> = sections.map(|(section, _)| format!("{section}.{key}")).collect();
    did_you_mean(&found.iter().map(String::as_str).collect::<Vec<_>>())
}

fn did_you_mean(names: &[&str]) -> Option<String> {
    (1..=MOST_SECTIONS).contains(&names.len()).then(|| format!("; did you mean {}?", one_of(names)))
}

/// `; did you mean port?`, if one of the names is like this one.
pub(super) fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|known| (strsim::osa_distance(known, name), known)).min();
    match near {
        Some((steps, near)) if steps <= 3 && steps * 3 <= near.len() + 1 => format!("; did you mean {near}?"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variable_that_the_shipped_files_name_is_warned_of() {
        let shipped = concat!(
            include_str!("../../../config/supervisor.toml"),
            include_str!("../../../docker-compose.yml"),
            include_str!("../../../docker/compose.split.yml"),
        );
        let words = shipped.split(|c: char| !c.is_ascii_uppercase() && c != '_');
        // `SVARA_RUN_*` is no name.
        let named = words.filter(|word| word.starts_with(PREFIX) && !word.ends_with('_'));
        let variables: Vec<(String, String)> =
            named.map(|name| (name.to_owned(), "true".to_owned())).collect();
        for name in ["SVARA_MPS", "SVARA_VLLM_PACKAGE"] {
            assert!(variables.iter().any(|(known, _)| known == name), "{name}");
        }
        assert_eq!(warnings(&variables), Vec::<String>::new());
    }
}
