//! Refuses methods that a route doesn't have.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::StatusCode;
use svara_api::error::{ApiError, Spelling};
use utoipa::openapi::OpenApi;

/// The order in which methods are named.
const ORDER: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The methods of each route, by its pattern.
#[derive(Clone, Debug)]
pub(crate) struct Methods(Arc<BTreeMap<String, Vec<&'static str>>>);

impl Methods {
    /// Those of the documented routes, of which a path may be in several groups.
    pub(crate) fn of<'a>(documents: impl Iterator<Item = &'a OpenApi>) -> Self {
        let mut methods: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for (path, item) in documents.flat_map(|document| &document.paths.paths) {
            let of_path = methods.entry(path.clone()).or_default();
            let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
            for (method, operation) in ORDER.into_iter().zip(operations) {
                if operation.is_some() && !of_path.contains(&method) {
                    of_path.push(method);
                }
            }
            of_path.sort_by_key(|method| ORDER.iter().position(|known| known == method));
        }
        Self(Arc::new(methods))
    }
}

/// Middleware: gives the router's 405 a body. A fallback for it can't be set: a path may have methods in two groups, and
/// routers with a fallback each can't be merged. The router adds `Allow`.
pub(crate) async fn method_not_allowed(
    State((spelling, methods)): State<(Spelling, Methods)>,
    request: Request,
    next: Next,
) -> Response {
    let (dialect, method) = (spelling.of(&request), request.method().clone());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allowed = route.and_then(|route| methods.0.get(route.as_str()));
    ApiError::method_not_allowed(&method, allowed.map_or(&[], Vec::as_slice)).into_response(dialect)
}
