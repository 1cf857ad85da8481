//! What the rules ask about members, and the links that let them in, in PostgreSQL.

use super::member;
use crate::apply::rows::{InviteRow, MemberRows};
use crate::postgres::row::{Columns as _, to_bigint, to_time};
use crate::postgres::transaction::{Step, Transaction};
use crate::postgres::{Statement, statement as sql};
use crate::text_enum::TextEnum as _;
use natter_protocol::{ConversationId, Invite, InviteId, MemberRole, Seq, Timestamp, UserId};
use sqlx::postgres::PgRow;

impl MemberRows for Transaction<'_> {
    async fn role(&mut self, id: ConversationId, user: UserId) -> Step<Option<MemberRole>> {
        self.first(member(sql::ROLE, id, user), |row| row.text("role")).await
    }

    async fn last_read(&mut self, id: ConversationId, user: UserId) -> Step<Option<Seq>> {
        self.first(member(sql::LAST_READ, id, user), |row| row.natural("last_read_seq")).await
    }

    async fn set_last_read(&mut self, id: ConversationId, user: UserId, seq: Seq, at: Timestamp) -> Step<()> {
        self.run(member(sql::SET_LAST_READ, id, user).bind(to_bigint(seq)).bind(to_time(at))).await
    }

    async fn insert_member(
        &mut self,
        id: ConversationId,
        user: UserId,
        role: MemberRole,
        last_read: Seq,
        at: Timestamp,
    ) -> Step<()> {
        self.run(insert_members(id, &[(user, role)], last_read, at)).await
    }

    async fn joined_at(&mut self, id: ConversationId, user: UserId) -> Step<Option<Timestamp>> {
        self.first(member(sql::JOINED_AT, id, user), |row| row.time("joined_at")).await
    }

    async fn set_member_role(&mut self, id: ConversationId, user: UserId, role: MemberRole) -> Step<()> {
        self.run(member(sql::SET_MEMBER_ROLE, id, user).bind(role.to_text())).await
    }

    async fn delete_member(&mut self, id: ConversationId, user: UserId) -> Step<()> {
        self.run(member(sql::DELETE_MEMBER, id, user)).await
    }

    async fn successor(&mut self, id: ConversationId) -> Step<Option<UserId>> {
        let statement = sqlx::query(sql::SUCCESSOR).bind(id.uuid());
        self.first(statement, |row| row.id("user_id", UserId::from_uuid)).await
    }

    async fn count_invites(&mut self, id: ConversationId, now: Timestamp) -> Step<u64> {
        self.number(sqlx::query(sql::COUNT_INVITES).bind(id.uuid()).bind(to_time(now))).await
    }

    async fn insert_invite(&mut self, invite: &Invite) -> Step<()> {
        let statement = sqlx::query(sql::INSERT_INVITE)
            .bind(invite.id.uuid())
            .bind(invite.conversation_id.uuid())
            .bind(&invite.code)
            .bind(invite.created_by.uuid())
            .bind(to_time(invite.created_at))
            .bind(invite.expires_at.map(to_time))
            .bind(invite.uses_max.map(i64::from))
            .bind(i64::from(invite.uses));
        self.run(statement).await
    }

    async fn delete_invite(&mut self, id: InviteId, conversation: ConversationId) -> Step<bool> {
        self.changes(sqlx::query(sql::DELETE_INVITE).bind(id.uuid()).bind(conversation.uuid())).await
    }

    async fn invite(&mut self, code: &str) -> Step<Option<InviteRow>> {
        let read = |row: &PgRow| {
            Ok(InviteRow {
                id: row.id("id", InviteId::from_uuid)?,
                conversation_id: row.id("conversation_id", ConversationId::from_uuid)?,
                expires_at: row.time_opt("expires_at")?,
                uses_max: row.small_opt("uses_max")?,
                uses: row.small("uses")?,
            })
        };
        self.first(sqlx::query(sql::INVITE).bind(code), read).await
    }

    async fn use_invite(&mut self, id: InviteId) -> Step<()> {
        self.run(sqlx::query(sql::USE_INVITE).bind(id.uuid())).await
    }
}

/// Inserts members who all have read as far.
pub(super) fn insert_members<'a>(
    id: ConversationId,
    members: &[(UserId, MemberRole)],
    last_read: Seq,
    at: Timestamp,
) -> Statement<'a> {
    sqlx::query(sql::INSERT_MEMBERS)
        .bind(id.uuid())
        .bind(members.iter().map(|(user, _)| user.uuid()).collect::<Vec<_>>())
        .bind(members.iter().map(|(_, role)| role.to_text()).collect::<Vec<_>>())
        .bind(to_time(at))
        .bind(to_bigint(last_read))
}
