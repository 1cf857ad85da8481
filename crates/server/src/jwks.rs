//! Fetches the keys of a host application from where it publishes them.

use crate::config::JwksUrl;
use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use natter_chat::KeySource;
use std::time::Duration;

/// Time for the whole fetch: name, connection and answer.
const FETCH_SECONDS_MAX: u64 = 5;
/// Bytes of a JWKS. Real ones have a few thousand.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// A JWKS on the web. Redirects are not followed: where the keys come from is the operator's word alone.
pub(crate) struct PublishedJwks {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    url: Uri,
}

impl PublishedJwks {
    /// Trusts the certificate authorities that browsers trust.
    pub(crate) fn new(url: &JwksUrl) -> anyhow::Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .context("TLS cannot be set up")?
            .https_or_http()
            .enable_http1()
            .build();
        // A connection that is kept would have to be kept for minutes.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { client, url: url.uri().clone() })
    }

    async fn get(&self) -> anyhow::Result<String> {
        let accept = HeaderValue::from_static("application/jwk-set+json, application/json");
        let request = Request::get(&self.url).header(header::ACCEPT, accept).body(Empty::<Bytes>::new())?;
        let answer = self.client.request(request).await?;
        ensure!(answer.status() == StatusCode::OK, "the answer is {}", answer.status());
        let body = Limited::new(answer.into_body(), BODY_BYTES_MAX)
            .collect()
            .await
            .map_err(anyhow::Error::from_boxed)?;
        Ok(String::from_utf8(body.to_bytes().into())?)
    }
}

#[async_trait::async_trait]
impl KeySource for PublishedJwks {
    async fn fetch(&self) -> Result<String, String> {
        match tokio::time::timeout(Duration::from_secs(FETCH_SECONDS_MAX), self.get()).await {
            Ok(fetched) => fetched.map_err(|error| format!("{}: {error:#}", self.url)),
            Err(_) => Err(format!("{}: no answer within {FETCH_SECONDS_MAX} seconds", self.url)),
        }
    }
}
