//! Audio tokens to samples and back, in the SNAC scheme of Orpheus-style models.
//!
//! A language model emits *audio tokens*. Seven of them make one [`Frame`]: 1 + 2 + 4 codes of SNAC's three codebooks,
//! 2048 samples at 24 kHz.
//!
//! ```text
//! token ids ─► FrameAssembler ─► Frame ─► DecodeStream ─► samples        samples ─► SnacEncoder ─► Frame
//!              (TokenLayout)              (Decoder: threads with native code or ONNX Runtime)
//! ```
//!
//! * [`TokenLayout`] maps token ids to codes; [`FrameAssembler`] keeps a token stream aligned to frames.
//! * [`Decoder`] owns dedicated threads. On a CPU they run our stream decoder and the demo voice's codec in native code,
//!   which takes from the model file only its weights; everything else runs in ONNX Runtime. A [`DecodeStream`] carries the state of one
//!   utterance: N frames in, exactly N · 2048 samples out, however the frames are split into calls and whatever else is
//!   being decoded.
//! * [`SnacEncoder`] goes the other way: for reference voices, and for the demo voice in native code.
//!
//! ONNX Runtime is loaded at run time, when something needs it; see [`onnx::Runtime`].
//!
//! ```
//! use svara_snac::{Decoder, Frame, FrameAssembler, TokenLayout};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layout = TokenLayout::default();
//! let mut assembler = FrameAssembler::new(layout);
//! let tokens = (0..7).filter_map(|slot| layout.token(slot, 100)); // as a model generates them
//! let frames: Vec<Frame> = tokens.filter_map(|token| assembler.push(token)).collect();
//! assert_eq!(frames, [Frame([100; 7])]);
//!
//! let decoder = Decoder::null(1); // silence, without a model; `Decoder::load` opens one
//! let mut stream = decoder.open(0)?;
//! let samples = stream.finish(&frames).await?;
//! assert_eq!(samples.len(), frames.len() * 2048);
//! # Ok(())
//! # }
//! ```

mod assemble;
#[cfg(test)]
mod damaged;
mod decode;
mod encode;
mod error;
mod frame;
mod layout;
mod lock;
mod memory;
mod native;
mod noise;
pub mod onnx;
mod simd;
mod waves;

pub use assemble::{AssemblerStats, CustomTokenText, FrameAssembler};
pub use decode::{
    Backend, DecodeCall, DecodeObserver, DecodeStream, Decoder, DecoderInfo, DecoderKind, DecoderSettings,
    Due, MARGIN, UnknownBackend,
};
pub use encode::{EncoderSettings, SnacEncoder};
pub use error::{DecodeError, LoadError};
pub use frame::{FRAME_CODES, Frame};
pub use layout::{InvalidLayout, TokenLayout};
pub use memory::give_back as give_back_memory;
pub use simd::{UnknownVectors, Vectors};
