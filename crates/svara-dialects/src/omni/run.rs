//! What a socket says: text in, sound out, until one of the two sides has had enough.

use std::time::Instant;

use axum::extract::ws::WebSocket;
use futures::{StreamExt, stream::BoxStream};
use svara_api::{door::asker::Asker, error::ApiError, reading::message::InVain, state::AppState};
use svara_audio::{EncoderSpec, SampleRate, encode_whole};
use svara_http::Linger;
use svara_service::{Delivery, ServiceError};

use super::{
    config::{Config, Fields},
    messages::{self, ClientMessage, Place},
    session::{Action, Session},
};
use crate::socket::{self, Encoding, Event, Made, Outbox};

/// Serves a socket to its end. Dropping the future ends what is being said.
pub(super) async fn run(socket: WebSocket, session: Session, state: AppState, asker: Asker, linger: Linger) {
    let life = state.life.clone();
    let talk = Talk {
        state,
        asker,
        session,
        config: None,
        saying: None,
        spoken: 0,
        chosen: None,
        in_vain: InVain::default(),
    };
    socket::serve(socket, None, talk, &life, &linger).await;
}

struct Talk {
    state: AppState,
    asker: Asker,
    session: Session,
    config: Option<Config>,
    saying: Option<Saying>,
    spoken: usize,
    /// The voice that the words of an utterance have chosen.
    chosen: Option<(usize, String)>,
    in_vain: InVain,
}

/// A sentence that is being said.
struct Saying {
    place: Place,
    speech: BoxStream<'static, Made>,
    sound: Sound,
    sent_bytes: usize,
}

/// What becomes of the samples.
enum Sound {
    /// Bytes as they are made.
    Streamed(Box<Encoding>),
    /// One file with exact sizes, at the end.
    Whole { spec: EncoderSpec, samples: Vec<f32>, rate: Option<SampleRate> },
}

impl Sound {
    /// Takes samples; returns the bytes that are ready.
    fn push(&mut self, more: Vec<f32>, of: SampleRate) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Streamed(encoding) => encoding.push(&more, of),
            Self::Whole { samples, rate, .. } => {
                samples.extend(more);
                *rate = Some(of);
                Ok(Vec::new())
            }
        }
    }

    /// The rest.
    async fn finish(self) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Streamed(mut encoding) => encoding.finish(),
            Self::Whole { rate: None, .. } => Ok(Vec::new()),
            Self::Whole { spec, samples, rate: Some(rate) } => {
                // Encoding many seconds at once would block the other tasks of this thread.
                let encoded = tokio::task::spawn_blocking(move || encode_whole(spec, &samples, rate)).await;
                encoded.map_err(ApiError::internal)?.map_err(ApiError::internal)
            }
        }
    }
}

impl socket::Talk for Talk {
    type Made = Made;

    fn deadline(&self) -> Option<Instant> {
        self.session.deadline()
    }

    fn takes_more(&self) -> bool {
        self.session.takes_more()
    }

    async fn made(&mut self) -> Made {
        socket::next_of(self.saying.as_mut().map(|saying| &mut saying.speech)).await
    }

    async fn on(&mut self, event: Event<Made>, out: &mut Outbox) {
        let now = Instant::now();
        let actions = match event {
            Event::Received(message) => {
                let read = ClientMessage::read(&message).inspect(|read| {
                    messages::note(&mut self.in_vain, read, message.to_text().unwrap_or_default());
                });
                let actions = match read {
                    Ok(ClientMessage::Config(fields)) => {
                        self.configure(*fields, now).await.map(|()| Vec::new())
                    }
                    Ok(ClientMessage::Text(text)) => self.session.on_text(&text, now),
                    Ok(ClientMessage::Done) => self.session.on_done(now),
                    Ok(ClientMessage::Close) => Ok(self.session.on_close()),
                    Err(error) => Err(error),
                };
                actions.unwrap_or_else(|error| self.session.on_wrong(error))
            }
            Event::Made(made) => return self.say(made, out).await,
            Event::Draining => self.session.on_drain(),
            Event::Due(now) => self.session.on_time(now),
        };
        self.apply(actions, out);
    }

    fn hush(&mut self) {
        self.saying = None;
    }
}

impl Talk {
    async fn configure(&mut self, fields: Fields, now: Instant) -> Result<(), ApiError> {
        self.session.may_configure(now)?;
        let config = Config::new(&self.state, &self.asker, fields).await?;
        self.session.configured(config.split, config.template.request.strip.markdown);
        (self.config, self.chosen) = (Some(config), None);
        Ok(())
    }

    async fn say(&mut self, made: Made, out: &mut Outbox) {
        let Some(mut saying) = self.saying.take() else { return };
        match made {
            Made::Samples { samples, rate, .. } => match saying.sound.push(samples, rate) {
                Ok(bytes) => {
                    saying.sent_bytes += bytes.len();
                    out.sound(bytes);
                    self.saying = Some(saying);
                }
                Err(error) => self.over(saying.place, saying.sent_bytes, Some(&error), out),
            },
            Made::Over { .. } => match saying.sound.finish().await {
                Ok(bytes) => {
                    let total_bytes = saying.sent_bytes + bytes.len();
                    out.sound(bytes);
                    self.over(saying.place, total_bytes, None, out);
                }
                Err(error) => self.over(saying.place, saying.sent_bytes, Some(&error), out),
            },
            Made::Failed(error) => self.over(saying.place, saying.sent_bytes, Some(&error), out),
        }
    }

    /// A sentence is over, or failed; the next may be said in any case.
    fn over(&mut self, place: Place, total_bytes: usize, failed: Option<&ApiError>, out: &mut Outbox) {
        if let Some(error) = failed {
            tell(error, total_bytes, out);
        }
        out.text(messages::over(place, total_bytes, failed.is_some()));
        let actions = self.session.on_said(Instant::now());
        self.apply(actions, out);
    }

    fn apply(&mut self, actions: Vec<Action>, out: &mut Outbox) {
        for action in actions {
            match action {
                Action::Speak { .. } if !self.state.door.still_knows(&self.asker.caller) => {
                    // The key was taken away while the socket was open.
                    let last = self.session.fail(ServiceError::key_unknown().into());
                    return self.apply(last, out);
                }
                Action::Speak { place, text } => self.speak(place, text, out),
                Action::Done { utterance, sentences } => out.text(messages::done(utterance, sentences)),
                Action::Tell(error) => tell(&error, 0, out),
                Action::Close { code, error } => {
                    if let Some(error) = &error {
                        tell(error, 0, out);
                    }
                    out.close(code, &error.map(|error| error.message).unwrap_or_default());
                }
            }
        }
    }

    fn speak(&mut self, place: Place, text: String, out: &mut Outbox) {
        // No text is taken before there is a configuration.
        let Some(config) = &self.config else { return };
        let mut order = config.template.clone();
        let spec = order.spec;
        out.text(messages::start(place, &text, spec));
        if self.chosen.as_ref().is_none_or(|(utterance, _)| *utterance != place.utterance) {
            let chosen = config.by_words.choose(self.state.service.engine().voices(), &text);
            self.chosen = chosen.map(|voice| (place.utterance, voice));
        }
        if let Some((_, voice)) = &self.chosen {
            order.request.voice.clone_from(voice);
        }
        order.request.text = text;
        socket::give_own_id(&mut order, &mut self.spoken);
        let sound = match order.delivery {
            Delivery::Streamed => Sound::Streamed(Box::new(Encoding::new(spec))),
            Delivery::Whole => Sound::Whole { spec, samples: Vec::new(), rate: None },
        };
        let speech = socket::speech(self.state.clone(), order).boxed();
        self.saying = Some(Saying { place, speech, sound, sent_bytes: 0 });
    }
}

fn tell(error: &ApiError, partial_bytes: usize, out: &mut Outbox) {
    tracing::info!(kind = error.kind.name(), reason = error.reason(), "told over a socket");
    out.text(messages::error(error, partial_bytes));
}
