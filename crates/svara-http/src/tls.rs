//! TLS with a certificate and key that may be renewed while the server runs.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};
use tokio_rustls::TlsAcceptor;

use crate::watched::{Watched, read_file};

/// A certificate and its key, for TLS 1.2 and 1.3 with HTTP/2 and HTTP/1.1. Clones share them.
#[derive(Clone)]
pub struct Tls(Arc<Watched<ServerConfig>>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.0).finish()
    }
}

/// Why a certificate or its key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate can't be read, or isn't PEM.
    #[error("file {}", path.display())]
    Certificate {
        /// Its file.
        path: PathBuf,
        /// Why it can't be used.
        source: pem::Error,
    },
    /// The file holds no certificate.
    #[error("no certificate in {}", .0.display())]
    NoCertificate(PathBuf),
    /// The key can't be read, or isn't PEM.
    #[error("file {}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why it can't be used.
        source: pem::Error,
    },
    /// The key doesn't belong to the certificate, or rustls can't use one of them.
    #[error("the key doesn't fit the certificate")]
    Unfit(#[source] rustls::Error),
    /// rustls supports no version of TLS.
    #[error("TLS is not available")]
    Unavailable(#[source] rustls::Error),
}

impl Tls {
    /// Reads a certificate, followed by any intermediate ones, and its key. Both files are PEM.
    ///
    /// # Errors
    /// A file can't be read or isn't PEM, or the key doesn't belong to the certificate.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let files = vec![certificate.to_owned(), key.to_owned()];
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        let load = move || config(&certificate, &key);
        Ok(Self(Arc::new(Watched::new("tls certificate", files, load)?)))
    }

    /// Reloads the files when they change, and at each SIGHUP. New connections then use the new certificate. Needs a tokio
    /// runtime.
    ///
    /// # Errors
    /// SIGHUP can't be caught.
    pub fn follow(&self) -> std::io::Result<()> {
        self.0.follow()
    }

    /// Accepts connections with the current certificate.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.get())
    }
}

fn config(certificate: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let chain = read_file(certificate).map_err(pem::Error::Io);
    let chain: Vec<_> = chain
        .and_then(|chain| CertificateDer::pem_slice_iter(&chain).collect())
        .map_err(|source| TlsError::Certificate { path: certificate.to_owned(), source })?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.to_owned()));
    }
    let key = read_file(key)
        .map_err(pem::Error::Io)
        .and_then(|pem| PrivateKeyDer::from_pem_slice(&pem))
        .map_err(|source| TlsError::Key { path: key.to_owned(), source })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unavailable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Unfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
