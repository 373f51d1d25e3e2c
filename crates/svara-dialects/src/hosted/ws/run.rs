//! What a socket says: words in, sound out, until the text ends or one of the two sides has had enough.

use std::time::Instant;

use axum::extract::ws::WebSocket;
use futures::{StreamExt, stream::BoxStream};
use svara_api::{reading::message::InVain, state::AppState};
use svara_http::Linger;
use svara_service::{Order, ServiceError};
use svara_text::EagerChunk;

use super::{
    messages::{self, ClientMessage},
    session::{Action, Session},
};
use crate::{
    socket::{self, Encoding, Event, Made, NORMAL, Outbox},
    voice::ByWords,
};

/// The orders of a socket.
pub(super) struct Orders {
    pub(super) state: AppState,
    /// What all of them have in common.
    pub(super) template: Order,
    /// What the first words may still choose.
    pub(super) by_words: ByWords,
}

/// Serves a socket to its end. Dropping the future ends what is being said.
pub(super) async fn run(socket: WebSocket, session: Session, orders: Orders, linger: Linger) {
    let life = orders.state.life.clone();
    let encoding = Encoding::new(orders.template.spec);
    let talk = Talk { orders, session, speech: None, encoding, spoken: 0, in_vain: InVain::default() };
    socket::serve(socket, None, talk, &life, &linger).await;
}

struct Talk {
    orders: Orders,
    session: Session,
    speech: Option<BoxStream<'static, Made>>,
    /// Of all that the socket says: its sound is one file.
    encoding: Encoding,
    spoken: usize,
    in_vain: InVain,
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
        socket::next_of(self.speech.as_mut()).await
    }

    async fn on(&mut self, event: Event<Made>, out: &mut Outbox) {
        let actions = match event {
            Event::Received(message) => ClientMessage::read(&message)
                .inspect(|_| {
                    self.in_vain.note::<ClientMessage>(message.to_text().unwrap_or_default(), &[]);
                })
                .and_then(|message| self.session.on_message(&message, Instant::now()))
                .unwrap_or_else(|error| self.session.fail(error)),
            Event::Made(Made::Samples { samples, rate, .. }) => match self.encoding.push(&samples, rate) {
                Ok(bytes) => return out.sound(bytes),
                Err(error) => self.session.fail(error),
            },
            Event::Made(Made::Over { .. }) => {
                self.speech = None;
                self.session.on_said(Instant::now())
            }
            Event::Made(Made::Failed(error)) => self.session.fail(error),
            Event::Draining => self.session.on_drain(),
            Event::Due(now) => self.session.on_time(now),
        };
        self.apply(actions, out);
    }

    fn hush(&mut self) {
        self.speech = None;
    }
}

impl Talk {
    fn apply(&mut self, actions: Vec<Action>, out: &mut Outbox) {
        for action in actions {
            match action {
                Action::Speak(_) if !self.orders.state.door.still_knows(&self.orders.template.caller) => {
                    // The key was taken away while the socket was open.
                    let last = self.session.fail(ServiceError::key_unknown().into());
                    return self.apply(last, out);
                }
                Action::Speak(chunk) => self.speak(chunk, out),
                Action::Finish => {
                    match self.encoding.finish() {
                        Ok(bytes) => out.sound(bytes),
                        Err(error) => {
                            let last = self.session.fail(error);
                            return self.apply(last, out);
                        }
                    }
                    out.text(messages::done());
                    out.close(NORMAL, "");
                }
                Action::Fail { error, code } => {
                    let (kind, reason) = (error.kind.name(), error.reason());
                    tracing::info!(kind, reason, code, "told over a socket");
                    out.text(messages::error(&error, code));
                    out.close(code, &error.message);
                }
                Action::Leave { code } => out.close(code, "the server is stopping"),
            }
        }
    }

    fn speak(&mut self, chunk: EagerChunk, out: &mut Outbox) {
        out.text(messages::chunk(&chunk));
        let voices = self.orders.state.service.engine().voices();
        if let Some(voice) = self.orders.by_words.choose(voices, &chunk.text) {
            self.orders.template.request.voice = voice;
            self.orders.by_words = ByWords::Settled;
        }
        let mut order = self.orders.template.clone();
        order.request.text = chunk.text;
        socket::give_own_id(&mut order, &mut self.spoken);
        self.speech = Some(socket::speech(self.orders.state.clone(), order).boxed());
    }
}
