//! `conversation.create`

use crate::execute::{Submitted, unexpected};
use crate::text::Check;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{
    ConversationId, ConversationInfo, ConversationKind, ConversationStatus, CreateConversation, Reply,
    UserId, Visibility, limits,
};
use natter_store::{NewConversation, Write, Written};
use std::sync::Arc;

impl Chat {
    pub(crate) async fn create_conversation(
        self: &Arc<Self>,
        actor: &Actor,
        create: CreateConversation,
    ) -> Result<Submitted> {
        let (name, topic) = validate(&create)?;
        let members = self.resolve_members(actor, &create).await?;
        let now = self.now();
        let info = ConversationInfo {
            id: ConversationId::from_uuid(self.id_for(actor)),
            kind: create.kind,
            name,
            topic,
            visibility: create.visibility.unwrap_or(Visibility::Private),
            status: ConversationStatus::Active,
            link_previews: true,
            created_by: actor.id(),
            created_at: now,
            updated_at: now,
        };
        let write = Write::CreateConversation(Box::new(NewConversation { info, members }));
        let committing = self.store.queue(write).await?;
        let (chat, actor) = (Arc::clone(self), actor.clone());
        Ok(Submitted::new(async move {
            match committing.await? {
                Written::Conversation { id, existed } => {
                    let conversation = Box::new(chat.conversation(&actor, id).await?);
                    Ok(Reply::Conversation { conversation, existed })
                }
                other => Err(unexpected(&other)),
            }
        }))
    }

    /// The ids of those who are named, each once, without the actor.
    async fn resolve_members(&self, actor: &Actor, create: &CreateConversation) -> Result<Vec<UserId>> {
        let names: Vec<String> = create.members.iter().map(|name| name.trim().to_lowercase()).collect();
        let users = self.store.users_named(&names).await?;
        let mut check = Check::default();
        for name in &names {
            if !users.iter().any(|user| user.username == *name || user.id.to_string() == *name) {
                check.fail("members", format!("there is no user {name:?}"));
            }
        }
        check.done()?;
        let mut members: Vec<UserId> = users.into_iter().map(|user| user.id).collect();
        members.retain(|id| *id != actor.id());
        members.sort_unstable();
        members.dedup();
        if create.kind == ConversationKind::Direct && members.len() != 1 {
            return Err(Error::field("members", "must name exactly one person besides yourself"));
        }
        Ok(members)
    }
}

/// Name and topic as they are kept.
fn validate(create: &CreateConversation) -> Result<(Option<String>, Option<String>)> {
    let mut check = Check::default();
    let direct = create.kind == ConversationKind::Direct;
    match &create.name {
        Some(_) if direct => check.fail("name", "a direct conversation has no name"),
        None if !direct => check.fail("name", "is required for a group or channel"),
        _ => {}
    }
    let name = create.name.as_ref().filter(|_| !direct);
    let name = name.map(|name| check.name("name", name, limits::CONVERSATION_NAME_CHARS_MAX));
    let topic = create.topic.as_ref().and_then(|topic| check.topic(topic));
    if create.visibility == Some(Visibility::Public) && create.kind != ConversationKind::Channel {
        check.fail("visibility", "only a channel can be public");
    }
    if create.members.len() > limits::CONVERSATION_MEMBERS_ADDED_MAX {
        check.fail(
            "members",
            format!("at most {} can be named at once", limits::CONVERSATION_MEMBERS_ADDED_MAX),
        );
    }
    check.done()?;
    Ok((name, topic))
}
