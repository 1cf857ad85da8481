//! What the operator writes to say where files are kept.

use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where files are kept: `file:` for a directory next to the database, `file:/PATH` for another, or
/// `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesUrl {
    /// A directory, or the one that the server chooses.
    Directory(Option<PathBuf>),
    /// A bucket of an object store.
    S3(S3Bucket),
}

/// A bucket of an object store that speaks S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Bucket {
    /// Its name.
    pub name: String,
    /// In front of the name of every object; empty if the bucket is for files alone.
    pub prefix: String,
    /// Where the store is, if it is not Amazon's.
    pub endpoint: Option<String>,
    /// Its region; `us-east-1` if none is named.
    pub region: Option<String>,
}

impl S3Bucket {
    /// Where a browser that follows a signed address asks: a scheme, a host, and a port if it is an unusual one.
    pub fn origin(&self) -> String {
        let Some(endpoint) = &self.endpoint else {
            return format!("https://s3.{}.amazonaws.com", self.region.as_deref().unwrap_or("us-east-1"));
        };
        let host = endpoint.find("://").map_or(0, |scheme| scheme + 3);
        let end = endpoint[host..].find('/').map_or(endpoint.len(), |path| host + path);
        endpoint[..end].to_owned()
    }
}

/// The keys to a bucket. Without them, those of the environment or the machine's role are used.
#[derive(Clone)]
pub struct S3Credentials {
    /// Says who asks.
    pub access_key: String,
    /// Proves it.
    pub secret_key: String,
}

/// The text does not say where files are kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected file:, file:/PATH, or s3://BUCKET/PREFIX?endpoint=URL&region=NAME")]
pub struct ParseFilesUrlError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    endpoint: Option<String>,
    region: Option<String>,
}

impl FromStr for FilesUrl {
    type Err = ParseFilesUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Ok(Self::Directory(None)),
                _ if path.starts_with('/') => Ok(Self::Directory(Some(path.into()))),
                _ => Err(ParseFilesUrlError),
            };
        }
        let text = text.strip_prefix("s3://").ok_or(ParseFilesUrlError)?;
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let Query { endpoint, region } = serde_urlencoded::from_str(query).map_err(|_| ParseFilesUrlError)?;
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if name.is_empty() || !endpoint.as_ref().is_none_or(is_web) {
            return Err(ParseFilesUrlError);
        }
        let prefix = prefix.trim_matches('/').to_owned();
        Ok(Self::S3(S3Bucket { name: name.to_owned(), prefix, endpoint, region }))
    }
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Credentials").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}
