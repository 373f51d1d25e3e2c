//! A context: text gathered until there is enough to be spoken. Pure, as [`super::session`].

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use svara_api::{error::ApiError, reading::locators::LOCATORS};
use svara_service::dictionaries::Locator;
use svara_text::{IncomingText, Trigger};

use super::messages::ClientMessage;
use crate::elevenlabs::fields::VoiceSettings;

/// Names a context for as long as it lives. A client may use an id again while the context that had it before is still
/// speaking.
pub(super) type Key = u64;

/// A close this soon behind a flushed text was sent with it; a later one comes from somebody who has heard and answered.
const TOGETHER: Duration = Duration::from_millis(250);

/// How the last message of a context leaves its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// More is to come.
    Text,
    /// A text that is flushed: a sentence, perhaps the last.
    Flushed(Instant),
    /// A flush alone: the end of a turn.
    Flush,
}

/// One text of a socket, spoken by one voice: what is gathered, what is spoken next, and how far it is.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) key: Key,
    pub(super) id: String,
    pub(super) settings: VoiceSettings,
    /// The dictionaries that the first message named.
    pub(super) dictionaries: Arc<[Locator]>,
    /// Whether a message has come.
    begun: bool,
    /// Whether there has been more than white space.
    pub(super) has_text: bool,
    last: Last,
    /// Text that isn't enough yet.
    buffer: IncomingText,
    /// Text that is to be said next.
    pub(super) ready: String,
    pub(super) speaking: bool,
    /// A flush hasn't been answered yet: what is ready is to be followed by the encoder's rest.
    pub(super) flushing: bool,
    /// No more text comes: it ends when all is said.
    pub(super) closing: bool,
    pub(super) last_active: Instant,
}

impl Context {
    pub(super) fn new(key: Key, id: &str, drops_thoughts: bool, now: Instant) -> Self {
        Self {
            key,
            id: id.to_owned(),
            settings: VoiceSettings::default(),
            dictionaries: Arc::default(),
            begun: false,
            has_text: false,
            last: Last::Text,
            buffer: IncomingText::new(drops_thoughts),
            ready: String::new(),
            speaking: false,
            flushing: false,
            closing: false,
            last_active: now,
        }
    }

    /// Whether it speaks, or is about to.
    pub(super) fn is_busy(&self) -> bool {
        self.speaking || !self.ready.is_empty()
    }

    /// Characters that wait to be spoken.
    pub(super) fn characters(&self) -> usize {
        self.buffer.characters() + self.ready.chars().count()
    }

    /// Takes a message's text and settings.
    ///
    /// # Errors
    /// A setting is out of range, or comes too late.
    pub(super) fn add(
        &mut self,
        message: ClientMessage,
        auto_mode: bool,
        now: Instant,
    ) -> Result<(), ApiError> {
        if let Some(settings) = message.voice_settings {
            settings.check()?;
            self.settings = settings;
        }
        let begun = std::mem::replace(&mut self.begun, true);
        if let Some(locators) = message.pronunciation_dictionary_locators {
            let named = locators.named();
            if !begun {
                self.dictionaries = named.into();
            } else if *self.dictionaries != *named {
                return Err(ApiError::unsupported(LOCATORS, "only the first message may name dictionaries"));
            }
        }
        if let Some(config) = message.generation_config {
            self.buffer.set_schedule(config.schedule().map_err(|error| {
                error.renamed("chunk_length_schedule", "generation_config.chunk_length_schedule")
            })?);
        }
        let text = message.text.as_deref().unwrap_or_default();
        match (text.trim().is_empty(), message.flush == Some(true)) {
            (true, true) => self.last = Last::Flush,
            (true, false) => {}
            (false, true) => self.last = Last::Flushed(now),
            (false, false) => self.last = Last::Text,
        }
        self.has_text |= !text.trim().is_empty();
        self.buffer.push(text);
        if message.flush == Some(true) {
            self.flush();
        } else if auto_mode {
            // White space alone is no phrase: it stays before the next.
            self.ready.extend(self.buffer.take(Trigger::Phrase));
        } else {
            let tried = message.try_trigger_generation == Some(true);
            let trigger = if tried { Trigger::Try } else { Trigger::Text };
            while let Some(text) = self.buffer.take(trigger) {
                self.ready.push_str(&text);
            }
        }
        Ok(())
    }

    /// Takes what is to be spoken next: all that is ready, or as much of it as a speech may have, up to a space.
    pub(super) fn take_ready(&mut self, max_characters: usize) -> String {
        let Some((most, _)) = self.ready.char_indices().nth(max_characters) else {
            return std::mem::take(&mut self.ready);
        };
        let space = self.ready.get(..most).and_then(|text| text.rfind(char::is_whitespace));
        let rest = self.ready.split_off(space.filter(|at| *at > 0).unwrap_or(most));
        std::mem::replace(&mut self.ready, rest)
    }

    /// Whether a close that comes now says that the text is whole, rather than that nobody wants the rest of it.
    pub(super) fn is_whole(&self, now: Instant) -> bool {
        self.flushing
            && match self.last {
                Last::Text => false,
                Last::Flushed(at) => now.saturating_duration_since(at) < TOGETHER,
                Last::Flush => true,
            }
    }

    fn flush(&mut self) {
        self.ready.extend(self.buffer.take(Trigger::Flush));
        self.flushing = true;
    }

    /// Takes no more text, and ends once all is spoken.
    pub(super) fn close_when_said(&mut self) {
        self.flush();
        self.closing = true;
    }
}
