//! One stream: events when they are due. Dropping it ends the generation.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::{Instant, sleep_until};

use super::{
    events::{Finish, Kind, audio_tokens},
    pace::{Schedule, event_tokens},
    request::{CompletionRequest, PromptField},
    state::{InFlight, Running},
};

/// Tokens of a frame.
const FRAME_TOKENS: u64 = 7;

/// What is to be sent.
pub(super) struct Plan {
    kind: Kind,
    /// The prompt's ids, for the first event.
    prompt: Option<Vec<u32>>,
    prompt_tokens: usize,
    /// Audio tokens, and the one that ends them where there is one.
    tokens: usize,
    finish: Finish,
    usage: bool,
    seed: u64,
}

impl Plan {
    /// What a request gets: as many frames as the settings say, if `max_tokens` allow it.
    pub(super) fn new(request: CompletionRequest, frames: u64, seed: u64) -> Self {
        let kind = Kind { interval: request.interval() as usize, ids: request.return_token_ids };
        let (max_tokens, audio) = (u64::from(request.max_tokens()), frames.saturating_mul(FRAME_TOKENS));
        let (tokens, finish) = if audio < max_tokens {
            (audio + 1, Finish::Stop(request.stop_token()))
        } else {
            (max_tokens, Finish::Length)
        };
        let (usage, prompt_tokens) = (request.include_usage(), request.prompt.tokens());
        let prompt = match request.prompt {
            PromptField::Tokens(ids) => Some(ids),
            PromptField::Text(_) => None,
        };
        Self { kind, prompt, prompt_tokens, tokens: tokens as usize, finish, usage, seed }
    }
}

/// The body of an answer.
pub(super) fn body(plan: Plan, in_flight: InFlight) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::once(async move {
        let running = in_flight.run().await;
        stream::unfold(Paced::new(plan, running), |mut paced| async move {
            let bytes = paced.next().await?;
            Some((Ok(bytes), paced))
        })
    })
    .flatten()
}

struct Paced {
    plan: Plan,
    running: Running,
    schedule: Schedule,
    started: Instant,
    events: Arc<[Bytes]>,
    sizes: Box<dyn Iterator<Item = usize> + Send>,
    /// Tokens and full events sent.
    sent: usize,
    full: usize,
    trailer: Trailer,
}

/// What comes after the last token.
enum Trailer {
    Usage,
    Done,
    End,
}

impl Paced {
    fn new(plan: Plan, running: Running) -> Self {
        let shared = running.shared();
        let schedule = Schedule::new(shared.settings.pace(), plan.seed);
        let events = shared.events(plan.kind);
        let sizes = Box::new(event_tokens(plan.tokens, plan.kind.interval));
        let trailer = if plan.usage { Trailer::Usage } else { Trailer::Done };
        Self { plan, running, schedule, started: Instant::now(), events, sizes, sent: 0, full: 0, trailer }
    }

    async fn next(&mut self) -> Option<Bytes> {
        let Some(tokens) = self.sizes.next() else { return self.trailer() };
        let shared = self.running.shared();
        let due = self.started + self.schedule.next(tokens, shared.counts.running());
        // The timer is for what lies ahead: a stream that is behind sends at once.
        if due > Instant::now() {
            sleep_until(due).await;
        }
        shared.counts.tokens.fetch_add(tokens as u64, Ordering::Relaxed);
        let first = self.sent;
        self.sent += tokens;
        let is_last = self.sent == self.plan.tokens;
        let is_full = first > 0 && !is_last;
        let rendered =
            is_full.then(|| self.events.get(self.full % self.events.len().max(1)).cloned()).flatten();
        self.full += usize::from(is_full);
        if is_last {
            self.ended();
        }
        Some(rendered.unwrap_or_else(|| self.render(first, is_last)))
    }

    fn render(&self, first: usize, is_last: bool) -> Bytes {
        let (plan, shared) = (&self.plan, self.running.shared());
        let mut tokens: Vec<u32> = audio_tokens(first..self.sent).collect();
        if let (true, Finish::Stop(stop), Some(last)) = (is_last, plan.finish, tokens.last_mut()) {
            *last = stop;
        }
        let prompt = plan.prompt.as_deref().filter(|_| first == 0);
        shared.renderer.event(plan.kind.ids, &tokens, prompt, is_last.then_some(plan.finish))
    }

    fn ended(&mut self) {
        self.running.ended = true;
        let counts = &self.running.shared().counts;
        match self.plan.finish {
            Finish::Stop(_) => counts.stopped.fetch_add(1, Ordering::Relaxed),
            Finish::Length => counts.cut.fetch_add(1, Ordering::Relaxed),
        };
    }

    fn trailer(&mut self) -> Option<Bytes> {
        let (bytes, next) = match self.trailer {
            Trailer::Usage => {
                let usage = self.running.shared().renderer.usage(self.plan.prompt_tokens, self.plan.tokens);
                (Some(usage), Trailer::Done)
            }
            Trailer::Done => (Some(Bytes::from_static(b"data: [DONE]\n\n")), Trailer::End),
            Trailer::End => (None, Trailer::End),
        };
        self.trailer = next;
        bytes
    }
}
