//! The speeches of a socket.

use std::{future::pending, pin::Pin};

use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use svara_api::{error::ApiError, state::AppState};
use svara_audio::SampleRate;
use svara_engine::PieceTiming;
use svara_service::{Order, ServiceError, Speaking};

/// What a speech gives.
pub(in super::super) enum Made {
    /// More samples; `timings` are those of the pieces that ended before them.
    Samples { samples: Vec<f32>, timings: Vec<PieceTiming>, rate: SampleRate },
    /// All is said; `timings` are those of the last pieces.
    Over { timings: Vec<PieceTiming>, rate: SampleRate },
    /// It ends early.
    Failed(ApiError),
}

/// What a speech gives next; pending while there is none, and behind its last item. Cancel-safe.
pub(in super::super) async fn next_of(speech: Option<&mut BoxStream<'static, Made>>) -> Made {
    let made = match speech {
        Some(speech) => speech.next().await,
        None => None,
    };
    match made {
        Some(made) => made,
        None => pending().await,
    }
}

/// Gives the order of one more speech an id of its own at the engine. `spoken` counts those before it.
pub(in super::super) fn give_own_id(order: &mut Order, spoken: &mut usize) {
    *spoken += 1;
    if *spoken > 1 {
        let id = &mut order.request.request_id;
        *id = format!("{id}-s{spoken}");
    }
}

/// What the speech of an order gives; its last item is that it is over, or that it failed. Dropping it ends the speech.
pub(in super::super) fn speech(state: AppState, order: Order) -> impl Stream<Item = Made> + Send + 'static {
    opened(async move { state.service.open(order).await })
}

/// What a speech gives that is opened in this way.
pub(in super::super) fn opened(
    opening: impl Future<Output = Result<Speaking, ServiceError>> + Send + 'static,
) -> impl Stream<Item = Made> + Send + 'static {
    enum Step<F> {
        Start(Pin<Box<F>>),
        Speak(Box<Speaking>),
        Nothing,
    }
    stream::unfold(Step::Start(Box::pin(opening)), |step| async move {
        let mut speaking = match step {
            Step::Start(opening) => match opening.await {
                Ok(speaking) => Box::new(speaking),
                Err(error) => return Some((Made::Failed(error.into()), Step::Nothing)),
            },
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
