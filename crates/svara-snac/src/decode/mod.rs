//! Decoders: threads with sessions, and the streams they serve.

mod batch;
mod bucket;
mod cost;
mod decoder;
mod device;
mod device_call;
mod device_graph;
mod device_states;
mod due;
mod failures;
mod graph;
mod input;
mod inputs;
mod job;
mod observe;
mod output;
mod plan;
mod queue;
mod seniority;
mod session;
mod settings;
mod shared;
mod state;
mod stream;
mod worker;

#[cfg(test)]
pub(crate) use self::device_graph::with_pool;
pub use self::{
    cost::MARGIN,
    decoder::Decoder,
    due::Due,
    observe::{DecodeCall, DecodeObserver},
    settings::{Backend, DecoderInfo, DecoderKind, DecoderSettings, UnknownBackend},
    stream::DecodeStream,
};
