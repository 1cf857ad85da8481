//! What a transaction does for [`crate::apply`].

use super::conversation::{self, me};
use super::row::{self, Columns as _, to_bigint, to_time, to_uuids};
use super::send::{self, Fresh};
use super::transaction::{Step, Transaction, head, save};
use super::{Statement, account, message, statement as sql};
use crate::apply::heads::Head;
use crate::apply::rows::{InviteRow, KeyRow, NewEvent, Rows};
use crate::conversation::direct_key;
use crate::text_enum::TextEnum as _;
use crate::{
    ClaimKey, KeyHolder, Mentions, NewConversation, NewMessage, NewSession, NewUser, ProvisionUser, Session,
    SessionRotation,
};
use natter_protocol::{
    ConversationId, ConversationInfo, Draft, ErrorCode, GroupMention, Invite, InviteId, IpRule, IpRuleId, Me,
    MemberRole, Message, MessageId, PlatformRole, ScheduledMessage, ScheduledMessageId, Seq, SessionId,
    Timestamp, UpdateMe, UpdateProfile, User, UserId,
};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// A membership, as a parameter.
fn member<'a>(sql: &'static str, id: ConversationId, user: UserId) -> Statement<'a> {
    sqlx::query(sql).bind(id.uuid()).bind(user.uuid())
}

fn insert_members<'a>(
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

impl Rows for Transaction<'_> {
    type Error = sqlx::Error;

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

    async fn role(&mut self, id: ConversationId, user: UserId) -> Step<Option<MemberRole>> {
        self.first(member(sql::ROLE, id, user), |row| row.text("role")).await
    }

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

    async fn last_read(&mut self, id: ConversationId, user: UserId) -> Step<Option<Seq>> {
        self.first(member(sql::LAST_READ, id, user), |row| row.natural("last_read_seq")).await
    }

    async fn set_last_read(&mut self, id: ConversationId, user: UserId, seq: Seq, at: Timestamp) -> Step<()> {
        self.run(member(sql::SET_LAST_READ, id, user).bind(to_bigint(seq)).bind(to_time(at))).await
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
            .bind(info.status.to_text());
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
            .bind(to_time(scheduled.created_at));
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

    async fn user(&mut self, id: UserId) -> Step<Option<User>> {
        self.first(sqlx::query(account::USER).bind(id.uuid()), row::user).await
    }

    async fn insert_user(&mut self, user: &NewUser) -> Step<bool> {
        let statement = sqlx::query(sql::INSERT_USER)
            .bind(user.id.uuid())
            .bind(&user.username)
            .bind(&user.display_name)
            .bind(&user.email)
            .bind(user.role.to_text())
            .bind(&user.password_hash)
            .bind(to_time(user.created_at));
        self.changes(statement).await
    }

    async fn user_of_host(&mut self, external_id: &str) -> Step<Option<User>> {
        self.first(sqlx::query(sql::USER_OF_HOST).bind(external_id), row::user).await
    }

    async fn insert_user_of_host(&mut self, user: &ProvisionUser, username: &str) -> Step<bool> {
        let statement = sqlx::query(sql::INSERT_USER_OF_HOST)
            .bind(user.id.uuid())
            .bind(username)
            .bind(&user.external_id)
            .bind(to_time(user.at));
        self.changes(statement).await
    }

    async fn update_profile(&mut self, id: UserId, update: &UpdateProfile) -> Step<bool> {
        let statement = sqlx::query(sql::UPDATE_PROFILE)
            .bind(id.uuid())
            .bind(&update.display_name)
            .bind(&update.avatar_url)
            .bind(update.presence_visible);
        self.changes(statement).await
    }

    async fn set_seen(&mut self, seen: &[(UserId, Timestamp)]) -> Step<()> {
        let statement = sqlx::query(sql::SET_SEEN)
            .bind(seen.iter().map(|(user, _)| user.uuid()).collect::<Vec<_>>())
            .bind(seen.iter().map(|(_, at)| to_time(*at)).collect::<Vec<_>>());
        self.run(statement).await
    }

    async fn set_password(&mut self, id: UserId, hash: &str) -> Step<bool> {
        self.changes(sqlx::query(sql::SET_PASSWORD).bind(id.uuid()).bind(hash)).await
    }

    async fn set_role(&mut self, id: UserId, role: PlatformRole) -> Step<bool> {
        self.changes(sqlx::query(sql::SET_ROLE).bind(id.uuid()).bind(role.to_text())).await
    }

    async fn set_disabled(&mut self, id: UserId, at: Option<Timestamp>) -> Step<bool> {
        self.changes(sqlx::query(sql::SET_DISABLED).bind(id.uuid()).bind(at.map(to_time))).await
    }

    async fn delete_old_sessions(&mut self, user: UserId, now: Timestamp) -> Step<()> {
        self.run(sqlx::query(sql::DELETE_OLD_SESSIONS).bind(user.uuid()).bind(to_time(now))).await
    }

    async fn insert_session(&mut self, session: &NewSession) -> Step<bool> {
        let statement = sqlx::query(sql::INSERT_SESSION)
            .bind(session.id.uuid())
            .bind(session.user_id.uuid())
            .bind(session.refresh_hash)
            .bind(to_time(session.created_at))
            .bind(to_time(session.expires_at));
        self.is(statement).await
    }

    async fn session(&mut self, id: SessionId, now: Timestamp) -> Step<Option<Session>> {
        let read = |row: &PgRow| Ok(Session { id, user: row::user(row)? });
        self.first(account::session_statement(id, now), read).await
    }

    async fn rotate_session(&mut self, rotation: &SessionRotation) -> Step<bool> {
        let statement = sqlx::query(sql::ROTATE_SESSION)
            .bind(rotation.id.uuid())
            .bind(rotation.presented_hash)
            .bind(rotation.next_hash)
            .bind(to_time(rotation.now))
            .bind(to_time(rotation.expires_at));
        self.changes(statement).await
    }

    async fn end_session(&mut self, id: SessionId, now: Timestamp) -> Step<()> {
        self.run(sqlx::query(sql::END_SESSION).bind(id.uuid()).bind(to_time(now))).await
    }

    async fn end_sessions(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Step<Vec<SessionId>> {
        let statement = sqlx::query(sql::END_SESSIONS)
            .bind(user.uuid())
            .bind(except.map(SessionId::uuid))
            .bind(to_time(now));
        self.all(statement, |row| row.id("id", SessionId::from_uuid)).await
    }

    async fn count_ip_rules(&mut self) -> Step<u64> {
        self.number(sqlx::query(sql::COUNT_IP_RULES)).await
    }

    async fn insert_ip_rule(&mut self, rule: &IpRule) -> Step<()> {
        let statement = sqlx::query(sql::INSERT_IP_RULE)
            .bind(rule.id.uuid())
            .bind(&rule.cidr)
            .bind(rule.action.to_text())
            .bind(&rule.note)
            .bind(rule.created_by.uuid())
            .bind(to_time(rule.created_at));
        self.run(statement).await
    }

    async fn delete_ip_rule(&mut self, id: IpRuleId) -> Step<bool> {
        self.changes(sqlx::query(sql::DELETE_IP_RULE).bind(id.uuid())).await
    }

    async fn insert_key(&mut self, claim: &ClaimKey) -> Step<bool> {
        let statement = sqlx::query(sql::INSERT_KEY)
            .bind(claim.user_id.uuid())
            .bind(&claim.key)
            .bind(claim.fingerprint)
            .bind(to_time(claim.at));
        self.changes(statement).await
    }

    async fn key(&mut self, user: UserId, key: &str) -> Step<Option<KeyRow>> {
        let read = |row: &PgRow| {
            let status = row.small_opt("status")?.and_then(|status| u16::try_from(status).ok());
            let body: Option<Vec<u8>> = row.try_get("body")?;
            let holder = KeyHolder { fingerprint: row.try_get("fingerprint")?, answer: status.zip(body) };
            Ok(KeyRow { holder, claimed_at: row.time("claimed_at")?, taken_at: row.time("taken_at")? })
        };
        self.first(sqlx::query(sql::KEY).bind(user.uuid()).bind(key), read).await
    }

    async fn retake_key(&mut self, claim: &ClaimKey) -> Step<()> {
        let statement =
            sqlx::query(sql::RETAKE_KEY).bind(claim.user_id.uuid()).bind(&claim.key).bind(to_time(claim.at));
        self.run(statement).await
    }

    async fn put_answer(&mut self, user: UserId, key: &str, status: u16, body: &[u8]) -> Step<()> {
        let statement =
            sqlx::query(sql::PUT_ANSWER).bind(user.uuid()).bind(key).bind(i64::from(status)).bind(body);
        self.run(statement).await
    }

    async fn delete_key(&mut self, user: UserId, key: &str) -> Step<()> {
        self.run(sqlx::query(sql::DELETE_KEY).bind(user.uuid()).bind(key)).await
    }

    async fn erase_keys(&mut self, before: Timestamp, rows_max: u32) -> Step<u64> {
        self.count(sqlx::query(sql::ERASE_KEYS).bind(to_time(before)).bind(i64::from(rows_max))).await
    }

    async fn erase_revocations(&mut self, before: Timestamp, rows_max: u32) -> Step<u64> {
        self.count(sqlx::query(sql::ERASE_REVOCATIONS).bind(to_time(before)).bind(i64::from(rows_max))).await
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
