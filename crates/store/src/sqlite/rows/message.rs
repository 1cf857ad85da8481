//! What the rules ask about messages, in SQLite.

use super::statement as sql;
use crate::apply::rows::{MessageRows, Step};
use crate::sqlite::batch::{Batch, told};
use crate::sqlite::message;
use crate::text_enum::TextEnum;
use crate::{Mentions, NewMessage};
use natter_protocol::{ConversationId, Message, MessageId, Seq, Timestamp, UserId};
use rusqlite::{Error, params};
use uuid::Uuid;

impl MessageRows for Batch<'_> {
    async fn mentionable(
        &mut self,
        id: ConversationId,
        by: UserId,
        users: &[UserId],
    ) -> Step<Vec<UserId>, Error> {
        let mut kept = Vec::with_capacity(users.len());
        for user in users {
            if self.exists(sql::MENTIONABLE, (id.uuid(), by.uuid(), user.uuid()))? {
                kept.push(*user);
            }
        }
        Ok(kept)
    }

    async fn message(&mut self, id: MessageId) -> Step<Option<Message>, Error> {
        let nobody = UserId::from_uuid(Uuid::nil());
        told(message::one(self.connection(), &message::ONE, id, nobody))
    }

    async fn position(&mut self, id: MessageId, conversation: ConversationId) -> Step<Option<Seq>, Error> {
        self.first(message::POSITION, (id.uuid(), conversation.uuid()), |columns| columns.get())
    }

    async fn insert_message(&mut self, new: &NewMessage, seq: Seq, number: u64) -> Step<bool, Error> {
        let system = new.system.as_ref().map(|note| serde_json::json!(note).to_string());
        let origin = new.forwarded_from.as_ref();
        self.hits(
            sql::INSERT_MESSAGE,
            params![
                new.id.uuid(),
                new.conversation_id.uuid(),
                seq,
                new.sender.id.uuid(),
                new.kind.to_text(),
                new.content,
                new.client_message_id,
                new.fingerprint,
                new.reply_to.map(MessageId::uuid),
                new.thread_id.map(MessageId::uuid),
                new.created_at.millis(),
                number,
                named(&new.mentions),
                new.mentions.group.map(TextEnum::to_text),
                new.mentions.counts_for_all(),
                system,
                origin.map(|origin| origin.sender.id.uuid()),
                origin.map(|origin| origin.created_at.millis()),
            ],
        )
    }

    async fn by_key(
        &mut self,
        id: ConversationId,
        sender: UserId,
        key: &str,
    ) -> Step<Option<(MessageId, i64)>, Error> {
        self.first(sql::BY_KEY, (id.uuid(), sender.uuid(), key), |columns| {
            Ok((columns.id(MessageId::from_uuid)?, columns.get()?))
        })
    }

    async fn insert_mentions(
        &mut self,
        id: MessageId,
        conversation: ConversationId,
        seq: Seq,
        sender: UserId,
        users: &[UserId],
    ) -> Step<(), Error> {
        for user in users {
            let row = (user.uuid(), conversation.uuid(), seq, id.uuid(), sender.uuid());
            self.run(sql::INSERT_MENTION, row)?;
        }
        Ok(())
    }

    async fn delete_mentions(&mut self, id: MessageId) -> Step<(), Error> {
        self.run(sql::DELETE_MENTIONS, [id.uuid()])
    }

    async fn insert_version(
        &mut self,
        id: MessageId,
        replaced_at: Timestamp,
        replaced_by: UserId,
    ) -> Step<(), Error> {
        self.run(sql::INSERT_VERSION, (id.uuid(), replaced_at.millis(), replaced_by.uuid()))
    }

    async fn update_content(
        &mut self,
        id: MessageId,
        content: &str,
        mentions: &Mentions,
        edited_at: Timestamp,
    ) -> Step<(), Error> {
        self.run(
            sql::UPDATE_CONTENT,
            (
                id.uuid(),
                content,
                named(mentions),
                mentions.group.map(TextEnum::to_text),
                mentions.counts_for_all(),
                edited_at.millis(),
            ),
        )
    }

    async fn erase_content(&mut self, id: MessageId, deleted_at: Timestamp) -> Step<(), Error> {
        self.run(sql::ERASE_CONTENT, (id.uuid(), deleted_at.millis()))
    }

    async fn insert_reaction(
        &mut self,
        id: MessageId,
        user: UserId,
        emoji: &str,
        at: Timestamp,
    ) -> Step<bool, Error> {
        self.hits(sql::INSERT_REACTION, (id.uuid(), user.uuid(), emoji, at.millis()))
    }

    async fn delete_reaction(&mut self, id: MessageId, user: UserId, emoji: &str) -> Step<bool, Error> {
        self.hits(sql::DELETE_REACTION, (id.uuid(), user.uuid(), emoji))
    }

    async fn delete_reactions(&mut self, id: MessageId) -> Step<(), Error> {
        self.run(sql::DELETE_REACTIONS, [id.uuid()])
    }

    async fn set_pinned(&mut self, id: MessageId, at: Option<Timestamp>) -> Step<(), Error> {
        self.run(sql::SET_PINNED, (id.uuid(), at.map(Timestamp::millis)))
    }

    async fn count_pins(&mut self, id: ConversationId) -> Step<u64, Error> {
        self.count(sql::COUNT_PINS, [id.uuid()])
    }
}

/// The ids of those who are mentioned by name, as their column has them.
fn named(mentions: &Mentions) -> Option<String> {
    (!mentions.named.is_empty()).then(|| serde_json::json!(mentions.named).to_string())
}
