//! Speech as a service: callers and quotas, admission, the cache, jobs, saved voices, metrics.
//!
//! [`Service::speak`] turns an [`Order`] into [`Spoken`] bytes; [`Service::open`] returns the [`Speaking`] itself for
//! callers that need samples, times or events. Nothing here knows HTTP: failures are [`ServiceError`]s, whose kind and
//! origin a server maps to its responses.
//!
//! ```text
//! Order ─► Service::speak ─► cache ─► Speaker ─► admission ─► Engine::speak ─► encoder ─► Spoken
//!          one door          hit, join or miss     quota, streams, queue
//! ```

mod admission;
pub mod cache;
pub mod callers;
mod cloning;
pub mod config;
mod error;
mod fairness;
pub mod jobs;
mod lock;
pub mod metrics;
mod order;
mod previews;
mod reader;
mod recording;
mod reference;
mod service;
mod speak;
pub mod store;
mod times;
pub mod voices;

pub use admission::{Admission, Load, QueueLimits, Running};
pub use callers::Caller;
pub use cloning::{Cloning, CloningParts};
pub use error::{ErrorKind, ServiceError};
pub use order::{CacheResult, Delivery, Dialect, Order, Spoken, SpokenBody};
pub use reader::LeastSpeed;
pub use recording::{DecodeRecording, RecordingError};
pub use reference::{ReferenceRequest, primary_language};
pub use service::{Service, ServiceParts};
pub use speak::{EncodedSpeech, Speaker, Speaking, Whole};
pub use times::{ESTIMATED, Times, Timestamps};
