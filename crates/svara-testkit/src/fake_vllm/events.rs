//! The events of a stream, rendered beforehand where possible.

use std::{collections::HashMap, ops::Range, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};

use super::settings::Form;

/// svara's first audio token; a token is this + slot · 4096 + code.
const FIRST_AUDIO_TOKEN: u32 = 128_266;
const CODES: u32 = 4096;
const SLOTS: usize = 7;
/// The number N in `<custom_token_N>` is the id less this.
const FIRST_CUSTOM_TOKEN: u32 = 128_256;
/// Different events of a kind: a multiple of seven, so that the slots continue where the events start over.
const EVENTS: usize = 16 * SLOTS;
/// Kinds that are kept rendered; a client uses one or two.
const MAX_KINDS: usize = 16;
/// The event after the last.
pub(super) const DONE: &[u8] = b"data: [DONE]\n\n";
/// The event that vLLM sends when its engine dies.
pub(super) const ENGINE_DIED: &[u8] =
    b"data: {\"error\": {\"message\": \"EngineCore encountered an issue.\", \"code\": 500}}\n\n";

/// What events look like to one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Look {
    pub(super) form: Form,
    /// Whether token ids are sent beside the text; never with [`Form::Text`].
    pub(super) ids: bool,
}

/// Events that can be rendered beforehand: they look the same and have as many tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    /// Tokens for each event, at least 1.
    pub(super) interval: usize,
    pub(super) look: Look,
}

/// Renders events.
#[derive(Clone, Debug)]
pub(super) struct Renderer {
    pub(super) model: String,
    pub(super) created_unix_s: u64,
}

/// Why a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Finish {
    /// vLLM's `finish_reason`.
    pub(super) reason: &'static str,
    /// The last token, where it is a stop token.
    pub(super) stop: Option<u32>,
}

/// The audio tokens at these positions of a speech.
pub(super) fn audio_tokens(positions: Range<usize>) -> impl Iterator<Item = u32> {
    positions.map(|position| {
        // 977 and 4096 have no common factor: every code occurs, and neighbours lie far apart.
        let code = (position as u32).wrapping_mul(977) % CODES;
        FIRST_AUDIO_TOKEN + (position % SLOTS) as u32 * CODES + code
    })
}

impl Renderer {
    /// An event with tokens; the first of a stream repeats the prompt's ids, the last says why it ended.
    pub(super) fn event(
        &self,
        look: Look,
        tokens: &[u32],
        prompt: Option<&[u32]>,
        finish: Option<Finish>,
    ) -> Bytes {
        let stop = finish.and_then(|finish| finish.stop);
        let text: String = tokens
            .iter()
            .filter(|token| stop != Some(**token))
            .map(|token| format!("<custom_token_{}>", token.saturating_sub(FIRST_CUSTOM_TOKEN)))
            .collect();
        let reason = finish.map(|finish| finish.reason);
        let mut choice = json!({"index": 0, "text": text, "logprobs": null, "finish_reason": reason});
        if let (Form::Ids, Value::Object(fields)) = (look.form, &mut choice) {
            fields.insert("stop_reason".into(), json!(stop));
            fields.insert("token_ids".into(), json!(look.ids.then_some(tokens)));
            fields.insert("prompt_token_ids".into(), json!(prompt.filter(|_| look.ids)));
        }
        self.line(&json!({"choices": [choice]}))
    }

    /// The event with the usage, which has no choice.
    pub(super) fn usage(&self, prompt_tokens: usize, completion_tokens: usize) -> Bytes {
        let total_tokens = prompt_tokens + completion_tokens;
        self.line(&json!({
            "choices": [],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "total_tokens": total_tokens,
                "completion_tokens": completion_tokens,
            },
        }))
    }

    fn line(&self, event: &Value) -> Bytes {
        let mut event = event.clone();
        if let Value::Object(fields) = &mut event {
            fields.insert("id".into(), json!("cmpl-fake"));
            fields.insert("object".into(), json!("text_completion"));
            fields.insert("created".into(), json!(self.created_unix_s));
            fields.insert("model".into(), json!(self.model));
        }
        format!("data: {event}\n\n").into()
    }

    /// The full events of a kind: event n has the tokens from 1 + n · interval on.
    fn full_events(&self, kind: Kind) -> Arc<[Bytes]> {
        (0..EVENTS)
            .map(|event| {
                let first = 1 + event * kind.interval;
                let tokens: Vec<u32> = audio_tokens(first..first + kind.interval).collect();
                self.event(kind.look, &tokens, None, None)
            })
            .collect()
    }
}

/// The events that have been rendered.
#[derive(Debug, Default)]
pub(super) struct Rendered(HashMap<Kind, Arc<[Bytes]>>);

impl Rendered {
    /// The full events of a kind, to be sent over and over.
    pub(super) fn events(&mut self, renderer: &Renderer, kind: Kind) -> Arc<[Bytes]> {
        if let Some(events) = self.0.get(&kind) {
            return Arc::clone(events);
        }
        if self.0.len() >= MAX_KINDS {
            self.0.clear();
        }
        let events = renderer.full_events(kind);
        self.0.insert(kind, Arc::clone(&events));
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_go_on_where_the_events_start_over() {
        for interval in [1, 3, 7, 10] {
            let next = 1 + EVENTS * interval;
            assert_eq!(next % SLOTS, 1, "interval {interval}");
        }
        for (position, token) in (0..100).zip(audio_tokens(0..100)) {
            let slot = (token - FIRST_AUDIO_TOKEN) / CODES;
            assert_eq!(slot as usize, position % SLOTS);
        }
    }

    #[test]
    fn a_stop_token_is_an_id_and_no_text() {
        let renderer = Renderer { model: "m".into(), created_unix_s: 7 };
        let look = Look { form: Form::Ids, ids: true };
        let finish = Finish { reason: "stop", stop: Some(128_258) };
        let event = renderer.event(look, &[128_266, 128_258], None, Some(finish));
        let text = String::from_utf8(event.to_vec()).unwrap();
        let event: Value = serde_json::from_str(text.strip_prefix("data: ").unwrap()).unwrap();
        let choice = &event["choices"][0];
        assert_eq!(choice["text"], "<custom_token_10>");
        assert_eq!(choice["token_ids"], json!([128_266, 128_258]));
        assert_eq!((&choice["finish_reason"], &choice["stop_reason"]), (&json!("stop"), &json!(128_258)));
    }
}
