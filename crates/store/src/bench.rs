//! What the same database can do at best: the yardstick of `natter bench send`.
//!
//! [`Baseline`] writes the rows that the commit pipeline writes, in transactions of the same size, over a connection
//! with the same settings, and does nothing else: no membership, no repeats, no order to keep, nobody to answer.

use crate::open::{DatabaseUrl, OpenError, OpenOptions};
use crate::{NewMessage, Result, postgres, sqlite};
use natter_protocol::Seq;

/// Bare inserts.
pub struct Baseline(Bare);

enum Bare {
    Sqlite(sqlite::bench::Bare),
    Postgres(postgres::bench::Bare),
}

impl Baseline {
    /// Connects to a database whose schema is up to date.
    pub async fn open(options: &OpenOptions) -> Result<Self, OpenError> {
        Ok(Self(match &options.url {
            DatabaseUrl::Sqlite(path) => {
                let path = crate::open::embedded(path.as_deref(), &options.data_dir);
                Bare::Sqlite(sqlite::bench::Bare::open(&path)?)
            }
            DatabaseUrl::Postgres(url) => Bare::Postgres(postgres::bench::Bare::open(url).await?),
        }))
    }

    /// What [`Baseline::insert`] does, for whoever reads the result.
    pub const fn description(url: &DatabaseUrl) -> &'static str {
        match url {
            DatabaseUrl::Sqlite(_) => sqlite::bench::DESCRIPTION,
            DatabaseUrl::Postgres(_) => postgres::bench::DESCRIPTION,
        }
    }

    /// Inserts the messages at the positions that the caller chose, in one transaction. SQLite blocks the thread.
    pub async fn insert(&mut self, batch: &[(NewMessage, Seq)]) -> Result<()> {
        match &mut self.0 {
            Bare::Sqlite(bare) => bare.insert(batch),
            Bare::Postgres(bare) => bare.insert(batch).await,
        }
    }
}

/// A database for one measurement, so that nothing of it stays behind. On a database server it is created beside the
/// given one, which is not touched; an embedded one is a new file anyway. Another of the same name is replaced.
pub async fn create_scratch(url: &DatabaseUrl, name: &str) -> Result<DatabaseUrl, OpenError> {
    match url {
        DatabaseUrl::Sqlite(_) => Ok(DatabaseUrl::Sqlite(None)),
        DatabaseUrl::Postgres(url) => {
            postgres::bench::create_scratch(url, name).await.map(DatabaseUrl::Postgres)
        }
    }
}

/// Removes what [`create_scratch`] created on a database server.
pub async fn drop_scratch(url: &DatabaseUrl, name: &str) -> Result<(), OpenError> {
    match url {
        DatabaseUrl::Sqlite(_) => Ok(()),
        DatabaseUrl::Postgres(url) => postgres::bench::drop_scratch(url, name).await,
    }
}

/// Bytes that the search index takes on the disk.
pub async fn index_bytes(options: &OpenOptions) -> Result<u64, OpenError> {
    match &options.url {
        DatabaseUrl::Sqlite(path) => {
            sqlite::bench::index_bytes(&crate::open::embedded(path.as_deref(), &options.data_dir))
        }
        DatabaseUrl::Postgres(url) => postgres::bench::index_bytes(url).await,
    }
}
