//! Who may ask: API keys, what each may use, and the door that asks for them.
//!
//! Keys come from the configuration and from a file that is followed while the server runs. Where there is none, nobody
//! is asked.

mod access;
mod keys;
mod quota;

use std::{
    collections::{HashMap, HashSet},
    net::ToSocketAddrs,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{bail, ensure};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap, HeaderName, Uri,
    header::{AUTHORIZATION, UPGRADE},
};
use svara_http::Watched;

pub(crate) use self::quota::OverQuota;
use self::{access::Access, quota::Moment};
pub use self::{
    access::OpenGroup,
    keys::{KeyEntry, KeyHash, random_key},
};
use crate::{
    config::{Config, ServerConfig},
    error::{ApiError, ErrorDialect},
};
use quota::{Quota, Usage};

const XI_API_KEY: HeaderName = HeaderName::from_static("xi-api-key");
/// The name of the key that the environment or the configuration gives in plain.
const PLAIN_KEY_NAME: &str = "api_key";

/// The keys, and who may do without.
#[derive(Debug)]
pub struct Auth {
    /// None: nobody is asked.
    keys: Option<Arc<Watched<Vec<Arc<Key>>>>>,
    open: Vec<OpenGroup>,
}

/// A key that is in force.
#[derive(Debug)]
struct Key {
    entry: KeyEntry,
    quota: Quota,
    /// Outlives a reload.
    usage: Arc<Mutex<Usage>>,
    start: Instant,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Anybody, as no key is needed; or the server itself, for work of its own.
    Anybody,
    /// The holder of a key.
    Known(KeyHolder),
    /// A key is needed and still to come. Nothing is spoken for such a one.
    Unknown,
}

/// Somebody with a key.
#[derive(Clone, Debug)]
pub(crate) struct KeyHolder(Arc<Key>);

impl Auth {
    /// Reads the keys.
    ///
    /// # Errors
    /// The keys file can't be read, or a key is wrong.
    pub fn new(config: &ServerConfig) -> anyhow::Result<Self> {
        let keys = config.asks_for_keys().then(|| watched(config)).transpose()?.map(Arc::new);
        Ok(Self { keys, open: config.open.clone() })
    }

    /// Follows the keys file from now on.
    ///
    /// # Errors
    /// The signal can't be caught.
    pub fn follow(&self) -> std::io::Result<()> {
        self.keys.as_ref().map_or(Ok(()), Watched::follow)
    }

    /// Looks whether the keys file has changed.
    pub fn look(&self) {
        if let Some(keys) = &self.keys {
            keys.look(false);
        }
    }

    /// Who holds a key. Where no keys are asked for, any will do, or none.
    ///
    /// # Errors
    /// There is none, it isn't known, or its requests of this minute are used up.
    pub(crate) fn caller(&self, given: Option<&str>) -> Result<Caller, ApiError> {
        let Some(keys) = &self.keys else { return Ok(Caller::Anybody) };
        let given = KeyHash::of(given.ok_or_else(ApiError::key_missing)?);
        let keys = keys.get();
        // All are compared, so that the time tells nothing of which.
        let mut found = None;
        for key in keys.iter() {
            if key.entry.sha256.is(&given) {
                found = Some(key);
            }
        }
        let holder = KeyHolder(Arc::clone(found.ok_or_else(ApiError::key_unknown)?));
        holder.used(|usage, quota, now| usage.request(quota, now))?;
        Ok(Caller::Known(holder))
    }

    /// Who asks as long as nobody has said.
    pub(crate) fn nobody_yet(&self) -> Caller {
        if self.keys.is_some() { Caller::Unknown } else { Caller::Anybody }
    }
}

impl Caller {
    /// The name of the key, under which what its holder makes is kept; none where no key was needed.
    pub(crate) fn key_name(&self) -> Option<&str> {
        match self {
            Self::Known(holder) => Some(&holder.0.entry.name),
            Self::Anybody | Self::Unknown => None,
        }
    }

    /// Whether what was made under this name is the caller's: his own, or, where no keys are asked for, anybody's.
    pub(crate) fn owns(&self, key_name: Option<&str>) -> bool {
        match self {
            Self::Anybody => true,
            Self::Known(_) => self.key_name() == key_name,
            Self::Unknown => false,
        }
    }

    /// Takes one of the key's streams, and the characters that it will say.
    ///
    /// # Errors
    /// The key has no more of them, or there is none yet.
    pub(crate) fn start_stream(&self, characters: usize) -> Result<KeyStream, ApiError> {
        let holder = match self {
            Self::Anybody => None,
            Self::Known(holder) => Some(holder),
            Self::Unknown => return Err(ApiError::key_missing()),
        };
        let unspoken = characters as u64;
        if let Some(holder) = holder {
            holder.used(|usage, quota, now| usage.start(quota, unspoken, now))?;
        }
        Ok(KeyStream { holder: holder.cloned(), unspoken })
    }
}

impl KeyHolder {
    fn used(
        &self,
        change: impl FnOnce(&mut Usage, &Quota, Moment) -> Result<(), OverQuota>,
    ) -> Result<(), OverQuota> {
        let mut usage = self.0.usage.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut usage, &self.0.quota, self.now())
    }

    fn now(&self) -> Moment {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Moment { steady: self.0.start.elapsed(), unix }
    }
}

/// One of a key's streams; given back when dropped.
#[derive(Debug)]
pub(crate) struct KeyStream {
    holder: Option<KeyHolder>,
    unspoken: u64,
}

impl KeyStream {
    /// The key's name, for logs; none where none was needed.
    pub(crate) fn key_name(&self) -> Option<&str> {
        self.holder.as_ref().map(|holder| holder.0.entry.name.as_str())
    }

    /// There is audio: the characters count.
    pub(crate) fn spoken(&mut self) {
        self.unspoken = 0;
    }
}

impl Drop for KeyStream {
    fn drop(&mut self) {
        if let Some(holder) = &self.holder {
            let mut usage = holder.0.usage.lock().unwrap_or_else(PoisonError::into_inner);
            usage.end(self.unspoken, holder.now());
        }
    }
}

/// Middleware: lets those in who have a key, or need none, and puts the [`Caller`] into the request's extensions.
pub(crate) async fn guard(State(auth): State<Arc<Auth>>, mut request: Request, next: Next) -> Response {
    let pattern = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let access = access::of(request.method(), pattern);
    let given = key_of(request.headers(), request.uri());
    let caller = match access {
        Access::Open(group) if auth.open.contains(&group) => Ok(Caller::Anybody),
        Access::KeyInMessage if given.is_none() => Ok(auth.nobody_yet()),
        _ => auth.caller(given.as_deref()),
    };
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => error.into_response(ErrorDialect::of(&request)),
    }
}

/// The key that a value of `Authorization` holds.
pub(crate) fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim()).filter(|key| !key.is_empty())
}

/// The key of a request: `Authorization: Bearer`, `xi-api-key`, or, as browsers can't set headers there, in the query of
/// a WebSocket.
fn key_of(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let in_headers = header(&AUTHORIZATION).and_then(bearer).or_else(|| header(&XI_API_KEY));
    if let Some(key) = in_headers {
        return Some(key.to_owned());
    }
    if !headers.contains_key(UPGRADE) {
        return None;
    }
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    query.into_iter().find_map(|(name, value)| match &*name {
        "xi_api_key" | "xi-api-key" | "api_key" => Some(value.into_owned()),
        "authorization" => Some(bearer(&value).unwrap_or(&value).to_owned()),
        _ => None,
    })
}

fn watched(config: &ServerConfig) -> anyhow::Result<Watched<Vec<Arc<Key>>>> {
    let file = Some(config.keys_file.clone()).filter(|file| !file.as_os_str().is_empty());
    let files: Vec<_> = file.clone().into_iter().collect();
    let mut fixed = config.keys.clone();
    fixed.extend(config.api_key.reveal().map(|key| KeyEntry::unbounded(PLAIN_KEY_NAME, key)));
    let start = Instant::now();
    let usages: Mutex<HashMap<String, Arc<Mutex<Usage>>>> = Mutex::default();
    let load = move || {
        let mut entries = fixed.clone();
        if let Some(file) = &file {
            entries.extend(keys::read(file)?);
        }
        keys::check(&entries)?;
        ensure!(!entries.is_empty(), "there is no key: nobody could use the server");
        let mut usages = usages.lock().unwrap_or_else(PoisonError::into_inner);
        let names: HashSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        usages.retain(|name, _| names.contains(name.as_str()));
        let key = |entry: KeyEntry| {
            let usage = Arc::clone(usages.entry(entry.name.clone()).or_default());
            Arc::new(Key { quota: entry.quota(), entry, usage, start })
        };
        Ok(entries.into_iter().map(key).collect())
    };
    Watched::new("api keys", files, load)
}

/// Refuses to be open to the world by accident.
///
/// # Errors
/// The server would listen on an address that others can reach, asks for no keys, and isn't told that this is meant.
pub fn check_exposure(config: &Config) -> anyhow::Result<()> {
    let server = &config.server;
    if server.allow_open || server.asks_for_keys() {
        return Ok(());
    }
    // A name that can't be resolved can't be listened on either; that is said where it is tried.
    let addresses = (server.host.as_str(), server.port).to_socket_addrs().into_iter().flatten();
    if addresses.into_iter().any(|address| !address.ip().is_loopback()) {
        bail!(
            "anybody who reaches {} could use the server: give it API keys (server.keys_file, SVARA_API_KEY), or say \
             that this is meant (server.allow_open, --allow-open, SVARA_ALLOW_OPEN=1), or listen on 127.0.0.1",
            server.host
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_in(headers: &[(&'static str, &str)], uri: &str) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        key_of(&map, &uri.parse().unwrap())
    }

    #[test]
    fn keys_come_where_clients_put_them() {
        let key = Some("k".to_owned());
        assert_eq!(key_in(&[("authorization", "Bearer k")], "/"), key);
        assert_eq!(key_in(&[("authorization", "bearer  k ")], "/"), key);
        assert_eq!(key_in(&[("xi-api-key", "k")], "/"), key);
        assert_eq!(key_in(&[("authorization", "Basic x"), ("xi-api-key", "k")], "/"), key);
        assert_eq!(key_in(&[("upgrade", "websocket")], "/?a=b&xi_api_key=k"), key);
        assert_eq!(key_in(&[("upgrade", "websocket")], "/?authorization=Bearer%20k"), key);
        // Queries of other requests stand in logs and histories.
        assert_eq!(key_in(&[], "/?xi_api_key=k"), None);
        assert_eq!(key_in(&[("authorization", "Bearer ")], "/"), None);
    }

    #[test]
    fn usage_outlives_a_reload_and_a_key_taken_out_is_gone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keys.toml");
        let entry = |name: &str, key: &str| {
            let hash = KeyHash::of(key).hex();
            format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{hash}\"\nrequests_per_minute = 1\n")
        };
        std::fs::write(&file, entry("a", "1") + &entry("b", "2")).unwrap();
        let config = ServerConfig { keys_file: file.clone(), ..ServerConfig::default() };
        let auth = Auth::new(&config).unwrap();
        let name = |key: &str| {
            auth.caller(Some(key)).unwrap().start_stream(1).unwrap().key_name().map(str::to_owned)
        };
        assert_eq!(name("1").as_deref(), Some("a"));
        assert_eq!(auth.caller(Some("1")).unwrap_err().status, 429);
        assert_eq!(auth.caller(None).unwrap_err().status, 401);
        assert_eq!(auth.caller(Some("3")).unwrap_err().status, 401);
        std::fs::write(&file, entry("a", "one") + &entry("c", "3")).unwrap();
        auth.look();
        assert_eq!(auth.caller(Some("1")).unwrap_err().status, 401);
        assert_eq!(auth.caller(Some("2")).unwrap_err().status, 401);
        assert_eq!(auth.caller(Some("one")).unwrap_err().status, 429);
        assert_eq!(name("3").as_deref(), Some("c"));
        std::fs::write(&file, "[[keys]]\nname = 5").unwrap();
        auth.look();
        assert_eq!(auth.caller(Some("one")).unwrap_err().status, 429, "a broken file changes nothing");
    }

    #[test]
    fn nothing_is_spoken_before_a_key_is_known() {
        let open = Auth::new(&ServerConfig::default()).unwrap();
        assert!(open.nobody_yet().start_stream(1).is_ok() && open.caller(None).is_ok());
        let config = ServerConfig { api_key: crate::config::Secret::new("k"), ..ServerConfig::default() };
        let asking = Auth::new(&config).unwrap();
        assert_eq!(asking.nobody_yet().start_stream(1).unwrap_err().status, 401);
    }

    #[test]
    fn an_address_that_others_reach_needs_keys_or_a_word() {
        let exposed = |change: fn(&mut ServerConfig)| {
            let mut config = Config::default();
            change(&mut config.server);
            check_exposure(&config).is_err()
        };
        assert!(!exposed(|_| {}));
        assert!(!exposed(|server| server.host = "::1".to_owned()));
        assert!(exposed(|server| server.host = "0.0.0.0".to_owned()));
        assert!(exposed(|server| server.host = "::".to_owned()));
        assert!(!exposed(|server| {
            server.host = "0.0.0.0".to_owned();
            server.allow_open = true;
        }));
        assert!(!exposed(|server| {
            server.host = "0.0.0.0".to_owned();
            server.api_key = crate::config::Secret::new("k");
        }));
    }
}
