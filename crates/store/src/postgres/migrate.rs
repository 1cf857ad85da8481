//! Migrations of PostgreSQL. Each step and its record are one transaction.

use crate::migration::{self, Applied, Migration, MigrationError, MigrationStatus, Migrator, POSTGRES};
use async_trait::async_trait;
use sqlx::{Acquire as _, PgConnection, Postgres, Row as _, Transaction};

/// Held while migrating, so that nodes that start at once take turns: "natter" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'6e6174746572'::bigint)";
const KNOWN: &str = "SELECT to_regclass('schema_migrations') IS NOT NULL";
const CREATE_TABLE: &str = "CREATE TABLE schema_migrations (
    version    bigint PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)";
const APPLIED: &str = "SELECT version, name, checksum FROM schema_migrations ORDER BY version";
const RECORD: &str = "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)";
const FORGET: &str = "DELETE FROM schema_migrations WHERE version = $1";

/// Applies what is missing; answers the names of what it applied.
pub(super) async fn up(connection: &mut PgConnection) -> Result<Vec<String>, MigrationError> {
    let mut names = Vec::new();
    while let Some(name) = step_up(connection).await? {
        names.push(name);
    }
    Ok(names)
}

async fn step_up(connection: &mut PgConnection) -> Result<Option<String>, MigrationError> {
    let mut turn = take_turn(connection).await.map_err(failed)?;
    if !sqlx::query_scalar::<_, bool>(KNOWN).fetch_one(&mut *turn).await.map_err(failed)? {
        sqlx::raw_sql(CREATE_TABLE).execute(&mut *turn).await.map_err(failed)?;
    }
    let applied = applied(&mut turn).await?;
    let Some(step) = migration::missing(POSTGRES, &applied).next() else {
        // Not left to the drop, which would hand the turn on only when the connection is used again.
        turn.rollback().await.map_err(failed)?;
        return Ok(None);
    };
    let record = async |step: &Migration| {
        sqlx::raw_sql(step.up).execute(&mut *turn).await?;
        sqlx::query(RECORD)
            .bind(step.version)
            .bind(step.name)
            .bind(step.checksum())
            .execute(&mut *turn)
            .await?;
        turn.commit().await
    };
    record(step).await.map_err(failed)?;
    Ok(Some(step.name.to_owned()))
}

async fn step_down(connection: &mut PgConnection) -> Result<Option<String>, MigrationError> {
    let mut turn = take_turn(connection).await.map_err(failed)?;
    let applied = applied(&mut turn).await?;
    let Some(step) = POSTGRES.iter().rfind(|step| applied.iter().any(|entry| entry.version == step.version))
    else {
        turn.rollback().await.map_err(failed)?;
        return Ok(None);
    };
    let undo = async |step: &Migration| {
        sqlx::raw_sql(step.down).execute(&mut *turn).await?;
        sqlx::query(FORGET).bind(step.version).execute(&mut *turn).await?;
        turn.commit().await
    };
    undo(step).await.map_err(failed)?;
    Ok(Some(step.name.to_owned()))
}

/// A transaction that no other node migrates in. What it reads next was committed before.
async fn take_turn(connection: &mut PgConnection) -> sqlx::Result<Transaction<'_, Postgres>> {
    let mut turn = connection.begin().await?;
    sqlx::query(LOCK).execute(&mut *turn).await?;
    Ok(turn)
}

/// What is applied, if this program can work with it.
async fn applied(connection: &mut PgConnection) -> Result<Vec<Applied>, MigrationError> {
    let read = async |connection: &mut PgConnection| -> sqlx::Result<Vec<Applied>> {
        if !sqlx::query_scalar(KNOWN).fetch_one(&mut *connection).await? {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(APPLIED).fetch_all(connection).await?;
        rows.iter()
            .map(|row| {
                Ok(Applied {
                    version: row.try_get("version")?,
                    name: row.try_get("name")?,
                    checksum: row.try_get("checksum")?,
                })
            })
            .collect()
    };
    let applied = read(connection).await.map_err(failed)?;
    migration::check(POSTGRES, &applied)?;
    Ok(applied)
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn failed(error: sqlx::Error) -> MigrationError {
    MigrationError::Failed(error.to_string())
}

/// `natter migrate` on PostgreSQL.
pub(super) struct PostgresMigrator(PgConnection);

impl PostgresMigrator {
    pub(super) const fn new(connection: PgConnection) -> Self {
        Self(connection)
    }
}

#[async_trait]
impl Migrator for PostgresMigrator {
    async fn status(&mut self) -> Result<Vec<MigrationStatus>, MigrationError> {
        Ok(migration::status(POSTGRES, &applied(&mut self.0).await?))
    }

    async fn up(&mut self) -> Result<Vec<String>, MigrationError> {
        up(&mut self.0).await
    }

    async fn down(&mut self) -> Result<Option<String>, MigrationError> {
        step_down(&mut self.0).await
    }
}
