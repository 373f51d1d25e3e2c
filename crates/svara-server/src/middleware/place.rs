//! Which names the server answers to, and which pages may act through a visitor's browser.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Version,
    header::{CONNECTION, HOST, ORIGIN, UPGRADE},
    uri::Authority,
};
use svara_api::error::{ApiError, Kind, Spelling};
use svara_config::ServerConfig;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names that a server answers to, and the pages that may use it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// All names are answered: callers prove themselves by keys, which a page of another site doesn't have.
    any_host: bool,
    hosts: Arc<[String]>,
    any_origin: bool,
    origins: Arc<[String]>,
    strangers: Strangers,
}

/// The origins whose refusal was logged.
#[derive(Clone, Debug, Default)]
struct Strangers(Arc<Mutex<BTreeSet<String>>>);

/// The most origins of which the log tells, and how long they may be.
const MOST_STRANGERS: usize = 64;
const STRANGER_CHARACTERS: usize = 128;

impl Strangers {
    /// Logs the first refusal of an origin: a browser tells its page nothing, and the page's author looks here.
    fn note(&self, origin: &HeaderValue) {
        let origin = String::from_utf8_lossy(origin.as_bytes());
        let origin: String = origin.chars().take(STRANGER_CHARACTERS).collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_STRANGERS || !known.insert(origin.clone()) {
            return;
        }
        drop(known);
        tracing::warn!(origin, "refused to pages of this origin, which server.cors_origins doesn't list");
    }
}

impl Place {
    /// The place of a server with this configuration.
    pub(crate) fn new(config: &ServerConfig) -> Self {
        let lower = |text: &String| text.to_ascii_lowercase();
        Self {
            any_host: config.asks_for_keys() || config.hosts.iter().any(|host| host == "*"),
            // A name that the server listens on is its own.
            hosts: config.hosts.iter().chain([&config.host]).map(lower).collect(),
            any_origin: config.cors_origins.iter().any(|origin| origin == "*"),
            origins: config.cors_origins.iter().map(lower).collect(),
            strangers: Strangers::default(),
        }
    }

    /// Checks what a browser or another client says about where a request comes from and where it goes.
    pub(crate) fn check<B>(&self, request: &http::Request<B>) -> Result<(), ApiError> {
        let host = host_of(request)?;
        if let Some(host) = host.as_ref().filter(|host| !self.answers_to(host.host())) {
            return Err(ApiError::unknown_host(host.host()));
        }
        if !self.any_origin {
            let origins = request.headers().get_all(ORIGIN).iter();
            origins
                .filter(|origin| !self.is_known(origin, host.as_ref()))
                .for_each(|origin| self.strangers.note(origin));
        }
        if !acts(request) || self.comes_from_own_page(request.headers(), host.as_ref()) {
            return Ok(());
        }
        Err(ApiError::foreign_page())
    }

    /// Whether a host is this server's. A page can bind a name of its own to any address, but not these.
    fn answers_to(&self, host: &str) -> bool {
        if self.any_host {
            return true;
        }
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix('.').unwrap_or(&host);
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        host == "localhost"
            || host.ends_with(".localhost")
            || address.parse::<IpAddr>().is_ok()
            || self.hosts.iter().any(|known| known == host)
    }

    /// Whether each origin that the headers name is this server's own or listed. Programs name none.
    fn comes_from_own_page(&self, headers: &HeaderMap, host: Option<&Authority>) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter().peekable();
        if origins.peek().is_none() {
            let sites = headers.get_all(SEC_FETCH_SITE).iter();
            return self.any_origin || sites.into_iter().all(|site| site == "same-origin" || site == "none");
        }
        self.any_origin || origins.all(|origin| self.is_known(origin, host))
    }

    fn is_known(&self, origin: &HeaderValue, host: Option<&Authority>) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        let origin = origin.to_ascii_lowercase();
        self.origins.contains(&origin) || host.is_some_and(|host| is_of(&origin, host))
    }
}

/// Whether an origin is that of a host. Its scheme may differ, as a proxy may speak TLS for the server.
fn is_of(origin: &str, host: &Authority) -> bool {
    let (authority, default_port) = match origin.split_once("://") {
        Some(("http", authority)) => (authority, 80),
        Some(("https", authority)) => (authority, 443),
        _ => return false,
    };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default_port);
    authority.parse::<Authority>().is_ok_and(|authority| {
        authority.host().eq_ignore_ascii_case(host.host()) && port(&authority) == port(host)
    })
}

/// Whether a request does more than read: browsers send these for a page without asking the server first.
fn acts<B>(request: &http::Request<B>) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    !reads || request.headers().contains_key(UPGRADE)
}

/// The host that a request is for; none in HTTP/1.0.
///
/// # Errors
/// There are several, or none in HTTP/1.1, or it is no host.
fn host_of<B>(request: &http::Request<B>) -> Result<Option<Authority>, ApiError> {
    let mut named = request.headers().get_all(HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return Err(ApiError::bad_request("host: must be sent once"));
    }
    let first = first.map(|host| Authority::try_from(host.as_bytes())).transpose();
    let first = first.map_err(|_| ApiError::bad_request("host: must be a name or an address"))?;
    // The request's target counts before the header.
    let host = request.uri().authority().cloned().or(first);
    if host.as_ref().is_some_and(|host| !is_plain(host)) {
        return Err(ApiError::bad_request("host: must be a name or an address, with or without a port"));
    }
    if host.is_none() && request.version() == Version::HTTP_11 {
        return Err(ApiError::bad_request("host: is missing"));
    }
    Ok(host)
}

/// Whether an authority is a host and a port, without a user.
fn is_plain(host: &Authority) -> bool {
    let port = host.as_str().strip_prefix(host.host());
    port.is_some_and(|port| matches!(port, "" | ":") || host.port_u16().is_some())
}

/// Middleware: refuses requests for hosts that aren't this server's, and what pages of other origins do.
pub(crate) async fn check_place(
    State((place, spelling)): State<(Place, Spelling)>,
    request: Request,
    next: Next,
) -> Response {
    match place.check(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            // Whatever hosts a proxy in front reads in it, nothing may follow on the connection.
            let closes = error.kind == Kind::BadRequest && request.version() < Version::HTTP_2;
            let mut response = error.into_response(spelling.of(&request));
            if closes {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    }
}
