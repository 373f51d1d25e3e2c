//! The sections of a configuration that the service owns, and the values that all sections share.

mod cache;
mod cloning;
mod error;
mod jobs;
mod values;
mod voices;

pub use self::{
    cache::CacheConfig,
    cloning::CloningConfig,
    error::ConfigError,
    jobs::JobsConfig,
    values::{Seconds, Secret},
    voices::VoicesConfig,
};
