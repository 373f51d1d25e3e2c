//! A socket's life: messages in, sound out, until one of the two sides has had enough.

use std::{collections::VecDeque, future::poll_fn, task::Poll, time::Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream, SplitSink, SplitStream},
};
use svara_audio::SampleRate;
use svara_engine::PieceTiming;
use svara_http::{Linger, Phase};
use svara_service::{Order, ServiceError, Speaking};

use super::{
    context::Key,
    messages::{self, ClientMessage},
    session::{Action, Session},
    sound::{Part, Sound},
};
use crate::{
    dialects::socket::{self, POLICY},
    error::ApiError,
    state::AppState,
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
    let (sink, messages) = socket.split();
    let mut socket = Socket {
        orders,
        session,
        sink,
        messages,
        outbox: VecDeque::new(),
        contexts: Vec::new(),
        spoken: 0,
        over: false,
        linger,
    };
    if let Some(first) = first {
        socket.received(&first);
    }
    let parted = socket.serve().await;
    // All that is being said ends here.
    socket.contexts.clear();
    if parted {
        socket::part(&mut socket.messages).await;
    }
}

/// Refuses a socket that was opened already: clients read messages, not the answer to the upgrade.
pub(super) async fn refuse(mut socket: WebSocket, error: ApiError) {
    let told = Message::Text(messages::error(None, &error, POLICY).into());
    // The client may be gone.
    if socket.send(told).await.is_ok() && socket.send(socket::close(POLICY, &error.message)).await.is_ok() {
        socket::part(&mut socket.split().1).await;
    }
}

/// Ends a socket from which nothing was read.
pub(super) async fn end(mut socket: WebSocket, frame: CloseFrame) {
    // The client may be gone.
    let _ = socket.send(Message::Close(Some(frame))).await;
}

struct Socket {
    orders: Orders,
    session: Session,
    sink: SplitSink<WebSocket, Message>,
    messages: SplitStream<WebSocket>,
    /// What is to be sent. Nothing is made while there is anything in it, so that a slow client slows the engine.
    outbox: VecDeque<Message>,
    contexts: Vec<Voice>,
    /// Speeches so far: each has an id of its own at the engine.
    spoken: usize,
    /// A close was put into the outbox.
    over: bool,
    linger: Linger,
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

/// What a speech gives.
enum Made {
    Samples { samples: Vec<f32>, timings: Vec<PieceTiming>, rate: SampleRate },
    Over { timings: Vec<PieceTiming>, rate: SampleRate },
    Failed(ApiError),
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
            let speaking = !sending && self.contexts.iter().any(|voice| voice.speech.is_some());
            let deadline = self.session.deadline().map(tokio::time::Instant::from_std);
            let due = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
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
                        self.contexts.clear();
                        self.over = true;
                    }
                    None => return false,
                },
                // A client that takes nothing for too long is broken off below this.
                sent = socket::send(&mut self.sink, &mut self.outbox), if sending => {
                    if sent.is_err() {
                        return false;
                    }
                }
                (key, made) = next_made(&mut self.contexts), if speaking => self.made(key, made),
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
        let actions = read(message).and_then(|message| self.session.on_message(message, Instant::now()));
        let actions = actions.unwrap_or_else(|error| self.session.fail(error, POLICY));
        self.apply(actions);
    }

    fn made(&mut self, key: Key, made: Made) {
        let Some(voice) = self.contexts.iter_mut().find(|voice| voice.key == key) else { return };
        let over = !matches!(made, Made::Samples { .. });
        if over {
            voice.speech = None;
        }
        let parts = match made {
            Made::Samples { samples, timings, rate } => voice.sound.push(samples, &timings, rate),
            Made::Over { timings, rate } => voice.sound.said(&timings, rate),
            Made::Failed(error) => Err(error),
        };
        let now = Instant::now();
        let actions = match parts {
            Ok(parts) => {
                self.send_parts(key, parts);
                if over { self.session.on_said(key, now) } else { Vec::new() }
            }
            Err(error) => self.session.on_failed(key, error, now),
        };
        self.apply(actions);
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Speak { .. } if !self.orders.state.door.still_knows(&self.orders.template.caller) => {
                    // The key was taken away while the socket was open.
                    let last = self.session.fail(ServiceError::key_unknown().into(), POLICY);
                    return self.apply(last);
                }
                Action::Speak { key, id, text, settings } => {
                    let mut order = self.orders.template.clone();
                    let request = &mut order.request;
                    request.text = text;
                    self.spoken += 1;
                    if self.spoken > 1 {
                        request.request_id = format!("{}-s{}", request.request_id, self.spoken);
                    }
                    let speech = match settings.apply(request) {
                        Ok(()) => speech(self.orders.state.clone(), order).boxed(),
                        Err(error) => stream::iter([Made::Failed(error)]).boxed(),
                    };
                    self.speak(key, id, speech);
                }
                Action::Finish { key } => {
                    let voice = self.contexts.iter_mut().find(|voice| voice.key == key);
                    // Where nothing was said there is nothing left.
                    match voice.map_or(Ok(None), |voice| voice.sound.finish()) {
                        Ok(part) => self.send_parts(key, part),
                        Err(error) => tracing::error!(reason = error.reason(), "the end of a flush is lost"),
                    }
                }
                Action::End { key, id } => {
                    self.contexts.retain(|voice| voice.key != key);
                    self.send(messages::last(id.as_deref()));
                }
                Action::Tell { id, error, code } => {
                    tracing::info!(
                        kind = error.kind.name(),
                        reason = error.reason(),
                        code,
                        "told over a socket"
                    );
                    self.send(messages::error(id.as_deref(), &error, code));
                }
                Action::Close { code, reason } => {
                    self.contexts.clear();
                    self.outbox.push_back(socket::close(code, &reason));
                    self.over = true;
                }
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

    fn send_parts(&mut self, key: Key, parts: impl IntoIterator<Item = Part>) {
        let Some(voice) = self.contexts.iter().find(|voice| voice.key == key) else { return };
        for part in parts {
            let message = messages::audio(voice.id.as_deref(), &part.bytes, part.alignment.as_ref());
            self.outbox.push_back(Message::Text(message.into()));
        }
    }

    fn send(&mut self, message: String) {
        self.outbox.push_back(Message::Text(message.into()));
    }
}

/// The next thing that any of the contexts' speeches gives. Cancel-safe.
async fn next_made(contexts: &mut [Voice]) -> (Key, Made) {
    poll_fn(|cx| {
        for at in 0..contexts.len() {
            let Some(Voice { key, speech: Some(speech), .. }) = contexts.get_mut(at) else { continue };
            if let Poll::Ready(Some(made)) = speech.as_mut().poll_next(cx) {
                let key = *key;
                // The others have their turn before this one has its next.
                contexts.rotate_left(at + 1);
                return Poll::Ready((key, made));
            }
        }
        Poll::Pending
    })
    .await
}

/// What the speech of an order gives; its last item is that it is over, or that it failed.
fn speech(state: AppState, order: Order) -> impl Stream<Item = Made> + Send + 'static {
    enum Step {
        Start(Box<(AppState, Order)>),
        Speak(Box<Speaking>),
        Nothing,
    }
    stream::unfold(Step::Start(Box::new((state, order))), move |step| async move {
        let mut speaking = match step {
            Step::Start(start) => {
                let (state, order) = *start;
                match state.service.open(order).await {
                    Ok(speaking) => Box::new(speaking),
                    Err(error) => return Some((Made::Failed(error.into()), Step::Nothing)),
                }
            }
            Step::Speak(speaking) => speaking,
            Step::Nothing => return None,
        };
        let rate = speaking.rate();
        let made = speaking.next().await;
        let timings = speaking.take_timings();
        Some(match made {
            Some(Ok(samples)) => (Made::Samples { samples, timings, rate }, Step::Speak(speaking)),
            Some(Err(error)) => (Made::Failed(error.into()), Step::Nothing),
            None => (Made::Over { timings, rate }, Step::Nothing),
        })
    })
}
