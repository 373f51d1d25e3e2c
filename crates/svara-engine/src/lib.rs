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
//!
//! ```
//! use std::{path::Path, sync::Arc};
//!
//! use futures::{FutureExt, StreamExt, future::{BoxFuture, ready}, stream};
//! use svara_engine::{
//!     CloningUnavailable, Engine, EngineParts, FirstAudio, ModelProfile, OwnWords, SpeechRequest, Voices,
//!     source::{FinishReason, SourceError, SourceInfo, TokenEvent, TokenSource, TokenStream, Utterance},
//! };
//! use svara_snac::{Decoder, TokenLayout};
//!
//! /// A model that says one frame, whatever the text is.
//! struct OneFrame;
//!
//! impl TokenSource for OneFrame {
//!     fn open(&self, _: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>> {
//!         let tokens = (0..7).filter_map(|slot| TokenLayout::default().token(slot, 100)).collect();
//!         let events = [TokenEvent::Tokens(tokens), TokenEvent::End(FinishReason::Stop)];
//!         ready(Ok(stream::iter(events.map(Ok)).boxed())).boxed()
//!     }
//!     fn cloning(&self) -> Result<(), CloningUnavailable> {
//!         Ok(())
//!     }
//!     fn health(&self) -> BoxFuture<'_, Result<(), SourceError>> {
//!         ready(Ok(())).boxed()
//!     }
//!     fn about(&self) -> SourceInfo {
//!         SourceInfo { kind: "one frame", model: String::new(), url: None, notice: None }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
//! let profile = ModelProfile::load(&config.join("models/svara-v1.toml"))?;
//! let voices = Voices::load(&config.join("voices"), &profile.id, |voice| profile.speaker_id(voice))?;
//! let engine = Engine::new(EngineParts {
//!     profile: Arc::new(profile),
//!     voices,
//!     own_words: OwnWords::default(),
//!     source: Arc::new(OneFrame),
//!     decoder: Decoder::null(1), // silence, without a model of the codec
//!     text_max_characters: 1000,
//!     pieces_ahead: 1,
//!     hop_frames: None,
//!     first_audio: FirstAudio::Exact,
//!     end_loops: true,
//! })?;
//!
//! let (text, voice) = ("a".to_owned(), "hi_female".to_owned());
//! let mut speech = engine.speak(SpeechRequest { text, voice, ..SpeechRequest::default() }).await?;
//! let mut samples = Vec::new();
//! while let Some(more) = speech.next().await {
//!     samples.extend(more?);
//! }
//! assert_eq!(samples.len(), 2048);
//! # Ok(())
//! # }
//! ```

mod ceiling;
mod engine;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod own_words;
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
pub use own_words::OwnWords;
pub use profile::{ModelProfile, ProfileError};
pub use prompt::{Prompt, PromptBuilder, PromptError};
pub use request::{Normalization, Sampling, SamplingOverrides, SpeechRequest};
pub use speech::{
    Speech, SpeechReport,
    audience::Wait,
    pace::FirstAudio,
    retry::PiecesRedone,
    script::{Preview, PreviewPiece},
};
pub use svara_text::{Acronyms, Dictionary, DictionaryError, Language, Pronunciation, Rule, Strip};
pub use timing::{Aligned, PieceTiming, Sound, TimedText};
pub use trace::TraceContext;
pub use voice::{
    Voice,
    gender::Gender,
    reference::{CloningUnavailable, ReferenceVoice},
    voices::{UnknownVoice, VoiceFileError, Voices},
};
