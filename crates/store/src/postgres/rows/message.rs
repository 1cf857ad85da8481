//! What the rules ask about messages, in PostgreSQL.

use super::member;
use crate::apply::rows::MessageRows;
use crate::postgres::row::{Columns as _, to_time, to_uuids};
use crate::postgres::send::Fresh;
use crate::postgres::transaction::{Step, Transaction};
use crate::postgres::{message, send, statement as sql};
use crate::text_enum::TextEnum as _;
use crate::{Mentions, NewMessage};
use natter_protocol::{ConversationId, GroupMention, Message, MessageId, Seq, Timestamp, UserId};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

impl MessageRows for Transaction<'_> {
    async fn mentionable(&mut self, id: ConversationId, by: UserId, users: &[UserId]) -> Step<Vec<UserId>> {
        let asked = users.iter().map(|user| (id, by, *user));
        Ok(send::mentionable(self.0, asked).await?.into_iter().map(|(.., user)| user).collect())
    }

    async fn message(&mut self, id: MessageId) -> Step<Option<Message>> {
        self.first(sqlx::query(message::ONE).bind(Uuid::nil()).bind(id.uuid()), message::message).await
    }

    async fn position(&mut self, id: MessageId, conversation: ConversationId) -> Step<Option<Seq>> {
        let statement = sqlx::query(sql::POSITION).bind(id.uuid()).bind(conversation.uuid());
        self.first(statement, |row| row.natural("seq")).await
    }

    async fn insert_message(&mut self, new: &NewMessage, seq: Seq, number: u64) -> Step<bool> {
        let fresh = Fresh { new, mentions: &new.mentions, seq, number };
        Ok(send::insert_messages(self.0, sql::INSERT_MESSAGES_UNLESS_THERE, &[fresh]).await? > 0)
    }

    async fn by_key(
        &mut self,
        id: ConversationId,
        sender: UserId,
        key: &str,
    ) -> Step<Option<(MessageId, i64)>> {
        let read = |row: &PgRow| Ok((row.id("id", MessageId::from_uuid)?, row.try_get("fingerprint")?));
        self.first(member(sql::BY_KEY, id, sender).bind(key), read).await
    }

    async fn insert_mentions(
        &mut self,
        id: MessageId,
        conversation: ConversationId,
        seq: Seq,
        sender: UserId,
        users: &[UserId],
    ) -> Step<()> {
        let rows = users.iter().map(|user| (id, conversation, seq, sender, *user));
        Ok(send::insert_mentions(self.0, rows).await?)
    }

    async fn delete_mentions(&mut self, id: MessageId) -> Step<()> {
        self.run(sqlx::query(sql::DELETE_MENTIONS).bind(id.uuid())).await
    }

    async fn insert_version(
        &mut self,
        id: MessageId,
        replaced_at: Timestamp,
        replaced_by: UserId,
    ) -> Step<()> {
        let statement = sqlx::query(sql::INSERT_VERSION)
            .bind(id.uuid())
            .bind(to_time(replaced_at))
            .bind(replaced_by.uuid());
        self.run(statement).await
    }

    async fn update_content(
        &mut self,
        id: MessageId,
        content: &str,
        mentions: &Mentions,
        edited_at: Timestamp,
    ) -> Step<()> {
        let statement = sqlx::query(sql::UPDATE_CONTENT)
            .bind(id.uuid())
            .bind(content)
            .bind((!mentions.named.is_empty()).then(|| to_uuids(&mentions.named)))
            .bind(mentions.group.map(GroupMention::to_text))
            .bind(mentions.counts_for_all())
            .bind(to_time(edited_at));
        self.run(statement).await
    }

    async fn erase_content(&mut self, id: MessageId, deleted_at: Timestamp) -> Step<()> {
        self.run(sqlx::query(sql::ERASE_CONTENT).bind(id.uuid()).bind(to_time(deleted_at))).await
    }

    async fn insert_reaction(
        &mut self,
        id: MessageId,
        user: UserId,
        emoji: &str,
        at: Timestamp,
    ) -> Step<bool> {
        let statement =
            sqlx::query(sql::INSERT_REACTION).bind(id.uuid()).bind(user.uuid()).bind(emoji).bind(to_time(at));
        self.changes(statement).await
    }

    async fn delete_reaction(&mut self, id: MessageId, user: UserId, emoji: &str) -> Step<bool> {
        self.changes(sqlx::query(sql::DELETE_REACTION).bind(id.uuid()).bind(user.uuid()).bind(emoji)).await
    }

    async fn delete_reactions(&mut self, id: MessageId) -> Step<()> {
        self.run(sqlx::query(sql::DELETE_REACTIONS).bind(id.uuid())).await
    }

    async fn set_pinned(&mut self, id: MessageId, at: Option<Timestamp>) -> Step<()> {
        self.run(sqlx::query(sql::SET_PINNED).bind(id.uuid()).bind(at.map(to_time))).await
    }

    async fn count_pins(&mut self, id: ConversationId) -> Step<u64> {
        self.number(sqlx::query(sql::COUNT_PINS).bind(id.uuid())).await
    }
}
