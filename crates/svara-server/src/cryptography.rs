//! The cryptography of TLS clients.

/// Selects it. Clients panic without one, also those of a store that is never asked.
pub(crate) fn choose() {
    // Fails if it has been selected before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
