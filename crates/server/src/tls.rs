//! HTTPS without a proxy in front.

use crate::config;
use anyhow::{Context as _, ensure};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

/// Between two looks at the files, which whoever renews the certificate replaces.
const RELOAD_SECONDS: u64 = 60;

/// A certificate, and what it needs to greet clients with it.
pub(crate) struct Tls {
    certificate: Arc<Certificate>,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// Reads the certificate, if there is to be one.
    pub(crate) fn open(config: &config::Tls) -> anyhow::Result<Option<Self>> {
        if !config.is_on() {
            return Ok(None);
        }
        let files = Files { certificate: config.certificate_path.clone(), key: config.key_path.clone() };
        let pem = files.read()?;
        let key = pem.certified_key(&files)?;
        let certificate = Arc::new(Certificate { files, pem: RwLock::new(pem), key: RwLock::new(key) });
        let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("TLS cannot be set up")?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certificate) as _);
        // A WebSocket needs HTTP/1.1.
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self { certificate, acceptor: TlsAcceptor::from(Arc::new(server)) }))
    }

    pub(crate) const fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Looks for a new certificate again and again. One that cannot be used is told and not taken.
    pub(crate) async fn keep_fresh(&self) {
        loop {
            tokio::time::sleep(Duration::from_secs(RELOAD_SECONDS)).await;
            let certificate = Arc::clone(&self.certificate);
            match tokio::task::spawn_blocking(move || certificate.reload()).await {
                Ok(Ok(true)) => tracing::info!("the certificate was replaced"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    tracing::error!(error = format!("{error:#}"), "the certificate stays as it is");
                }
                Err(error) => tracing::error!(%error, "the certificate stays as it is"),
            }
        }
    }
}

/// The certificate of now.
#[derive(Debug)]
struct Certificate {
    files: Files,
    pem: RwLock<Pem>,
    key: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Takes what is in the files; false if that is what is there already.
    fn reload(&self) -> anyhow::Result<bool> {
        let pem = self.files.read()?;
        if pem == *self.pem.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(false);
        }
        let key = pem.certified_key(&self.files)?;
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
        *self.pem.write().unwrap_or_else(PoisonError::into_inner) = pem;
        Ok(true)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.key.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn read(&self) -> anyhow::Result<Pem> {
        let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        Ok(Pem { certificate: read(&self.certificate)?, key: read(&self.key)? })
    }
}

/// What is in the files.
#[derive(PartialEq, Eq)]
struct Pem {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a certificate and its key")
    }
}

impl Pem {
    /// The chain and its key, if they belong together.
    fn certified_key(&self, files: &Files) -> anyhow::Result<Arc<CertifiedKey>> {
        let path = files.certificate.display();
        let chain = CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| anyhow::anyhow!("{path} is no PEM: {error}"))?;
        ensure!(!chain.is_empty(), "there is no certificate in {path}");
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| {
            anyhow::anyhow!("there is no private key in {}: {error}", files.key.display())
        })?;
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
        let certified =
            certified.with_context(|| format!("{path} and {} do not go together", files.key.display()))?;
        Ok(Arc::new(certified))
    }
}
