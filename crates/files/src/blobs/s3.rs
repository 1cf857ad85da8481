//! Content with an object store that speaks S3.

mod http;

use super::{BlobsError, S3Bucket, S3Credentials};
use ::http::Method;
use bytes::Bytes;
use futures_util::TryFutureExt as _;
use futures_util::future::try_join;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as ObjectPath;
use object_store::signer::{SignedUrlOptions, Signer as _};
use object_store::{MultipartUpload, ObjectStoreExt as _, RetryConfig};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

/// Bytes of a part, of which two are in memory: one on its way, one being read. S3 asks for 5 MiB at least.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Parts of an object (the limit of S3). With more bytes, the parts get larger.
const PARTS_MAX: u64 = 10_000;
/// How often a request is repeated that failed for no fault of its own.
const RETRIES_MAX: usize = 4;
/// For how long a request is repeated.
const RETRY_TIME_MAX: Duration = Duration::from_mins(1);

pub(super) fn open(bucket: &S3Bucket, credentials: Option<&S3Credentials>) -> Result<AmazonS3, BlobsError> {
    let mut builder = match credentials {
        Some(S3Credentials { access_key, secret_key }) => {
            AmazonS3Builder::new().with_access_key_id(access_key).with_secret_access_key(secret_key)
        }
        None => AmazonS3Builder::from_env(),
    };
    builder = builder
        .with_bucket_name(&bucket.name)
        .with_retry(RetryConfig {
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY_TIME_MAX,
            ..RetryConfig::default()
        })
        .with_http_connector(http::Connector);
    if let Some(region) = &bucket.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
    }
    Ok(builder.build()?)
}

/// Sends a file; the object appears at once and as a whole.
pub(super) async fn keep(s3: &AmazonS3, to: &ObjectPath, staged: &Path) -> Result<(), BlobsError> {
    let mut file = File::open(staged).await?;
    let size = file.metadata().await?.len();
    if size <= PART_BYTES {
        let whole = read_part(&mut file, PART_BYTES).await?;
        s3.put(to, whole.into()).await?;
        return Ok(());
    }
    let mut upload = s3.put_multipart(to).await?;
    let sent = send_parts(upload.as_mut(), &mut file, PART_BYTES.max(size.div_ceil(PARTS_MAX))).await;
    if let Err(error) = sent {
        // Best effort: what is left of an upload that broke off, a lifecycle rule of the bucket takes away.
        if let Err(error) = upload.abort().await {
            tracing::warn!(%error, "the parts of a broken upload are left with the object store");
        }
        return Err(error);
    }
    upload.complete().await?;
    Ok(())
}

pub(super) async fn signed_url(
    s3: &AmazonS3,
    path: &ObjectPath,
    valid: Duration,
    disposition: &str,
    media_type: &str,
) -> Result<String, BlobsError> {
    let options = SignedUrlOptions::new()
        .with_query([("response-content-disposition", disposition), ("response-content-type", media_type)]);
    Ok(s3.signed_url_opts(Method::GET, path, valid, &options).await?.into())
}

/// One part is on its way while the next one is read.
async fn send_parts(
    upload: &mut dyn MultipartUpload,
    file: &mut File,
    part_bytes: u64,
) -> Result<(), BlobsError> {
    let mut part = read_part(file, part_bytes).await?;
    while !part.is_empty() {
        let sending = upload.put_part(part.into());
        let reading = read_part(file, part_bytes).map_err(BlobsError::from);
        ((), part) = try_join(sending.map_err(BlobsError::from), reading).await?;
    }
    Ok(())
}

async fn read_part(file: &mut File, bytes: u64) -> io::Result<Bytes> {
    let mut part = Vec::new();
    file.take(bytes).read_to_end(&mut part).await?;
    Ok(part.into())
}
