//! Speech as server-sent events: `stream_format: "sse"`.

use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use futures::{Stream, stream};
use serde_json::{Value, json};
use svara_api::{error::ApiError, respond, state::AppState};
use svara_engine::SpeechReport;
use svara_service::{Dialect, EncodedSpeech, Order};

/// Speaks a request as events: the sound in base64 piece by piece, then what it took. What fails in the middle is an
/// event too, and the connection is broken off behind it.
///
/// # Errors
/// Whatever fails before the first event.
pub(super) async fn speak(state: &AppState, order: Order) -> Result<Response, ApiError> {
    let (spec, input_characters) = (order.spec, order.request.text.chars().count());
    let speaking = state.service.open(order).await?;
    let timing = speaking.server_timing();
    let events = events(EncodedSpeech::new(speaking, spec)?, input_characters);
    let mut response = respond::streamed("text/event-stream; charset=utf-8", Body::from_stream(events));
    respond::describe(&mut response, spec, timing);
    Ok(response)
}

/// What comes next in the stream.
enum Next {
    Audio(Box<EncodedSpeech>),
    /// The failure has been told.
    BreakOff(ApiError),
    Nothing,
}

fn events(
    speech: EncodedSpeech,
    input_characters: usize,
) -> impl Stream<Item = Result<Bytes, ApiError>> + Send {
    stream::unfold(Next::Audio(Box::new(speech)), move |next| async move {
        match next {
            Next::Audio(mut speech) => Some(match speech.next().await {
                Some(Ok(bytes)) => {
                    let audio = BASE64.encode(bytes);
                    let delta = json!({"type": "speech.audio.delta", "audio": audio});
                    (Ok(event(&delta)), Next::Audio(speech))
                }
                Some(Err(error)) => {
                    let error = ApiError::from(error);
                    let mut told = json!(error.body(Dialect::OpenAi));
                    if let Some(fields) = told.as_object_mut() {
                        fields.insert("type".to_owned(), "error".into());
                    }
                    (Ok(event(&told)), Next::BreakOff(error))
                }
                None => (Ok(event(&done(input_characters, speech.speaking().report()))), Next::Nothing),
            }),
            Next::BreakOff(error) => Some((Err(error), Next::Nothing)),
            Next::Nothing => None,
        }
    })
}

fn event(data: &Value) -> Bytes {
    format!("data: {data}\n\n").into()
}

/// The last event. How many tokens the text was only the engine knows, so its characters stand in for them.
fn done(input_characters: usize, report: SpeechReport) -> Value {
    let output_tokens = report.tokens.audio_tokens();
    json!({
        "type": "speech.audio.done",
        "usage": {
            "input_tokens": input_characters,
            "output_tokens": output_tokens,
            "total_tokens": input_characters as u64 + output_tokens,
        },
    })
}
