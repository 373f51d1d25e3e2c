//! `POST /v1/text/preview`: what would be said for a text, without sound.

use std::ops::Range;

use axum::{
    Json,
    extract::{Request, State},
};
use serde::Serialize;
use svara_engine::{Preview, PreviewPiece};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    dialects::svara::{self, Fields},
    error::{ApiError, Refused, Spelling, Svara},
    reading::schemas,
    respond::SpeechRefusals,
    routes::{Routes, Tag},
    state::{AppState, Asker},
};

pub(super) fn routes() -> Routes {
    Routes::keyed(Tag::Speech, Spelling::SVARA, OpenApiRouter::new().routes(routes!(preview)))
}

/// What would be said.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TextPreview)]
pub(crate) struct Previewed {
    /// The id of the voice that would speak.
    voice_id: String,
    /// The text without what is nothing to say: control characters, markup and, if they are removed, Markdown and emoji.
    cleaned: String,
    /// The words that are said, with numbers, dates and the like written out.
    normalized: String,
    /// What the engine is asked to say, one after the other. Without any, nothing is asked of it.
    pieces: Vec<Piece>,
    /// The silence behind the last piece.
    end_pause_ms: u32,
}

/// A piece of the text.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TextPreviewPiece)]
struct Piece {
    /// The words.
    text: String,
    /// The words with the tag of the style, as the model gets them.
    prompt: String,
    /// The first of the characters (Unicode scalar values) of the request's text that the piece stands for.
    typed_start: usize,
    /// The first one behind them.
    typed_end: usize,
    /// The silence before it.
    pause_ms: u32,
    /// How fast it is said, as a factor of the request's speed.
    rate: f32,
}

impl Previewed {
    pub(crate) fn new(typed: &str, voice_id: &str, preview: Preview) -> Self {
        let Preview { cleaned, said, pieces, end_pause_ms } = preview;
        let piece = |piece: PreviewPiece| {
            let Range { start, end } = characters(typed, &piece.typed);
            let PreviewPiece { words, prompt, typed: _, pause_ms, rate } = piece;
            Piece { text: words, prompt, typed_start: start, typed_end: end, pause_ms, rate }
        };
        let pieces = pieces.into_iter().map(piece).collect();
        Self { voice_id: voice_id.to_owned(), cleaned, normalized: said, pieces, end_pause_ms }
    }
}

/// A range of bytes in characters.
fn characters(text: &str, bytes: &Range<usize>) -> Range<usize> {
    let count = |end: usize| text.get(..end).map_or(0, |before| before.chars().count());
    count(bytes.start)..count(bytes.end)
}

/// What would be said
///
/// The fields are those of POST /v1/text-to-speech; what is about sound has no effect.
#[utoipa::path(
    post,
    path = "/v1/text/preview",
    operation_id = "preview_text",
    request_body(content(
        (Fields = "application/json", example = json!({"text": schemas::EXAMPLE, "voice": ""})),
        (Fields = "multipart/form-data"),
        (Fields = "application/x-www-form-urlencoded"),
    )),
    responses((status = 200, description = "What would be said.", body = Previewed), SpeechRefusals)
)]
async fn preview(
    State(state): State<AppState>,
    asker: Asker,
    request: Request,
) -> Result<Json<Previewed>, Refused<Svara>> {
    let (fields, _) = svara::read_fields(request, &state).await?;
    let (mut request, _) = svara::speech_request(&state, &asker, fields).await?;
    state.service.find_voice(&asker.caller, &mut request).await.map_err(ApiError::from)?;
    let engine = state.service.engine();
    let preview = engine.preview(&request).map_err(ApiError::from)?;
    let voice_id = match &request.reference {
        Some(reference) => &reference.voice.voice_id,
        None => engine.voices().find(&request.voice).map_or(&request.voice, |voice| &voice.voice_id),
    };
    Ok(Json(Previewed::new(&request.text, voice_id, preview)))
}
