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
//!
//! Who may order is decided before: a caller holds a key, and what the key's quota leaves is charged to it.
//!
//! ```
//! use std::sync::Arc;
//!
//! use svara_service::{ErrorKind, callers::{Callers, KeyEntry, KeyRings}};
//! use tokio::sync::watch;
//!
//! let entry = KeyEntry { requests_per_minute: Some(1), ..KeyEntry::unbounded("radio", "a key of the radio") };
//! let ring = Arc::new(KeyRings::default().ring(vec![entry])?);
//! let (_reload, keys) = watch::channel(ring); // a new ring takes effect at once
//! let callers = Callers::new(Some(keys));
//!
//! let kind = |key| callers.identify(key).err().map(|error| error.kind);
//! assert_eq!(kind(None), Some(ErrorKind::MissingKey));
//! assert_eq!(kind(Some("another key")), Some(ErrorKind::InvalidKey));
//! assert_eq!(kind(Some("a key of the radio")), None);
//! assert_eq!(kind(Some("a key of the radio")), Some(ErrorKind::RateLimited));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod admission;
pub mod cache;
pub mod callers;
mod clock;
mod cloning;
pub mod config;
pub mod dictionaries;
mod error;
mod fairness;
mod finish;
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
mod subtitles;
mod times;
pub mod voices;

pub use admission::{Admission, Load, QueueLimits, Running};
pub use callers::Caller;
pub use cloning::{Cloning, CloningParts};
pub use error::{ErrorKind, NotSetUp, ServiceError};
pub use order::{CacheResult, Delivery, Dialect, Order, Spoken, SpokenBody};
pub use reader::LeastSpeed;
pub use recording::{DecodeRecording, RecordingError};
pub use reference::{ReferenceRequest, primary_language};
pub use service::{Service, ServiceParts};
pub use speak::{EncodedSpeech, Speaker, Speaking, Whole};
pub use subtitles::{LINE_CHARACTERS, SubtitleFormat, Subtitles};
pub use times::{ESTIMATED, Times, Timestamps};
