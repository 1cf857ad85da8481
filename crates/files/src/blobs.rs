//! Where the content of files is kept: a directory of this machine, or an object store that speaks S3.
//!
//! Content is written once under a key that is never used again, and is never changed. So nothing that reads it, copies
//! it or deletes it has to ask whether it is still the same.

mod disk;
mod key;
#[cfg(feature = "s3")]
mod s3;
mod url;

pub use key::{BlobKey, ParseBlobKeyError};
pub use url::{FilesUrl, ParseFilesUrlError, S3Bucket, S3Credentials};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use natter_protocol::{ErrorCode, ThumbnailSize, Timestamp};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt as _, PutPayload};
use std::error::Error;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Content as it is read, piece by piece.
pub type Content = BoxStream<'static, io::Result<Bytes>>;

/// Where content is kept. A clone is the same.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// In front of every key; empty, or what the URL says.
    prefix: ObjectPath,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Disk(Arc<LocalFileSystem>),
    #[cfg(feature = "s3")]
    S3(Arc<object_store::aws::AmazonS3>),
}

/// Content that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its key.
    pub key: BlobKey,
    /// Bytes.
    pub size: u64,
    /// When it was written, by the clock of where it is kept.
    pub written_at: Timestamp,
}

/// Why content cannot be kept or given out.
#[derive(Debug, thiserror::Error)]
pub enum BlobsError {
    /// Nothing is kept under this key.
    #[error("nothing is kept under this key")]
    NotFound,
    /// There is no room left.
    #[error("there is no room left for files")]
    StorageFull,
    /// The URL names a store that this program was built without.
    #[error(
        "this program was built without S3: build it with the feature `s3`, or set files.url to a directory"
    )]
    NotBuiltIn,
    /// The disk or the object store does not do what it should.
    #[error("files cannot be reached where they are kept")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl Blobs {
    /// Opens the place that a URL names. `file:` alone is `directory`, which is made if it is not there. Blocks.
    ///
    /// Whether an object store answers shows with [`Self::check`].
    #[cfg_attr(not(feature = "s3"), expect(unused_variables, reason = "a directory needs no keys"))]
    pub fn open(
        url: &FilesUrl,
        directory: &Path,
        credentials: Option<&S3Credentials>,
    ) -> Result<Self, BlobsError> {
        match url {
            FilesUrl::Directory(path) => {
                let disk = Arc::new(disk::open(path.as_deref().unwrap_or(directory))?);
                Ok(Self {
                    store: Arc::clone(&disk) as _,
                    prefix: ObjectPath::default(),
                    place: Place::Disk(disk),
                })
            }
            #[cfg(feature = "s3")]
            FilesUrl::S3(bucket) => {
                let s3 = Arc::new(s3::open(bucket, credentials)?);
                let prefix = ObjectPath::from(bucket.prefix.as_str());
                Ok(Self { store: Arc::clone(&s3) as _, prefix, place: Place::S3(s3) })
            }
            #[cfg(not(feature = "s3"))]
            FilesUrl::S3(_) => Err(BlobsError::NotBuiltIn),
        }
    }

    /// Whether the place answers. For the start: a wrong password is better told then than at the first file.
    pub async fn check(&self) -> Result<(), BlobsError> {
        self.store.list(Some(&self.prefix)).next().await.transpose()?;
        Ok(())
    }

    /// Keeps a file that is on this machine's disk. When this returns the content survives a power cut. The file stays;
    /// on the same file system it is not copied, so nothing may write to it any more.
    pub async fn keep(&self, key: &BlobKey, staged: &Path) -> Result<(), BlobsError> {
        let path = self.path(key);
        match &self.place {
            Place::Disk(disk) => disk::keep(disk, &path, staged).await,
            #[cfg(feature = "s3")]
            Place::S3(s3) => s3::keep(s3, &path, staged).await,
        }
    }

    /// Keeps some bytes, such as a thumbnail; as durable as [`Self::keep`].
    pub async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), BlobsError> {
        self.store.put(&self.path(key), PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// Reads content, or a part of it. A range that goes beyond the end ends with it.
    pub async fn read(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<Content, BlobsError> {
        if range.as_ref().is_some_and(Range::is_empty) {
            return Ok(stream::empty().boxed());
        }
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.store.get_opts(&self.path(key), options).await?;
        Ok(match found.payload {
            GetResultPayload::File(file, _) => disk::read(file, found.range).boxed(),
            GetResultPayload::Stream(pieces) => pieces.map_err(io::Error::other).boxed(),
        })
    }

    /// Deletes content, and with a file's content its thumbnails. Deleting what is not there is no fault.
    pub async fn delete(&self, key: &BlobKey) -> Result<(), BlobsError> {
        for key in key.with_thumbnails() {
            match self.store.delete(&self.path(&key)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// All that is kept, in no order. What was not written by this program is left out.
    pub fn list(&self) -> BoxStream<'static, Result<Kept, BlobsError>> {
        let prefix = self.prefix.clone();
        let kept = move |meta: object_store::ObjectMeta| {
            let key = meta.location.prefix_match(&prefix)?.map(|part| part.as_ref().to_owned());
            let key = key.collect::<Vec<_>>().join("/").parse().ok()?;
            let written_at = Timestamp::from_millis(meta.last_modified.timestamp_millis());
            Some(Kept { key, size: meta.size, written_at })
        };
        let listed = self.store.list(Some(&self.prefix)).map_err(BlobsError::from);
        listed.try_filter_map(move |meta| std::future::ready(Ok(kept(meta)))).boxed()
    }

    /// An address at which the object store itself gives the content out for a while, under the given
    /// `Content-Disposition` and `Content-Type`; none for a directory.
    #[cfg_attr(
        not(feature = "s3"),
        expect(unused_variables, clippy::unused_async, reason = "a directory signs nothing")
    )]
    pub async fn signed_url(
        &self,
        key: &BlobKey,
        valid: Duration,
        disposition: &str,
        media_type: &str,
    ) -> Result<Option<String>, BlobsError> {
        match &self.place {
            Place::Disk(_) => Ok(None),
            #[cfg(feature = "s3")]
            Place::S3(s3) => {
                s3::signed_url(s3, &self.path(key), valid, disposition, media_type).await.map(Some)
            }
        }
    }

    fn path(&self, key: &BlobKey) -> ObjectPath {
        let path = key.to_string();
        path.split('/').fold(self.prefix.clone(), ObjectPath::join)
    }
}

impl BlobsError {
    /// The code that the client gets.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound => ErrorCode::NotFound,
            Self::StorageFull => ErrorCode::StorageFull,
            Self::NotBuiltIn => ErrorCode::Internal,
            Self::Failed(_) => ErrorCode::Unavailable,
        }
    }
}

impl From<object_store::Error> for BlobsError {
    fn from(error: object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::NotFound;
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(source) = cause {
            if source.downcast_ref().is_some_and(crate::intake::is_full) {
                return Self::StorageFull;
            }
            cause = source.source();
        }
        Self::Failed(Box::new(error))
    }
}

impl From<io::Error> for BlobsError {
    fn from(error: io::Error) -> Self {
        if crate::intake::is_full(&error) { Self::StorageFull } else { Self::Failed(Box::new(error)) }
    }
}

impl BlobKey {
    /// This key and those that are deleted with it.
    fn with_thumbnails(&self) -> Vec<Self> {
        let sizes = [ThumbnailSize::Small, ThumbnailSize::Large];
        let thumbnails = sizes.into_iter().filter_map(|size| self.thumbnail(size));
        std::iter::once(self.clone()).chain(thumbnails).collect()
    }
}
