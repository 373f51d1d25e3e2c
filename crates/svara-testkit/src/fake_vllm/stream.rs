//! The body of an answer: events when they are due. Dropping it ends the generation.

use std::convert::Infallible;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    plan::{Event, Plan, Timing},
    state::{InFlight, Running},
};

/// The body of an answer that was accepted. It is cut off when the fake is killed.
pub(super) fn body(plan: Plan, in_flight: InFlight) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let killed = in_flight.shared().killed();
    stream::once(async move {
        let running = in_flight.run().await;
        let answer = Answer { plan, running, started: Instant::now() };
        stream::unfold(answer, |mut answer| async move {
            let event = answer.next().await?;
            Some((Ok(event.bytes), answer))
        })
    })
    .flatten()
    .take_until(killed)
}

struct Answer {
    plan: Plan,
    running: Running,
    started: Instant,
}

impl Answer {
    /// The next event, once it is due.
    async fn next(&mut self) -> Option<Event> {
        let Some(event) = self.plan.events.next() else {
            if self.plan.hangs {
                std::future::pending::<()>().await;
            }
            return None;
        };
        match &mut self.plan.timing {
            Timing::Paced(schedule) if event.tokens > 0 => {
                let running = self.running.shared().counts.running();
                let due = self.started + schedule.next(event.tokens, running);
                // The timer is for what lies ahead: a stream that is behind sends at once.
                if due > Instant::now() {
                    sleep_until(due).await;
                }
            }
            Timing::Pause(pause) if !pause.is_zero() => sleep(*pause).await,
            Timing::Paced(_) | Timing::Pause(_) => {}
        }
        self.running.sent(&event);
        Some(event)
    }
}
