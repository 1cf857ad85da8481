//! Fetches pages and pictures.

use super::parse::{self, Said};
use super::vet::Reach;
use crate::access::Cidr;
use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use natter_chat::{PageFault, Pages, WebPage};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use url::{Host, Url};

/// Seconds for a page or a picture, with all redirects.
const FETCH_SECONDS_MAX: u64 = 5;
/// Bytes of a page that are read; what it says about itself stands at its beginning.
const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a picture; a larger one is not shown.
const PICTURE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Redirects that are followed.
const REDIRECTS_MAX: usize = 3;
/// Characters of an address.
const URL_CHARS_MAX: usize = 2_048;
/// Where websites are. Other services must not be spoken to.
const PORTS: [u16; 2] = [80, 443];

/// The web, as far as previews may see it.
pub(crate) struct WebPages {
    client: Client<HttpsConnector<HttpConnector<Vetted>>, Empty<Bytes>>,
    reach: Reach,
}

impl WebPages {
    /// `allowed` is what may be asked besides the public internet. Trusts the certificate authorities that browsers
    /// trust.
    pub(crate) fn new(allowed: &[Cidr]) -> anyhow::Result<Self> {
        let reach = Reach::new(allowed.to_vec());
        let mut connector = HttpConnector::new_with_resolver(Vetted(reach.clone()));
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .context("TLS cannot be set up")?
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        // A connection that is kept could be used for a name that stands for another address by then.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { client, reach })
    }

    /// The answer at the end of all redirects, and where that is.
    async fn get(&self, url: &str, accept: &'static str) -> Result<(Url, Response<Incoming>), PageFault> {
        let mut url = Url::parse(url).map_err(|error| refused(url, error))?;
        for _ in 0..=REDIRECTS_MAX {
            self.check(&url)?;
            let answer = self.ask(&url, accept).await?;
            match answer.status() {
                StatusCode::OK => return Ok((url, answer)),
                status if status.is_redirection() => url = redirected(&url, &answer)?,
                status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                    return Err(PageFault::Unavailable(format!("{url}: {status}")));
                }
                status => return Err(PageFault::Nothing(format!("{url}: {status}"))),
            }
        }
        Err(refused(&url, "redirects too often"))
    }

    /// Whether an address may be asked at all. That of a name is looked at when it is looked up.
    fn check(&self, url: &Url) -> Result<(), PageFault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused(url, "is not on the web"));
        }
        if url.as_str().len() > URL_CHARS_MAX || !url.username().is_empty() || url.password().is_some() {
            return Err(refused(url, "is too long or has a password"));
        }
        // The client connects to a literal address without looking it up.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(refused(url, "has no host")),
        };
        if literal.is_some_and(|address| !self.reach.covers(address)) {
            return Err(refused(url, "is not on the public internet"));
        }
        let usual = url.port_or_known_default().is_some_and(|port| PORTS.contains(&port));
        if usual || literal.is_some_and(|address| self.reach.is_allowed(address)) {
            Ok(())
        } else {
            Err(refused(url, "is not at a port of websites"))
        }
    }

    async fn ask(&self, url: &Url, accept: &'static str) -> Result<Response<Incoming>, PageFault> {
        let request = Request::get(url.as_str())
            .header(header::ACCEPT, accept)
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::USER_AGENT, concat!("Natter/", env!("CARGO_PKG_VERSION"), " (link preview)"))
            .body(Empty::new())
            .map_err(|error| refused(url, error))?;
        self.client.request(request).await.map_err(|error| {
            let detail = format!("{url}: {:#}", anyhow::Error::from(error));
            // What the resolver refuses comes back as a failure to connect.
            if detail.contains(NOT_PUBLIC) {
                PageFault::Nothing(detail)
            } else {
                PageFault::Unavailable(detail)
            }
        })
    }
}

#[async_trait::async_trait]
impl Pages for WebPages {
    async fn page(&self, url: &str) -> Result<WebPage, PageFault> {
        within(url, async {
            let (at, answer) = self.get(url, "text/html, application/xhtml+xml;q=0.9").await?;
            let content_type = content_type(&answer);
            if !matches!(essence(&content_type), "text/html" | "application/xhtml+xml") {
                return Err(refused(&at, format_args!("is {content_type}, not a page")));
            }
            let html = beginning(answer.into_body(), PAGE_BYTES_MAX).await?;
            let Said { title, description, site_name, image } = parse::read(&html, &content_type, &at);
            let title = title.ok_or_else(|| refused(&at, "has no title"))?;
            Ok(WebPage { title, description, site_name, image: image.map(String::from) })
        })
        .await
    }

    async fn picture(&self, url: &str) -> Result<Bytes, PageFault> {
        within(url, async {
            let (at, answer) = self.get(url, "image/webp, image/png, image/jpeg, image/gif").await?;
            let picture = beginning(answer.into_body(), PICTURE_BYTES_MAX + 1).await?;
            if picture.len() > PICTURE_BYTES_MAX {
                return Err(refused(&at, "is too large a picture"));
            }
            Ok(picture)
        })
        .await
    }
}

/// Does something in the time that there is.
async fn within<T>(url: &str, work: impl Future<Output = Result<T, PageFault>>) -> Result<T, PageFault> {
    tokio::time::timeout(Duration::from_secs(FETCH_SECONDS_MAX), work).await.unwrap_or_else(|_late| {
        Err(PageFault::Unavailable(format!("{url}: no answer in {FETCH_SECONDS_MAX} seconds")))
    })
}

/// As much of a body as is wanted; the rest is not read.
async fn beginning(mut body: Incoming, bytes_max: usize) -> Result<Bytes, PageFault> {
    let mut read = BytesMut::new();
    while read.len() < bytes_max
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|error| PageFault::Unavailable(error.to_string()))?;
        if let Some(data) = frame.data_ref() {
            read.extend_from_slice(&data[..data.len().min(bytes_max - read.len())]);
        }
    }
    Ok(read.freeze())
}

fn redirected(from: &Url, answer: &Response<Incoming>) -> Result<Url, PageFault> {
    let location = answer.headers().get(header::LOCATION).map(HeaderValue::as_bytes);
    let location = location.and_then(|location| std::str::from_utf8(location).ok());
    let to = location.and_then(|location| from.join(location).ok());
    to.ok_or_else(|| refused(from, "redirects to nowhere"))
}

fn content_type(answer: &Response<Incoming>) -> String {
    let value = answer.headers().get(header::CONTENT_TYPE);
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase()).unwrap_or_default()
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// There is nothing to show, and there will be nothing a moment later.
fn refused(url: impl std::fmt::Display, why: impl std::fmt::Display) -> PageFault {
    PageFault::Nothing(format!("{url}: {why}"))
}

/// What the resolver says of a name that it does not look up.
const NOT_PUBLIC: &str = "stands for an address that is not on the public internet";

/// Looks names up, and refuses those with an address that may not be asked.
#[derive(Clone)]
struct Vetted(Reach);

impl tower::Service<Name> for Vetted {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self(reach) = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One bad address among good ones is a trap.
            if found.iter().all(|address| reach.covers(address.ip())) {
                Ok(found.into_iter())
            } else {
                Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    format!("{} {NOT_PUBLIC}", name.as_str()),
                ))
            }
        })
    }
}
