//! Sound with the times of its words or characters, or with subtitles: `timestamps` of `POST /v1/text-to-speech`.

use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use futures::{Stream, stream};
use serde::Serialize;
use svara_api::{error::ApiError, respond, state::AppState};
use svara_engine::{PieceTiming, source::FinishReason};
use svara_service::{Delivery, ESTIMATED, EncodedSpeech, Order, Times, Timestamps, Whole};

/// A line for each chunk of sound.
const LINES: &str = "application/x-ndjson";

/// Part of the sound, or all of it.
#[derive(Serialize)]
struct Timed {
    audio_base64: String,
    #[serde(flatten)]
    times: Times,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    about: Option<About>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'static str>,
}

/// What the sound is, told once.
#[derive(Clone, Copy, Serialize)]
struct About {
    content_type: &'static str,
    sample_rate_hz: u32,
    times: &'static str,
}

/// Speaks with times: one object, or streamed, an object a line.
///
/// # Errors
/// Whatever fails before the first byte. After it, the connection is broken off.
pub(super) async fn speak(state: &AppState, order: Order, unit: Timestamps) -> Result<Response, ApiError> {
    let (spec, delivery) = (order.spec, order.delivery);
    let speaking = state.service.open(order).await?;
    let (timing, rate_hz) = (speaking.server_timing(), speaking.rate().hz());
    let about =
        About { content_type: spec.content_type(), sample_rate_hz: spec.rate().hz(), times: ESTIMATED };
    let mut response = if delivery == Delivery::Streamed {
        let lines = lines(EncodedSpeech::new(speaking, spec)?, unit, about);
        respond::streamed(LINES, Body::from_stream(lines))
    } else {
        let Whole { bytes, timings, report } = speaking.whole(spec).await?;
        let finish_reason = report.finish.map(FinishReason::name);
        let length = bytes.len();
        let timed = move || {
            let timed = Timed::new(&bytes, &timings, &mut Times::new(unit), rate_hz, true);
            Timed { about: Some(about), finish_reason, ..timed }
        };
        respond::json_with_file(length, timed).await?
    };
    respond::describe(&mut response, spec, timing);
    Ok(response)
}

impl Timed {
    /// `times` are those before, of which none is left but a cue that isn't complete. `over`: nothing follows.
    fn new(audio: &[u8], pieces: &[PieceTiming], times: &mut Times, rate_hz: u32, over: bool) -> Self {
        times.add(pieces, 0, rate_hz);
        if over {
            times.finish();
        }
        let times = times.take();
        Self { audio_base64: BASE64.encode(audio), times, about: None, finish_reason: None }
    }

    fn line(&self) -> Result<Bytes, ApiError> {
        let mut line = serde_json::to_vec(self).map_err(ApiError::internal)?;
        line.push(b'\n');
        Ok(line.into())
    }
}

/// A line for each chunk of sound; the words of a piece stand in the line after its last sound. The last line has no
/// sound, but the reason why the speech ended.
fn lines(
    speech: EncodedSpeech,
    unit: Timestamps,
    about: About,
) -> impl Stream<Item = Result<Bytes, ApiError>> + Send {
    let start = (Some(speech), Some(about), Times::new(unit));
    stream::unfold(start, move |(speech, about, mut times)| async move {
        let mut speech = speech?;
        let (audio, over) = match speech.next().await {
            Some(Ok(audio)) => (audio, false),
            Some(Err(error)) => return Some((Err(error.into()), (None, None, times))),
            None => (Vec::new(), true),
        };
        let speaking = speech.speaking();
        let timings = speaking.take_timings();
        let timed = Timed::new(&audio, &timings, &mut times, speaking.rate().hz(), over);
        let finish_reason = speaking.report().finish.filter(|_| over).map(FinishReason::name);
        let line = Timed { about, finish_reason, ..timed }.line();
        let speech = (!over && line.is_ok()).then_some(speech);
        Some((line, (speech, None, times)))
    })
}
