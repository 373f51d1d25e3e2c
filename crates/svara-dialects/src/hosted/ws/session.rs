//! What a socket's messages lead to. Pure: messages and times come in, actions go out.

use std::time::{Duration, Instant};

use svara_api::error::ApiError;
use svara_text::{EagerChunk, EagerRules, EagerText};

use super::messages::ClientMessage;
use crate::socket::{AWAY, READ_AHEAD, check_length, code_of};

/// What holds for a whole socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// When there is enough to be spoken.
    pub(super) eager: EagerRules,
    /// Whether what a model thought, and its code, is dropped as it comes.
    pub(super) drops_thoughts: bool,
    /// How long the client may be silent while there is nothing to say.
    pub(super) idle: Duration,
}

/// What is to be done. In order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Say this. Nothing else is being said.
    Speak(EagerChunk),
    /// All is said: the end of the sound, and of the socket.
    Finish,
    /// The socket is over: tell why, and close it with this code.
    Fail { error: ApiError, code: u16 },
    /// The server stops, and there is nothing to say.
    Leave { code: u16 },
}

/// A socket's state: one utterance.
#[derive(Debug)]
pub(super) struct Session {
    rules: Rules,
    text: EagerText,
    speaking: bool,
    /// No more text comes.
    ended: bool,
    /// The server stops.
    draining: bool,
    closed: bool,
    last_active: Instant,
}

impl Session {
    pub(super) fn new(rules: Rules, now: Instant) -> Self {
        Self {
            rules,
            text: EagerText::new(rules.eager, rules.drops_thoughts),
            speaking: false,
            ended: false,
            draining: false,
            closed: false,
            last_active: now,
        }
    }

    /// When [`Session::on_time`] has something to do; none while it only waits for speech.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.speaking && !self.closed).then(|| self.last_active + self.rules.idle)
    }

    /// Whether messages are to be read. While they aren't, the client's text waits in its socket.
    pub(super) fn takes_more(&self) -> bool {
        !self.speaking || self.text.characters() < READ_AHEAD * self.rules.eager.max_characters
    }

    /// A message came.
    ///
    /// # Errors
    /// The message asks for what can't be; the socket is to be closed with [`Session::fail`].
    pub(super) fn on_message(
        &mut self,
        message: &ClientMessage,
        now: Instant,
    ) -> Result<Vec<Action>, ApiError> {
        if self.ended || self.closed {
            return Ok(Vec::new());
        }
        self.last_active = now;
        if let Some(text) = &message.text {
            check_length(text, self.rules.eager.max_characters, "message")?;
            self.text.push(text);
            self.ended = text.is_empty();
        }
        if self.ended || message.flush == Some(true) {
            self.text.flush();
        }
        Ok(self.settle())
    }

    /// What was being said has been said and sent.
    pub(super) fn on_said(&mut self, now: Instant) -> Vec<Action> {
        self.last_active = now;
        self.speaking = false;
        self.settle()
    }

    /// Time has passed.
    pub(super) fn on_time(&mut self, now: Instant) -> Vec<Action> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Vec::new();
        }
        self.fail(ApiError::input_timeout(self.rules.idle.as_secs()))
    }

    /// The server stops: what has begun may finish.
    pub(super) fn on_drain(&mut self) -> Vec<Action> {
        self.draining = true;
        self.settle()
    }

    /// Ends the socket at once.
    pub(super) fn fail(&mut self, error: ApiError) -> Vec<Action> {
        self.closed = true;
        let code = code_of(&error);
        vec![Action::Fail { error, code }]
    }

    /// Starts what can be started, and ends what is over.
    fn settle(&mut self) -> Vec<Action> {
        if self.speaking || self.closed {
            return Vec::new();
        }
        if let Some(chunk) = self.text.take() {
            self.speaking = true;
            return vec![Action::Speak(chunk)];
        }
        if self.ended {
            self.closed = true;
            return vec![Action::Finish];
        }
        if self.draining && self.text.characters() == 0 {
            self.closed = true;
            return vec![Action::Leave { code: AWAY }];
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const IDLE: Duration = Duration::from_secs(60);

    fn session() -> (Session, Instant) {
        let eager = EagerRules { chunk_words: 2, peek_words: 1, max_chunk_words: 5, max_characters: 40 };
        let now = Instant::now();
        (Session::new(Rules { eager, drops_thoughts: true, idle: IDLE }, now), now)
    }

    fn text(text: &str) -> ClientMessage {
        ClientMessage { text: Some(text.to_owned()), flush: None }
    }

    fn said(actions: &[Action]) -> Vec<&str> {
        let texts = actions.iter().filter_map(|action| match action {
            Action::Speak(chunk) => Some(chunk.text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    #[test]
    fn one_chunk_is_said_at_a_time_and_the_end_comes_last() {
        let (mut session, now) = session();
        assert!(session.on_message(&text("one two"), now).unwrap().is_empty());
        assert_eq!(said(&session.on_message(&text(" three four"), now).unwrap()), ["one two three "]);
        assert!(session.on_message(&text(" five"), now).unwrap().is_empty());
        assert!(session.on_message(&text(""), now).unwrap().is_empty());
        assert!(session.on_message(&text("late"), now).unwrap().is_empty(), "behind the end");
        assert_eq!(said(&session.on_said(now)), ["four five"]);
        assert_eq!(session.on_said(now), [Action::Finish]);
        assert_eq!(session.deadline(), None);
    }

    #[test]
    fn a_silent_client_is_closed_but_not_while_it_listens() {
        let (mut session, now) = session();
        assert_eq!(session.deadline(), Some(now + IDLE));
        session.on_message(&text("one two three"), now).unwrap();
        assert_eq!(session.deadline(), None);
        let later = now + IDLE;
        assert!(session.on_said(later).is_empty());
        assert!(session.on_time(later).is_empty());
        let actions = session.on_time(later + IDLE);
        assert!(matches!(actions[..], [Action::Fail { code: 1008, .. }]), "{actions:?}");
    }

    #[test]
    fn a_stop_closes_what_is_idle_and_lets_the_rest_finish() {
        let (mut session, now) = session();
        session.on_message(&text("one two three"), now).unwrap();
        assert!(session.on_drain().is_empty());
        assert!(session.on_said(now).is_empty(), "three is still to be said");
        session.on_message(&text(""), now).unwrap();
        assert_eq!(session.on_said(now), [Action::Finish]);
        assert_eq!(self::session().0.on_drain(), [Action::Leave { code: AWAY }]);
    }

    proptest! {
        /// All words are said once and in order, and no more waits than may.
        #[test]
        fn nothing_is_lost(
            parts in prop::collection::vec("[a-z]{1,8}[ .,]{0,2}", 0..40),
            flushes in prop::collection::vec(any::<bool>(), 40),
            turns in prop::collection::vec(any::<bool>(), 40),
        ) {
            let (mut session, now) = session();
            let mut heard = String::new();
            let mut take = |actions: Vec<Action>| heard.push_str(&said(&actions).concat());
            for ((part, flush), turn) in parts.iter().zip(flushes).zip(turns) {
                while !session.takes_more() {
                    take(session.on_said(now));
                }
                let message = ClientMessage { text: Some(part.clone()), flush: Some(flush) };
                take(session.on_message(&message, now).unwrap());
                prop_assert!(session.text.characters() <= READ_AHEAD * 40 + 10);
                if turn && session.speaking {
                    take(session.on_said(now));
                }
            }
            take(session.on_message(&text(""), now).unwrap());
            while session.speaking {
                take(session.on_said(now));
            }
            prop_assert!(session.closed);
            let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>();
            prop_assert_eq!(letters(&heard), letters(&parts.concat()));
        }
    }
}
