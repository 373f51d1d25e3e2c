//! What one answer sends, and when.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    events::{DONE, ENGINE_DIED, Finish, Kind, Look, Renderer, audio_tokens},
    pace::{Schedule, event_tokens},
    request::{CompletionRequest, PromptField},
    script::{End, Script},
    settings::Form,
};

/// Tokens of a frame.
const FRAME_TOKENS: u64 = 7;

/// The events of one answer.
pub(super) struct Plan {
    pub(super) events: Box<dyn Iterator<Item = Event> + Send>,
    pub(super) timing: Timing,
    /// Whether the stream stays open after the last event.
    pub(super) hangs: bool,
}

/// What is sent at one moment.
pub(super) struct Event {
    pub(super) bytes: Bytes,
    /// Tokens in it.
    pub(super) tokens: usize,
    /// Why the generation ended, where it ends here.
    pub(super) finish: Option<&'static str>,
}

/// When events leave.
pub(super) enum Timing {
    /// At a pace; events without tokens leave at once.
    Paced(Schedule),
    /// Each after a pause.
    Pause(Duration),
}

/// A generation as a request asks for it.
pub(super) struct Generation {
    pub(super) kind: Kind,
    /// The prompt's ids, for the first event.
    prompt: Option<Vec<u32>>,
    prompt_tokens: usize,
    /// Audio tokens, and the one that ends them where there is one.
    tokens: usize,
    finish: Finish,
    usage: bool,
}

impl Generation {
    /// `frames` frames, if `max_tokens` allow them.
    pub(super) fn new(request: CompletionRequest, frames: u64, form: Form) -> Self {
        let look = Look { form, ids: request.return_token_ids };
        let kind = Kind { interval: request.interval() as usize, look };
        let (max_tokens, audio) = (u64::from(request.max_tokens()), frames.saturating_mul(FRAME_TOKENS));
        let (tokens, finish) = if audio < max_tokens {
            (audio + 1, Finish { reason: "stop", stop: Some(request.stop_token()) })
        } else {
            (max_tokens, Finish { reason: "length", stop: None })
        };
        let (usage, prompt_tokens) = (request.include_usage(), request.prompt.tokens());
        let prompt = match request.prompt {
            PromptField::Tokens(ids) => Some(ids),
            PromptField::Text(_) => None,
        };
        Self { kind, prompt, prompt_tokens, tokens: tokens as usize, finish, usage }
    }

    fn render(&self, renderer: &Renderer, first: usize, end: usize) -> Bytes {
        let is_last = end == self.tokens;
        let mut tokens: Vec<u32> = audio_tokens(first..end).collect();
        if let (true, Some(stop), Some(last)) = (is_last, self.finish.stop, tokens.last_mut()) {
            *last = stop;
        }
        let prompt = self.prompt.as_deref().filter(|_| first == 0);
        renderer.event(self.kind.look, &tokens, prompt, is_last.then_some(self.finish))
    }

    /// Its events; `full` are those of its kind, rendered beforehand.
    fn events(self, renderer: Arc<Renderer>, full: Arc<[Bytes]>) -> impl Iterator<Item = Event> + Send {
        let usage = self.usage.then(|| renderer.usage(self.prompt_tokens, self.tokens));
        let (mut sent, mut taken) = (0, 0);
        let tokens = event_tokens(self.tokens, self.kind.interval).map(move |tokens| {
            let first = sent;
            sent += tokens;
            let is_last = sent == self.tokens;
            let is_full = first > 0 && !is_last;
            let rendered = is_full.then(|| full.get(taken % full.len().max(1)).cloned()).flatten();
            taken += usize::from(is_full);
            Event {
                bytes: rendered.unwrap_or_else(|| self.render(&renderer, first, sent)),
                tokens,
                finish: is_last.then_some(self.finish.reason),
            }
        });
        tokens.chain(usage.map(Event::bare)).chain([Event::bare(Bytes::from_static(DONE))])
    }

    /// Its events, at the pace of a schedule.
    pub(super) fn plan(self, renderer: Arc<Renderer>, full: Arc<[Bytes]>, schedule: Schedule) -> Plan {
        let events = Box::new(self.events(renderer, full));
        Plan { events, timing: Timing::Paced(schedule), hangs: false }
    }
}

impl Event {
    /// Without tokens.
    fn bare(bytes: Bytes) -> Self {
        Self { bytes, tokens: 0, finish: None }
    }
}

impl Script {
    /// What it sends; no events for a refusal.
    pub(super) fn plan(&self, renderer: &Renderer) -> Plan {
        let look = Look { form: self.form, ids: true };
        let tokens = self.tokens.chunks(self.chunk_tokens.max(1)).map(|tokens| Event {
            bytes: renderer.event(look, tokens, None, None),
            tokens: tokens.len(),
            finish: None,
        });
        let done = Event::bare(Bytes::from_static(DONE));
        let end = match self.end {
            End::Finish(reason) => {
                let bytes = renderer.event(look, &[], None, Some(Finish { reason, stop: None }));
                vec![Event { bytes, tokens: 0, finish: Some(reason) }, done]
            }
            End::ErrorEvent => vec![Event::bare(Bytes::from_static(ENGINE_DIED)), done],
            End::Eof | End::Hang | End::Refuse(..) => Vec::new(),
        };
        let events: Vec<Event> = tokens.chain(end).collect();
        Plan {
            events: Box::new(events.into_iter()),
            timing: Timing::Pause(self.pause),
            hangs: self.end == End::Hang,
        }
    }
}
