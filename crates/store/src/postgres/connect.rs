//! Getting to the server, and finding out whether it keeps what it acknowledges.

use crate::open::OpenError;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool, Row as _};
use std::str::FromStr as _;
use std::time::Duration;

/// The oldest PostgreSQL that is tested, in the form of `server_version_num`.
const VERSION_MIN: i32 = 150_000;
/// Until a server must have taken a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Until a read must have got a connection of the pool.
const READER_WAIT_MAX: Duration = Duration::from_secs(5);
/// A connection that was idle for longer is tried before it is used, so that a restart of the server goes unnoticed.
const READER_IDLE_TRUSTED: Duration = Duration::from_secs(1);

/// Every statement of this program finds its rows by key, so the planner need not think of reading a table whole: a
/// plan that it made while the table was small would be kept as it grows. To compile a plan, or to start helpers for it,
/// would take longer than to run it. Keys are looked up once each, so to remember what was found under them (memoize) only
/// costs: a quarter of the time of a page among 5,000 conversations. And a node that was stopped or cut off in the middle of a transaction must not keep
/// conversations locked for the others.
pub(super) const SETTINGS: &str = "
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET enable_memoize = off;
    SET plan_cache_mode = force_generic_plan;
    SET jit = off;
    SET max_parallel_workers_per_gather = 0;
    SET idle_in_transaction_session_timeout = '5s';
    SET tcp_keepalives_idle = 5;
    SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3";

const INSPECT: &str = "
    SELECT current_setting('server_version_num')::int AS version,
           current_setting('server_version') AS version_text,
           current_setting('synchronous_commit') AS synchronous_commit,
           current_setting('fsync') AS fsync,
           current_setting('server_encoding') AS encoding,
           pg_is_in_recovery() AS standby";

/// Where the server is.
pub(super) struct Server(PgConnectOptions);

impl Server {
    pub(super) fn new(url: &str) -> Result<Self, OpenError> {
        let options = PgConnectOptions::from_str(url).map_err(|error| {
            OpenError::Unreachable(format!(
                "database.url cannot be read: {error}. It must look like postgres://user:password@host:5432/database."
            ))
        })?;
        Ok(Self(options.application_name("natter").disable_statement_logging()))
    }

    /// The URL of another database of the same server.
    pub(super) fn url_of(&self, database: &str) -> String {
        self.0.clone().database(database).to_url_lossy().into()
    }

    /// The first connection: whatever is wrong with the server is said here, before anything depends on it.
    pub(super) async fn open(&self) -> Result<PgConnection, OpenError> {
        let mut connection = self.connect().await.map_err(|error| self.unreachable(&error))?;
        let fault = inspect(&mut connection).await.map_err(|error| self.unreachable(&error))?;
        match fault {
            None => Ok(connection),
            Some(fault) => Err(OpenError::Unsafe(fault)),
        }
    }

    /// A connection after the first, which may lead to a server that was configured anew, or to another one.
    pub(super) async fn reopen(&self) -> sqlx::Result<PgConnection> {
        let mut connection = self.connect().await?;
        match inspect(&mut connection).await? {
            None => Ok(connection),
            Some(fault) => Err(sqlx::Error::Configuration(fault.into())),
        }
    }

    /// Connections for reading; none is made before it is needed.
    pub(super) fn readers(&self, connections_max: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections_max.max(1))
            .acquire_timeout(READER_WAIT_MAX)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    sqlx::raw_sql(SETTINGS).execute(connection).await?;
                    Ok(())
                })
            })
            .test_before_acquire(false)
            .before_acquire(|connection, pooled| {
                Box::pin(async move {
                    if pooled.idle_for > READER_IDLE_TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(self.0.clone())
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let connect = async {
            let mut connection = PgConnection::connect_with(&self.0).await?;
            sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
            Ok(connection)
        };
        tokio::time::timeout(CONNECT_TIME_MAX, connect)
            .await
            .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    }

    fn unreachable(&self, error: &sqlx::Error) -> OpenError {
        let host = match self.0.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", self.0.get_host(), self.0.get_port()),
        };
        let user = self.0.get_username();
        let database = self.0.get_database().unwrap_or(user);
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        OpenError::Unreachable(match code.as_deref() {
            Some("28P01" | "28000") => format!(
                "PostgreSQL at {host} does not let user {user:?} in: {error}. Check the user name and password in \
                 database.url, and pg_hba.conf on the server."
            ),
            Some("3D000") => format!(
                "PostgreSQL at {host} has no database {database:?}. Create it (createdb --encoding=UTF8 {database}) or \
                 correct database.url."
            ),
            _ => format!(
                "cannot connect to PostgreSQL at {host}: {error}. Check that it is running and that database.url names \
                 the right host and port."
            ),
        })
    }
}

/// Says what is wrong with a server that can be reached, and what to do.
async fn inspect(connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
    let row = sqlx::query(INSPECT).fetch_one(connection).await?;
    let version: i32 = row.try_get("version")?;
    let synchronous_commit: &str = row.try_get("synchronous_commit")?;
    let encoding: &str = row.try_get("encoding")?;
    if version < VERSION_MIN {
        let version: &str = row.try_get("version_text")?;
        return Ok(Some(format!(
            "this is PostgreSQL {version}; natter needs 15 or later. Upgrade the server."
        )));
    }
    if row.try_get("standby")? {
        return Ok(Some(
            "this PostgreSQL server is a standby and takes no writes. Point database.url at the primary."
                .to_owned(),
        ));
    }
    if !matches!(synchronous_commit, "on" | "remote_apply") {
        return Ok(Some(format!(
            "PostgreSQL has synchronous_commit = {synchronous_commit}, with which acknowledged messages can be lost. Set it \
             to on, in postgresql.conf or with ALTER DATABASE … SET synchronous_commit = on."
        )));
    }
    if encoding != "UTF8" {
        return Ok(Some(format!(
            "the database has encoding {encoding}, which cannot hold every message. Create one with \
             createdb --encoding=UTF8 --template=template0."
        )));
    }
    if row.try_get::<&str, _>("fsync")? == "off" {
        tracing::warn!("PostgreSQL runs with fsync = off: a power cut can destroy the whole database");
    }
    Ok(None)
}
