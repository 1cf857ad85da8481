//! `files.*`

use super::setting::{Rule, optional, settings};
use natter_files::blobs::FilesUrl;
use natter_files::kind::{ParseTypesError, TYPES_DEFAULT, Types};
use natter_protocol::limits;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// More than any disk has: a mebibyte of gibibytes.
const BYTES_MAX: u64 = 1 << 50;

settings! {
    /// Files that people send.
    pub struct Files {
        /// Where their content is kept: `file:` is the directory `files` in the data directory, `file:/PATH` another
        /// one. For a bucket of an object store that speaks S3, its name, what is put in front of all keys, and, unless it
        /// is Amazon's, where it is and its region.
        pub url: FilesPlace = FilesPlace::default(),
            Rule::Text("file:, file:/PATH or s3://BUCKET/PREFIX?endpoint=URL&region=NAME");
        /// Access key for the bucket. When empty, what the environment or the machine has is used.
        pub s3_access_key: String = String::new(), Rule::Text("empty or a key");
        /// Secret key for the bucket.
        #[serde(with = "optional")]
        pub s3_secret_key: Option<SecretKey> = None, Rule::Secret("empty or a key");
        /// Bytes of a file.
        pub size_bytes_max: u64 = limits::FILE_BYTES_MAX, Rule::Whole(1..=BYTES_MAX);
        /// Types of files that are taken, by their extensions. A file must be by its content what its extension says. Of
        /// a type that natter does not know is only checked that it is none that it does know, and it is never shown.
        pub types_allowed: Vec<FileType> = FileType::usual(),
            Rule::List("extensions such as pdf or png");
        /// Bytes of all files of one user; 0 is no limit.
        pub user_bytes_max: u64 = 0, Rule::Whole(0..=BYTES_MAX);
        /// Bytes of all content together; 0 is no limit. What several people have is kept once.
        pub total_bytes_max: u64 = 0, Rule::Whole(0..=BYTES_MAX);
        /// Bytes of the disk that uploads leave free, so that the database on the same disk can go on.
        pub free_bytes_min: u64 = 536_870_912, Rule::Whole(0..=BYTES_MAX);
        /// Seconds for which a link to a file works without a token.
        pub link_seconds: u32 = limits::FILE_LINK_SECONDS, Rule::Whole(10..=86_400);
        /// Seconds for which nothing of an upload may arrive. However long it takes in all, it is not cut off as long as
        /// it goes on.
        pub stall_seconds_max: u32 = 30, Rule::Whole(1..=600);
        /// Whether files are fetched from the object store itself: the server then answers with an address there that
        /// works for as long as a link.
        pub redirect: bool = false, Rule::Switch;
    }
}

/// Where content is kept, as the operator wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilesPlace {
    text: String,
    url: FilesUrl,
}

impl FilesPlace {
    /// What it means.
    pub const fn url(&self) -> &FilesUrl {
        &self.url
    }
}

impl Default for FilesPlace {
    fn default() -> Self {
        Self { text: "file:".to_owned(), url: FilesUrl::Directory(None) }
    }
}

impl TryFrom<String> for FilesPlace {
    type Error = natter_files::blobs::ParseFilesUrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(Self { url: text.parse()?, text })
    }
}

impl From<FilesPlace> for String {
    fn from(place: FilesPlace) -> Self {
        place.text
    }
}

/// A type of files, by its extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct FileType(String);

impl FileType {
    /// What is taken unless the operator says otherwise.
    fn usual() -> Vec<Self> {
        TYPES_DEFAULT.split(',').map(|extension| Self(extension.to_owned())).collect()
    }
}

impl TryFrom<String> for FileType {
    type Error = ParseTypesError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Types::parse(&text)?;
        Ok(Self(text))
    }
}

/// A secret that is neither printed nor logged.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(String);

impl SecretKey {
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretKey {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Serialize for SecretKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}

impl Files {
    /// The types of files that are taken.
    pub fn types(&self) -> Result<Types, ParseTypesError> {
        let list: Vec<_> = self.types_allowed.iter().map(|FileType(extension)| extension.as_str()).collect();
        Types::parse(&list.join(","))
    }

    /// What is wrong with settings that are right one by one.
    pub(super) fn conflicts(&self) -> Vec<&'static str> {
        let mut conflicts = Vec::new();
        if self.s3_access_key.is_empty() != self.s3_secret_key.is_none() {
            conflicts.push(
                "files.s3_access_key and files.s3_secret_key belong together: set both, or neither for what the \
                 environment or the machine has",
            );
        }
        if self.redirect && matches!(self.url.url, FilesUrl::Directory(_)) {
            conflicts.push(
                "files.redirect is on, but files.url is a directory, which nobody but this server can reach: set \
                 files.url to s3://…, or files.redirect to false",
            );
        }
        conflicts
    }
}
