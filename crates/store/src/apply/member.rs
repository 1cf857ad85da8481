//! Writes about who is in a conversation.

use super::{Entry as LogEntry, Work};
use crate::apply::rows::{InviteRow, Rows, Step};
use crate::{Act, AddMember, Announcement, Entry, Refusal, Written, log};
use natter_protocol::{
    ConversationId, ConversationKind, Member, MemberRole, Timestamp, UserId, Visibility, limits,
};

impl<R: Rows> Work<'_, R> {
    pub(super) async fn add_member(&mut self, add: &AddMember) -> Step<Written, R::Error> {
        let id = add.conversation_id;
        let invite = self.require_entry(add).await?;
        if self.role(id, add.user_id).await?.is_some() {
            let member = Box::new(self.member(id, add.user_id).await?);
            return Ok(Written::Member { member, existed: true });
        }
        self.require_active(id).await?;
        let user = self.rows.user(add.user_id).await?.ok_or(Refusal::UserUnknown)?;
        if self.rows.count_users(&[user.id]).await? == 0 {
            return Err(Refusal::UserUnknown.into());
        }
        let head = self.head(id).await?;
        if head.member_count >= limits::CONVERSATION_MEMBERS_MAX {
            let (what, max) = ("members of a conversation", limits::CONVERSATION_MEMBERS_MAX);
            return Err(Refusal::LimitReached { what, max }.into());
        }
        head.member_count += 1;
        head.changed = true;
        let last_read = head.last_seq;
        self.rows.insert_member(id, add.user_id, add.role, last_read, add.at).await?;
        if let Some(invite) = invite {
            self.rows.use_invite(invite.id).await?;
        }
        self.heads.roles.insert((id, add.user_id), add.role);
        let member = Member { user, role: add.role, joined_at: add.at };
        let actor = add.by.actor();
        self.changed_member(id, actor.id, add.at, member.clone(), log::MEMBER_JOINED).await?;
        self.announce(id, actor, add.at, &add.announcement).await?;
        Ok(Written::Member { member: Box::new(member), existed: false })
    }

    /// Whether they may come in; by which link, if by one.
    async fn require_entry(&mut self, add: &AddMember) -> Step<Option<InviteRow>, R::Error> {
        let id = add.conversation_id;
        match &add.by {
            Entry::Added { actor, role_min } => {
                let act = Act { conversation_id: id, actor: actor.clone(), role_min: *role_min, at: add.at };
                if self.require(&act).await? < add.role {
                    return Err(Refusal::RoleTooLow.into());
                }
                if self.rows.is_blocked(actor.id, add.user_id).await? {
                    return Err(Refusal::Blocked.into());
                }
                Ok(None)
            }
            Entry::Joined { .. } => {
                let info = &self.head(id).await?.info;
                if info.kind == ConversationKind::Channel && info.visibility == Visibility::Public {
                    Ok(None)
                } else {
                    Err(Refusal::NotJoinable.into())
                }
            }
            Entry::Invited { code, .. } => {
                let invite = self.rows.invite(code).await?.ok_or(Refusal::InviteNotValid)?;
                if self.role(id, add.user_id).await?.is_some() {
                    return Ok(None);
                }
                let good = invite.conversation_id == id
                    && invite.expires_at.is_none_or(|end| end > add.at)
                    && invite.uses_max.is_none_or(|max| invite.uses < max);
                if good { Ok(Some(invite)) } else { Err(Refusal::InviteNotValid.into()) }
            }
        }
    }

    pub(super) async fn remove_member(
        &mut self,
        act: &Act,
        user: UserId,
        announcement: &Announcement,
    ) -> Step<Written, R::Error> {
        let id = act.conversation_id;
        let leaving = act.actor.id == user;
        let role = self.role(id, act.actor.id).await?.ok_or(Refusal::NotAMember)?;
        let target = self.role(id, user).await?.ok_or(Refusal::MemberUnknown)?;
        if !leaving && (role < act.role_min || role <= target) {
            return Err(Refusal::RoleTooLow.into());
        }
        let head = self.head(id).await?;
        if head.member_count <= 1 {
            self.end_conversation(act).await?;
            return Ok(Written::Done);
        }
        head.member_count -= 1;
        head.changed = true;
        let member_count = head.member_count;
        self.rows.delete_member(id, user).await?;
        self.heads.roles.remove(&(id, user));
        let entry = LogEntry { subject: Some(user), ..LogEntry::of(log::MEMBER_LEFT) };
        let stamp = self.append(id, entry, act.actor.id, act.at).await?;
        self.tell(stamp.member_left(user, member_count));
        self.announce(id, &act.actor, act.at, announcement).await?;
        if target == MemberRole::Owner
            && let Some(successor) = self.rows.successor(id).await?
        {
            self.give_role(id, act.actor.id, act.at, successor, MemberRole::Owner).await?;
        }
        Ok(Written::Done)
    }

    pub(super) async fn set_member_role(
        &mut self,
        act: &Act,
        user: UserId,
        role: MemberRole,
        announcement: &Announcement,
    ) -> Step<Written, R::Error> {
        let id = act.conversation_id;
        let actor_role = self.role(id, act.actor.id).await?.ok_or(Refusal::NotAMember)?;
        let before = self.role(id, user).await?.ok_or(Refusal::MemberUnknown)?;
        if before == role {
            let member = Box::new(self.member(id, user).await?);
            return Ok(Written::Member { member, existed: true });
        }
        let owner = actor_role == MemberRole::Owner;
        let allowed = if owner { user != act.actor.id } else { actor_role > before && actor_role > role };
        if actor_role < act.role_min || !allowed {
            return Err(Refusal::RoleTooLow.into());
        }
        if role == MemberRole::Owner {
            self.give_role(id, act.actor.id, act.at, act.actor.id, MemberRole::Admin).await?;
        }
        let member = self.give_role(id, act.actor.id, act.at, user, role).await?;
        self.announce(id, &act.actor, act.at, announcement).await?;
        Ok(Written::Member { member: Box::new(member), existed: true })
    }

    async fn give_role(
        &mut self,
        id: ConversationId,
        actor: UserId,
        at: Timestamp,
        user: UserId,
        role: MemberRole,
    ) -> Step<Member, R::Error> {
        self.rows.set_member_role(id, user, role).await?;
        self.heads.roles.insert((id, user), role);
        let member = self.member(id, user).await?;
        self.changed_member(id, actor, at, member.clone(), log::MEMBER_UPDATED).await?;
        Ok(member)
    }

    async fn member(&mut self, id: ConversationId, user: UserId) -> Step<Member, R::Error> {
        let role = self.role(id, user).await?.ok_or(Refusal::MemberUnknown)?;
        let joined_at = self.rows.joined_at(id, user).await?.ok_or(Refusal::MemberUnknown)?;
        let user = self.rows.user(user).await?.ok_or(Refusal::UserUnknown)?;
        Ok(Member { user, role, joined_at })
    }

    async fn changed_member(
        &mut self,
        id: ConversationId,
        actor_id: UserId,
        at: Timestamp,
        member: Member,
        kind: i16,
    ) -> Step<(), R::Error> {
        let entry = LogEntry { subject: Some(member.user.id), ..LogEntry::of(kind) };
        let stamp = self.append(id, entry, actor_id, at).await?;
        let member_count = self.head(id).await?.member_count;
        self.tell(if kind == log::MEMBER_JOINED {
            stamp.member_joined(member, member_count)
        } else {
            stamp.member_updated(member, member_count)
        });
        Ok(())
    }
}
