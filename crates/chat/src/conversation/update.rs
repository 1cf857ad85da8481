//! `conversation.update`, `conversation.delete`, and what only the caller sees

use crate::announce::announcement;
use crate::execute::{Submitted, unexpected};
use crate::permission::Act as Deed;
use crate::text::{self, Check};
use crate::{Actor, Chat, Result};
use natter_protocol::{
    ConversationId, ConversationKind, MemberRole, Reply, SystemNote, UpdateConversation, UpdateMe,
    Visibility, limits,
};
use natter_store::{Act, UpdateConversation as StoredUpdate, Write, Written};
use std::sync::Arc;

impl Chat {
    pub(crate) async fn update_conversation(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
        update: UpdateConversation,
    ) -> Result<Submitted> {
        let mut role_min = MemberRole::Member;
        let mut kind = ConversationKind::Group;
        for (wanted, deed) in [
            (update.name.is_some() || update.topic.is_some(), Deed::Rename),
            (update.visibility.is_some(), Deed::ChangeVisibility),
            (update.status.is_some() || update.link_previews.is_some(), Deed::ChangeStatus),
        ] {
            if wanted {
                let (standing, min) = self.require(actor, id, deed).await?;
                role_min = role_min.max(min);
                kind = standing.kind;
            }
        }
        let (name, topic) = validate(&update, kind)?;
        let notes = [
            name.clone().map(|name| SystemNote::Renamed { name }),
            topic.clone().map(|topic| SystemNote::TopicChanged { topic }),
            update.visibility.map(|visibility| SystemNote::VisibilityChanged { visibility }),
            update.status.map(|status| SystemNote::StatusChanged { status }),
        ];
        let act = Act { conversation_id: id, actor: actor.summary(), role_min, at: self.now() };
        let announcements =
            notes.into_iter().flatten().map(|note| announcement(self, note, &act.actor, None)).collect();
        let UpdateConversation { visibility, status, link_previews, .. } = update;
        let write = Write::UpdateConversation(Box::new(StoredUpdate {
            act,
            name,
            topic,
            visibility,
            status,
            link_previews,
            announcements,
        }));
        let actor = actor.clone();
        self.commit(write, async move |chat, written| match written {
            Written::Done => {
                let conversation = Box::new(chat.conversation(&actor, id).await?);
                Ok(Reply::Conversation { conversation, existed: true })
            }
            other => Err(unexpected(&other)),
        })
        .await
    }

    pub(crate) async fn delete_conversation(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
    ) -> Result<Submitted> {
        let (_, role_min) = self.require(actor, id, Deed::Delete).await?;
        let act = Act { conversation_id: id, actor: actor.summary(), role_min, at: self.now() };
        self.commit(Write::DeleteConversation(act), async |_, written| match written {
            Written::Done => Ok(Reply::Done),
            other => Err(unexpected(&other)),
        })
        .await
    }

    pub(crate) async fn update_me(
        self: &Arc<Self>,
        actor: &Actor,
        id: ConversationId,
        update: UpdateMe,
    ) -> Result<Submitted> {
        let user_id = actor.id();
        let write = Write::UpdateMe { conversation_id: id, user_id, update };
        self.commit(write, async |_, written| match written {
            Written::Me(me) => Ok(Reply::Me(me)),
            other => Err(unexpected(&other)),
        })
        .await
    }
}

/// Name and topic as they are kept.
#[expect(clippy::option_option, reason = "a topic is left alone, cleared, or replaced")]
fn validate(
    update: &UpdateConversation,
    kind: ConversationKind,
) -> Result<(Option<String>, Option<Option<String>>)> {
    let mut check = Check::default();
    if *update == UpdateConversation::default() {
        check.fail("name", "nothing is to be changed: pass name, topic, visibility, status or linkPreviews");
    }
    let name = update.name.as_ref().map(|name| check.name("name", name, limits::CONVERSATION_NAME_CHARS_MAX));
    let topic = update.topic.as_ref().map(|topic| check.topic(topic));
    if update.visibility == Some(Visibility::Public) && kind != ConversationKind::Channel {
        check.fail("visibility", "only a channel can be public");
    }
    check.done()?;
    Ok((name, topic))
}

impl Check {
    /// Notes what is wrong with a topic. Returns it as it is kept; a blank one is none.
    pub(super) fn topic(&mut self, topic: &str) -> Option<String> {
        let topic = self.text("topic", topic, limits::CONVERSATION_TOPIC_CHARS_MAX);
        Some(topic).filter(|topic| !text::is_blank(topic))
    }
}
