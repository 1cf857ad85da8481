//! Who is in a conversation: adding, removing, promoting, joining, leaving

use crate::announce::announcement;
use crate::execute::{Submitted, unexpected};
use crate::permission::Act as Deed;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{
    AddMember, ConversationId, Member, MemberRole, Page, Reply, SystemNote, UpdateMember, User, UserId,
};
use natter_store::{Act, AddMember as StoredAdd, Entry, Write, Written};
use std::sync::Arc;

impl Chat {
    /// A page of the members, by username.
    pub async fn members(
        &self,
        actor: &Actor,
        id: ConversationId,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Member>> {
        let list = format!("members/{id}");
        let after = self.name_in(&list, cursor)?;
        let members = self.store.members(id, actor.id(), after.as_deref(), limit + 1).await?;
        let mut members = members.ok_or(Error::NotFound("conversation"))?;
        let apart = self.store.kept_apart(actor.id()).await?;
        self.show(actor.id(), members.iter_mut().map(|member| &mut member.user), &apart).await?;
        Ok(self.page(&list, members, limit, |member| member.user.username.clone().into_bytes()))
    }

    pub(crate) async fn add_member(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
        add: AddMember,
    ) -> Result<Submitted> {
        let (_, role_min) = self.require(actor, id, Deed::AddMember).await?;
        let user = match (&add.user_id, &add.username) {
            (Some(id), None) => self.person(&id.to_string()).await,
            (None, Some(name)) => self.person(name).await,
            _ => return Err(Error::field("username", "pass either userId or username")),
        };
        let user = user.map_err(|_| Error::field("username", "there is no such user"))?;
        let role = add.role.unwrap_or(MemberRole::Member);
        if role == MemberRole::Owner {
            return Err(Error::field("role", "there is one owner; hand the conversation over to a member"));
        }
        let by = Entry::Added { actor: actor.summary(), role_min };
        let note = SystemNote::MemberAdded { user_id: user.id };
        self.enter(id, user, role, by, note).await
    }

    pub(crate) async fn join_conversation(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
    ) -> Result<Submitted> {
        if self.store.standing(id, actor.id()).await?.is_none() && !self.store.is_joinable(id).await? {
            return Err(Error::NotFound("conversation"));
        }
        self.come_in(actor, id, Entry::Joined { actor: actor.summary() }).await
    }

    pub(crate) async fn accept_invite(self: &Arc<Self>, actor: &Actor, code: String) -> Result<Submitted> {
        let preview = self.invite(actor, &code).await?;
        let by = Entry::Invited { actor: actor.summary(), code };
        self.come_in(actor, preview.conversation_id, by).await
    }

    /// Joins, and answers with the conversation. Whoever is in it already gets it as it is.
    async fn come_in(self: &Arc<Self>, actor: &Actor, id: ConversationId, by: Entry) -> Result<Submitted> {
        if self.store.standing(id, actor.id()).await?.is_some() {
            let conversation = Box::new(self.conversation(actor, id).await?);
            return Ok(Submitted::at_once(Reply::Conversation { conversation, existed: true }));
        }
        let entered =
            self.enter(id, actor.user.clone(), MemberRole::Member, by, SystemNote::MemberJoined).await?;
        let (chat, actor) = (Arc::clone(self), actor.clone());
        Ok(Submitted::new(async move {
            match entered.await? {
                Reply::Member { existed, .. } => {
                    let conversation = Box::new(chat.conversation(&actor, id).await?);
                    Ok(Reply::Conversation { conversation, existed })
                }
                other => Err(Error::Internal(format!("joining answered {other:?}"))),
            }
        }))
    }

    async fn enter(
        self: &Arc<Self>,
        id: ConversationId,
        user: User,
        role: MemberRole,
        by: Entry,
        note: SystemNote,
    ) -> Result<Submitted> {
        let actor = match &by {
            Entry::Added { actor, .. } | Entry::Joined { actor } | Entry::Invited { actor, .. } => actor,
        };
        let asker = actor.id;
        let write = Write::AddMember(Box::new(StoredAdd {
            conversation_id: id,
            user_id: user.id,
            role,
            announcement: announcement(self, note, actor, Some(&user.display_name)),
            by,
            at: self.now(),
        }));
        self.commit_member(asker, write).await
    }

    pub(crate) async fn update_member(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
        user: UserId,
        update: UpdateMember,
    ) -> Result<Submitted> {
        let (_, role_min) = self.require(actor, id, Deed::ChangeRole).await?;
        let name = self.member_name(id, user).await?;
        let act = Act { conversation_id: id, actor: actor.summary(), role_min, at: self.now() };
        let role = update.role;
        let note = SystemNote::RoleChanged { user_id: user, role };
        let announcement = announcement(self, note, &act.actor, Some(&name));
        let write = Write::SetMemberRole { act, user_id: user, role, announcement };
        self.commit_member(actor.id(), write).await
    }

    pub(crate) async fn remove_member(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
        user: UserId,
    ) -> Result<Submitted> {
        if user == actor.id() {
            return self.leave_conversation(actor, id).await;
        }
        let (_, role_min) = self.require(actor, id, Deed::RemoveMember).await?;
        let name = self.member_name(id, user).await?;
        let note = SystemNote::MemberRemoved { user_id: user };
        self.depart(actor, id, role_min, user, note, &name).await
    }

    pub(crate) async fn leave_conversation(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
    ) -> Result<Submitted> {
        let (_, role_min) = self.require(actor, id, Deed::Leave).await?;
        let name = actor.user.display_name.clone();
        self.depart(actor, id, role_min, actor.id(), SystemNote::MemberLeft, &name).await
    }

    async fn depart(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
        role_min: MemberRole,
        user_id: UserId,
        note: SystemNote,
        name: &str,
    ) -> Result<Submitted> {
        let act = Act { conversation_id: id, actor: actor.summary(), role_min, at: self.now() };
        let announcement = announcement(self, note, &act.actor, Some(name));
        let write = Write::RemoveMember { act, user_id, announcement };
        self.commit(write, async |_, written| match written {
            Written::Done => Ok(Reply::Done),
            other => Err(unexpected(&other)),
        })
        .await
    }

    /// The name of a member to show.
    async fn member_name(&self, id: ConversationId, user: UserId) -> Result<String> {
        if self.store.members_among(id, &[user]).await?.is_empty() {
            return Err(Error::NotFound("member"));
        }
        Ok(self.person(&user.to_string()).await?.display_name)
    }

    async fn commit_member(self: &Arc<Self>, asker: UserId, write: Write) -> Result<Submitted> {
        self.commit(write, async move |chat, written| match written {
            Written::Member { mut member, existed } => {
                let apart = chat.store.kept_apart(asker).await?;
                chat.show(asker, [&mut member.user], &apart).await?;
                Ok(Reply::Member { member, existed })
            }
            other => Err(unexpected(&other)),
        })
        .await
    }
}
