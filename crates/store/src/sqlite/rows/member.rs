//! What the rules ask about members, and the links that let them in, in SQLite.

use super::statement as sql;
use crate::apply::rows::{InviteRow, MemberRows, PersonalRows as _, Step};
use crate::sqlite::batch::Batch;
use crate::text_enum::TextEnum as _;
use natter_protocol::{ConversationId, Invite, InviteId, MemberRole, Seq, Timestamp, UserId};
use rusqlite::Error;

impl MemberRows for Batch<'_> {
    async fn role(&mut self, id: ConversationId, user: UserId) -> Step<Option<MemberRole>, Error> {
        self.first(sql::ROLE, (id.uuid(), user.uuid()), |columns| columns.text())
    }

    async fn last_read(&mut self, id: ConversationId, user: UserId) -> Step<Option<Seq>, Error> {
        self.first(sql::LAST_READ, (id.uuid(), user.uuid()), |columns| columns.get())
    }

    async fn set_last_read(
        &mut self,
        id: ConversationId,
        user: UserId,
        seq: Seq,
        at: Timestamp,
    ) -> Step<(), Error> {
        self.run(sql::SET_LAST_READ, (id.uuid(), user.uuid(), seq))?;
        self.run(sql::INSERT_RECEIPT, (id.uuid(), user.uuid(), seq, at.millis()))
    }

    async fn insert_member(
        &mut self,
        id: ConversationId,
        user: UserId,
        role: MemberRole,
        last_read: Seq,
        at: Timestamp,
    ) -> Step<(), Error> {
        self.run(sql::INSERT_MEMBER, (id.uuid(), user.uuid(), role.to_text(), last_read, at.millis()))
    }

    async fn joined_at(&mut self, id: ConversationId, user: UserId) -> Step<Option<Timestamp>, Error> {
        self.first(sql::JOINED_AT, (id.uuid(), user.uuid()), |columns| columns.time())
    }

    async fn set_member_role(
        &mut self,
        id: ConversationId,
        user: UserId,
        role: MemberRole,
    ) -> Step<(), Error> {
        self.run(sql::SET_MEMBER_ROLE, (id.uuid(), user.uuid(), role.to_text()))
    }

    async fn delete_member(&mut self, id: ConversationId, user: UserId) -> Step<(), Error> {
        self.run(sql::DELETE_MEMBER, (id.uuid(), user.uuid()))?;
        self.delete_draft(user, id).await
    }

    async fn successor(&mut self, id: ConversationId) -> Step<Option<UserId>, Error> {
        self.first(sql::SUCCESSOR, [id.uuid()], |columns| columns.id(UserId::from_uuid))
    }

    async fn count_invites(&mut self, id: ConversationId, now: Timestamp) -> Step<u64, Error> {
        self.count(sql::COUNT_INVITES, (id.uuid(), now.millis()))
    }

    async fn insert_invite(&mut self, invite: &Invite) -> Step<(), Error> {
        self.run(
            sql::INSERT_INVITE,
            (
                invite.id.uuid(),
                invite.conversation_id.uuid(),
                &invite.code,
                invite.created_by.uuid(),
                invite.created_at.millis(),
                invite.expires_at.map(Timestamp::millis),
                invite.uses_max,
                invite.uses,
            ),
        )
    }

    async fn delete_invite(&mut self, id: InviteId, conversation: ConversationId) -> Step<bool, Error> {
        self.hits(sql::DELETE_INVITE, (id.uuid(), conversation.uuid()))
    }

    async fn invite(&mut self, code: &str) -> Step<Option<InviteRow>, Error> {
        self.first(sql::INVITE, [code], |columns| {
            Ok(InviteRow {
                id: columns.id(InviteId::from_uuid)?,
                conversation_id: columns.id(ConversationId::from_uuid)?,
                expires_at: columns.time_opt()?,
                uses_max: columns.get()?,
                uses: columns.get()?,
            })
        })
    }

    async fn use_invite(&mut self, id: InviteId) -> Step<(), Error> {
        self.run(sql::USE_INVITE, [id.uuid()])
    }
}
