//! TLS: a certificate and its key, which may be renewed while the server runs.

use std::{fmt, path::Path, sync::Arc};

use anyhow::{Context, ensure};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::watched::Watched;

/// The server's side of TLS 1.2 and 1.3, for HTTP/2 and HTTP/1.1.
#[derive(Clone)]
pub struct Tls(Arc<Watched<ServerConfig>>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.0).finish()
    }
}

impl Tls {
    /// Reads the certificate (with those between it and the authority's behind it) and its key, both PEM.
    ///
    /// # Errors
    /// A file can't be read or isn't PEM, or the key isn't the certificate's.
    pub fn load(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let files = vec![certificate.to_owned(), key.to_owned()];
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        let load = move || config(&certificate, &key);
        Ok(Self(Arc::new(Watched::new("tls certificate", files, load)?)))
    }

    /// Follows the files from now on.
    ///
    /// # Errors
    /// The signal can't be caught.
    pub fn follow(&self) -> std::io::Result<()> {
        self.0.follow()
    }

    /// Takes connections with the certificate that is in force now.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.get())
    }
}

fn config(certificate: &Path, key: &Path) -> anyhow::Result<ServerConfig> {
    let in_file = |path: &Path| format!("file {}", path.display());
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .with_context(|| in_file(certificate))
        .context("server.tls_cert")?;
    ensure!(!chain.is_empty(), "server.tls_cert: no certificate in {}", certificate.display());
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| in_file(key)).context("server.tls_key")?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS can't be had")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("server.tls_key doesn't fit server.tls_cert")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
