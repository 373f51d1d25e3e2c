//! What a WebSocket's messages lead to. Pure: messages and times come in, actions go out.
//!
//! A socket speaks in contexts: one on `stream-input`, several at once on `multi-stream-input`. A context gathers text
//! until there is enough to be said, says one thing at a time, and gathers on meanwhile.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use svara_api::error::ApiError;
use svara_service::dictionaries::Locator;

use super::{
    context::{Context, Key},
    messages::ClientMessage,
};
use crate::{
    elevenlabs::fields::VoiceSettings,
    socket::{AWAY, NORMAL, READ_AHEAD, check_length, code_of},
};

/// Contexts that a socket may have open.
pub(super) const MAX_CONTEXTS: usize = 5;
/// Contexts with text, closed ones that still speak among them, until no message is read. There are clients that don't tell
/// when the user interrupts a turn whose text is complete: their next turns mustn't wait for it.
const MOST_USED: usize = 4 * MAX_CONTEXTS;
/// Longest context id, in characters.
const MAX_ID: usize = 128;
/// The context of messages that name none.
const DEFAULT_CONTEXT: &str = "default";

/// The two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `stream-input`: one text, ended by an empty one.
    Single,
    /// `multi-stream-input`: contexts that are opened and closed one by one.
    Multi,
}

/// What holds for a whole socket.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) kind: Kind,
    /// The client sends whole phrases: each is said as it comes.
    pub(super) auto_mode: bool,
    /// How long a client may be silent while there is nothing to say.
    pub(super) inactivity: Duration,
    /// Most characters of a message. While [`READ_AHEAD`] times as many wait to be said, no message is read.
    pub(super) max_characters: usize,
    /// Whether what a model thought, and its code, is dropped as it comes.
    pub(super) drops_thoughts: bool,
}

/// What is to be done. In order.
#[derive(Debug)]
pub(super) enum Action {
    /// Say this. Nothing else is being said in the context.
    Speak {
        key: Key,
        id: Option<String>,
        text: String,
        settings: VoiceSettings,
        dictionaries: Arc<[Locator]>,
    },
    /// All that was asked for has been said: what the encoder still holds is to be sent.
    Finish { key: Key },
    /// The context is over: its last message is to be sent, and what it holds dropped.
    End { key: Key, id: Option<String> },
    /// Tell the client what went wrong.
    Tell { id: Option<String>, error: ApiError, code: u16 },
    /// The socket is over, and why: some clients see nothing else. Nothing comes after this.
    Close { code: u16, reason: String },
}

/// A socket's state.
#[derive(Debug)]
pub(super) struct Session {
    rules: Rules,
    contexts: Vec<Context>,
    next_key: Key,
    /// No more messages count; the socket is closed once all is said.
    closing: bool,
    /// The server stops: the socket is closed once no context is open.
    draining: bool,
    closed: bool,
    last_active: Instant,
}

impl Session {
    pub(super) fn new(rules: Rules, now: Instant) -> Self {
        Self {
            rules,
            contexts: Vec::new(),
            next_key: 0,
            closing: false,
            draining: false,
            closed: false,
            last_active: now,
        }
    }

    /// When [`Session::on_time`] has something to do; none while it only waits for speech.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.closing || self.closed {
            return None;
        }
        let idle = self.contexts.iter().filter(|context| !context.is_busy() && !context.closing);
        let last_active = match (self.rules.kind, self.contexts.is_empty()) {
            (Kind::Single, _) if self.contexts.iter().any(Context::is_busy) => None,
            (Kind::Single, _) | (Kind::Multi, true) => Some(self.last_active),
            (Kind::Multi, false) => idle.map(|context| context.last_active).min(),
        };
        last_active.map(|at| at + self.rules.inactivity)
    }

    /// Whether messages are to be read. While they aren't, the client's text waits in its socket, and so does whatever it
    /// sends behind the text.
    pub(super) fn takes_more(&self) -> bool {
        // What waits without being said waits for the client.
        let busy = self.contexts.iter().filter(|context| context.is_busy());
        let waiting: usize = busy.map(Context::characters).sum();
        let used = self.contexts.iter().filter(|context| context.has_text).count();
        waiting < READ_AHEAD * self.rules.max_characters && used < MOST_USED
    }

    /// A message came.
    ///
    /// # Errors
    /// The message asks for what can't be; the socket is to be closed with [`Session::fail`].
    pub(super) fn on_message(
        &mut self,
        message: ClientMessage,
        now: Instant,
    ) -> Result<Vec<Action>, ApiError> {
        let mut actions = Vec::new();
        if self.closing || self.closed {
            return Ok(actions);
        }
        self.last_active = now;
        match self.rules.kind {
            Kind::Single => self.single(message, now)?,
            Kind::Multi => self.multi(message, now, &mut actions)?,
        }
        self.settle(&mut actions);
        Ok(actions)
    }

    /// What a context was saying has been said and sent.
    pub(super) fn on_said(&mut self, key: Key, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        self.last_active = now;
        if let Some(context) = self.contexts.iter_mut().find(|context| context.key == key) {
            context.speaking = false;
            context.last_active = now;
        }
        self.settle(&mut actions);
        actions
    }

    /// What a context was saying failed. Others go on.
    pub(super) fn on_failed(&mut self, key: Key, error: ApiError, now: Instant) -> Vec<Action> {
        if self.rules.kind == Kind::Single {
            return self.fail(error);
        }
        let code = code_of(&error);
        let mut actions = Vec::new();
        self.last_active = now;
        let id = self.contexts.iter().find(|context| context.key == key).map(|context| context.id.clone());
        actions.push(Action::Tell { id, error, code });
        self.end(key, &mut actions);
        self.settle(&mut actions);
        actions
    }

    /// Time has passed.
    pub(super) fn on_time(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return actions;
        }
        let over = |last_active: Instant| now.saturating_duration_since(last_active) >= self.rules.inactivity;
        if self.rules.kind == Kind::Single || self.contexts.is_empty() {
            let seconds = self.rules.inactivity.as_secs();
            return self.fail(ApiError::input_timeout(seconds));
        }
        let silent = |context: &&Context| !context.is_busy() && !context.closing && over(context.last_active);
        let silent: Vec<Key> = self.contexts.iter().filter(silent).map(|context| context.key).collect();
        for key in silent {
            self.end(key, &mut actions);
        }
        self.settle(&mut actions);
        actions
    }

    /// The server stops: what is open may finish.
    pub(super) fn on_drain(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        self.draining = true;
        self.settle(&mut actions);
        actions
    }

    /// Ends the socket at once.
    pub(super) fn fail(&mut self, error: ApiError) -> Vec<Action> {
        self.contexts.clear();
        self.closed = true;
        let (code, reason) = (code_of(&error), error.message.clone());
        vec![Action::Tell { id: None, error, code }, Action::Close { code, reason }]
    }

    /// `stream-input`: there is one context, and an empty text ends it.
    fn single(&mut self, message: ClientMessage, now: Instant) -> Result<(), ApiError> {
        let ends = message.text.as_deref() == Some("");
        let auto_mode = self.rules.auto_mode;
        self.check_length(&message)?;
        let context = self.open(DEFAULT_CONTEXT, now)?;
        context.add(message, auto_mode, now)?;
        if ends {
            context.close_when_said();
            self.closing = true;
        }
        Ok(())
    }

    fn multi(
        &mut self,
        message: ClientMessage,
        now: Instant,
        actions: &mut Vec<Action>,
    ) -> Result<(), ApiError> {
        if message.close_socket == Some(true) {
            self.closing = true;
            self.contexts.iter_mut().for_each(Context::close_when_said);
            return Ok(());
        }
        let empty = message.text.as_deref().unwrap_or_default().is_empty();
        let id = match &message.context_id {
            Some(id) if id.is_empty() || id.chars().count() > MAX_ID => {
                let reason = format!("must have 1 to {MAX_ID} characters");
                return Err(ApiError::invalid("context_id", reason));
            }
            Some(id) => id.clone(),
            // A keep-alive for the whole socket.
            None if empty && message.flush != Some(true) && message.close_context != Some(true) => {
                self.contexts.iter_mut().for_each(|context| context.last_active = now);
                return Ok(());
            }
            None => DEFAULT_CONTEXT.to_owned(),
        };
        let closes = message.close_context == Some(true);
        self.check_length(&message)?;
        let there = self.contexts.iter_mut().find(|context| context.id == id && !context.closing);
        match (there, empty) {
            (Some(context), _) if closes => {
                if message.flush == Some(true) {
                    let auto_mode = self.rules.auto_mode;
                    context.add(message, auto_mode, now)?;
                }
                if context.is_whole(now) {
                    context.close_when_said();
                } else {
                    let key = context.key;
                    self.end(key, actions);
                }
            }
            // Closed once already, and still speaking: the client has been interrupted.
            (None, _) if closes && (empty || message.flush != Some(true)) => {
                let again = self.contexts.iter().filter(|context| context.id == id);
                let again: Vec<Key> = again.map(|context| context.key).collect();
                for key in again {
                    self.end(key, actions);
                }
            }
            // There is nothing to flush or to keep alive.
            (None, true) => {}
            (Some(_), _) | (None, false) => {
                let auto_mode = self.rules.auto_mode;
                self.drop_unused(&id, actions);
                let context = self.open(&id, now)?;
                context.last_active = now;
                context.add(message, auto_mode, now)?;
                if closes {
                    context.close_when_said();
                }
            }
        }
        Ok(())
    }

    /// Ends the oldest context that never had a text where there are many of them: clients open some that they don't use.
    fn drop_unused(&mut self, but: &str, actions: &mut Vec<Action>) {
        let mut unused = self.contexts.iter().filter(|context| !context.has_text && context.id != but);
        let oldest = unused.next().map(|context| context.key);
        if let Some(key) = oldest.filter(|_| unused.count() + 1 >= MAX_CONTEXTS) {
            self.end(key, actions);
        }
    }

    /// The context of an id that takes text, made if there is none.
    fn open(&mut self, id: &str, now: Instant) -> Result<&mut Context, ApiError> {
        let open = |context: &Context| !context.closing;
        let found = self.contexts.iter().position(|context| context.id == id && open(context));
        let at = match found {
            Some(at) => at,
            None => {
                // Those that are closed and still speak don't count: no message is read while there are many of them.
                let counted = |context: &&Context| open(context) && context.has_text;
                if self.contexts.iter().filter(counted).count() >= MAX_CONTEXTS {
                    let reason = format!("there are {MAX_CONTEXTS} contexts, the most a socket may have");
                    return Err(ApiError::unsupported("context_id", reason));
                }
                let drops_thoughts = self.rules.drops_thoughts;
                self.contexts.push(Context::new(self.next_key, id, drops_thoughts, now));
                self.next_key += 1;
                self.contexts.len() - 1
            }
        };
        self.contexts.get_mut(at).ok_or_else(|| ApiError::internal("a context vanished"))
    }

    fn check_length(&self, message: &ClientMessage) -> Result<(), ApiError> {
        check_length(message.text.as_deref().unwrap_or_default(), self.rules.max_characters, "message")
    }

    /// Starts what can be started, and ends what is over.
    fn settle(&mut self, actions: &mut Vec<Action>) {
        let mut over = Vec::new();
        // Messages name their context where there can be several.
        let named = self.rules.kind == Kind::Multi;
        for context in self.contexts.iter_mut().filter(|context| !context.speaking) {
            if !context.ready.is_empty() {
                context.speaking = true;
                let text = context.take_ready(self.rules.max_characters);
                let id = named.then(|| context.id.clone());
                actions.push(Action::Speak {
                    key: context.key,
                    id,
                    text,
                    settings: context.settings.clone(),
                    dictionaries: Arc::clone(&context.dictionaries),
                });
                continue;
            }
            if std::mem::take(&mut context.flushing) {
                actions.push(Action::Finish { key: context.key });
            }
            if context.closing {
                over.push(context.key);
            }
        }
        for key in over {
            self.end(key, actions);
        }
        if (self.closing || self.draining) && self.contexts.is_empty() && !self.closed {
            self.closed = true;
            let (code, reason) = if self.closing { (NORMAL, "") } else { (AWAY, "the server is stopping") };
            actions.push(Action::Close { code, reason: reason.to_owned() });
        }
    }

    fn end(&mut self, key: Key, actions: &mut Vec<Action>) {
        if let Some(at) = self.contexts.iter().position(|context| context.key == key) {
            let context = self.contexts.remove(at);
            let id = (self.rules.kind == Kind::Multi).then_some(context.id);
            actions.push(Action::End { key, id });
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
