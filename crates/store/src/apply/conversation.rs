//! Writes about conversations.

use super::{Entry, Work};
use crate::apply::heads::Head;
use crate::apply::rows::{Rows, Step};
use crate::{
    Act, Announcement, NewConversation, NewInvite, Notice, OwnChange, Refusal, UpdateConversation, Written,
    log,
};
use natter_protocol::{
    ConversationId, ConversationKind, InviteId, MeChange, MemberRole, SystemNote, UpdateMe, UserId, limits,
};

impl<R: Rows> Work<'_, R> {
    pub(super) async fn create_conversation(&mut self, new: &NewConversation) -> Step<Written, R::Error> {
        let info = &new.info;
        let direct = info.kind == ConversationKind::Direct;
        if self.rows.is_blocked_by_any(info.created_by, &new.members).await? {
            return Err(Refusal::Blocked.into());
        }
        if let ([peer], true) = (new.members.as_slice(), direct)
            && let Some(id) = self.rows.direct(info.created_by, *peer).await?
            && id != info.id
        {
            return Ok(Written::Conversation { id, existed: true });
        }
        let everybody: Vec<UserId> = new.members.iter().copied().chain([info.created_by]).collect();
        if self.rows.count_users(&everybody).await? != everybody.len() as u64 {
            return Err(Refusal::UserUnknown.into());
        }
        // Nobody owns a conversation between two.
        let creator = if direct { MemberRole::Member } else { MemberRole::Owner };
        let members: Vec<_> = new
            .members
            .iter()
            .map(|member| (*member, MemberRole::Member))
            .chain([(info.created_by, creator)])
            .collect();
        if self.rows.insert_conversation(new, &members).await? {
            let head = Head {
                info: info.clone(),
                last_seq: 0,
                message_number: 0,
                member_count: members.len() as u64,
                blocked: false,
                appended: None,
                changed: true,
            };
            self.heads.heads.insert(info.id, head);
            let entry = Entry::of(log::CONVERSATION_CREATED);
            self.append(info.id, entry, info.created_by, info.created_at).await?;
            self.tell(log::conversation_created(info.clone()));
        } else if self.rows.head(info.id).await?.is_none() {
            // Another node was faster with the conversation of the same two.
            let peer = new.members.first().copied().ok_or(Refusal::UserUnknown)?;
            let id = self.rows.direct(info.created_by, peer).await?.ok_or(Refusal::UserUnknown)?;
            return Ok(Written::Conversation { id, existed: true });
        }
        // Also if it was there under this id: this very write has created it before, and the answer is the same.
        Ok(Written::Conversation { id: info.id, existed: false })
    }

    pub(super) async fn update_conversation(
        &mut self,
        update: &UpdateConversation,
    ) -> Step<Written, R::Error> {
        let act = &update.act;
        let id = act.conversation_id;
        self.require(act).await?;
        let head = self.head(id).await?;
        let before = head.info.clone();
        let mut info = before.clone();
        if let Some(name) = &update.name {
            info.name = Some(name.clone());
        }
        if let Some(topic) = &update.topic {
            info.topic.clone_from(topic);
        }
        info.visibility = update.visibility.unwrap_or(info.visibility);
        info.status = update.status.unwrap_or(info.status);
        info.link_previews = update.link_previews.unwrap_or(info.link_previews);
        if info == before {
            return Ok(Written::Done);
        }
        head.info = info.clone();
        head.touched(act.at);
        info.updated_at = head.info.updated_at;
        self.rows.update_conversation(&info).await?;
        let stamp = self.append(id, Entry::of(log::CONVERSATION_UPDATED), act.actor.id, act.at).await?;
        self.tell(stamp.conversation_updated(info.clone()));
        let took_place = |announcement: &&Announcement| match announcement.note {
            SystemNote::Renamed { .. } => info.name != before.name,
            SystemNote::TopicChanged { .. } => info.topic != before.topic,
            SystemNote::VisibilityChanged { .. } => info.visibility != before.visibility,
            SystemNote::StatusChanged { .. } => info.status != before.status,
            _ => false,
        };
        for announcement in update.announcements.iter().filter(took_place) {
            self.announce(id, &act.actor, act.at, announcement).await?;
        }
        Ok(Written::Done)
    }

    pub(super) async fn delete_conversation(&mut self, act: &Act) -> Step<Written, R::Error> {
        self.require(act).await?;
        self.end_conversation(act).await?;
        Ok(Written::Done)
    }

    /// The last entry of a log.
    pub(super) async fn end_conversation(&mut self, act: &Act) -> Step<(), R::Error> {
        let id = act.conversation_id;
        let stamp = self.append(id, Entry::of(log::CONVERSATION_DELETED), act.actor.id, act.at).await?;
        self.head(id).await?.member_count = 0;
        self.rows.save_heads(&self.heads.changed()).await?;
        let members = self.rows.delete_conversation(id, act.at).await?;
        // What comes later in the batch finds nothing any more.
        self.heads.heads.remove(&id);
        self.heads.roles.retain(|(conversation, _), _| *conversation != id);
        let event = stamp.conversation_deleted();
        self.notices.push(Notice::Deleted { event, members });
        Ok(())
    }

    pub(super) async fn update_me(
        &mut self,
        id: ConversationId,
        user: UserId,
        update: &UpdateMe,
    ) -> Step<Written, R::Error> {
        let me = self.rows.update_me(id, user, update).await?.ok_or(Refusal::NotAMember)?;
        let change = MeChange { conversation_id: id, me: me.clone() };
        self.tell_own(user, OwnChange::Me(change));
        Ok(Written::Me(me))
    }

    pub(super) async fn create_invite(&mut self, new: &NewInvite) -> Step<Written, R::Error> {
        self.require(&new.act).await?;
        self.require_active(new.act.conversation_id).await?;
        let good = self.rows.count_invites(new.act.conversation_id, new.act.at).await?;
        if good >= limits::CONVERSATION_INVITES_MAX {
            let (what, max) = ("invite links of a conversation", limits::CONVERSATION_INVITES_MAX);
            return Err(Refusal::LimitReached { what, max }.into());
        }
        self.rows.insert_invite(&new.invite).await?;
        Ok(Written::Invite(Box::new(new.invite.clone())))
    }

    pub(super) async fn revoke_invite(&mut self, act: &Act, id: InviteId) -> Step<Written, R::Error> {
        self.require(act).await?;
        Ok(Written::Found(self.rows.delete_invite(id, act.conversation_id).await?))
    }
}
