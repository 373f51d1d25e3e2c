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
//! * [`Decoder`] owns dedicated threads. On a CPU they run our stream decoder in native code, which takes from the
//!   model file only its weights; everything else runs in ONNX Runtime. A [`DecodeStream`] carries the state of one
//!   utterance: N frames in, exactly N · 2048 samples out, however the frames are split into calls and whatever else is
//!   being decoded.
//! * [`SnacEncoder`] goes the other way (for reference voices and the demo voice).
//!
//! ONNX Runtime is loaded at run time, when something needs it; see [`onnx::Runtime`].

mod assemble;
mod decode;
mod encode;
mod error;
mod frame;
mod layout;
mod memory;
mod native;
mod noise;
pub mod onnx;
mod simd;

pub use assemble::{AssemblerStats, CustomTokenText, FrameAssembler};
pub use decode::{
    Backend, DecodeCall, DecodeObserver, DecodeStream, Decoder, DecoderInfo, DecoderKind, DecoderSettings,
    Due, MARGIN, UnknownBackend,
};
pub use encode::SnacEncoder;
pub use error::{DecodeError, LoadError};
pub use frame::{FRAME_CODES, Frame};
pub use layout::{InvalidLayout, TokenLayout};
