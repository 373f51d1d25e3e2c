//! Mono audio: samples, sample rates, output encoders, resampling, time stretching, decoding of uploads.
//!
//! Everything here works on **mono `f32` samples, full scale ±1.0**. Output goes through one [`Encoder`] per response:
//!
//! ```
//! use svara_audio::{Encoder, EncoderSpec, Format, SampleRate};
//!
//! let format: Format = "wav".parse()?;
//! let spec = EncoderSpec::new(format)?.with_rate(SampleRate::HZ_16000)?;
//! let mut encoder = Encoder::new(spec, SampleRate::SNAC)?;
//! let mut body = Vec::new();
//! encoder.push(&[0.0; 2048], &mut body)?; // header and the first samples
//! encoder.finish(&mut body)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Input comes through [`decode_upload`]; [`check_reference`] vets recordings of a voice. [`Listener`] models a client
//! that plays audio as it arrives.
//!
//! A leaf crate: no runtime, no HTTP, no model. Every call computes on the caller's thread.

mod blocks;
mod decode;
mod encode;
mod format;
mod gain;
mod rate;
mod reference;
mod resample;
mod sample;
mod stretch;

pub use decode::{DecodeError, DecodeLimits, Mono, decode_upload};
pub use encode::{Bitrates, EncodeError, Encoder, EncoderSpec, SpecError, encode_whole};
pub use format::{Format, UnknownFormat};
pub use gain::{Gain, GainError};
pub use rate::{SampleRate, SampleRateError};
pub use reference::{
    CLIPPED_LEVEL, LOUDNESS_WINDOW, MAX_CLIPPED_SHARE, MIN_REFERENCE, ReferenceFault, SILENCE_DBFS,
    check_reference,
};
pub use resample::{ResampleError, Resampler};
pub use sample::{f32_to_s16, f32_to_s16_slice};
pub use stretch::{SpeedError, TimeStretch};
pub use svara_listener::Listener;
