//! What the rules ask about what only one user sees, in PostgreSQL.

use crate::apply::rows::PersonalRows;
use crate::postgres::row::{to_time, to_uuids};
use crate::postgres::statement as sql;
use crate::postgres::transaction::{Step, Transaction};
use crate::text_enum::TextEnum as _;
use natter_protocol::{
    ConversationId, Draft, ErrorCode, MessageId, ScheduledMessage, ScheduledMessageId, Timestamp, UserId,
};

impl PersonalRows for Transaction<'_> {
    async fn count_drafts(&mut self, user: UserId, besides: ConversationId) -> Step<u64> {
        self.number(sqlx::query(sql::COUNT_DRAFTS).bind(user.uuid()).bind(besides.uuid())).await
    }

    async fn put_draft(&mut self, user: UserId, draft: &Draft) -> Step<()> {
        let statement = sqlx::query(sql::PUT_DRAFT)
            .bind(user.uuid())
            .bind(draft.conversation_id.uuid())
            .bind(&draft.content)
            .bind(draft.reply_to.map(MessageId::uuid))
            .bind(to_time(draft.updated_at));
        self.run(statement).await
    }

    async fn delete_draft(&mut self, user: UserId, id: ConversationId) -> Step<()> {
        self.run(sqlx::query(sql::DELETE_DRAFT).bind(user.uuid()).bind(id.uuid())).await
    }

    async fn count_scheduled(&mut self, user: UserId) -> Step<u64> {
        self.number(sqlx::query(sql::COUNT_SCHEDULED).bind(user.uuid())).await
    }

    async fn insert_scheduled(&mut self, author: UserId, scheduled: &ScheduledMessage) -> Step<()> {
        let statement = sqlx::query(sql::INSERT_SCHEDULED)
            .bind(scheduled.id.uuid())
            .bind(author.uuid())
            .bind(scheduled.conversation_id.uuid())
            .bind(&scheduled.content)
            .bind(scheduled.reply_to.map(MessageId::uuid))
            .bind(scheduled.thread_id.map(MessageId::uuid))
            .bind(to_time(scheduled.send_at))
            .bind(to_time(scheduled.created_at))
            .bind(scheduled.kind.to_text());
        self.run(statement).await
    }

    async fn delete_scheduled(&mut self, id: ScheduledMessageId, author: UserId) -> Step<bool> {
        self.changes(sqlx::query(sql::DELETE_SCHEDULED).bind(id.uuid()).bind(author.uuid())).await
    }

    async fn fail_scheduled(&mut self, id: ScheduledMessageId, failure: ErrorCode) -> Step<bool> {
        self.changes(sqlx::query(sql::FAIL_SCHEDULED).bind(id.uuid()).bind(failure.to_text())).await
    }

    async fn is_blocked(&mut self, one: UserId, other: UserId) -> Step<bool> {
        self.is_blocked_by_any(one, &[other]).await
    }

    async fn is_blocked_by_any(&mut self, user: UserId, others: &[UserId]) -> Step<bool> {
        self.is(sqlx::query(sql::IS_BLOCKED_BY_ANY).bind(user.uuid()).bind(to_uuids(others))).await
    }

    async fn has_blocked(&mut self, blocker: UserId, other: UserId) -> Step<bool> {
        self.is(sqlx::query(sql::HAS_BLOCKED).bind(blocker.uuid()).bind(other.uuid())).await
    }

    async fn count_blocks(&mut self, blocker: UserId) -> Step<u64> {
        self.number(sqlx::query(sql::COUNT_BLOCKS).bind(blocker.uuid())).await
    }

    async fn insert_block(&mut self, blocker: UserId, other: UserId, at: Timestamp) -> Step<bool> {
        let statement =
            sqlx::query(sql::INSERT_BLOCK).bind(blocker.uuid()).bind(other.uuid()).bind(to_time(at));
        self.changes(statement).await
    }

    async fn delete_block(&mut self, blocker: UserId, other: UserId) -> Step<bool> {
        self.changes(sqlx::query(sql::DELETE_BLOCK).bind(blocker.uuid()).bind(other.uuid())).await
    }
}
