//! TLS with a certificate that is made for one measurement.

use crate::config;
use anyhow::{Context as _, Result};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Makes a certificate for this machine, and says where it and its key are.
pub(super) fn certify(directory: &Path) -> Result<config::Tls> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([Ipv4Addr::LOCALHOST.to_string()]).context("making a certificate")?;
    let paths = config::Tls {
        certificate_path: directory.join("certificate.pem"),
        key_path: directory.join("key.pem"),
    };
    for (path, pem) in [(&paths.certificate_path, cert.pem()), (&paths.key_path, signing_key.serialize_pem())]
    {
        std::fs::write(path, pem).with_context(|| path.display().to_string())?;
    }
    Ok(paths)
}

/// How clients speak with a server.
#[derive(Clone)]
pub(super) struct Security(Option<TlsConnector>);

/// A connection, whatever carries it.
pub(super) type Stream = Box<dyn Duplex>;

/// What carries a connection.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl Security {
    /// Trusts this certificate and no other; without one, there is no TLS.
    pub(super) fn new(certificate: Option<&Path>) -> Result<Self> {
        let Some(path) = certificate else { return Ok(Self(None)) };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(path).with_context(|| path.display().to_string())?)?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // As many people come, who were never here before.
        config.resumption = Resumption::disabled();
        Ok(Self(Some(TlsConnector::from(Arc::new(config)))))
    }

    /// Goes on above TCP. What is written must be flushed: TLS keeps what the socket does not take at once.
    pub(super) async fn secure(&self, stream: TcpStream) -> Result<Stream> {
        let Some(connector) = &self.0 else { return Ok(Box::new(stream)) };
        let server: IpAddr = stream.peer_addr()?.ip();
        Ok(Box::new(connector.connect(server.into(), stream).await?))
    }
}
