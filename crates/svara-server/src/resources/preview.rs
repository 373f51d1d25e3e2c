//! `POST /v1/text/preview`: what would be said for a text, without sound.

use std::ops::Range;

use axum::{
    Json,
    extract::{Request, State},
    response::Response,
};
use serde::Serialize;
use svara_api::{
    door::asker::Asker,
    error::{ApiError, Refused, Spelling, Svara},
    reading::schemas,
    respond::SpeechRefusals,
    routes::{Routes, Tag},
    state::AppState,
};
use svara_dialects::svara::{self, Fields};
use svara_engine::{Preview, PreviewPiece};
use utoipa_axum::{router::OpenApiRouter, routes};

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
        let mut characters = Characters { text: typed, start: (0, 0), end: (0, 0) };
        let piece = |piece: PreviewPiece| {
            let Range { start, end } = characters.of(&piece.typed);
            let PreviewPiece { words, prompt, typed: _, pause_ms, rate } = piece;
            Piece { text: words, prompt, typed_start: start, typed_end: end, pause_ms, rate }
        };
        let pieces = pieces.into_iter().map(piece).collect();
        Self { voice_id: voice_id.to_owned(), cleaned, normalized: said, pieces, end_pause_ms }
    }
}

/// Counts the characters of a text from left to right.
struct Characters<'t> {
    text: &'t str,
    /// Where the last range starts and ends: in bytes, and in characters.
    start: (usize, usize),
    end: (usize, usize),
}

impl Characters<'_> {
    /// A range of bytes in characters. Each range starts at or behind the start of the one before.
    fn of(&mut self, bytes: &Range<usize>) -> Range<usize> {
        self.start = (bytes.start, self.count(bytes.start));
        self.end = (bytes.end, self.count(bytes.end));
        self.start.1..self.end.1
    }

    /// The characters before a position, counted from the nearest one that is known.
    fn count(&self, at: usize) -> usize {
        let known = [self.end, self.start, (0, 0)].into_iter().find(|(known, _)| *known <= at);
        let (from, before) = known.unwrap_or_default();
        before + self.text.get(from..at).map_or(0, |more| more.chars().count())
    }
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
) -> Result<Response, Refused<Svara>> {
    let (fields, ignored) = svara::read_fields(request, &state).await?;
    let wanted = svara::speech_request(&state, &asker, fields).await;
    let (mut request, _) = wanted.map_err(|error| svara::in_other_words(&ignored, error))?;
    state.service.find_voice(&asker.caller, &mut request).await.map_err(ApiError::from)?;
    let engine = state.service.engine();
    let preview = engine.preview(&request).map_err(ApiError::from)?;
    let voice_id = match &request.reference {
        Some(reference) => &reference.voice.voice_id,
        None => engine.voices().find(&request.voice).map_or(&request.voice, |voice| &voice.voice_id),
    };
    Ok(ignored.told(Json(Previewed::new(&request.text, voice_id, preview))))
}
