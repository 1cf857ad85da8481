//! A transaction under way.

use super::conversation::info;
use super::row::{Columns as _, to_bigint, to_time};
use super::{Statement, statement as sql};
use crate::apply::heads::{Head, Heads};
use crate::apply::rows::Stop;
use natter_protocol::{ConversationId, MessageId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

/// What a connection does between BEGIN and COMMIT.
pub(super) struct Transaction<'a>(pub(super) &'a mut PgConnection);

pub(super) type Step<T> = crate::apply::rows::Step<T, sqlx::Error>;

impl From<sqlx::Error> for Stop<sqlx::Error> {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl Transaction<'_> {
    /// How many rows it changed.
    pub(super) async fn count(&mut self, statement: Statement<'_>) -> Step<u64> {
        Ok(statement.execute(&mut *self.0).await?.rows_affected())
    }

    /// Whether it changed anything.
    pub(super) async fn changes(&mut self, statement: Statement<'_>) -> Step<bool> {
        Ok(self.count(statement).await? > 0)
    }

    pub(super) async fn run(&mut self, statement: Statement<'_>) -> Step<()> {
        self.count(statement).await.map(drop)
    }

    /// The row, if there is one.
    pub(super) async fn first<T>(
        &mut self,
        statement: Statement<'_>,
        read: impl FnOnce(&PgRow) -> sqlx::Result<T> + Send,
    ) -> Step<Option<T>> {
        let row = statement.fetch_optional(&mut *self.0).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    pub(super) async fn all<T>(
        &mut self,
        statement: Statement<'_>,
        read: impl Fn(&PgRow) -> sqlx::Result<T> + Send,
    ) -> Step<Vec<T>> {
        let rows = statement.fetch_all(&mut *self.0).await?;
        Ok(rows.iter().map(read).collect::<sqlx::Result<_>>()?)
    }

    /// The one column of the one row.
    pub(super) async fn is(&mut self, statement: Statement<'_>) -> Step<bool> {
        Ok(statement.fetch_one(&mut *self.0).await?.try_get(0)?)
    }

    pub(super) async fn number(&mut self, statement: Statement<'_>) -> Step<u64> {
        let number: i64 = statement.fetch_one(&mut *self.0).await?.try_get(0)?;
        Ok(number.unsigned_abs())
    }

    /// Locks conversations that are not locked yet. Those that do not exist, or are deleted, are left out.
    pub(super) async fn lock(&mut self, heads: &mut Heads, conversations: Vec<Uuid>) -> sqlx::Result<()> {
        for row in sqlx::query(sql::LOCK).bind(conversations).fetch_all(&mut *self.0).await? {
            let head = head(&row)?;
            heads.heads.insert(head.info.id, head);
        }
        Ok(())
    }
}

/// What a statement that begins like [`sql::SAVE`] asks.
pub(super) fn save<'a>(sql: &'static str, heads: &[(ConversationId, &Head)]) -> Statement<'a> {
    let numbers = |number: fn(&Head) -> u64| -> Vec<i64> {
        heads.iter().map(|(_, head)| to_bigint(number(head))).collect()
    };
    sqlx::query(sql)
        .bind(heads.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
        .bind(numbers(|head| head.last_seq))
        .bind(numbers(|head| head.message_number))
        .bind(numbers(|head| head.member_count))
        .bind(heads.iter().map(|(_, head)| head.blocked).collect::<Vec<_>>())
        .bind(heads.iter().map(|(_, head)| head.appended.map(MessageId::uuid)).collect::<Vec<_>>())
        .bind(heads.iter().map(|(_, head)| to_time(head.info.updated_at)).collect::<Vec<_>>())
}

/// A conversation from [`sql::LOCK`].
pub(super) fn head(row: &PgRow) -> sqlx::Result<Head> {
    Ok(Head {
        info: info(row)?,
        last_seq: row.natural("last_seq")?,
        message_number: row.natural("message_number")?,
        member_count: row.natural("member_count")?,
        blocked: row.try_get("blocked")?,
        appended: None,
        changed: false,
    })
}
