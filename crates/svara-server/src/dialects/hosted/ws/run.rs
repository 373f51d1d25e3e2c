//! A socket's life: words in, sound out, until the text ends or one of the two sides has had enough.

use std::{collections::VecDeque, time::Instant};

use axum::extract::ws::{Message, WebSocket};
use futures::{
    StreamExt,
    stream::{BoxStream, SplitSink, SplitStream},
};
use svara_audio::{Encoder, SampleRate};
use svara_http::{Linger, Phase};
use svara_service::{Order, ServiceError};
use svara_text::EagerChunk;

use super::{
    messages::{self, ClientMessage},
    session::{Action, Session},
};
use crate::{
    dialects::socket::{self, Made, NORMAL},
    error::ApiError,
    state::AppState,
};

/// The orders of a socket.
pub(super) struct Orders {
    pub(super) state: AppState,
    /// What all of them have in common.
    pub(super) template: Order,
}

/// Serves a socket to its end. Dropping the future ends what is being said.
pub(super) async fn run(socket: WebSocket, session: Session, orders: Orders, linger: Linger) {
    let (sink, messages) = socket.split();
    let mut socket = Socket {
        orders,
        session,
        sink,
        messages,
        outbox: VecDeque::new(),
        speech: None,
        encoder: None,
        spoken: 0,
        over: false,
        linger,
    };
    let parted = socket.serve().await;
    // What is being said ends here, before the client's answer to the close.
    socket.speech = None;
    if parted {
        socket::part(&mut socket.messages).await;
    }
}

struct Socket {
    orders: Orders,
    session: Session,
    sink: SplitSink<WebSocket, Message>,
    messages: SplitStream<WebSocket>,
    /// What is to be sent. Nothing is made while there is anything in it, so that a slow client slows the engine.
    outbox: VecDeque<Message>,
    speech: Option<BoxStream<'static, Made>>,
    /// One for all that the socket says: its sound is one file.
    encoder: Option<Encoder>,
    /// Speeches so far: each has an id of its own at the engine.
    spoken: usize,
    /// A close was put into the outbox.
    over: bool,
    linger: Linger,
}

impl Socket {
    /// Serves until one side closes (true: the other side is still to see that) or the client is gone.
    async fn serve(&mut self) -> bool {
        let life = self.orders.state.life.clone();
        let draining = life.reached(Phase::Draining);
        tokio::pin!(draining);
        let mut told = false;
        loop {
            let sending = !self.outbox.is_empty();
            if !sending && self.over {
                return true;
            }
            let speaking = !sending && self.speech.is_some();
            let deadline = self.session.deadline().map(tokio::time::Instant::from_std);
            let due = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            let made = async {
                match &mut self.speech {
                    Some(speech) => speech.next().await.unwrap_or(Made::Over),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = self.messages.next(), if !self.over && self.session.takes_more() => match message {
                    Some(Ok(Message::Close(_))) => return true,
                    Some(Ok(message)) => self.received(&message),
                    Some(Err(error)) => {
                        if !socket::unreadable(error, &mut self.outbox, &self.linger) {
                            return false;
                        }
                        (self.speech, self.over) = (None, true);
                    }
                    None => return false,
                },
                // A client that takes nothing for too long is broken off below this.
                sent = socket::send(&mut self.sink, &mut self.outbox), if sending => {
                    if sent.is_err() {
                        return false;
                    }
                }
                made = made, if speaking => self.made(made),
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

    fn received(&mut self, message: &Message) {
        // The socket itself answers pings.
        if matches!(message, Message::Ping(_) | Message::Pong(_) | Message::Close(_)) {
            return;
        }
        let actions = ClientMessage::read(message)
            .and_then(|message| self.session.on_message(&message, Instant::now()));
        let actions = actions.unwrap_or_else(|error| self.session.fail(error));
        self.apply(actions);
    }

    fn made(&mut self, made: Made) {
        let actions = match made {
            Made::Samples(samples, rate) => match self.encode(&samples, rate) {
                Ok(()) => return,
                Err(error) => self.session.fail(error),
            },
            Made::Over => {
                self.speech = None;
                self.session.on_said(Instant::now())
            }
            Made::Failed(error) => self.session.fail(error),
        };
        self.apply(actions);
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Speak(_) if !self.orders.state.door.still_knows(&self.orders.template.caller) => {
                    // The key was taken away while the socket was open.
                    let last = self.session.fail(ServiceError::key_unknown().into());
                    return self.apply(last);
                }
                Action::Speak(chunk) => self.speak(chunk),
                Action::Finish => {
                    if let Err(error) = self.finish() {
                        let last = self.session.fail(error);
                        return self.apply(last);
                    }
                    self.outbox.push_back(Message::Text(messages::done().into()));
                    self.close(NORMAL, "");
                }
                Action::Fail { error, code } => {
                    let (kind, reason) = (error.kind.name(), error.message.as_str());
                    tracing::info!(kind, reason, code, "told over a socket");
                    self.outbox.push_back(Message::Text(messages::error(&error, code).into()));
                    self.close(code, reason);
                }
                Action::Leave { code } => self.close(code, "the server is stopping"),
            }
        }
    }

    fn speak(&mut self, chunk: EagerChunk) {
        self.outbox.push_back(Message::Text(messages::chunk(&chunk).into()));
        let mut order = self.orders.template.clone();
        order.request.text = chunk.text;
        self.spoken += 1;
        if self.spoken > 1 {
            order.request.request_id = format!("{}-s{}", order.request.request_id, self.spoken);
        }
        self.speech = Some(socket::speech(self.orders.state.clone(), order).boxed());
    }

    fn encode(&mut self, samples: &[f32], rate: SampleRate) -> Result<(), ApiError> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(Encoder::new(self.orders.template.spec, rate).map_err(ApiError::internal)?),
        };
        let mut bytes = Vec::new();
        encoder.push(samples, &mut bytes).map_err(ApiError::internal)?;
        self.send(bytes);
        Ok(())
    }

    /// Sends what the encoder still holds.
    fn finish(&mut self) -> Result<(), ApiError> {
        if let Some(encoder) = self.encoder.take() {
            let mut bytes = Vec::new();
            encoder.finish(&mut bytes).map_err(ApiError::internal)?;
            self.send(bytes);
        }
        Ok(())
    }

    fn send(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.outbox.push_back(Message::Binary(bytes.into()));
        }
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.speech = None;
        self.outbox.push_back(socket::close(code, reason));
        self.over = true;
    }
}
