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
