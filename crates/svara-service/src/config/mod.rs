//! The sections of a configuration that the service owns, and the values that all sections share.

mod cache;
mod cloning;
mod dictionaries;
mod error;
mod faults;
mod jobs;
mod values;
mod voices;

pub use self::{
    cache::CacheConfig,
    cloning::CloningConfig,
    dictionaries::DictionariesConfig,
    error::ConfigError,
    faults::{Fault, Faults},
    jobs::JobsConfig,
    values::{Seconds, Secret},
    voices::VoicesConfig,
};

/// Checks the address of the store that `key` gives; empty is none.
fn check_store(faults: &mut Faults, key: &'static str, url: &str) {
    if let Err(reason) = crate::store::check_url(url) {
        faults.add(key, format!("= {reason}"));
    }
}
