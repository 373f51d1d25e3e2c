//! The base URLs of engines: what is wrong with one, and how to show one without its password.

use serde::Serializer;
use url::{ParseError, Url};

/// The requests that users copy with their URL, longest first.
const REQUESTS: [&str; 2] = ["/chat/completions", "/completions"];

/// Checks a URL that begins with `http://` or `https://` and doesn't end in a slash.
///
/// # Errors
/// Says what is wrong with it, and what is meant where that can be told.
pub(super) fn check(url: &str) -> Result<(), String> {
    let shown = masked(url);
    let no_host = || format!("{shown:?} has no host");
    // The parser would take the path's first segment for the host.
    if url.split_once("://").is_some_and(|(_, rest)| rest.starts_with(['/', '\\'])) {
        return Err(no_host());
    }
    let parsed = Url::parse(url).map_err(|error| match error {
        ParseError::EmptyHost => no_host(),
        error => format!("{shown:?} is not a URL: {error}"),
    })?;
    if parsed.query().is_some() || parsed.fragment().is_some() {
        // It may be a key.
        let root = shown.split(['?', '#']).next().unwrap_or_default();
        return Err(format!("{root:?} has a query or a fragment; give the API's root alone"));
    }
    match REQUESTS.iter().find_map(|request| shown.strip_suffix(request)) {
        Some(root) => Err(format!("{shown:?} names a request; give the API's root: {root:?}")),
        None => Ok(()),
    }
}

/// Where an engine is: host, port, and the path unless it is `/v1`. Logs and metrics name engines so. `None` if it isn't a URL.
pub(super) fn place(url: &str) -> Option<(String, Option<u16>, String)> {
    let url = Url::parse(url).ok()?;
    let path = url.path().trim_end_matches('/');
    let path = if path == "/v1" { "" } else { path };
    Some((url.host_str()?.to_owned(), url.port_or_known_default(), path.to_owned()))
}

/// Whether a URL has a user or a password.
pub(super) fn has_user(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

/// The URLs, separated by commas, with `***` in place of each password, and of a user without one, which may be a token.
pub fn masked(urls: &str) -> String {
    urls.split(',').map(mask).collect::<Vec<_>>().join(",")
}

pub(super) fn serialize_masked<S: Serializer>(urls: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&masked(urls))
}

fn mask(url: &str) -> String {
    let password = || {
        let (scheme, rest) = url.split_once("://")?;
        // The last @, so that a password with a bare @ or / in it isn't shown either.
        let (user, rest) = rest.rsplit_once('@')?;
        match user.split_once(':') {
            Some((user, _)) => Some(format!("{scheme}://{user}:***@{rest}")),
            None if user.contains('/') => None,
            None => Some(format!("{scheme}://***@{rest}")),
        }
    };
    password().unwrap_or_else(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_masked() {
        for (urls, shown) in [
            ("http://gpu:8000/v1", "http://gpu:8000/v1"),
            ("http://token@gpu/v1", "http://***@gpu/v1"),
            ("http://gpu/v1/@me", "http://gpu/v1/@me"),
            ("http://me:hush@gpu:8000/v1", "http://me:***@gpu:8000/v1"),
            ("http://:hush@gpu/v1, http://me:p@s/s@gpu", "http://:***@gpu/v1, http://me:***@gpu"),
        ] {
            assert_eq!(masked(urls), shown);
        }
    }

    #[test]
    fn roots_are_accepted() {
        for url in
            ["http://gpu", "https://me:hush@gpu:8000/v1", "http://[::1]:8000/v1", "http://gpu/completions/v1"]
        {
            assert_eq!(check(url), Ok(()));
        }
    }
}
