//! What the rules ask about what only one user sees, in SQLite.

use super::statement as sql;
use crate::apply::rows::{PersonalRows, Step};
use crate::sqlite::account;
use crate::sqlite::batch::Batch;
use crate::text_enum::TextEnum as _;
use natter_protocol::{
    ConversationId, Draft, ErrorCode, MessageId, ScheduledMessage, ScheduledMessageId, Timestamp, UserId,
};
use rusqlite::Error;

impl PersonalRows for Batch<'_> {
    async fn count_drafts(&mut self, user: UserId, besides: ConversationId) -> Step<u64, Error> {
        self.count(sql::COUNT_DRAFTS, (user.uuid(), besides.uuid()))
    }

    async fn put_draft(&mut self, user: UserId, draft: &Draft) -> Step<(), Error> {
        let (id, reply_to) = (draft.conversation_id.uuid(), draft.reply_to.map(MessageId::uuid));
        self.run(sql::PUT_DRAFT, (user.uuid(), id, &draft.content, reply_to, draft.updated_at.millis()))
    }

    async fn delete_draft(&mut self, user: UserId, id: ConversationId) -> Step<(), Error> {
        self.run(sql::DELETE_DRAFT, (user.uuid(), id.uuid()))
    }

    async fn count_scheduled(&mut self, user: UserId) -> Step<u64, Error> {
        self.count(sql::COUNT_SCHEDULED, [user.uuid()])
    }

    async fn insert_scheduled(&mut self, author: UserId, scheduled: &ScheduledMessage) -> Step<(), Error> {
        self.run(
            sql::INSERT_SCHEDULED,
            (
                scheduled.id.uuid(),
                author.uuid(),
                scheduled.conversation_id.uuid(),
                &scheduled.content,
                scheduled.reply_to.map(MessageId::uuid),
                scheduled.thread_id.map(MessageId::uuid),
                scheduled.send_at.millis(),
                scheduled.created_at.millis(),
                scheduled.kind.to_text(),
            ),
        )
    }

    async fn delete_scheduled(&mut self, id: ScheduledMessageId, author: UserId) -> Step<bool, Error> {
        self.hits(sql::DELETE_SCHEDULED, (id.uuid(), author.uuid()))
    }

    async fn fail_scheduled(&mut self, id: ScheduledMessageId, failure: ErrorCode) -> Step<bool, Error> {
        self.hits(sql::FAIL_SCHEDULED, (id.uuid(), failure.to_text()))
    }

    async fn is_blocked(&mut self, one: UserId, other: UserId) -> Step<bool, Error> {
        self.exists(sql::IS_BLOCKED, (one.uuid(), other.uuid()))
    }

    async fn is_blocked_by_any(&mut self, user: UserId, others: &[UserId]) -> Step<bool, Error> {
        for other in others {
            if self.is_blocked(user, *other).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn has_blocked(&mut self, blocker: UserId, other: UserId) -> Step<bool, Error> {
        self.exists(account::HAS_BLOCKED, (blocker.uuid(), other.uuid()))
    }

    async fn count_blocks(&mut self, blocker: UserId) -> Step<u64, Error> {
        self.count(sql::COUNT_BLOCKS, [blocker.uuid()])
    }

    async fn insert_block(&mut self, blocker: UserId, other: UserId, at: Timestamp) -> Step<bool, Error> {
        self.hits(sql::INSERT_BLOCK, (blocker.uuid(), other.uuid(), at.millis()))
    }

    async fn delete_block(&mut self, blocker: UserId, other: UserId) -> Step<bool, Error> {
        self.hits(sql::DELETE_BLOCK, (blocker.uuid(), other.uuid()))
    }
}
