//! A context: text gathered until there is enough to be spoken. Pure, as [`super::session`].

use std::time::Instant;

use svara_text::{IncomingText, Trigger};

use super::messages::ClientMessage;
use crate::{dialects::elevenlabs::fields::VoiceSettings, error::ApiError};

/// Names a context for as long as it lives. A client may use an id again while the context that had it before is still
/// speaking.
pub(super) type Key = u64;

/// One text of a socket, spoken by one voice: what is gathered, what is spoken next, and how far it is.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) key: Key,
    pub(super) id: String,
    pub(super) settings: VoiceSettings,
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
    /// A setting is out of range.
    pub(super) fn add(&mut self, message: ClientMessage, auto_mode: bool) -> Result<(), ApiError> {
        if let Some(settings) = message.voice_settings {
            settings.check()?;
            self.settings = settings;
        }
        if let Some(config) = message.generation_config {
            self.buffer.set_schedule(config.schedule()?);
        }
        self.buffer.push(message.text.as_deref().unwrap_or_default());
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
