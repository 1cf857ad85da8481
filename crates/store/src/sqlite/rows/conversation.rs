//! What the rules ask about conversations and their logs, in SQLite.

use super::statement as sql;
use crate::NewConversation;
use crate::apply::heads::Head;
use crate::apply::rows::{ConversationRows, MemberRows as _, NewEvent, Step};
use crate::sqlite::batch::{Batch, told};
use crate::sqlite::conversation;
use crate::text_enum::TextEnum as _;
use natter_protocol::{
    ConversationId, ConversationInfo, Me, MemberRole, MessageId, Timestamp, UpdateMe, UserId,
};
use rusqlite::{Error, params};
use uuid::Uuid;

impl ConversationRows for Batch<'_> {
    async fn head(&mut self, id: ConversationId) -> Step<Option<Head>, Error> {
        self.first(&sql::HEAD, [id.uuid()], |columns| {
            Ok(Head {
                info: conversation::info_columns(columns)?,
                last_seq: columns.get()?,
                message_number: columns.get()?,
                member_count: columns.get()?,
                blocked: columns.get()?,
                appended: None,
                changed: false,
            })
        })
    }

    async fn save_heads(&mut self, heads: &[(ConversationId, &Head)]) -> Step<(), Error> {
        told(self.save(heads))
    }

    async fn insert_event(&mut self, event: NewEvent<'_>) -> Step<(), Error> {
        self.run(
            sql::INSERT_EVENT,
            (
                event.conversation_id.uuid(),
                event.seq,
                event.kind,
                event.actor_id.uuid(),
                event.message_id.map(MessageId::uuid),
                event.subject_id.map(UserId::uuid),
                event.detail,
                event.created_at.millis(),
            ),
        )
    }

    async fn direct(&mut self, one: UserId, other: UserId) -> Step<Option<ConversationId>, Error> {
        told(conversation::direct(self.connection(), one, other))
    }

    async fn count_users(&mut self, users: &[UserId]) -> Step<u64, Error> {
        let mut count = 0;
        for user in users {
            count += u64::from(self.exists(sql::IS_ENABLED, [user.uuid()])?);
        }
        Ok(count)
    }

    async fn insert_conversation(
        &mut self,
        new: &NewConversation,
        members: &[(UserId, MemberRole)],
    ) -> Step<bool, Error> {
        let info = &new.info;
        let inserted = self.hits(
            sql::INSERT_CONVERSATION,
            params![
                info.id.uuid(),
                info.kind.to_text(),
                info.name,
                info.topic,
                info.visibility.to_text(),
                info.status.to_text(),
                new.direct_key(),
                info.created_by.uuid(),
                info.created_at.millis(),
                info.updated_at.millis(),
                members.len(),
            ],
        )?;
        if !inserted {
            return Ok(false);
        }
        for (member, role) in members {
            self.insert_member(info.id, *member, *role, 0, info.created_at).await?;
        }
        Ok(true)
    }

    async fn update_conversation(&mut self, info: &ConversationInfo) -> Step<(), Error> {
        let (visibility, status) = (info.visibility.to_text(), info.status.to_text());
        let row = (info.id.uuid(), &info.name, &info.topic, visibility, status, info.link_previews);
        self.run(sql::UPDATE_CONVERSATION, row)
    }

    async fn delete_conversation(&mut self, id: ConversationId, at: Timestamp) -> Step<Vec<UserId>, Error> {
        self.run(sql::DELETE_CONVERSATION, (id.uuid(), at.millis()))?;
        self.run(sql::DELETE_DRAFTS, [id.uuid()])?;
        self.ids(sql::DELETE_MEMBERS, [id.uuid()], UserId::from_uuid)
    }

    async fn update_me(
        &mut self,
        id: ConversationId,
        user: UserId,
        update: &UpdateMe,
    ) -> Step<Option<Me>, Error> {
        self.first(
            sql::UPDATE_ME,
            (id.uuid(), user.uuid(), update.muted, update.pinned, update.archived),
            conversation::me,
        )
    }

    async fn erase_conversations(&mut self, rows_max: u32) -> Step<u64, Error> {
        let rows_max = u64::from(rows_max);
        let mut erased = 0;
        while erased < rows_max {
            let next = self.first(sql::NEXT_DELETED, [], |columns| columns.get::<Uuid>())?;
            let Some(id) = next else { break };
            for contents in sql::ERASE_CONTENTS {
                erased += self.changes(contents, (id, rows_max - erased))?;
            }
            if erased < rows_max {
                erased += self.changes(sql::ERASE_CONVERSATION, [id])?;
            }
        }
        Ok(erased)
    }
}
