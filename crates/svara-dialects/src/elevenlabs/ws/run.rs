//! What a socket says: messages in, sound out, until one of the two sides has had enough.

use std::{collections::VecDeque, future::poll_fn, sync::Arc, task::Poll, time::Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use svara_api::{
    error::ApiError,
    reading::{locators::LOCATORS, message::InVain},
    state::AppState,
};
use svara_http::Linger;
use svara_service::{Order, ServiceError, Speaking, dictionaries::Locator};

use super::{
    context::Key,
    messages::{self, ClientMessage},
    session::{Action, Session},
    sound::{Part, Sound},
};
use crate::{
    elevenlabs::fields::in_our_words,
    socket::{self, Event, Made, Outbox, code_of},
};

/// The orders of a socket.
pub(super) struct Orders {
    pub(super) state: AppState,
    /// What all of them have in common.
    pub(super) template: Order,
}

/// Reads a client's message.
///
/// # Errors
/// It isn't a JSON object of the fields of a message.
pub(super) fn read(message: &Message) -> Result<ClientMessage, ApiError> {
    match message {
        Message::Binary(bytes) => std::str::from_utf8(bytes)
            .map_err(|_| ApiError::bad_request("messages must be JSON text"))
            .and_then(ClientMessage::read),
        message => ClientMessage::read(message.to_text().unwrap_or_default()),
    }
}

/// Serves a socket to its end, `first` being a message that has been read already. Dropping the future ends all that is being said.
pub(super) async fn run(
    socket: WebSocket,
    first: Option<Message>,
    session: Session,
    orders: Orders,
    linger: Linger,
) {
    let life = orders.state.life.clone();
    let talk = Talk { orders, session, contexts: Vec::new(), spoken: 0, in_vain: InVain::default() };
    socket::serve(socket, first, talk, &life, &linger).await;
}

/// Refuses a socket that was opened already: clients read messages, not the answer to the upgrade.
pub(super) async fn refuse(mut socket: WebSocket, error: ApiError) {
    let code = code_of(&error);
    tracing::info!(kind = error.kind.name(), reason = error.reason(), code, "socket refused");
    let told = Message::Text(messages::error(None, &error, code).into());
    // The client may be gone.
    if socket.send(told).await.is_ok() && socket.send(socket::close(code, &error.message)).await.is_ok() {
        socket::part(&mut socket.split().1).await;
    }
}

/// Ends a socket from which nothing was read.
pub(super) async fn end(mut socket: WebSocket, frame: CloseFrame) {
    // The client may be gone.
    let _ = socket.send(Message::Close(Some(frame))).await;
}

struct Talk {
    orders: Orders,
    session: Session,
    contexts: Vec<Voice>,
    spoken: usize,
    in_vain: InVain,
}

/// A context's voice.
struct Voice {
    key: Key,
    /// What messages call it.
    id: Option<String>,
    sound: Sound,
    /// What it is saying.
    speech: Option<BoxStream<'static, Made>>,
}

impl socket::Talk for Talk {
    type Made = (Key, Made);

    fn deadline(&self) -> Option<Instant> {
        self.session.deadline()
    }

    fn takes_more(&self) -> bool {
        self.session.takes_more()
    }

    /// The next thing that any of the contexts' speeches gives.
    async fn made(&mut self) -> (Key, Made) {
        poll_fn(|cx| {
            for at in 0..self.contexts.len() {
                let Some(Voice { key, speech: Some(speech), .. }) = self.contexts.get_mut(at) else {
                    continue;
                };
                if let Poll::Ready(Some(made)) = speech.as_mut().poll_next(cx) {
                    let key = *key;
                    // The others have their turn before this one has its next.
                    self.contexts.rotate_left(at + 1);
                    return Poll::Ready((key, made));
                }
            }
            Poll::Pending
        })
        .await
    }

    async fn on(&mut self, event: Event<(Key, Made)>, out: &mut Outbox) {
        let actions = match event {
            Event::Received(message) => read(&message)
                .inspect(|_| {
                    self.in_vain.note::<ClientMessage>(message.to_text().unwrap_or_default(), &[]);
                })
                .and_then(|message| self.session.on_message(message, Instant::now()))
                .unwrap_or_else(|error| self.session.fail(error)),
            Event::Made((key, made)) => self.say(key, made, out),
            Event::Draining => self.session.on_drain(),
            Event::Due(now) => self.session.on_time(now),
        };
        self.apply(actions, out);
    }

    fn hush(&mut self) {
        self.contexts.clear();
    }
}

impl Talk {
    fn say(&mut self, key: Key, made: Made, out: &mut Outbox) -> Vec<Action> {
        let Some(voice) = self.contexts.iter_mut().find(|voice| voice.key == key) else { return Vec::new() };
        let over = !matches!(made, Made::Samples { .. });
        if over {
            voice.speech = None;
        }
        let parts = match made {
            Made::Samples { samples, timings, rate } => voice.sound.push(samples, &timings, rate),
            Made::Over { timings, rate } => voice.sound.said(&timings, rate),
            Made::Failed(error) => Err(in_our_words(error)),
        };
        let now = Instant::now();
        match parts {
            Ok(parts) => {
                send_parts(voice, parts, out);
                if over { self.session.on_said(key, now) } else { Vec::new() }
            }
            Err(error) => self.session.on_failed(key, error, now),
        }
    }

    fn apply(&mut self, actions: Vec<Action>, out: &mut Outbox) {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Speak { .. } if !self.orders.state.door.still_knows(&self.orders.template.caller) => {
                    // The key was taken away while the socket was open.
                    let last = self.session.fail(ServiceError::key_unknown().into());
                    return self.apply(last, out);
                }
                Action::Speak { key, id, text, settings, dictionaries } => {
                    let mut order = self.orders.template.clone();
                    order.request.text = text;
                    socket::give_own_id(&mut order, &mut self.spoken);
                    let speech = match settings.apply(&mut order.request) {
                        Ok(()) => {
                            socket::opened(open(self.orders.state.clone(), order, dictionaries)).boxed()
                        }
                        Err(error) => stream::iter([Made::Failed(error)]).boxed(),
                    };
                    self.speak(key, id, speech);
                }
                Action::Finish { key } => {
                    let voice = self.contexts.iter_mut().find(|voice| voice.key == key);
                    // Where nothing was said there is nothing left.
                    let Some(voice) = voice else { continue };
                    match voice.sound.finish() {
                        Ok(part) => send_parts(voice, part, out),
                        Err(error) => actions.extend(self.session.on_failed(key, error, Instant::now())),
                    }
                }
                Action::End { key, id } => {
                    self.contexts.retain(|voice| voice.key != key);
                    out.text(messages::last(id.as_deref()));
                }
                Action::Tell { id, error, code } => {
                    tracing::info!(
                        kind = error.kind.name(),
                        reason = error.reason(),
                        code,
                        "told over a socket"
                    );
                    out.text(messages::error(id.as_deref(), &error, code));
                }
                Action::Close { code, reason } => out.close(code, &reason),
            }
        }
    }

    /// Starts to say something in a context.
    fn speak(&mut self, key: Key, id: Option<String>, speech: BoxStream<'static, Made>) {
        match self.contexts.iter_mut().find(|voice| voice.key == key) {
            Some(voice) => voice.speech = Some(speech),
            None => {
                let sound = Sound::new(self.orders.template.spec);
                self.contexts.push(Voice { key, id, sound, speech: Some(speech) });
            }
        }
    }
}

fn send_parts(voice: &Voice, parts: impl IntoIterator<Item = Part>, out: &mut Outbox) {
    for part in parts {
        out.text(messages::audio(voice.id.as_deref(), &part.bytes, part.alignment.as_ref()));
    }
}

/// Starts an order, with what is said for certain words.
async fn open(state: AppState, mut order: Order, named: Arc<[Locator]>) -> Result<Speaking, ServiceError> {
    let dictionaries = state.service.dictionaries();
    order.request.dictionaries = dictionaries.locate(&order.caller, LOCATORS, &named).await?;
    state.service.open(order).await
}
