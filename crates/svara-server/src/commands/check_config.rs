//! `svara-server --check-config`: the settings in effect, and whether all that they name is there.

use std::{collections::BTreeMap, fmt::Write};

use svara_config::{Config, ConfigError, Origin, base_url::masked};
use toml::Table;

use super::out;
use crate::start;

/// Prints the settings, with their origins where those are given, and checks everything that loads quickly; writes
/// nothing. `places` says where each value comes from.
///
/// # Errors
/// A file is missing or wrong, or the server would refuse to start.
pub(crate) fn run(
    config: &Config,
    origins: Option<&BTreeMap<String, Origin>>,
    places: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let mut shown = String::new();
    match origins {
        // Any URL may have a password in it.
        None => {
            for line in toml::to_string(config)?.lines() {
                writeln!(shown, "{}", masked(line))?;
            }
        }
        Some(origins) => {
            for (section, keys) in Table::try_from(config)? {
                for (key, value) in keys.as_table().into_iter().flatten() {
                    let name = format!("{section}.{key}");
                    let origin = origins.get(&name).map_or_else(|| "default".to_owned(), Origin::to_string);
                    writeln!(shown, "{name} = {}  # {origin}", masked(&value.to_string()))?;
                }
            }
        }
    }
    out::print(shown)?;
    let told = |(key, error): &(&str, anyhow::Error)| match places.get(*key) {
        Some(place) => format!("{place}: {error:#}"),
        None => format!("{error:#}"),
    };
    let mut faults: Vec<String> = start::faults(config).iter().map(told).collect();
    for lack in start::missing(config) {
        // What is named must be there. A default that isn't only makes a part unavailable.
        if places.contains_key(lack.0) {
            faults.push(told(&lack));
        } else {
            out::tell(format_args!("svara-server: warning: {}", told(&lack)));
        }
    }
    if !faults.is_empty() {
        return Err(ConfigError::all(&faults).into());
    }
    out::tell("svara-server: the configuration is valid");
    Ok(())
}
