//! Writes about what belongs to one person: drafts, scheduled messages, blocks.

use super::Work;
use crate::apply::rows::{Rows, Step};
use crate::{NewScheduled, OwnChange, Refusal, Written};
use natter_protocol::{
    BlocksChange, ConversationId, Draft, MessageId, ScheduledMessage, Timestamp, UserId, limits,
};

impl<R: Rows> Work<'_, R> {
    pub(super) async fn save_draft(&mut self, user: UserId, draft: &Draft) -> Step<Written, R::Error> {
        let id = draft.conversation_id;
        if self.role(id, user).await?.is_none() {
            return Err(Refusal::NotAMember.into());
        }
        if draft.content.is_empty() {
            self.rows.delete_draft(user, id).await?;
            return Ok(Written::Done);
        }
        self.require_reference(draft.reply_to, id, Refusal::ReplyUnknown).await?;
        if self.rows.count_drafts(user, id).await? >= limits::DRAFTS_MAX {
            return Err(Refusal::LimitReached { what: "drafts", max: limits::DRAFTS_MAX }.into());
        }
        self.rows.put_draft(user, draft).await?;
        Ok(Written::Done)
    }

    pub(super) async fn schedule_message(&mut self, new: &NewScheduled) -> Step<Written, R::Error> {
        let scheduled = &new.scheduled;
        let id = scheduled.conversation_id;
        if self.role(id, new.author).await?.is_none() {
            return Err(Refusal::NotAMember.into());
        }
        self.require_active(id).await?;
        if self.head(id).await?.blocked {
            return Err(Refusal::Blocked.into());
        }
        self.require_reference(scheduled.reply_to, id, Refusal::ReplyUnknown).await?;
        self.require_reference(scheduled.thread_id, id, Refusal::ThreadUnknown).await?;
        if self.rows.count_scheduled(new.author).await? >= limits::SCHEDULED_MESSAGES_MAX {
            let (what, max) = ("scheduled messages", limits::SCHEDULED_MESSAGES_MAX);
            return Err(Refusal::LimitReached { what, max }.into());
        }
        let attachments = self.own_files(new.author, &new.attachments).await??;
        self.rows.insert_scheduled(new.author, scheduled).await?;
        if !attachments.is_empty() {
            self.rows.attach_scheduled(scheduled.id, &attachments).await?;
        }
        Ok(Written::Scheduled(Box::new(ScheduledMessage { attachments, ..scheduled.clone() })))
    }

    async fn require_reference(
        &mut self,
        message: Option<MessageId>,
        id: ConversationId,
        refusal: Refusal,
    ) -> Step<(), R::Error> {
        match message {
            Some(message) if self.rows.position(message, id).await?.is_none() => Err(refusal.into()),
            _ => Ok(()),
        }
    }

    pub(super) async fn block(
        &mut self,
        blocker: UserId,
        other: UserId,
        at: Timestamp,
    ) -> Step<Written, R::Error> {
        self.rows.user(other).await?.ok_or(Refusal::UserUnknown)?;
        let max = limits::BLOCKS_MAX;
        let repeated = self.rows.has_blocked(blocker, other).await?;
        if !repeated && self.rows.count_blocks(blocker).await? >= max {
            return Err(Refusal::LimitReached { what: "blocked users", max }.into());
        }
        let new = self.rows.insert_block(blocker, other, at).await?;
        self.mark_direct(blocker, other, true).await?;
        if new {
            self.tell_own(blocker, OwnChange::Blocks(BlocksChange { user_id: other, blocked: true }));
        }
        Ok(Written::Found(!new))
    }

    pub(super) async fn unblock(&mut self, blocker: UserId, other: UserId) -> Step<Written, R::Error> {
        let was = self.rows.delete_block(blocker, other).await?;
        let still = self.rows.is_blocked(blocker, other).await?;
        self.mark_direct(blocker, other, still).await?;
        if was {
            self.tell_own(blocker, OwnChange::Blocks(BlocksChange { user_id: other, blocked: false }));
        }
        Ok(Written::Found(was))
    }

    /// Notes in the conversation of the two whether it takes messages, so that a send need not look for blocks.
    async fn mark_direct(&mut self, one: UserId, other: UserId, blocked: bool) -> Step<(), R::Error> {
        if let Some(id) = self.rows.direct(one, other).await? {
            let head = self.head(id).await?;
            head.changed |= head.blocked != blocked;
            head.blocked = blocked;
        }
        Ok(())
    }
}
