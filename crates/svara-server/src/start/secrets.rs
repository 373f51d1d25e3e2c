//! What an operator should know of a server that is open, or whose secrets others may read.

use std::{os::unix::fs::PermissionsExt, path::Path};

use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use svara_config::ServerConfig;

/// Whether every user of this system may read a file.
const ALL_MAY_READ: u32 = 0o004;

/// Adds the metric that says whether the server asks for keys.
pub(super) fn register_open(registry: &mut Registry, is_open: bool) {
    let open: Gauge = Gauge::default();
    open.set(i64::from(is_open));
    registry.register("open", "1 if no key is required: whoever reaches the port may speak.", open);
}

/// Warns of files with secrets that all users of this system may read.
pub(super) fn warn(server: &ServerConfig) {
    let key = server.tls_files().map(|(_, key)| key);
    let keys = Some(server.keys_file.as_path()).filter(|file| !file.as_os_str().is_empty());
    for (setting, file) in [("server.keys_file", keys), ("server.tls_key", key)] {
        if let Some(file) = file.filter(|file| all_may_read(file)) {
            let file = file.display().to_string();
            tracing::warn!(setting, file, "all users of this system may read this file: chmod o-rwx");
        }
    }
}

fn all_may_read(file: &Path) -> bool {
    // A file that can't be read is reported by whatever reads it.
    std::fs::metadata(file).is_ok_and(|about| about.permissions().mode() & ALL_MAY_READ != 0)
}
