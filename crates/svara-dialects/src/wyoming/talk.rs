//! A connection of a Wyoming client: events in, sound out, one thing at a time. What comes meanwhile waits in its socket.

use std::{pin::pin, time::Duration};

use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use svara_api::{error::ApiError, reading::lenient, state::AppState};
use svara_audio::{EncoderSpec, Format};
use svara_engine::{SpeakError, SpeechRequest};
use svara_http::{Phase, Seat};
use svara_service::{Caller, Delivery, Dialect, Order};
use svara_text::{IncomingText, Trigger};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};
use uuid::Uuid;

use super::{
    half_closed::HalfClosed,
    info::{PROGRAM, info},
    wire::{self, Event, Unread},
};
use crate::{
    socket::{self, Encoding, Made, check_length},
    spoken::SpokenLanguage,
    voice::{self, ByWords},
};

/// How long clients may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// To send the first event.
    pub(super) first: Duration,
    /// Between events.
    pub(super) idle: Duration,
    /// To send an event once it has begun.
    pub(super) event: Duration,
    /// To take what is sent.
    pub(super) write: Duration,
}

/// Why a connection ends.
enum End {
    /// The client left, or the server stops.
    Gone,
    Failed(ApiError),
}

impl From<ApiError> for End {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

#[derive(Deserialize)]
struct Synthesize {
    text: String,
    voice: Option<Wanted>,
    #[serde(default, deserialize_with = "lenient::text")]
    text_format: Option<String>,
}

#[derive(Deserialize)]
struct Chunk {
    text: String,
}

/// How a text is spoken.
#[derive(Deserialize)]
struct How {
    voice: Option<Wanted>,
    #[serde(default, deserialize_with = "lenient::text")]
    text_format: Option<String>,
}

/// Who speaks.
#[derive(Default, Deserialize)]
struct Wanted {
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    language: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    speaker: Option<String>,
}

/// What is being spoken: one stretch of sound, whatever the number of its texts.
struct Utterance {
    order: Order,
    /// What the first words may still choose.
    by_words: ByWords,
    text: IncomingText,
    encoding: Encoding,
    has_begun: bool,
    spoken: usize,
}

/// A connection.
pub(super) struct Talk {
    state: AppState,
    times: Times,
    seat: Seat,
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    half_closed: HalfClosed,
    /// Between `synthesize-start` and `synthesize-stop`.
    utterance: Option<Utterance>,
}

impl Talk {
    pub(super) fn new(stream: TcpStream, seat: Seat, state: AppState, times: Times) -> Self {
        let (reader, writer) = stream.into_split();
        let (reader, half_closed) = (BufReader::new(reader), HalfClosed::default());
        Self { state, times, seat, reader, writer, half_closed, utterance: None }
    }

    /// Serves the client until it leaves, fails, or the server stops.
    pub(super) async fn serve(mut self) {
        let Err(End::Failed(error)) = self.events().await else { return };
        tracing::info!(kind = error.kind.name(), reason = error.reason(), "told over Wyoming");
        // The client may be gone. The end of the connection says that the sound isn't whole.
        let _ = self.send("error", &json!({"text": error.message, "code": error.kind.name()}), &[]).await;
    }

    async fn events(&mut self) -> Result<(), End> {
        let mut patience = self.times.first;
        loop {
            self.seat.set_idle(self.utterance.is_none());
            self.next_begins(patience).await?;
            self.seat.set_idle(false);
            patience = self.times.idle;
            let event = timeout(self.times.event, wire::read(&mut self.reader)).await;
            let event = match event.unwrap_or(Err(Unread::Gone)) {
                Ok(event) => event,
                Err(Unread::Gone) => return Err(End::Gone),
                Err(Unread::Wrong(error)) => return Err(End::Failed(error)),
            };
            self.on(event).await?;
        }
    }

    /// Waits for the first byte of the next event.
    async fn next_begins(&mut self, patience: Duration) -> Result<(), End> {
        // What has begun may finish while the server drains.
        let until = if self.utterance.is_some() { Phase::Stopping } else { Phase::Draining };
        let life = self.state.life.clone();
        let has_more = tokio::select! {
            begun = timeout(patience, self.reader.fill_buf()) => match begun {
                Ok(bytes) => bytes.is_ok_and(|bytes| !bytes.is_empty()),
                Err(_) if self.utterance.is_some() => {
                    return Err(ApiError::input_timeout(patience.as_secs()).into());
                }
                Err(_) => false,
            },
            () = life.reached(until) => false,
            // One that asks for nothing makes room.
            () = self.seat.given_up(), if self.utterance.is_none() => false,
        };
        if has_more { Ok(()) } else { Err(End::Gone) }
    }

    async fn on(&mut self, event: Event) -> Result<(), End> {
        match event.kind.as_str() {
            "describe" => {
                let info = info(self.state.service.engine().voices());
                self.send("info", &info, &[]).await
            }
            "ping" => {
                #[derive(Deserialize)]
                struct Ping {
                    text: Option<String>,
                }
                let Ping { text } = event.fields()?;
                self.send("pong", &json!({"text": text}), &[]).await
            }
            "select-program" => {
                #[derive(Deserialize)]
                struct Program {
                    name: String,
                }
                let Program { name } = event.fields()?;
                if name == PROGRAM {
                    return Ok(());
                }
                let reason = format!("there is one program here: {PROGRAM}");
                Err(ApiError::unsupported("name", reason).into())
            }
            // It repeats what came in parts, for servers that don't know these.
            "synthesize" if self.utterance.is_some() => Ok(()),
            "synthesize" => {
                let Synthesize { text, voice, text_format } = event.fields()?;
                let mut utterance = self.utterance(How { voice, text_format })?;
                self.say(&mut utterance, text).await?;
                self.finish(utterance).await
            }
            "synthesize-start" => {
                if self.utterance.is_some() {
                    let reason = "the text before hasn't ended: synthesize-stop must come first";
                    return Err(ApiError::unsupported("type", reason).into());
                }
                let how: How = event.fields()?;
                self.utterance = Some(self.utterance(how)?);
                Ok(())
            }
            "synthesize-chunk" => {
                let Chunk { text } = event.fields()?;
                self.add(&text).await
            }
            "synthesize-stop" => {
                let mut utterance = self.utterance.take().ok_or_else(not_started)?;
                if let Some(text) = utterance.text.take(Trigger::Flush) {
                    self.say(&mut utterance, text).await?;
                }
                self.finish(utterance).await?;
                self.send("synthesize-stopped", &Value::Null, &[]).await
            }
            // As the protocol wants it.
            _ => Ok(()),
        }
    }

    /// Adds to the text, and says what is whole of it.
    async fn add(&mut self, text: &str) -> Result<(), End> {
        let mut utterance = self.utterance.take().ok_or_else(not_started)?;
        let limit = self.state.service.engine().text_max_characters();
        check_length(text, limit, "chunk")?;
        utterance.text.push(text);
        while let Some(text) = utterance.text.take(Trigger::Text) {
            self.say(&mut utterance, text).await?;
        }
        // One word without an end.
        if utterance.text.characters() > limit
            && let Some(text) = utterance.text.take(Trigger::Flush)
        {
            self.say(&mut utterance, text).await?;
        }
        self.utterance = Some(utterance);
        Ok(())
    }

    /// What is to be spoken, before there is text.
    fn utterance(&self, how: How) -> Result<Utterance, ApiError> {
        let is_known = |format: &str| ["text", "ssml"].iter().any(|known| format.eq_ignore_ascii_case(known));
        if let Some(format) = how.text_format.filter(|format| !is_known(format.trim())) {
            let format: String = format.chars().take(32).collect();
            let reason = format!("{format:?} is not available; supported: text, ssml");
            return Err(ApiError::unsupported("text_format", reason));
        }
        let voices = self.state.service.engine().voices();
        let Wanted { name, language, speaker } = how.voice.unwrap_or_default();
        if speaker.is_some() {
            return Err(ApiError::unsupported("voice.speaker", "voices here have no speakers"));
        }
        let spoken = SpokenLanguage::named(voices, "voice.language", language.as_deref())?;
        // Home Assistant may name neither a voice nor a language.
        let (voice, by_words) = voice::before_words(voices, name, spoken.as_ref(), true)?;
        voices.find(&voice).map_err(SpeakError::from)?;
        let request = SpeechRequest {
            language: spoken.and_then(|spoken| spoken.beside(voices, &voice)),
            voice,
            request_id: Uuid::new_v4().simple().to_string(),
            strip: self.state.clean.strip(true, None, None),
            ..SpeechRequest::default()
        };
        let spec = EncoderSpec::new(Format::Pcm).map_err(ApiError::internal)?;
        let (caller, dialect, delivery) = (Caller::Anybody, Dialect::Svara, Delivery::Streamed);
        Ok(Utterance {
            text: IncomingText::new(request.strip.markdown),
            order: Order { caller, dialect, request, spec, delivery },
            by_words,
            encoding: Encoding::new(spec),
            has_begun: false,
            spoken: 0,
        })
    }

    /// Says a text. The client's leaving ends it.
    async fn say(&mut self, utterance: &mut Utterance, text: String) -> Result<(), End> {
        if let Some(voice) = utterance.by_words.choose(self.state.service.engine().voices(), &text) {
            utterance.order.request.voice = voice;
            utterance.by_words = ByWords::Settled;
        }
        let mut order = utterance.order.clone();
        order.request.text = text;
        socket::give_own_id(&mut order, &mut utterance.spoken);
        let mut speech = pin!(socket::speech(self.state.clone(), order));
        let life = self.state.life.clone();
        loop {
            let made = tokio::select! {
                made = speech.next() => made,
                asks = self.half_closed.asks(&mut self.reader) => {
                    asks.map_err(|_| End::Gone)?;
                    self.send("ping", &json!({"text": null}), &[]).await?;
                    continue;
                }
                () = life.reached(Phase::Stopping) => return Err(End::Gone),
            };
            match made {
                Some(Made::Samples { samples, rate, .. }) => {
                    let bytes = utterance.encoding.push(&samples, rate)?;
                    self.sound(utterance, &bytes).await?;
                }
                Some(Made::Failed(error)) => return Err(error.into()),
                Some(Made::Over { .. }) | None => return Ok(()),
            }
        }
    }

    /// The end of the sound.
    async fn finish(&mut self, mut utterance: Utterance) -> Result<(), End> {
        let rest = utterance.encoding.finish()?;
        self.sound(&mut utterance, &rest).await?;
        if !utterance.has_begun {
            // Nothing was said, and the client waits for the end of it.
            self.send("audio-start", &format_of(utterance.order.spec), &[]).await?;
        }
        self.send("audio-stop", &json!({"timestamp": null}), &[]).await
    }

    async fn sound(&mut self, utterance: &mut Utterance, bytes: &[u8]) -> Result<(), End> {
        if bytes.is_empty() {
            return Ok(());
        }
        let format = format_of(utterance.order.spec);
        if !utterance.has_begun {
            utterance.has_begun = true;
            self.send("audio-start", &format, &[]).await?;
        }
        self.half_closed.sent();
        self.send("audio-chunk", &format, bytes).await
    }

    async fn send(&mut self, kind: &str, data: &Value, payload: &[u8]) -> Result<(), End> {
        let event = wire::event(kind, data, payload);
        let sent = timeout(self.times.write, self.writer.write_all(&event)).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err(End::Gone) }
    }
}

fn not_started() -> ApiError {
    ApiError::unsupported("type", "synthesize-start must come first")
}

/// The format of the samples, as events tell it.
fn format_of(spec: EncoderSpec) -> Value {
    json!({"rate": spec.rate().hz(), "width": 2, "channels": 1, "timestamp": null})
}
