//! What a socket's messages lead to. Pure: messages and times come in, actions go out.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use svara_api::error::ApiError;
use svara_text::{IncomingText, Trigger, sentences};

use super::{config::Split, messages::Place};
use crate::socket::{AWAY, NORMAL, READ_AHEAD, check_length, code_of};

/// The ends of utterances that may wait behind what is being said. While there are as many, no message is read.
const MOST_ENDS: usize = 32;

/// What holds for a whole socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Most characters of a message, and of a sentence. While as many wait to be said, no message is read.
    pub(super) max_characters: usize,
    /// How long the client may be silent while there is nothing to say.
    pub(super) idle: Duration,
}

/// What is to be done. In order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Say this. Nothing else is being said.
    Speak { place: Place, text: String },
    /// An utterance is over.
    Done { utterance: usize, sentences: usize },
    /// Tell what went wrong; the connection goes on.
    Tell(ApiError),
    /// The connection is over, and why. Nothing comes after this.
    Close { code: u16, error: Option<ApiError> },
}

/// What is to be done after what is being said.
#[derive(Debug)]
enum Next {
    Sentence { place: Place, text: String },
    Done { utterance: usize, sentences: usize },
}

/// A socket's state.
#[derive(Debug)]
pub(super) struct Session {
    rules: Rules,
    /// How text is cut; none before the first `session.config`.
    split: Option<Split>,
    text: IncomingText,
    /// The next sentence.
    place: Place,
    /// Text came since the last utterance ended.
    open: bool,
    next: VecDeque<Next>,
    waiting_characters: usize,
    /// The ends of utterances among what is next.
    waiting_ends: usize,
    speaking: bool,
    closing: bool,
    draining: bool,
    closed: bool,
    last_active: Instant,
}

impl Session {
    pub(super) fn new(rules: Rules, now: Instant) -> Self {
        Self {
            rules,
            split: None,
            text: IncomingText::default(),
            place: Place::default(),
            open: false,
            next: VecDeque::new(),
            waiting_characters: 0,
            waiting_ends: 0,
            speaking: false,
            closing: false,
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
        let waiting = self.waiting_characters + self.text.characters();
        !self.speaking || waiting < READ_AHEAD * self.rules.max_characters && self.waiting_ends < MOST_ENDS
    }

    /// Whether a `session.config` may come now: between utterances.
    ///
    /// # Errors
    /// An utterance is in progress.
    pub(super) fn may_configure(&mut self, now: Instant) -> Result<(), ApiError> {
        self.last_active = now;
        if self.open || self.speaking || !self.next.is_empty() {
            let reason = "session.config can't change an utterance in progress; send input.done first";
            return Err(ApiError::unsupported("type", reason));
        }
        Ok(())
    }

    /// A `session.config` was taken.
    pub(super) fn configured(&mut self, split: Split, drops_thoughts: bool) {
        self.split = Some(split);
        self.text = IncomingText::new(drops_thoughts);
    }

    /// More text came.
    ///
    /// # Errors
    /// It is too long, or there is no configuration yet.
    pub(super) fn on_text(&mut self, text: &str, now: Instant) -> Result<Vec<Action>, ApiError> {
        let split = self.active(now)?;
        let limit = self.rules.max_characters;
        check_length(text, limit, "message")?;
        if split == Split::None && self.text.characters() + text.chars().count() > limit {
            let reason = format!("has more than {limit} characters; send input.done before");
            return Err(ApiError::invalid("text", reason));
        }
        self.open |= !text.is_empty();
        self.text.push(text);
        if split != Split::None {
            while let Some(text) = self.text.take(Trigger::Text) {
                self.add(&text, split);
            }
        }
        Ok(self.settle())
    }

    /// The utterance ends.
    ///
    /// # Errors
    /// There is no configuration yet.
    pub(super) fn on_done(&mut self, now: Instant) -> Result<Vec<Action>, ApiError> {
        let split = self.active(now)?;
        self.end_utterance(split);
        Ok(self.settle())
    }

    /// The connection ends once all is said that was asked for, whether its utterance was ended or not.
    pub(super) fn on_close(&mut self) -> Vec<Action> {
        if let Some(split) = self.split.filter(|_| self.open) {
            self.end_utterance(split);
        }
        self.closing = true;
        self.settle()
    }

    /// A sentence is over.
    pub(super) fn on_said(&mut self, now: Instant) -> Vec<Action> {
        self.last_active = now;
        self.speaking = false;
        self.settle()
    }

    /// A message is wrong: that ends the connection only if it isn't configured yet.
    pub(super) fn on_wrong(&mut self, error: ApiError) -> Vec<Action> {
        if self.split.is_none() { self.fail(error) } else { vec![Action::Tell(error)] }
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

    /// Ends the connection at once.
    pub(super) fn fail(&mut self, error: ApiError) -> Vec<Action> {
        self.closed = true;
        vec![Action::Close { code: code_of(&error), error: Some(error) }]
    }

    fn active(&mut self, now: Instant) -> Result<Split, ApiError> {
        self.last_active = now;
        self.split.ok_or_else(|| ApiError::unsupported("type", "session.config must come first"))
    }

    /// Queues the rest of the text, and the end behind it.
    fn end_utterance(&mut self, split: Split) {
        if let Some(text) = self.text.take(Trigger::Flush) {
            self.add(&text, split);
        }
        let Place { utterance, sentence } = self.place;
        self.next.push_back(Next::Done { utterance, sentences: sentence });
        self.waiting_ends += 1;
        self.place = Place { utterance: utterance + 1, sentence: 0 };
        self.open = false;
    }

    /// Queues a text, cut into what is said in one go.
    fn add(&mut self, text: &str, split: Split) {
        let units = match split {
            Split::None => vec![text],
            Split::Sentence => sentences(text),
            Split::Clause => sentences(text).into_iter().flat_map(clauses).collect(),
        };
        for unit in units.into_iter().filter(|unit| unit.contains(char::is_alphanumeric)) {
            self.waiting_characters += unit.chars().count();
            let text = unit.trim().to_owned();
            self.next.push_back(Next::Sentence { place: self.place, text });
            self.place.sentence += 1;
        }
    }

    /// Starts what can be started, and ends what is over.
    fn settle(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        while !self.speaking && !self.closed {
            match self.next.pop_front() {
                Some(Next::Sentence { place, text }) => {
                    let characters = text.chars().count();
                    self.waiting_characters = self.waiting_characters.saturating_sub(characters);
                    self.speaking = true;
                    actions.push(Action::Speak { place, text });
                }
                Some(Next::Done { utterance, sentences }) => {
                    self.waiting_ends = self.waiting_ends.saturating_sub(1);
                    self.waiting_characters = if self.next.is_empty() { 0 } else { self.waiting_characters };
                    actions.push(Action::Done { utterance, sentences });
                }
                None if self.closing || (self.draining && !self.open) => {
                    self.closed = true;
                    let code = if self.closing { NORMAL } else { AWAY };
                    actions.push(Action::Close { code, error: None });
                }
                None => break,
            }
        }
        actions
    }
}

/// The clauses of a sentence; joined, they are the sentence.
fn clauses(sentence: &str) -> Vec<&str> {
    let mut clauses = Vec::new();
    let mut start = 0;
    let mut marked = false;
    for (at, c) in sentence.char_indices() {
        if marked && c.is_whitespace() {
            clauses.extend(sentence.get(start..at));
            start = at;
        }
        marked = matches!(c, ',' | ';' | ':' | '—' | '–' | '،');
    }
    clauses.extend(sentence.get(start..));
    clauses
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const IDLE: Duration = Duration::from_secs(60);

    fn session(split: Split) -> (Session, Instant) {
        let now = Instant::now();
        let mut session = Session::new(Rules { max_characters: 100, idle: IDLE }, now);
        session.configured(split, true);
        (session, now)
    }

    /// Takes all that is said, up to the end of the actions.
    fn played(session: &mut Session, mut actions: Vec<Action>, now: Instant) -> Vec<Action> {
        let mut all = Vec::new();
        while !actions.is_empty() {
            let speaks = actions.iter().any(|action| matches!(action, Action::Speak { .. }));
            all.append(&mut actions);
            actions = if speaks { session.on_said(now) } else { Vec::new() };
        }
        all
    }

    fn speak(utterance: usize, sentence: usize, text: &str) -> Action {
        Action::Speak { place: Place { utterance, sentence }, text: text.to_owned() }
    }

    #[test]
    fn sentences_are_said_as_they_are_complete_and_utterances_follow_each_other() {
        let (mut session, now) = session(Split::Sentence);
        assert!(session.on_text("One is", now).unwrap().is_empty());
        let actions = session.on_text(" here. Two", now).unwrap();
        assert_eq!(actions, [speak(0, 0, "One is here.")]);
        assert!(session.may_configure(now).is_err());
        assert!(session.on_done(now).unwrap().is_empty());
        assert_eq!(session.on_said(now), [speak(0, 1, "Two")]);
        assert_eq!(session.on_said(now), [Action::Done { utterance: 0, sentences: 2 }]);
        session.may_configure(now).unwrap();
        let actions = session.on_text("Three.", now).unwrap();
        assert!(actions.is_empty());
        assert_eq!(session.on_done(now).unwrap(), [speak(1, 0, "Three.")]);
        assert!(session.on_close().is_empty());
        let closed = Action::Close { code: NORMAL, error: None };
        assert_eq!(session.on_said(now), [Action::Done { utterance: 1, sentences: 1 }, closed]);
    }

    #[test]
    fn text_is_cut_as_configured() {
        for (split, expected) in [
            (Split::None, vec!["One, two. Three."]),
            (Split::Sentence, vec!["One, two.", "Three."]),
            (Split::Clause, vec!["One,", "two.", "Three."]),
        ] {
            let (mut session, now) = session(split);
            let mut actions = session.on_text("One, two. Three.", now).unwrap();
            actions.extend(session.on_done(now).unwrap());
            let said: Vec<String> = played(&mut session, actions, now)
                .into_iter()
                .filter_map(|action| match action {
                    Action::Speak { text, .. } => Some(text),
                    _ => None,
                })
                .collect();
            assert_eq!(said, expected, "{split:?}");
        }
    }

    /// A client that ends utterances while one is spoken has to wait, too.
    #[test]
    fn the_ends_of_utterances_are_bounded() {
        let (mut session, now) = session(Split::Sentence);
        assert!(!session.on_text("One. Two", now).unwrap().is_empty());
        let mut ended = 0;
        while session.takes_more() {
            assert!(session.on_done(now).unwrap().is_empty());
            ended += 1;
            assert!(ended <= 1000, "it reads on and on");
        }
        let actions = session.on_said(now);
        let all = played(&mut session, actions, now);
        assert_eq!(all.iter().filter(|action| matches!(action, Action::Done { .. })).count(), ended);
        assert!(session.takes_more());
    }

    #[test]
    fn mistakes_end_only_a_connection_without_a_configuration() {
        let (mut session, now) = session(Split::None);
        let error = session.on_text(&"a".repeat(101), now).unwrap_err();
        assert_eq!(session.on_wrong(error.clone()), [Action::Tell(error)]);
        let mut fresh = Session::new(session.rules, now);
        let error = fresh.on_text("a", now).unwrap_err();
        assert!(matches!(fresh.on_wrong(error)[..], [Action::Close { code: 1008, .. }]));
    }

    proptest! {
        #[test]
        fn all_words_are_said_in_order(
            parts in prop::collection::vec("[a-z]{1,8}[ .,]{0,2}", 0..30),
            split in prop::sample::select(vec![Split::None, Split::Sentence, Split::Clause]),
        ) {
            let (mut session, now) = session(split);
            let (mut said, mut taken) = (String::new(), String::new());
            for part in &parts {
                let actions = session.on_text(part, now);
                let Ok(actions) = actions else { continue };
                taken.push_str(part);
                for action in played(&mut session, actions, now) {
                    if let Action::Speak { text, .. } = action {
                        said.push_str(&text);
                    }
                }
            }
            let actions = session.on_done(now).unwrap();
            for action in played(&mut session, actions, now) {
                if let Action::Speak { text, .. } = action {
                    said.push_str(&text);
                }
            }
            let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>();
            prop_assert_eq!(letters(&said), letters(&taken));
            prop_assert!(split == Split::None || taken == parts.concat());
            prop_assert_eq!(session.waiting_characters, 0);
        }
    }
}
