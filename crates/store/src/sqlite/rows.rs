//! What the rules ask of a transaction, in SQLite.

pub(super) mod statement;

use super::batch::{Batch, told};
use super::{account, conversation, message};
use crate::apply::heads::Head;
use crate::apply::rows::{InviteRow, KeyRow, NewEvent, Rows, Step};
use crate::text_enum::TextEnum;
use crate::{
    ClaimKey, KeyHolder, Mentions, NewConversation, NewMessage, NewSession, NewUser, ProvisionUser, Session,
    SessionRotation,
};
use natter_protocol::{
    ConversationId, ConversationInfo, Draft, ErrorCode, Invite, InviteId, IpRule, IpRuleId, Me, MemberRole,
    Message, MessageId, PlatformRole, ScheduledMessage, ScheduledMessageId, Seq, SessionId, Timestamp,
    UpdateMe, UpdateProfile, User, UserId,
};
use rusqlite::{Error, params};
use statement as sql;
use uuid::Uuid;

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the path of a method of Columns is for one lifetime, and what reads a row must be for any"
)]
impl Rows for Batch<'_> {
    type Error = Error;

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

    async fn role(&mut self, id: ConversationId, user: UserId) -> Step<Option<MemberRole>, Error> {
        self.first(sql::ROLE, (id.uuid(), user.uuid()), |columns| columns.text())
    }

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

    async fn direct(&mut self, one: UserId, other: UserId) -> Step<Option<ConversationId>, Error> {
        told(conversation::direct(self.connection(), one, other))
    }

    async fn count_users(&mut self, users: &[UserId]) -> Step<u64, Error> {
        let mut count = 0;
        for user in users {
            count += u64::from(self.exists(sql::IS_USER, [user.uuid()])?);
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
        self.run(sql::UPDATE_CONVERSATION, (info.id.uuid(), &info.name, &info.topic, visibility, status))
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

    async fn count_blocks(&mut self, blocker: UserId) -> Step<u64, Error> {
        self.count(sql::COUNT_BLOCKS, [blocker.uuid()])
    }

    async fn insert_block(&mut self, blocker: UserId, other: UserId, at: Timestamp) -> Step<bool, Error> {
        self.hits(sql::INSERT_BLOCK, (blocker.uuid(), other.uuid(), at.millis()))
    }

    async fn delete_block(&mut self, blocker: UserId, other: UserId) -> Step<bool, Error> {
        self.hits(sql::DELETE_BLOCK, (blocker.uuid(), other.uuid()))
    }

    async fn user(&mut self, id: UserId) -> Step<Option<User>, Error> {
        self.first(&account::USER, [id.uuid()], |columns| columns.user())
    }

    async fn insert_user(&mut self, user: &NewUser) -> Step<bool, Error> {
        self.hits(
            sql::INSERT_USER,
            (
                user.id.uuid(),
                &user.username,
                &user.display_name,
                &user.email,
                user.role.to_text(),
                &user.password_hash,
                user.created_at.millis(),
            ),
        )
    }

    async fn user_of_host(&mut self, external_id: &str) -> Step<Option<User>, Error> {
        self.first(&sql::USER_OF_HOST, [external_id], |columns| columns.user())
    }

    async fn insert_user_of_host(&mut self, user: &ProvisionUser, username: &str) -> Step<bool, Error> {
        self.hits(sql::INSERT_USER_OF_HOST, (user.id.uuid(), username, &user.external_id, user.at.millis()))
    }

    async fn update_profile(&mut self, id: UserId, update: &UpdateProfile) -> Step<bool, Error> {
        let row = (id.uuid(), &update.display_name, &update.avatar_url, update.presence_visible);
        self.hits(sql::UPDATE_PROFILE, row)
    }

    async fn set_seen(&mut self, seen: &[(UserId, Timestamp)]) -> Step<(), Error> {
        for (user, at) in seen {
            self.run(sql::SET_SEEN, (user.uuid(), at.millis()))?;
        }
        Ok(())
    }

    async fn set_password(&mut self, id: UserId, hash: &str) -> Step<bool, Error> {
        self.hits(sql::SET_PASSWORD, (id.uuid(), hash))
    }

    async fn set_role(&mut self, id: UserId, role: PlatformRole) -> Step<bool, Error> {
        self.hits(sql::SET_ROLE, (id.uuid(), role.to_text()))
    }

    async fn set_disabled(&mut self, id: UserId, at: Option<Timestamp>) -> Step<bool, Error> {
        self.hits(sql::SET_DISABLED, (id.uuid(), at.map(Timestamp::millis)))
    }

    async fn delete_old_sessions(&mut self, user: UserId, now: Timestamp) -> Step<(), Error> {
        self.run(sql::DELETE_OLD_SESSIONS, (user.uuid(), now.millis()))
    }

    async fn insert_session(&mut self, session: &NewSession) -> Step<bool, Error> {
        let (id, user) = (session.id.uuid(), session.user_id.uuid());
        let (created_at, expires_at) = (session.created_at.millis(), session.expires_at.millis());
        self.run(sql::INSERT_SESSION, (id, user, session.refresh_hash, created_at, expires_at))?;
        self.exists(sql::IS_USER, [user])
    }

    async fn session(&mut self, id: SessionId, now: Timestamp) -> Step<Option<Session>, Error> {
        told(account::session(self.connection(), id, now))
    }

    async fn rotate_session(&mut self, rotation: &SessionRotation) -> Step<bool, Error> {
        let (now, expires_at) = (rotation.now.millis(), rotation.expires_at.millis());
        let (presented, next) = (rotation.presented_hash, rotation.next_hash);
        self.hits(sql::ROTATE_SESSION, (rotation.id.uuid(), presented, next, now, expires_at))
    }

    async fn end_session(&mut self, id: SessionId, now: Timestamp) -> Step<(), Error> {
        self.run(sql::END_SESSION, (id.uuid(), now.millis()))
    }

    async fn end_sessions(
        &mut self,
        user: UserId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Step<Vec<SessionId>, Error> {
        let (except, now) = (except.map(SessionId::uuid), now.millis());
        self.ids(sql::END_SESSIONS, (user.uuid(), except, now), SessionId::from_uuid)
    }

    async fn count_ip_rules(&mut self) -> Step<u64, Error> {
        self.count(sql::COUNT_IP_RULES, [])
    }

    async fn insert_ip_rule(&mut self, rule: &IpRule) -> Step<(), Error> {
        let (action, by) = (rule.action.to_text(), rule.created_by.uuid());
        self.run(
            sql::INSERT_IP_RULE,
            (rule.id.uuid(), &rule.cidr, action, &rule.note, by, rule.created_at.millis()),
        )
    }

    async fn delete_ip_rule(&mut self, id: IpRuleId) -> Step<bool, Error> {
        self.hits(sql::DELETE_IP_RULE, [id.uuid()])
    }

    async fn insert_key(&mut self, claim: &ClaimKey) -> Step<bool, Error> {
        let row = (claim.user_id.uuid(), &claim.key, claim.fingerprint, claim.at.millis());
        self.hits(sql::INSERT_KEY, row)
    }

    async fn key(&mut self, user: UserId, key: &str) -> Step<Option<KeyRow>, Error> {
        self.first(sql::KEY, (user.uuid(), key), |columns| {
            let fingerprint = columns.get()?;
            let (status, body) = (columns.get::<Option<u16>>()?, columns.get::<Option<Vec<u8>>>()?);
            let holder = KeyHolder { fingerprint, answer: status.zip(body) };
            Ok(KeyRow { holder, claimed_at: columns.time()?, taken_at: columns.time()? })
        })
    }

    async fn retake_key(&mut self, claim: &ClaimKey) -> Step<(), Error> {
        self.run(sql::RETAKE_KEY, (claim.user_id.uuid(), &claim.key, claim.at.millis()))
    }

    async fn put_answer(&mut self, user: UserId, key: &str, status: u16, body: &[u8]) -> Step<(), Error> {
        self.run(sql::PUT_ANSWER, (user.uuid(), key, status, body))
    }

    async fn delete_key(&mut self, user: UserId, key: &str) -> Step<(), Error> {
        self.run(sql::DELETE_KEY, (user.uuid(), key))
    }

    async fn erase_keys(&mut self, before: Timestamp, rows_max: u32) -> Step<u64, Error> {
        self.changes(sql::ERASE_KEYS, (before.millis(), rows_max))
    }

    async fn erase_revocations(&mut self, before: Timestamp, rows_max: u32) -> Step<u64, Error> {
        self.changes(sql::ERASE_REVOCATIONS, (before.millis(), rows_max))
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

/// The ids of those who are mentioned by name, as their column has them.
fn named(mentions: &Mentions) -> Option<String> {
    (!mentions.named.is_empty()).then(|| serde_json::json!(mentions.named).to_string())
}
