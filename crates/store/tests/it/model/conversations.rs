//! Conversations, and who comes into them, goes, and rises.

use super::{Chat, Expected, Membership, Model, apart};
use natter_protocol::{ConversationInfo, ConversationKind, MemberRole, UserId, Visibility};
use natter_store::{
    Act, AddMember, Announcement, Entry as Way, NewConversation, Refusal, UpdateConversation,
};
use std::collections::BTreeSet;

impl Model {
    pub(super) fn create(&mut self, new: &NewConversation) -> Expected {
        let info = new.info.clone();
        let founders: BTreeSet<UserId> = new.members.iter().copied().chain([info.created_by]).collect();
        let direct = info.kind == ConversationKind::Direct;
        // What is there between two is not opened either.
        if new.members.iter().any(|member| apart(&self.blocks, info.created_by, *member)) {
            return Expected::Refused(Refusal::Blocked);
        }
        let same_two = |chat: &&Chat| {
            direct && !chat.deleted && chat.info.kind == info.kind && chat.founders == founders
        };
        if let Some(known) = self.chats.iter().find(same_two) {
            return Expected::Existed(known.info.id);
        }
        let owner = (!direct).then_some(info.created_by);
        let member = |user: &UserId| {
            let role = if owner == Some(*user) { MemberRole::Owner } else { MemberRole::Member };
            (*user, Membership::new(role, info.created_at, 0))
        };
        let members = founders.iter().map(member).collect();
        let log = vec![("conversation.created", None, None, None)];
        self.chats.push(Chat { info, founders, members, messages: Vec::new(), log, deleted: false });
        Expected::Done
    }

    pub(super) fn update(&mut self, update: &UpdateConversation) -> Result<Expected, Refusal> {
        let act = &update.act;
        let chat = self.chat(act.conversation_id)?;
        chat.require(act)?;
        let mut info = chat.info.clone();
        info.name = update.name.clone().or(info.name);
        info.topic = update.topic.clone().unwrap_or(info.topic);
        info.visibility = update.visibility.unwrap_or(info.visibility);
        info.status = update.status.unwrap_or(info.status);
        if info == chat.info {
            return Ok(Expected::Done);
        }
        chat.info = ConversationInfo { updated_at: info.updated_at.max(act.at), ..info };
        chat.append(("conversation.updated", None, None, None));
        // The histories change one thing at a time.
        for announcement in &update.announcements {
            chat.announce(act.actor.id, act.at, announcement);
        }
        Ok(Expected::Done)
    }

    pub(super) fn delete_conversation(&mut self, act: &Act) -> Result<Expected, Refusal> {
        let chat = self.chat(act.conversation_id)?;
        chat.require(act)?;
        chat.deleted = true;
        Ok(Expected::Done)
    }

    pub(super) fn enter(&mut self, add: &AddMember) -> Result<Expected, Refusal> {
        let blocks = self.blocks.clone();
        let chat = self.chat(add.conversation_id)?;
        let actor = match &add.by {
            Way::Added { actor, role_min } => {
                let role = chat.role(actor.id).ok_or(Refusal::NotAMember)?;
                if role < *role_min || role < add.role {
                    return Err(Refusal::RoleTooLow);
                }
                if apart(&blocks, actor.id, add.user_id) {
                    return Err(Refusal::Blocked);
                }
                actor.id
            }
            Way::Joined { actor } => {
                if (chat.info.kind, chat.info.visibility) != (ConversationKind::Channel, Visibility::Public) {
                    return Err(Refusal::NotJoinable);
                }
                actor.id
            }
            Way::Invited { .. } => panic!("the model does not know invite links"),
        };
        if chat.members.contains_key(&add.user_id) {
            return Ok(Expected::Done);
        }
        chat.require_active()?;
        let membership = Membership::new(add.role, add.at, chat.head());
        chat.members.insert(add.user_id, membership);
        chat.append(("member.joined", None, Some(add.user_id), None));
        chat.announce(actor, add.at, &add.announcement);
        Ok(Expected::Done)
    }

    pub(super) fn remove(
        &mut self,
        act: &Act,
        user: UserId,
        announcement: &Announcement,
    ) -> Result<Expected, Refusal> {
        let actor = act.actor.id;
        let chat = self.chat(act.conversation_id)?;
        let role = chat.role(actor).ok_or(Refusal::NotAMember)?;
        let target = chat.role(user).ok_or(Refusal::MemberUnknown)?;
        if actor != user && (role < act.role_min || role <= target) {
            return Err(Refusal::RoleTooLow);
        }
        if chat.members.len() == 1 {
            chat.deleted = true;
        } else {
            chat.leave(actor, act.at, user, announcement);
        }
        Ok(Expected::Done)
    }

    pub(super) fn set_role(
        &mut self,
        act: &Act,
        user: UserId,
        role: MemberRole,
        announcement: &Announcement,
    ) -> Result<Expected, Refusal> {
        let actor = act.actor.id;
        let chat = self.chat(act.conversation_id)?;
        let own = chat.role(actor).ok_or(Refusal::NotAMember)?;
        let before = chat.role(user).ok_or(Refusal::MemberUnknown)?;
        if before == role {
            return Ok(Expected::Done);
        }
        let outranks = own > before && own > role;
        if own < act.role_min || !(outranks || own == MemberRole::Owner && actor != user) {
            return Err(Refusal::RoleTooLow);
        }
        if role == MemberRole::Owner {
            chat.give(actor, MemberRole::Admin);
        }
        chat.give(user, role);
        chat.announce(actor, act.at, announcement);
        Ok(Expected::Done)
    }
}
