//! A socket's life: text in, sound out, until one of the two sides has had enough.

use std::{collections::VecDeque, time::Instant};

use axum::extract::ws::{Message, WebSocket};
use futures::{
    StreamExt,
    stream::{BoxStream, SplitSink, SplitStream},
};
use svara_audio::{Encoder, SampleRate, encode_whole};
use svara_http::{Linger, Phase};
use svara_service::{Delivery, ServiceError};

use super::{
    config::{Config, Fields},
    messages::{self, ClientMessage, Place},
    session::{Action, Session},
};
use crate::{
    dialects::socket::{self, Made},
    error::ApiError,
    state::{AppState, Asker},
};

/// Reading stops while this many messages wait to be sent: a client that sends mistakes has to read the answers.
const MOST_UNSENT: usize = 32;

/// Serves a socket to its end. Dropping the future ends what is being said.
pub(super) async fn run(socket: WebSocket, session: Session, state: AppState, asker: Asker, linger: Linger) {
    let (sink, messages) = socket.split();
    let outbox = VecDeque::new();
    let mut socket = Socket {
        state,
        asker,
        session,
        config: None,
        sink,
        messages,
        outbox,
        saying: None,
        spoken: 0,
        over: false,
        linger,
    };
    let parted = socket.serve().await;
    // What is being said ends here, before the client's answer to the close.
    socket.saying = None;
    if parted {
        socket::part(&mut socket.messages).await;
    }
}

struct Socket {
    state: AppState,
    asker: Asker,
    session: Session,
    config: Option<Config>,
    sink: SplitSink<WebSocket, Message>,
    messages: SplitStream<WebSocket>,
    /// What is to be sent. Nothing is made while there is anything in it, so that a slow client slows the engine.
    outbox: VecDeque<Message>,
    saying: Option<Saying>,
    /// Speeches so far: each has an id of its own at the engine.
    spoken: usize,
    /// A close was put into the outbox.
    over: bool,
    linger: Linger,
}

/// A sentence that is being said.
struct Saying {
    place: Place,
    config: Config,
    speech: BoxStream<'static, Made>,
    sound: Sound,
    sent_bytes: usize,
}

/// What becomes of the samples.
enum Sound {
    /// Bytes as they are made; none before the first samples.
    Streamed(Option<Box<Encoder>>),
    /// One file with exact sizes, at the end.
    Whole(Vec<f32>, Option<SampleRate>),
}

impl Sound {
    /// Takes samples; returns the bytes that are ready.
    fn push(&mut self, config: &Config, samples: Vec<f32>, rate: SampleRate) -> Result<Vec<u8>, ApiError> {
        let mut bytes = Vec::new();
        match self {
            Self::Streamed(encoder) => {
                let encoder = match encoder {
                    Some(encoder) => encoder,
                    none => {
                        let encoder = Encoder::new(config.template.spec, rate).map_err(ApiError::internal)?;
                        none.insert(Box::new(encoder))
                    }
                };
                encoder.push(&samples, &mut bytes).map_err(ApiError::internal)?;
            }
            Self::Whole(all, of) => {
                all.extend(samples);
                *of = Some(rate);
            }
        }
        Ok(bytes)
    }

    /// The rest.
    async fn finish(self, config: &Config) -> Result<Vec<u8>, ApiError> {
        let spec = config.template.spec;
        match self {
            Self::Streamed(None) | Self::Whole(_, None) => Ok(Vec::new()),
            Self::Streamed(Some(encoder)) => {
                let mut bytes = Vec::new();
                encoder.finish(&mut bytes).map_err(ApiError::internal)?;
                Ok(bytes)
            }
            Self::Whole(samples, Some(rate)) => {
                // Encoding many seconds at once would block the other tasks of this thread.
                let encoded = tokio::task::spawn_blocking(move || encode_whole(spec, &samples, rate)).await;
                encoded.map_err(ApiError::internal)?.map_err(ApiError::internal)
            }
        }
    }
}

impl Socket {
    /// Serves until one side closes (true: the other side is still to see that) or the client is gone.
    async fn serve(&mut self) -> bool {
        let life = self.state.life.clone();
        let draining = life.reached(Phase::Draining);
        tokio::pin!(draining);
        let mut told = false;
        loop {
            let sending = !self.outbox.is_empty();
            if !sending && self.over {
                return true;
            }
            let speaking = !sending && self.saying.is_some();
            let reading = !self.over && self.session.takes_more() && self.outbox.len() < MOST_UNSENT;
            let deadline = self.session.deadline().map(tokio::time::Instant::from_std);
            let due = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            let made = async {
                match &mut self.saying {
                    Some(saying) => saying.speech.next().await.unwrap_or(Made::Over),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = self.messages.next(), if reading => match message {
                    Some(Ok(Message::Close(_))) => return true,
                    Some(Ok(message)) => self.received(&message).await,
                    Some(Err(error)) => {
                        if !socket::unreadable(error, &mut self.outbox, &self.linger) {
                            return false;
                        }
                        (self.saying, self.over) = (None, true);
                    }
                    None => return false,
                },
                // A client that takes nothing for too long is broken off below this.
                sent = socket::send(&mut self.sink, &mut self.outbox), if sending => {
                    if sent.is_err() {
                        return false;
                    }
                }
                made = made, if speaking => self.made(made).await,
                () = &mut draining, if !told => {
                    told = true;
                    let actions = self.session.on_drain();
                    self.apply(actions);
                }
                () = due => {
                    let actions = self.session.on_time(Instant::now());
                    self.apply(actions);
                }
            }
        }
    }

    async fn received(&mut self, message: &Message) {
        // The socket itself answers pings.
        if matches!(message, Message::Ping(_) | Message::Pong(_) | Message::Close(_)) {
            return;
        }
        let now = Instant::now();
        let actions = match ClientMessage::read(message) {
            Ok(ClientMessage::Config(fields)) => self.configure(*fields, now).await.map(|()| Vec::new()),
            Ok(ClientMessage::Text(text)) => self.session.on_text(&text, now),
            Ok(ClientMessage::Done) => self.session.on_done(now),
            Ok(ClientMessage::Close) => Ok(self.session.on_close()),
            Err(error) => Err(error),
        };
        let actions = actions.unwrap_or_else(|error| self.session.on_wrong(error));
        self.apply(actions);
    }

    async fn configure(&mut self, fields: Fields, now: Instant) -> Result<(), ApiError> {
        self.session.may_configure(now)?;
        let config = Config::new(&self.state, &self.asker, fields).await?;
        self.session.configured(config.split, config.template.request.strip.markdown);
        self.config = Some(config);
        Ok(())
    }

    async fn made(&mut self, made: Made) {
        let Some(mut saying) = self.saying.take() else { return };
        match made {
            Made::Samples(samples, rate) => match saying.sound.push(&saying.config, samples, rate) {
                Ok(bytes) => {
                    saying.sent_bytes += bytes.len();
                    self.send_sound(bytes);
                    self.saying = Some(saying);
                }
                Err(error) => self.over(saying.place, saying.sent_bytes, Some(&error)),
            },
            Made::Over => match saying.sound.finish(&saying.config).await {
                Ok(bytes) => {
                    let total_bytes = saying.sent_bytes + bytes.len();
                    self.send_sound(bytes);
                    self.over(saying.place, total_bytes, None);
                }
                Err(error) => self.over(saying.place, saying.sent_bytes, Some(&error)),
            },
            Made::Failed(error) => self.over(saying.place, saying.sent_bytes, Some(&error)),
        }
    }

    /// A sentence is over, or failed; the next may be said in any case.
    fn over(&mut self, place: Place, total_bytes: usize, failed: Option<&ApiError>) {
        if let Some(error) = failed {
            self.tell(error, total_bytes);
        }
        self.send(messages::over(place, total_bytes, failed.is_some()));
        let actions = self.session.on_said(Instant::now());
        self.apply(actions);
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Speak { .. } if !self.state.door.still_knows(&self.asker.caller) => {
                    // The key was taken away while the socket was open.
                    let last = self.session.fail(ServiceError::key_unknown().into());
                    return self.apply(last);
                }
                Action::Speak { place, text } => self.speak(place, text),
                Action::Done { utterance, sentences } => self.send(messages::done(utterance, sentences)),
                Action::Tell(error) => self.tell(&error, 0),
                Action::Close { code, error } => {
                    if let Some(error) = &error {
                        self.tell(error, 0);
                    }
                    let reason = error.map(|error| error.message).unwrap_or_default();
                    self.saying = None;
                    self.outbox.push_back(socket::close(code, &reason));
                    self.over = true;
                }
            }
        }
    }

    fn speak(&mut self, place: Place, text: String) {
        // No text is taken before there is a configuration.
        let Some(config) = self.config.clone() else { return };
        self.send(messages::start(place, &text, config.template.spec));
        let mut order = config.template.clone();
        order.request.text = text;
        self.spoken += 1;
        if self.spoken > 1 {
            order.request.request_id = format!("{}-s{}", order.request.request_id, self.spoken);
        }
        let sound = match order.delivery {
            Delivery::Streamed => Sound::Streamed(None),
            Delivery::Whole => Sound::Whole(Vec::new(), None),
        };
        let speech = socket::speech(self.state.clone(), order).boxed();
        self.saying = Some(Saying { place, config, speech, sound, sent_bytes: 0 });
    }

    fn tell(&mut self, error: &ApiError, partial_bytes: usize) {
        tracing::info!(kind = error.kind.name(), reason = error.message, "told over a socket");
        self.send(messages::error(error, partial_bytes));
    }

    fn send(&mut self, message: String) {
        self.outbox.push_back(Message::Text(message.into()));
    }

    fn send_sound(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.outbox.push_back(Message::Binary(bytes.into()));
        }
    }
}
