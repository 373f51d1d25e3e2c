//! The sections of a configuration that the service owns, and the values that all sections share.

mod cache;
mod cloning;
mod dictionaries;
mod error;
mod jobs;
mod values;
mod voices;

pub use self::{
    cache::CacheConfig,
    cloning::CloningConfig,
    dictionaries::DictionariesConfig,
    error::ConfigError,
    jobs::JobsConfig,
    values::{Seconds, Secret},
    voices::VoicesConfig,
};

/// Checks the address of the store that `key` gives; empty is none.
fn check_store(key: &str, url: &str) -> Result<(), ConfigError> {
    crate::store::check_url(url).map_err(|reason| ConfigError::new(format!("{key} = {reason}")))
}
