//! The demo voice: espeak-ng's speech as audio tokens, for machines with no GPU, no vLLM and no model weights.
//!
//! It is a robot's voice, and health reports and logs say so. Everything after the tokens is the real pipeline:
//! assembler, decoder, encoders and body.

mod espeak;

use std::sync::Arc;

use futures::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use svara_audio::{Resampler, SampleRate};
use svara_snac::{Frame, SnacEncoder, TokenLayout};
use svara_text::StyleTags;

pub use self::espeak::{Espeak, EspeakError};
use super::{
    FinishReason, SourceError, SourceInfo, TokenEvent, TokenIds, TokenSource, TokenStream, Utterance,
};
use crate::voice::reference::CloningUnavailable;

/// The notice for users of this voice.
pub const NOTICE: &str = "demo voice: espeak-ng through a small codec, not svara-tts";

/// The longest text given to espeak-ng at once, in characters: short enough that the first words are heard soon.
const MAX_PIECE_CHARACTERS: usize = 200;

/// A [`TokenSource`] that speaks with espeak-ng.
pub struct DemoSource {
    voice: Arc<DemoVoice>,
}

struct DemoVoice {
    espeak: Espeak,
    encoder: SnacEncoder,
    layout: TokenLayout,
    style_tags: Vec<String>,
}

impl DemoSource {
    /// Creates a source of tokens in this `layout`. `style_tags` are removed from texts.
    pub fn new(espeak: Espeak, encoder: SnacEncoder, layout: TokenLayout, style_tags: Vec<String>) -> Self {
        Self { voice: Arc::new(DemoVoice { espeak, encoder, layout, style_tags }) }
    }
}

impl TokenSource for DemoSource {
    fn open(&self, utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>> {
        let voice = Arc::clone(&self.voice);
        async move { Ok(voice.speak(&utterance)) }.boxed()
    }

    fn cloning(&self) -> Result<(), CloningUnavailable> {
        Err(CloningUnavailable::new("the demo voice is espeak-ng, which can't clone voices"))
    }

    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        async { self.voice.espeak.check().await.map_err(SourceError::from) }.boxed()
    }

    /// Some texts take long: espeak-ng spells characters that it doesn't know by their names.
    fn ends_with_the_text(&self) -> bool {
        true
    }

    fn about(&self) -> SourceInfo {
        SourceInfo { kind: "demo", model: "espeak-ng".to_owned(), url: None, notice: Some(NOTICE) }
    }
}

impl DemoVoice {
    /// Streams the tokens of the text, sentence by sentence, up to `max_tokens`.
    fn speak(self: Arc<Self>, utterance: &Utterance) -> TokenStream {
        let (plain, _) = StyleTags::new(&self.style_tags).take(&utterance.text);
        let pieces: Vec<String> =
            svara_text::pack(&plain, MAX_PIECE_CHARACTERS).into_iter().map(str::to_owned).collect();
        let voice = self.espeak.voice_for(utterance.voice.language(), utterance.voice.gender);
        let (layout, left) = (self.layout, utterance.sampling.max_tokens as usize);
        let pieces: BoxStream<'static, Result<Vec<Frame>, SourceError>> = stream::iter(pieces)
            .then(move |piece| {
                let (demo, voice) = (Arc::clone(&self), voice.clone());
                async move {
                    let (rate, samples) = demo.espeak.speak(&piece, &voice).await?;
                    demo.encode(rate, &samples).await
                }
            })
            .boxed();
        stream::unfold(Some((pieces, left)), move |state| async move {
            let (mut pieces, left) = state?;
            if left == 0 {
                return Some((Ok(TokenEvent::End(FinishReason::Length)), None));
            }
            Some(match pieces.next().await {
                None => (Ok(TokenEvent::End(FinishReason::Stop)), None),
                Some(Err(error)) => (Err(error), None),
                Some(Ok(frames)) => {
                    let mut tokens = tokens_of(layout, &frames);
                    tokens.truncate(left);
                    let left = left - tokens.len();
                    (Ok(TokenEvent::Tokens(tokens)), Some((pieces, left)))
                }
            })
        })
        .boxed()
    }

    /// Resamples and encodes espeak-ng's samples.
    async fn encode(&self, rate: SampleRate, samples: &[f32]) -> Result<Vec<Frame>, SourceError> {
        let failed = |reason: String| SourceError::Demo { reason };
        let codec_rate =
            SampleRate::new(self.encoder.sample_rate_hz()).map_err(|error| failed(error.to_string()))?;
        let mut resampled = Vec::new();
        let mut resampler = Resampler::new(rate, codec_rate).map_err(|error| failed(error.to_string()))?;
        resampler.push(samples, &mut resampled).map_err(|error| failed(error.to_string()))?;
        resampler.finish(&mut resampled).map_err(|error| failed(error.to_string()))?;
        self.encoder.encode(resampled).await.map_err(|error| failed(error.to_string()))
    }
}

fn tokens_of(layout: TokenLayout, frames: &[Frame]) -> TokenIds {
    let slots = frames.iter().flat_map(|frame| frame.0.into_iter().enumerate());
    // A code beyond the layout has no token. The assembler counts what is missing.
    slots.filter_map(|(slot, code)| layout.token(slot, code)).collect()
}
