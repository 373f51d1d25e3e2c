//! Mono sound in and out of the house: samples, sample rates, output encoders, resampling, decoding of uploads.
//!
//! Everything here works on **mono `f32` samples, full scale ±1.0**. The way out is one [`Encoder`] per response:
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
//! A leaf crate: no runtime, no HTTP, no model. All calls are plain computation on the caller's thread.

mod blocks;
mod encode;
mod format;
mod rate;
mod resample;
mod sample;

pub use encode::{Bitrates, EncodeError, Encoder, EncoderSpec, SpecError, encode_whole};
pub use format::{Format, UnknownFormat};
pub use rate::{SampleRate, SampleRateError};
pub use resample::{ResampleError, Resampler};
pub use sample::{f32_to_s16, f32_to_s16_slice};
