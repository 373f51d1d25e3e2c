//! The whole HTTP surface: the groups of routes, and what every request passes on its way to them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{from_fn, from_fn_with_state},
};
use svara_api::{
    budget::Budget,
    door::Door,
    error::Spelling,
    routes::{Routes, Tag},
    state::{App, AppState},
};
use svara_config::{OpenGroup, ServerConfig};
use svara_http::Lifecycle;
use svara_http::Proxies;
use svara_service::metrics::Metrics;
use tower_http::cors::CorsLayer;

use crate::{
    middleware::{self, Guard, HttpMetrics, Methods, OverHttps, Parameters, Place},
    operations, pages, resources,
};

/// The routes behind their middleware, and the state that they share.
pub(crate) fn router(app: App, http: HttpMetrics, config: &ServerConfig) -> (Router, AppState) {
    let groups = [pages::routes(), operations::routes(), resources::routes(), svara_dialects::routes()];
    let groups: Vec<Routes> = groups.into_iter().flatten().collect();
    let document = pages::document(&groups, &app);
    let unknown = Spelling::Nearest(groups.iter().flat_map(paths).collect());
    let methods = Methods::of(groups.iter().map(Routes::document));
    let parameters = Parameters::of(groups.iter().map(Routes::document));
    let steps = Steps {
        door: app.door.clone(),
        // The configuration was checked.
        proxies: Proxies::parse(&config.trusted_proxies).unwrap_or_default(),
        open: config.open.clone().into(),
        body_bytes: app.body_bytes,
        budget: app.body_budget.clone(),
        answers: app.answer_budget.clone(),
        place: Place::new(config),
        cors: middleware::cors(&config.cors_origins),
        life: app.life.clone(),
        counted: (http, Arc::clone(app.service.metrics())),
        methods,
        parameters,
        over_https: OverHttps::new(config),
    };
    let routes = groups.into_iter().map(|group| steps.to_group(group));
    let routes = routes.fold(steps.to_unknown(unknown), Router::merge);
    let state = AppState::new(app, document);
    (routes.with_state(state.clone()), state)
}

/// The patterns of a group, as far as they say how to spell refusals.
fn paths(group: &Routes) -> impl Iterator<Item = (String, Spelling)> {
    group.document().paths.paths.keys().map(|path| (path.clone(), group.spelling.clone()))
}

/// What the middleware knows.
struct Steps {
    door: Door,
    proxies: Proxies,
    open: Arc<[OpenGroup]>,
    body_bytes: usize,
    budget: Budget,
    answers: Budget,
    place: Place,
    cors: CorsLayer,
    life: Lifecycle,
    counted: (HttpMetrics, Arc<Metrics>),
    methods: Methods,
    parameters: Parameters,
    over_https: OverHttps,
}

impl Steps {
    /// A group behind its middleware.
    fn to_group(&self, group: Routes) -> Router<AppState> {
        let (spelling, access, drains) = (group.spelling.clone(), group.access, !group.while_draining);
        let (door, open) = (self.door.clone(), Arc::clone(&self.open));
        let guard = Guard { door, open, access, spelling: spelling.clone() };
        let (speaks, is_page) = (group.tag == Tag::Speech, group.tag == Tag::Pages);
        let routes = group
            .into_router()
            .route_layer(from_fn_with_state(spelling.clone(), middleware::respell))
            .route_layer(from_fn_with_state(
                (spelling.clone(), self.methods.clone()),
                middleware::method_not_allowed,
            ))
            .route_layer(from_fn_with_state(spelling.clone(), middleware::check_path))
            .route_layer(from_fn_with_state((self.budget.clone(), spelling.clone()), middleware::meter_body))
            .route_layer(from_fn_with_state(
                (self.answers.clone(), spelling.clone()),
                middleware::meter_answer,
            ));
        let routes = routes.route_layer(from_fn_with_state(spelling.clone(), middleware::charge));
        // The script of a page reads its parameters.
        let routes = if is_page {
            routes
        } else {
            routes.route_layer(from_fn_with_state(
                (self.parameters.clone(), spelling.clone()),
                middleware::name_ignored,
            ))
        };
        let routes = if speaks { routes.route_layer(from_fn(middleware::tell_remaining)) } else { routes };
        let routes = routes.route_layer(from_fn_with_state(guard, middleware::guard));
        self.around(routes, spelling, drains)
    }

    /// The answer to paths without a route. It needs no key.
    fn to_unknown(&self, spelling: Spelling) -> Router<AppState> {
        let (refused, around) = (spelling.clone(), spelling);
        let not_found = async move |request: Request| middleware::unknown_path(&refused, &request);
        self.around(Router::new().fallback(not_found), around, true)
    }

    /// What all requests pass; the last layer is the outermost.
    fn around(&self, routes: Router<AppState>, spelling: Spelling, drains: bool) -> Router<AppState> {
        let routes =
            routes.layer(DefaultBodyLimit::max(self.body_bytes)).layer(from_fn(middleware::not_modified));
        let routes = if drains {
            let drain = (self.life.clone(), spelling.clone());
            routes.layer(from_fn_with_state(drain, middleware::refuse_when_draining))
        } else {
            routes
        };
        // A page reads why it is refused, also while the server drains. What lies outside refuses requests that no page of a known
        // origin sends.
        routes
            .layer(self.cors.clone())
            .layer(from_fn_with_state(spelling.clone(), middleware::check_coding))
            .layer(from_fn_with_state((self.place.clone(), spelling), middleware::check_place))
            .layer(from_fn_with_state(self.over_https.clone(), middleware::set_headers))
            .layer(from_fn_with_state(self.counted.clone(), middleware::count))
            .layer(from_fn_with_state(self.proxies.clone(), middleware::identify))
    }
}
