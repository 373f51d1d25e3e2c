//! Speech as an HTTP body, by way of the cache.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH},
};
use svara_audio::EncoderSpec;
use svara_engine::{SpeechRequest, source::FinishReason};

use crate::{
    cache::{Cache, Found, Head, Key, Listener, Shaped, Sink},
    config::Config,
    error::{ApiError, ErrorDialect},
    respond,
    speaking::{self, EncodedSpeech, Speaking},
    state::AppState,
};

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// What of the configuration shapes audio, for [`Key`]s: servers that share a store and are set up in the same way
/// share what is in it.
pub(crate) fn setup(config: &Config) -> Arc<str> {
    let Config { engine, model, decoder, .. } = config;
    let spoken = (env!("CARGO_PKG_VERSION"), engine.kind, &engine.model, &model.profile);
    let sounds = (&decoder.model, decoder.kind, decoder.noise, decoder.first_audio());
    format!("{spoken:?} {sounds:?}").into()
}

/// Speaks a request, or serves what was spoken before.
///
/// # Errors
/// Whatever fails before the first byte. After it, the connection is broken off.
pub(crate) async fn speak(
    state: &AppState,
    cache: &Arc<Cache>,
    dialect: ErrorDialect,
    mut request: SpeechRequest,
    spec: EncoderSpec,
    streamed: bool,
) -> Result<Response, ApiError> {
    speaking::find_kept_voice(state, &mut request).await?;
    let Some(key) = key(state, &request, spec, streamed) else {
        // It will be refused; that is said where all requests are checked.
        return respond::speak_anew(state, dialect, request, spec, streamed).await;
    };
    let (voice, characters) = (request.voice.clone(), request.text.chars().count());
    let making = {
        let state = state.clone();
        move |sink| make(state, dialect, request, spec, streamed, sink)
    };
    let (result, head, body) = match cache.find(key, making).await {
        Found::Entry(entry) => {
            let head = Head { finish: entry.finish, ..Head::default() };
            ("hit", head, Body::from(entry.body))
        }
        Found::Joined(listener) => listen(listener, "join", streamed).await?,
        Found::Started(listener) => listen(listener, "miss", streamed).await?,
    };
    if result != "miss" {
        let voice: String = voice.chars().take(64).collect();
        tracing::info!(dialect = dialect.name(), voice, characters, cache = result, "speech from the cache");
    }
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(spec.format().content_type()));
    respond::describe(
        &mut response,
        spec,
        head.server_timing.unwrap_or_else(|| format!("cache;desc={result}")),
    );
    let headers = response.headers_mut();
    headers.insert(X_CACHE, HeaderValue::from_static(result));
    headers.extend(HeaderValue::try_from(key.etag()).ok().map(|tag| (ETAG, tag)));
    let finish = head.finish.and_then(|finish| HeaderValue::try_from(finish).ok());
    headers.extend(finish.map(|finish| (respond::FINISH_REASON, finish)));
    Ok(response)
}

/// Answers 304 in place of audio that the client has, by `If-None-Match`.
pub(crate) async fn not_modified(request: Request, next: Next) -> Response {
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let Some((known, tag)) = known.zip(response.headers().get(ETAG)) else { return response };
    if response.status() != StatusCode::OK || !names(&known, tag) {
        return response;
    }
    // The body goes, and with it a generation that nobody else listens to.
    let kept = [ETAG, X_CACHE].into_iter();
    let kept = kept.filter_map(|name| response.headers().get(&name).cloned().map(|value| (name, value)));
    (StatusCode::NOT_MODIFIED, kept.collect::<HeaderMap>()).into_response()
}

/// Whether a list of tags has this one; by the weak comparison, as the header wants it.
fn names(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    match (list.to_str(), tag.to_str()) {
        (Ok(list), Ok(tag)) => list.split(',').any(|known| opaque(known) == opaque(tag)),
        _ => false,
    }
}

/// The key of a request; none for one that can't be spoken.
fn key(state: &AppState, request: &SpeechRequest, spec: EncoderSpec, streamed: bool) -> Option<Key> {
    let engine = &state.engine;
    let voice = match &request.reference {
        Some(reference) => &reference.voice,
        None => engine.voices().find(&request.voice).ok()?,
    };
    let sampling = engine.profile().sampling.with(&request.sampling).ok()?;
    Some(Key::of(&Shaped {
        setup: &state.setup,
        request,
        voice_id: &voice.voice_id,
        sampling,
        spec,
        streamed,
    }))
}

/// Waits for the first bytes, so that what fails before them has a status.
async fn listen(
    mut listener: Listener,
    result: &'static str,
    streamed: bool,
) -> Result<(&'static str, Head, Body), ApiError> {
    let first = listener.next().await;
    let first = first.ok_or_else(|| ApiError::internal("the speech has no bytes"))??;
    let head = listener.head();
    let result = if head.stored { "hit" } else { result };
    // What wasn't streamed, or was read from a store, is there as a whole.
    if head.stored || !streamed {
        return Ok((result, head, Body::from(first)));
    }
    let rest =
        stream::unfold(listener, |mut listener| async move { Some((listener.next().await?, listener)) });
    Ok((result, head, Body::from_stream(with_first(first, rest))))
}

fn with_first(
    first: Bytes,
    rest: impl Stream<Item = Result<Bytes, ApiError>>,
) -> impl Stream<Item = Result<Bytes, ApiError>> {
    stream::iter([Ok(first)]).chain(rest)
}

/// Makes what isn't there yet.
async fn make(
    state: AppState,
    dialect: ErrorDialect,
    request: SpeechRequest,
    spec: EncoderSpec,
    streamed: bool,
    sink: Sink,
) -> Result<(), ApiError> {
    let speaking = Speaking::start(&state, dialect, request, spec).await?;
    let mut head = Head { server_timing: Some(speaking.server_timing()), ..Head::default() };
    if streamed {
        sink.head(head);
        let mut speech = EncodedSpeech::new(speaking, spec)?;
        while let Some(bytes) = speech.next().await {
            sink.push(bytes?.into()).await;
        }
    } else {
        let whole = speaking.whole(spec).await?;
        head.finish = whole.report.finish.map(FinishReason::name).map(str::to_owned);
        sink.head(head);
        sink.push(whole.bytes.into()).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_without_their_weakness() {
        let tag = HeaderValue::from_static("W/\"abc\"");
        for (list, named) in [
            ("W/\"abc\"", true),
            ("\"abc\"", true),
            ("\"x\", W/\"abc\"", true),
            ("\"ab\"", false),
            ("*", false),
        ] {
            assert_eq!(names(&HeaderValue::from_static(list), &tag), named, "{list}");
        }
    }
}
