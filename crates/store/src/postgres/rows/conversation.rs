//! What the rules ask about conversations and their logs, in PostgreSQL.

use super::member;
use super::member::insert_members;
use crate::NewConversation;
use crate::apply::heads::Head;
use crate::apply::rows::{ConversationRows, NewEvent};
use crate::conversation::direct_key;
use crate::postgres::conversation::me;
use crate::postgres::row::{Columns as _, to_bigint, to_time, to_uuids};
use crate::postgres::transaction::{Step, Transaction, head, save};
use crate::postgres::{conversation, statement as sql};
use crate::text_enum::TextEnum as _;
use natter_protocol::{
    ConversationId, ConversationInfo, Me, MemberRole, MessageId, Timestamp, UpdateMe, UserId,
};

impl ConversationRows for Transaction<'_> {
    async fn head(&mut self, id: ConversationId) -> Step<Option<Head>> {
        self.first(sqlx::query(sql::LOCK).bind(vec![id.uuid()]), head).await
    }

    async fn save_heads(&mut self, heads: &[(ConversationId, &Head)]) -> Step<()> {
        self.run(save(sql::SAVE, heads)).await
    }

    async fn insert_event(&mut self, event: NewEvent<'_>) -> Step<()> {
        let statement = sqlx::query(sql::INSERT_EVENT)
            .bind(event.conversation_id.uuid())
            .bind(to_bigint(event.seq))
            .bind(event.kind)
            .bind(event.actor_id.uuid())
            .bind(event.message_id.map(MessageId::uuid))
            .bind(event.subject_id.map(UserId::uuid))
            .bind(event.detail)
            .bind(to_time(event.created_at));
        self.run(statement).await
    }

    async fn direct(&mut self, one: UserId, other: UserId) -> Step<Option<ConversationId>> {
        let statement = sqlx::query(conversation::DIRECT).bind(direct_key(one, other));
        self.first(statement, |row| row.id("id", ConversationId::from_uuid)).await
    }

    async fn count_users(&mut self, users: &[UserId]) -> Step<u64> {
        self.number(sqlx::query(sql::COUNT_USERS).bind(to_uuids(users))).await
    }

    async fn insert_conversation(
        &mut self,
        new: &NewConversation,
        members: &[(UserId, MemberRole)],
    ) -> Step<bool> {
        let info = &new.info;
        let statement = sqlx::query(sql::INSERT_CONVERSATION)
            .bind(info.id.uuid())
            .bind(info.kind.to_text())
            .bind(&info.name)
            .bind(&info.topic)
            .bind(info.visibility.to_text())
            .bind(info.status.to_text())
            .bind(new.direct_key())
            .bind(info.created_by.uuid())
            .bind(to_time(info.created_at))
            .bind(to_time(info.updated_at))
            .bind(to_bigint(members.len() as u64));
        if !self.changes(statement).await? {
            return Ok(false);
        }
        self.run(insert_members(info.id, members, 0, info.created_at)).await?;
        Ok(true)
    }

    async fn update_conversation(&mut self, info: &ConversationInfo) -> Step<()> {
        let statement = sqlx::query(sql::UPDATE_CONVERSATION)
            .bind(info.id.uuid())
            .bind(&info.name)
            .bind(&info.topic)
            .bind(info.visibility.to_text())
            .bind(info.status.to_text())
            .bind(info.link_previews);
        self.run(statement).await
    }

    async fn delete_conversation(&mut self, id: ConversationId, at: Timestamp) -> Step<Vec<UserId>> {
        let statement = sqlx::query(sql::DELETE_CONVERSATION).bind(id.uuid()).bind(to_time(at));
        self.all(statement, |row| row.id("user_id", UserId::from_uuid)).await
    }

    async fn update_me(&mut self, id: ConversationId, user: UserId, update: &UpdateMe) -> Step<Option<Me>> {
        let statement =
            member(sql::UPDATE_ME, id, user).bind(update.muted).bind(update.pinned).bind(update.archived);
        self.first(statement, me).await
    }

    async fn erase_conversations(&mut self, rows_max: u32) -> Step<u64> {
        let rows_max = u64::from(rows_max);
        let mut erased = 0;
        while erased < rows_max {
            let deleted = self
                .first(sqlx::query(sql::DELETED_CONVERSATION), |row| row.id("id", ConversationId::from_uuid))
                .await?;
            let Some(id) = deleted else { break };
            for erase in [sql::ERASE_MESSAGES, sql::ERASE_EVENTS, sql::ERASE_RECEIPTS] {
                let left = to_bigint(rows_max - erased);
                erased += self.count(sqlx::query(erase).bind(id.uuid()).bind(left)).await?;
            }
            if erased < rows_max {
                erased += self.count(sqlx::query(sql::ERASE_CONVERSATION).bind(id.uuid())).await?;
            }
        }
        Ok(erased)
    }
}
