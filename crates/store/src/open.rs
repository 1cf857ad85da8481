//! The one place where the database is chosen.

use crate::{Committed, MigrationError, Migrator, Store, StoreError, postgres, sqlite};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// Which database, from `database.url`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:` followed by a path; without one, `natter.db` in the data directory.
    Sqlite(Option<PathBuf>),
    /// `postgres://…`
    Postgres(String),
}

impl DatabaseUrl {
    /// The file of an embedded database; a database server has none here.
    pub fn file(&self, data_dir: &Path) -> Option<PathBuf> {
        match self {
            Self::Sqlite(path) => Some(embedded(path.as_deref(), data_dir)),
            Self::Postgres(_) => None,
        }
    }
}

pub(crate) fn embedded(path: Option<&Path>, data_dir: &Path) -> PathBuf {
    path.map_or_else(|| data_dir.join("natter.db"), Path::to_owned)
}

impl FromStr for DatabaseUrl {
    type Err = OpenError;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return Ok(Self::Sqlite((!path.is_empty()).then(|| PathBuf::from(path))));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let scheme = url.split(':').next().unwrap_or_default();
        Err(OpenError::UnknownUrl(scheme.to_owned()))
    }
}

impl fmt::Debug for DatabaseUrl {
    /// Never shows a password either.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for DatabaseUrl {
    /// Never shows a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(None) => f.write_str("sqlite:"),
            Self::Sqlite(Some(path)) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                // A password can stand before the host and among the parameters.
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                let place = place.split('?').next().unwrap_or_default();
                write!(f, "{scheme}://{place}")
            }
        }
    }
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Which.
    pub url: DatabaseUrl,
    /// Where an embedded database lives.
    pub data_dir: PathBuf,
    /// Connections for reading.
    pub readers_max: u32,
    /// Names the log if the database is new: 16 hexadecimal digits drawn by the caller.
    pub new_epoch: String,
}

/// An open database and what it commits.
pub struct Opened {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Its committed events.
    pub committed: Committed,
}

/// Why a database could not be opened. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No database speaks this.
    #[error("database.url begins with {0:?}; it must be sqlite: or postgres://user:password@host/database")]
    UnknownUrl(String),
    /// The file or server cannot be reached.
    #[error("{0}")]
    Unreachable(String),
    /// It can be reached, but it would not keep what it acknowledges.
    #[error("{0}")]
    Unsafe(String),
    /// Its schema is not one that this program can use.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// It failed while being opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a database, brings its schema up to date and starts its commit pipeline.
pub async fn open(options: OpenOptions) -> Result<Opened, OpenError> {
    match &options.url {
        DatabaseUrl::Sqlite(path) => {
            sqlite::open(embedded(path.as_deref(), &options.data_dir), options).await
        }
        DatabaseUrl::Postgres(url) => postgres::open(url.clone(), options).await,
    }
}

/// Opens a database for migrating only.
pub async fn migrator(options: &OpenOptions) -> Result<Box<dyn Migrator>, OpenError> {
    match &options.url {
        DatabaseUrl::Sqlite(path) => sqlite::migrator(embedded(path.as_deref(), &options.data_dir)).await,
        DatabaseUrl::Postgres(url) => postgres::migrator(url).await,
    }
}
