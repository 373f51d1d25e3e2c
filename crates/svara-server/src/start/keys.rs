//! API keys from the configuration, and from a file that is reloaded when it changes.

use std::{
    net::ToSocketAddrs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, bail};
use serde::Deserialize;
use svara_api::audit;
use svara_config::Config;
use svara_http::{Watched, read_file};
use svara_service::callers::{Callers, KeyEntry, KeyRing, KeyRings};

/// The name of the key that the environment or the configuration gives in plain text.
const PLAIN_KEY_NAME: &str = "api_key";

/// The keys in force, and the file they come from.
#[derive(Debug)]
pub struct Keys(Option<Arc<Watched<KeyRing>>>);

impl Keys {
    /// Reads the keys.
    ///
    /// # Errors
    /// The keys file can't be read, or a key is wrong.
    pub fn load(config: &Config) -> anyhow::Result<Self> {
        Ok(Self(config.server.asks_for_keys().then(|| watched(config)).transpose()?.map(Arc::new)))
    }

    /// Reloads the keys file when it changes, from now on.
    ///
    /// # Errors
    /// The signal can't be caught.
    pub fn follow(&self) -> std::io::Result<()> {
        self.0.as_ref().map_or(Ok(()), Watched::follow)
    }

    /// Callers that hold one of the keys in force, which follow the file.
    pub(crate) fn callers(&self) -> Callers {
        Callers::new(self.0.as_ref().map(|keys| keys.subscribe()))
    }
}

fn watched(Config { server: config, limits, .. }: &Config) -> anyhow::Result<Watched<KeyRing>> {
    let file = Some(config.keys_file.clone()).filter(|file| !file.as_os_str().is_empty());
    let files: Vec<_> = file.clone().into_iter().collect();
    let mut fixed = config.keys.clone();
    fixed.extend(config.api_key.reveal().map(plain_key));
    let (rings, share) = (KeyRings::default(), Some(limits.streams_per_key).filter(|share| *share > 0));
    // A file that can't be read is tried again every few seconds: that is told once.
    let (loaded, failing) = (AtomicBool::new(false), AtomicBool::new(false));
    let ring = move || {
        let mut entries = fixed.clone();
        if let Some(file) = &file {
            entries.extend(read(file)?);
        }
        if let (Some(file), true) = (&file, entries.is_empty()) {
            bail!("keys file {}: there are no keys in it: no client could use the server", file.display());
        }
        for entry in &mut entries {
            entry.concurrent_streams = entry.concurrent_streams.or(share);
        }
        anyhow::Ok(rings.ring(entries)?)
    };
    let load = move || {
        let ring = ring();
        let failed_before = failing.swap(ring.is_err(), Ordering::Relaxed);
        if loaded.swap(true, Ordering::Relaxed) && !(failed_before && ring.is_err()) {
            audit::keys_reloaded(ring.as_ref().ok().map(KeyRing::count));
        }
        ring
    };
    Watched::new("api keys", files, load)
}

/// The operator's own key, which may do everything.
fn plain_key(key: &str) -> KeyEntry {
    KeyEntry { admin: true, ..KeyEntry::unbounded(PLAIN_KEY_NAME, key) }
}

/// The form of the keys file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    #[serde(default)]
    keys: Vec<KeyEntry>,
}

/// Reads the keys file.
///
/// # Errors
/// The file can't be read, or has an unknown field or a wrong value.
fn read(path: &Path) -> anyhow::Result<Vec<KeyEntry>> {
    let file = || -> anyhow::Result<KeyFile> { Ok(toml::from_str(&String::from_utf8(read_file(path)?)?)?) };
    Ok(file().with_context(|| format!("keys file {}", path.display()))?.keys)
}

/// Refuses a configuration that is open to the world by accident.
///
/// # Errors
/// An address can be reached by others, no key is required there, and `server.allow_open` isn't set.
pub fn check_exposure(config: &Config) -> anyhow::Result<()> {
    let server = &config.server;
    if server.allow_open {
        return Ok(());
    }
    let addresses = server.wyoming.to_socket_addrs().into_iter().flatten();
    if addresses.into_iter().any(|address| !address.ip().is_loopback()) {
        bail!(
            "any client that reaches {} could use the server, as the Wyoming protocol has no keys: allow it explicitly \
             (server.allow_open, --allow-open, SVARA_ALLOW_OPEN=1), or set server.wyoming to an address of 127.0.0.1",
            server.wyoming
        );
    }
    if server.asks_for_keys() {
        return Ok(());
    }
    // A name that can't be resolved can't be listened on either; binding reports that.
    let addresses = (server.host.as_str(), server.port).to_socket_addrs().into_iter().flatten();
    if addresses.into_iter().any(|address| !address.ip().is_loopback()) {
        bail!(
            "any client that reaches {} could use the server: set API keys (server.keys_file, SVARA_API_KEY), allow it \
             explicitly (server.allow_open, --allow-open, SVARA_ALLOW_OPEN=1), or listen on 127.0.0.1",
            server.host
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use svara_service::{ErrorKind, callers::KeyHash};

    use super::*;

    #[test]
    fn changed_keys_apply_and_a_broken_file_is_ignored() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keys.toml");
        let entry = |name: &str, key: &str| {
            let hash = KeyHash::of(key).hex();
            format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{hash}\"\nrequests_per_minute = 1\n")
        };
        std::fs::write(&file, entry("a", "1")).unwrap();
        let mut config = Config::default();
        config.server.keys_file.clone_from(&file);
        let keys = Keys::load(&config).unwrap();
        let callers = keys.callers();
        let look = || keys.0.as_ref().unwrap().look(false);
        let refused = |key: &str| callers.identify(Some(key)).unwrap_err().kind;
        assert_eq!(callers.identify(Some("1")).unwrap().key_name(), Some("a"));
        assert_eq!(refused("1"), ErrorKind::RateLimited);
        std::fs::write(&file, entry("a", "one") + &entry("c", "3")).unwrap();
        look();
        assert_eq!(refused("1"), ErrorKind::InvalidKey);
        assert_eq!(refused("one"), ErrorKind::RateLimited, "usage survives a reload");
        assert_eq!(callers.identify(Some("3")).unwrap().key_name(), Some("c"));
        std::fs::write(&file, "[[keys]]\nname = 5").unwrap();
        look();
        assert_eq!(refused("one"), ErrorKind::RateLimited);
    }

    #[test]
    fn an_exposed_address_needs_keys() {
        let exposed = |change: fn(&mut svara_config::ServerConfig)| {
            let mut config = Config::default();
            change(&mut config.server);
            check_exposure(&config).is_err()
        };
        assert!(!exposed(|_| {}));
        assert!(!exposed(|server| server.host = "::1".to_owned()));
        assert!(exposed(|server| server.host = "0.0.0.0".to_owned()));
        assert!(exposed(|server| server.host = "::".to_owned()));
        // Wyoming has no keys.
        assert!(!exposed(|server| server.wyoming = "127.0.0.1:10200".to_owned()));
        assert!(exposed(|server| server.wyoming = "0.0.0.0:10200".to_owned()));
        assert!(exposed(|server| {
            server.wyoming = "0.0.0.0:10200".to_owned();
            server.api_key = svara_config::Secret::new("a key of at least twenty characters");
        }));
        assert!(!exposed(|server| {
            server.wyoming = "0.0.0.0:10200".to_owned();
            server.allow_open = true;
        }));
        assert!(!exposed(|server| {
            server.host = "0.0.0.0".to_owned();
            server.allow_open = true;
        }));
        assert!(!exposed(|server| {
            server.host = "0.0.0.0".to_owned();
            server.api_key = svara_service::config::Secret::new("k");
        }));
    }
}
