//! A conversation as a client has it that follows the log.

use crate::harness::World;
use natter_protocol::{
    ConversationId, ConversationInfo, ConversationKind, Event, EventBody, Member, MemberRole, Message,
    MessageId, ReactionCount, Seq, User, UserId,
};
use std::collections::BTreeMap;

/// What the log tells of, besides who is signed in and what is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    pub(crate) info: ConversationInfo,
    pub(crate) members: BTreeMap<UserId, MemberRole>,
    pub(crate) member_count: u64,
    /// By position.
    pub(crate) messages: BTreeMap<Seq, Message>,
    pub(crate) last_seq: Seq,
    pub(crate) deleted: bool,
}

impl View {
    /// As the store tells it when it is asked.
    pub(crate) async fn fetch(world: &World, id: ConversationId, viewer: &User) -> Self {
        let conversation = world.conversation(id, viewer).await;
        let members = world.members(id, viewer).await;
        let messages = world.history(id, viewer).await;
        let mut view = Self {
            info: conversation.info,
            members: members.iter().map(|member| (member.user.id, member.role)).collect(),
            member_count: conversation.member_count,
            messages: messages.into_iter().map(|message| (message.seq, message)).collect(),
            last_seq: conversation.last_seq,
            deleted: false,
        };
        view.messages.values_mut().for_each(normalise);
        view
    }

    /// After the first entry of a log. Who was in it from the start is not told there.
    pub(crate) fn begin(first: &Event, founders: &[UserId]) -> Self {
        let EventBody::ConversationCreated(created) = &first.body else {
            panic!("not a beginning: {first:?}")
        };
        let direct = created.conversation.kind == ConversationKind::Direct;
        let role = |user: &UserId| {
            if !direct && *user == created.actor_id { MemberRole::Owner } else { MemberRole::Member }
        };
        Self {
            info: created.conversation.clone(),
            members: founders.iter().map(|user| (*user, role(user))).collect(),
            member_count: founders.len() as u64,
            messages: BTreeMap::new(),
            last_seq: first.seq,
            deleted: false,
        }
    }

    /// What the next entry changes.
    pub(crate) fn apply(&mut self, event: &Event) {
        assert_eq!(event.seq, self.last_seq + 1, "not the next entry: {event:?}");
        assert!(!self.deleted, "an entry after the last: {event:?}");
        self.last_seq = event.seq;
        match &event.body {
            EventBody::MessageNew(message) => {
                self.info.updated_at = self.info.updated_at.max(message.created_at);
                self.put(event.seq, message);
                if let Some(thread) = message.thread_id {
                    self.count_replies(thread);
                }
            }
            EventBody::MessageUpdated(change) | EventBody::MessageDeleted(change) => {
                assert_eq!(change.message.seq, event.seq);
                assert!(self.messages.contains_key(&change.message_seq), "unknown: {event:?}");
                self.put(change.message_seq, &change.message);
                self.count_replies(change.message.id);
            }
            EventBody::ReactionAdded(change) | EventBody::ReactionRemoved(change) => {
                let message = self.messages.values_mut().find(|message| message.id == change.message_id);
                let reactions = &mut message.unwrap_or_else(|| panic!("unknown: {event:?}")).reactions;
                reactions.retain(|reaction| reaction.emoji != change.emoji);
                let (emoji, count) = (change.emoji.clone(), change.count);
                reactions.extend((count > 0).then_some(ReactionCount { emoji, count, me: false }));
                reactions.sort_by(|a, b| a.emoji.cmp(&b.emoji));
            }
            EventBody::ConversationUpdated(change) => {
                let updated_at = self.info.updated_at.max(change.conversation.updated_at);
                self.info = ConversationInfo { updated_at, ..change.conversation.clone() };
            }
            EventBody::ConversationDeleted(_) => self.deleted = true,
            EventBody::MemberJoined(change) | EventBody::MemberUpdated(change) => {
                let Member { user, role, .. } = &change.member;
                self.members.insert(user.id, *role);
                self.member_count = change.member_count;
            }
            EventBody::MemberLeft(left) => {
                self.members.remove(&left.user_id);
                self.member_count = left.member_count;
            }
            EventBody::ConversationCreated(_) => panic!("a second beginning: {event:?}"),
        }
    }

    fn put(&mut self, seq: Seq, message: &Message) {
        let mut message = Message { seq, ..message.clone() };
        normalise(&mut message);
        self.messages.insert(seq, message);
    }

    /// A client counts what it knows of a thread itself: the log does not tell of it again for each answer.
    fn count_replies(&mut self, thread: MessageId) {
        let count = self.messages.values().filter(|message| message.thread_id == Some(thread)).count() as u64;
        if let Some(first) = self.messages.values_mut().find(|message| message.id == thread) {
            first.reply_count = count;
        }
    }
}

/// Entries say nothing about `me`, and whoever applies them cannot know which emoji was first used.
fn normalise(message: &mut Message) {
    message.reactions.iter_mut().for_each(|reaction| reaction.me = false);
    message.reactions.sort_by(|a, b| a.emoji.cmp(&b.emoji));
}
