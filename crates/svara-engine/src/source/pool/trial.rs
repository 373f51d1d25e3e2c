//! A word of our own for an engine that fails whatever it is asked: only speech shows that it works again, and callers may
//! send it none while the server says that it isn't healthy.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use svara_snac::FRAME_CODES;
use tokio::time::{sleep, timeout};

use super::Shared;
use crate::{
    request::Sampling,
    source::{FailedBy, SourceError, TokenEvent, TokenStream, Urgency, Utterance},
    voice::Voice,
};

/// How long after a trial the next one comes.
const TRY_EVERY: Duration = Duration::from_secs(5);
/// How long a trial may take. The engine's own timeouts are usually shorter.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(30);

/// The word; every model of the family speaks some English.
const WORD: &str = "Hello";
/// Some two seconds of audio, for a word that takes half of one.
const MAX_TOKENS: u32 = 24 * FRAME_CODES as u32;

/// In what voice, and how, a word is spoken.
#[derive(Clone, Debug)]
pub struct Trial {
    /// One of the model's own voices.
    pub voice: Arc<Voice>,
    /// As for requests without overrides.
    pub sampling: Sampling,
}

impl Trial {
    fn utterance(self) -> Utterance {
        let Self { voice, sampling } = self;
        Utterance {
            text: WORD.to_owned(),
            said_in: 0,
            voice,
            reference: None,
            sampling: Sampling { max_tokens: sampling.max_tokens.min(MAX_TOKENS), ..sampling },
            seed: None,
            request_id: "trial".to_owned(),
            urgency: Urgency::FirstAudio,
            least_frames: 0,
            failed_by: FailedBy::default(),
            trace: None,
            span: tracing::Span::none(),
        }
    }
}

/// Tries an engine whenever it is found to fail, until it speaks. Forever.
pub(super) async fn try_forever(shared: Arc<Shared>, index: usize, trial: Trial) {
    let Some(member) = shared.members.get(index) else { return };
    let utterance = trial.utterance();
    loop {
        member.found_failing.notified().await;
        while member.failing().fails() {
            match speaks(&shared, index, utterance.clone()).await {
                Ok(()) => {
                    shared.spoke(index);
                    // No request comes before health is well again, so none lifts a refusal.
                    member.forget_failures();
                }
                Err(error) => {
                    shared.note_failure(index, &error);
                    sleep(TRY_EVERY).await;
                }
            }
        }
    }
}

/// Has the engine speak; the generation must have audio and end as it should.
async fn speaks(shared: &Shared, index: usize, utterance: Utterance) -> Result<(), SourceError> {
    let Some(member) = shared.members.get(index) else { return Ok(()) };
    let most = usize::try_from(utterance.sampling.max_tokens).unwrap_or(usize::MAX);
    let speaking = async {
        let mut assembler = svara_snac::FrameAssembler::new(shared.layout);
        let mut tokens = member.source.open(utterance).await?;
        let (mut count, mut heard) = (0_usize, false);
        while let TokenEvent::Tokens(some) = next(&mut tokens).await? {
            count += some.len();
            for token in some {
                heard |= assembler.push(token).is_some();
            }
            // An engine that ignores the limit is not read for ever.
            if count >= most.saturating_mul(2) {
                break;
            }
        }
        if heard { Ok(()) } else { Err(SourceError::Silent { tokens: count }) }
    };
    let late = |_| SourceError::Timeout { after: TRIAL_TIMEOUT, phase: "and didn't end a word in that time" };
    timeout(TRIAL_TIMEOUT, speaking).await.map_err(late)?
}

async fn next(tokens: &mut TokenStream) -> Result<TokenEvent, SourceError> {
    tokens.next().await.unwrap_or_else(|| Err(SourceError::just_stopped()))
}
