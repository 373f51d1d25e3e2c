//! Text to speech without HTTP: a [`SpeechRequest`] goes in, samples come out while they are being generated.
//!
//! ```text
//! SpeechRequest ─► Voices ─► TokenSource ─► FrameAssembler ─► DecodeStream ─► Speech (chunks of samples)
//!                  who        vllm | demo    ids to frames     frames to samples
//! ```
//!
//! [`Engine::speak`] is the entry point. A [`ModelProfile`], read from a file, describes a model: control tokens,
//! prompt, sampling. [`Voices`] are read from files, too. A [`source::TokenSource`] generates the tokens. Nothing here
//! knows HTTP dialects.

mod engine;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod profile;
mod prompt;
mod request;
pub mod source;
mod speech;
mod timing;
mod trace;
mod voice;

pub use engine::{Engine, EngineParts};
pub use error::{Origin, SpeakError};
pub use profile::{ModelProfile, ProfileError};
pub use prompt::{Prompt, PromptBuilder, PromptError};
pub use request::{Normalization, Sampling, SamplingOverrides, SpeechRequest};
pub use speech::{
    Speech, SpeechReport,
    pace::FirstAudio,
    retry::PiecesRedone,
    script::{Preview, PreviewPiece},
};
pub use svara_text::{Dictionary, DictionaryError, Language, Rule, Strip};
pub use timing::{PieceTiming, TimedText};
pub use trace::TraceContext;
pub use voice::{
    Voice,
    gender::Gender,
    reference::{CloningUnavailable, ReferenceVoice},
    voices::{UnknownVoice, VoiceFileError, Voices},
};
