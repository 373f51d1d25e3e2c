//! Names the parameters of an address that nothing reads.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{Method, header::UPGRADE};
use svara_api::{
    door::KEY_PARAMETERS,
    error::Spelling,
    reading::ignored::{Handling, Ignored},
};
use utoipa::openapi::{
    OpenApi, RefOr,
    path::{Operation, ParameterIn},
};

/// Parameters of ElevenLabs' routes that ask for what is answered in any case, or for nothing here.
const PASSED_OVER: [&str; 2] = ["include_total_count", "show_legacy"];

/// Routes whose handlers name what is in vain in the address together with what is in vain in the body, or know parameters
/// without a meaning here.
const TOLD_BY_HANDLERS: [(Method, &str); 11] = [
    (Method::POST, "/v1/text-to-speech"),
    (Method::POST, "/v1/text/preview"),
    (Method::POST, "/v1/jobs"),
    (Method::POST, "/v1/audio/speech"),
    (Method::GET, "/v1/audio/speech/stream-input"),
    (Method::POST, "/v1/text-to-speech/{voice_id}"),
    (Method::POST, "/v1/text-to-speech/{voice_id}/stream"),
    (Method::POST, "/v1/text-to-speech/{voice_id}/with-timestamps"),
    (Method::POST, "/v1/text-to-speech/{voice_id}/stream/with-timestamps"),
    (Method::GET, "/v1/text-to-speech/{voice_id}/stream-input"),
    (Method::GET, "/v1/text-to-speech/{voice_id}/multi-stream-input"),
];

/// The methods of a route, each with the names of its parameters.
type Methods = Vec<(Method, Vec<String>)>;

/// The parameters that the document has for each method of each route, by the route's pattern.
#[derive(Clone, Debug)]
pub(crate) struct Parameters(Arc<BTreeMap<String, Methods>>);

impl Parameters {
    /// Those of the documented routes.
    pub(crate) fn of<'a>(documents: impl Iterator<Item = &'a OpenApi>) -> Self {
        let mut known: BTreeMap<String, Methods> = BTreeMap::new();
        for (path, item) in documents.flat_map(|document| &document.paths.paths) {
            let operations = [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            let operations = operations
                .into_iter()
                .filter_map(|(method, operation)| Some((method, in_address(operation.as_ref()?))));
            known.entry(path.clone()).or_default().extend(operations);
        }
        Self(Arc::new(known))
    }

    /// What a request's address has in vain; none where its handler tells.
    fn ignored(&self, request: &Request) -> Option<Ignored> {
        request.uri().query()?;
        let route = request.extensions().get::<MatchedPath>()?.as_str();
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        if TOLD_BY_HANDLERS.iter().any(|(told, pattern)| told == method && *pattern == route) {
            return None;
        }
        let (_, known) = self.0.get(route)?.iter().find(|(known, _)| known == method)?;
        let keys = if request.headers().contains_key(UPGRADE) { KEY_PARAMETERS.as_slice() } else { &[] };
        let known = known.iter().map(String::as_str).chain(PASSED_OVER).chain(keys.iter().copied());
        let known: Vec<&str> = known.collect();
        Some(Ignored::default().with_query(request.uri(), &known))
    }
}

fn in_address(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        _ => None,
    });
    parameters.collect()
}

/// Middleware: adds the header `X-Ignored-Fields` to the answer to an address with parameters that the document doesn't have,
/// or refuses it where the request wants that.
pub(crate) async fn name_ignored(
    State((known, spelling)): State<(Parameters, Spelling)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(ignored) = known.ignored(&request) else { return next.run(request).await };
    match ignored.unless_strict(Handling::of(request.headers())) {
        Ok(ignored) => ignored.told(next.run(request).await),
        Err(error) => error.into_response(spelling.of(&request)),
    }
}
