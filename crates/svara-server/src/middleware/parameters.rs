//! Names the parameters of an address that nothing reads.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{Method, header::UPGRADE};
use svara_api::reading::ignored::Ignored;
use utoipa::openapi::{OpenApi, RefOr, path::ParameterIn};

/// Parameters of ElevenLabs' routes that ask for what is answered in any case, or for nothing here.
const PASSED_OVER: [&str; 3] = ["include_total_count", "show_legacy", "with_settings"];

/// The parameters that the document has for reading each route, by its pattern.
#[derive(Clone, Debug)]
pub(crate) struct Parameters(Arc<BTreeMap<String, Vec<String>>>);

impl Parameters {
    /// Those of the documented routes.
    pub(crate) fn of<'a>(documents: impl Iterator<Item = &'a OpenApi>) -> Self {
        let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (path, item) in documents.flat_map(|document| &document.paths.paths) {
            let parameters = item.get.iter().flat_map(|get| get.parameters.iter().flatten());
            let in_address = parameters.filter_map(|parameter| match parameter {
                RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => {
                    Some(parameter.name.clone())
                }
                _ => None,
            });
            known.entry(path.clone()).or_default().extend(in_address);
        }
        Self(Arc::new(known))
    }
}

/// Middleware: adds the header `X-Ignored-Fields` to what is read with parameters that the document doesn't have. Routes
/// with a body, and WebSockets, say so themselves.
pub(crate) async fn name_ignored(State(known): State<Parameters>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let told = reads && request.uri().query().is_some() && !request.headers().contains_key(UPGRADE);
    let route = request.extensions().get::<MatchedPath>().filter(|_| told);
    let known = route.and_then(|route| known.0.get(route.as_str()));
    let ignored = known.map(|known| {
        let known: Vec<&str> = known.iter().map(String::as_str).chain(PASSED_OVER).collect();
        Ignored::default().with_query(request.uri(), &known)
    });
    let mut response = next.run(request).await;
    if let Some(ignored) = ignored {
        ignored.tell(&mut response);
    }
    response
}
