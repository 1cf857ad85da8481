//! Writes about messages.

use super::{Entry, Work};
use crate::apply::rows::{Rows, Step};
use crate::log::{self, Stamp};
use crate::{
    Act, Anchor, Announcement, DeleteMessage, EditMessage, MarkRead, Mentions, NewMessage, Notice, Refusal,
    Written,
};
use natter_protocol::{
    File, GroupMention, Message, MessageId, MessageKind, ReactionCount, ReadReceipt, Seq, Timestamp, UserId,
    UserSummary, limits,
};
use uuid::Uuid;

impl<R: Rows> Work<'_, R> {
    pub(super) async fn send_message(&mut self, new: &NewMessage) -> Step<Written, R::Error> {
        if self.role(new.conversation_id, new.sender.id).await?.is_none() {
            return Err(Refusal::NotAMember.into());
        }
        let files = match self.send_refusal(new).await? {
            Some(refusal) => Err(refusal),
            None => self.files_for(new.sender.id, &new.attachments).await?,
        };
        let files = match files {
            Ok(files) => files,
            // What is refused now may have been taken before: a repeat answers with the first result.
            Err(refusal) => return self.repeat(new).await?.ok_or_else(|| refusal.into()),
        };
        let kept = self.kept(new.conversation_id, new.sender.id, &new.mentions).await?;
        let new = NewMessage { mentions: kept, ..new.clone() };
        let head = self.head(new.conversation_id).await?;
        let (seq, number) = (head.last_seq + 1, head.message_number + 1);
        // Looking beforehand whether it is there would search the same index twice.
        if !self.rows.insert_message(&new, seq, number).await? {
            return self.sent_before(&new, files).await;
        }
        let entry = Entry { message: Some(new.id), ..Entry::of(log::MESSAGE_NEW) };
        let Stamp { seq, .. } =
            self.append(new.conversation_id, entry, new.sender.id, new.created_at).await?;
        let head = self.head(new.conversation_id).await?;
        head.message_number = number;
        head.appended(new.id, new.created_at);
        self.list_mentions(new.id, new.conversation_id, seq, new.sender.id, &new.mentions).await?;
        if !files.is_empty() {
            self.rows.attach(new.id, new.conversation_id, seq, &files).await?;
        }
        let message = Box::new(new.into_message(seq, files));
        self.tell(log::message_new(message.clone()));
        Ok(Written::Message(message))
    }

    /// Why the conversation does not take a message that was not sent before.
    async fn send_refusal(&mut self, new: &NewMessage) -> Step<Option<Refusal>, R::Error> {
        let head = self.head(new.conversation_id).await?;
        if !head.is_active() {
            return Ok(Some(Refusal::ConversationNotActive));
        }
        if head.blocked {
            return Ok(Some(Refusal::Blocked));
        }
        for (reference, refusal) in
            [(new.reply_to, Refusal::ReplyUnknown), (new.thread_id, Refusal::ThreadUnknown)]
        {
            if let Some(id) = reference
                && self.rows.position(id, new.conversation_id).await?.is_none()
            {
                return Ok(Some(refusal));
            }
        }
        Ok(None)
    }

    /// The first result under the same key.
    async fn repeat(&mut self, new: &NewMessage) -> Step<Option<Written>, R::Error> {
        let Some(key) = &new.client_message_id else { return Ok(None) };
        match self.rows.by_key(new.conversation_id, new.sender.id, key).await? {
            Some((first, fingerprint)) if fingerprint == new.fingerprint => {
                Ok(Some(Written::MessageRepeat(first)))
            }
            Some(_) => Err(Refusal::ClientMessageIdConflict.into()),
            None => Ok(None),
        }
    }

    async fn sent_before(&mut self, new: &NewMessage, files: Vec<File>) -> Step<Written, R::Error> {
        if let Some(repeat) = self.repeat(new).await? {
            return Ok(repeat);
        }
        // The id is there: this very write was done before, and nobody has been told of it yet.
        let seq = self.rows.position(new.id, new.conversation_id).await?.ok_or(Refusal::MessageUnknown)?;
        let message = Box::new(new.clone().into_message(seq, files));
        self.tell(log::message_new(message.clone()));
        Ok(Written::Message(message))
    }

    /// The mentions without those that do not count.
    async fn kept(
        &mut self,
        conversation: natter_protocol::ConversationId,
        sender: UserId,
        mentions: &Mentions,
    ) -> Step<Mentions, R::Error> {
        let mut kept = mentions.clone();
        if !kept.named.is_empty() {
            let counting = self.rows.mentionable(conversation, sender, &kept.named).await?;
            kept.named.retain(|user| counting.contains(user));
        }
        if let Some(here) = kept.here.as_mut().filter(|here| !here.is_empty()) {
            *here = self.rows.mentionable(conversation, sender, here).await?;
            here.retain(|user| !kept.named.contains(user));
        }
        Ok(kept)
    }

    async fn list_mentions(
        &mut self,
        id: MessageId,
        conversation: natter_protocol::ConversationId,
        seq: Seq,
        sender: UserId,
        mentions: &Mentions,
    ) -> Step<(), R::Error> {
        let here = mentions.here.as_deref().unwrap_or_default();
        let listed: Vec<UserId> = mentions.named.iter().chain(here).copied().collect();
        if listed.is_empty() {
            return Ok(());
        }
        self.rows.insert_mentions(id, conversation, seq, sender, &listed).await
    }

    pub(super) async fn edit_message(&mut self, edit: &EditMessage) -> Step<Written, R::Error> {
        let mut message = self.seen_by(edit.message_id, edit.actor.id).await?;
        if message.kind == MessageKind::System || message.sender.id != edit.actor.id {
            return Err(Refusal::NotTheSender.into());
        }
        if message.content == edit.content {
            return Ok(Written::Message(Box::new(message)));
        }
        self.require_open(message.conversation_id).await?;
        let mentions = self.kept(message.conversation_id, edit.actor.id, &edit.mentions).await?;
        self.rows.insert_version(message.id, edit.at, edit.actor.id).await?;
        self.rows.update_content(message.id, &edit.content, &mentions, edit.at).await?;
        self.rows.delete_mentions(message.id).await?;
        self.list_mentions(message.id, message.conversation_id, message.seq, edit.actor.id, &mentions)
            .await?;
        // What was behind links that are there no more.
        let shown = message.link_previews.len();
        message.link_previews.retain(|preview| edit.content.contains(&preview.url));
        if message.link_previews.len() < shown {
            let images = message.link_previews.iter().filter_map(|preview| preview.image.as_ref()?.id());
            let images: Vec<Uuid> = images.collect();
            self.rows.set_previews(message.id, &message.link_previews, &images).await?;
        }
        message.content.clone_from(&edit.content);
        message.mentions = mentions.named;
        message.group_mention = mentions.group;
        message.edited_at = Some(edit.at);
        self.changed(message, edit.actor.id, edit.at, log::MESSAGE_UPDATED).await
    }

    pub(super) async fn delete_message(&mut self, delete: &DeleteMessage) -> Step<Written, R::Error> {
        let act = &delete.act;
        let Some(mut message) = self.rows.message(delete.message_id).await? else {
            return Err(Refusal::MessageUnknown.into());
        };
        let Some(role) = self.role(message.conversation_id, act.actor.id).await? else {
            return Err(Refusal::MessageUnknown.into());
        };
        if message.kind == MessageKind::System {
            return Err(Refusal::NotTheSender.into());
        }
        if message.sender.id != act.actor.id && role < act.role_min {
            return Err(Refusal::RoleTooLow.into());
        }
        if message.deleted_at.is_some() {
            return Ok(Written::Message(Box::new(message)));
        }
        // Locks the conversation before anything changes.
        self.head(message.conversation_id).await?;
        self.rows.insert_version(message.id, act.at, act.actor.id).await?;
        self.rows.erase_content(message.id, act.at).await?;
        self.rows.delete_mentions(message.id).await?;
        self.rows.delete_reactions(message.id).await?;
        if !message.attachments.is_empty() {
            self.rows.detach(message.id).await?;
            message.attachments.clear();
        }
        if !message.link_previews.is_empty() {
            self.rows.set_previews(message.id, &[], &[]).await?;
            message.link_previews.clear();
        }
        message.content.clear();
        message.mentions.clear();
        message.group_mention = None;
        message.reactions.clear();
        message.forwarded_from = None;
        message.pinned_at = None;
        message.deleted_at = Some(act.at);
        self.changed(message, act.actor.id, act.at, log::MESSAGE_DELETED).await
    }

    pub(super) async fn set_reaction(
        &mut self,
        id: MessageId,
        actor: &UserSummary,
        emoji: &str,
        on: bool,
        at: Timestamp,
    ) -> Step<Written, R::Error> {
        let mut message = self.seen_by(id, actor.id).await?;
        self.require_open(message.conversation_id).await?;
        let known = message.reactions.iter().any(|reaction| reaction.emoji == emoji);
        if on && !known && message.reactions.len() as u64 >= limits::MESSAGE_REACTIONS_MAX {
            let (what, max) = ("different reactions to a message", limits::MESSAGE_REACTIONS_MAX);
            return Err(Refusal::LimitReached { what, max }.into());
        }
        let changed = if on {
            self.rows.insert_reaction(id, actor.id, emoji, at).await?
        } else {
            self.rows.delete_reaction(id, actor.id, emoji).await?
        };
        if !changed {
            return Ok(Written::Message(Box::new(message)));
        }
        let count = recount(&mut message.reactions, emoji, on);
        let kind = if on { log::REACTION_ADDED } else { log::REACTION_REMOVED };
        let entry = Entry { message: Some(id), detail: Some(emoji), ..Entry::of(kind) };
        let stamp = self.append(message.conversation_id, entry, actor.id, at).await?;
        self.tell(stamp.reaction(on, id, emoji.to_owned(), count));
        Ok(Written::Message(Box::new(message)))
    }

    pub(super) async fn set_pin(
        &mut self,
        act: &Act,
        id: MessageId,
        on: bool,
        announcement: Option<&Announcement>,
    ) -> Step<Written, R::Error> {
        self.require(act).await?;
        let mut message = self.seen_by(id, act.actor.id).await?;
        if message.conversation_id != act.conversation_id || message.kind == MessageKind::System {
            return Err(Refusal::MessageUnknown.into());
        }
        if message.pinned_at.is_some() == on {
            return Ok(Written::Message(Box::new(message)));
        }
        self.require_open(act.conversation_id).await?;
        if on && self.rows.count_pins(act.conversation_id).await? >= limits::CONVERSATION_PINS_MAX {
            let (what, max) = ("pinned messages in a conversation", limits::CONVERSATION_PINS_MAX);
            return Err(Refusal::LimitReached { what, max }.into());
        }
        message.pinned_at = on.then_some(act.at);
        self.rows.set_pinned(id, message.pinned_at).await?;
        let written = self.changed(message, act.actor.id, act.at, log::MESSAGE_UPDATED).await?;
        if let Some(announcement) = announcement.filter(|_| on) {
            self.announce(act.conversation_id, &act.actor, act.at, announcement).await?;
        }
        Ok(written)
    }

    pub(super) async fn mark_read(&mut self, mark: &MarkRead) -> Step<Written, R::Error> {
        let id = mark.conversation_id;
        if self.role(id, mark.user_id).await?.is_none() {
            return Err(Refusal::NotAMember.into());
        }
        let end = self.head(id).await?.last_seq;
        let up_to = match mark.up_to {
            None => end,
            Some(Anchor::Seq(seq)) => seq.min(end),
            Some(Anchor::Message(message)) => {
                self.rows.position(message, id).await?.ok_or(Refusal::AnchorUnknown)?
            }
        };
        let before = self.rows.last_read(id, mark.user_id).await?.ok_or(Refusal::NotAMember)?;
        if up_to > before {
            self.rows.set_last_read(id, mark.user_id, up_to, mark.at).await?;
            self.notices.push(Notice::Read(ReadReceipt {
                conversation_id: id,
                user_id: mark.user_id,
                last_read_seq: up_to,
                read_at: mark.at,
            }));
        }
        Ok(Written::Read { conversation_id: id, last_read_seq: up_to.max(before) })
    }

    /// A message that is not deleted, of a conversation that the user is in.
    async fn seen_by(&mut self, id: MessageId, user: UserId) -> Step<Message, R::Error> {
        let message = self.rows.message(id).await?.ok_or(Refusal::MessageUnknown)?;
        let member = self.role(message.conversation_id, user).await?.is_some();
        if member && message.deleted_at.is_none() { Ok(message) } else { Err(Refusal::MessageUnknown.into()) }
    }

    /// Whether people may change anything in it: it is active, and nobody has blocked the other.
    async fn require_open(&mut self, id: natter_protocol::ConversationId) -> Step<(), R::Error> {
        self.require_active(id).await?;
        if self.head(id).await?.blocked { Err(Refusal::Blocked.into()) } else { Ok(()) }
    }

    /// Appends and tells that a message is different now.
    pub(super) async fn changed(
        &mut self,
        message: Message,
        actor_id: UserId,
        at: Timestamp,
        kind: i16,
    ) -> Step<Written, R::Error> {
        let entry = Entry { message: Some(message.id), ..Entry::of(kind) };
        let stamp = self.append(message.conversation_id, entry, actor_id, at).await?;
        self.tell(if kind == log::MESSAGE_DELETED {
            stamp.message_deleted(message.clone())
        } else {
            stamp.message_updated(message.clone())
        });
        Ok(Written::Message(Box::new(message)))
    }
}

/// Adds one to the reactions with an emoji or takes one away; how many there are then.
fn recount(reactions: &mut Vec<ReactionCount>, emoji: &str, on: bool) -> u32 {
    let place = reactions.iter().position(|reaction| reaction.emoji == emoji).unwrap_or_else(|| {
        reactions.push(ReactionCount { emoji: emoji.to_owned(), count: 0, me: false });
        reactions.len() - 1
    });
    let reaction = &mut reactions[place];
    reaction.count = if on { reaction.count + 1 } else { reaction.count.saturating_sub(1) };
    let count = reaction.count;
    reactions.retain(|reaction| reaction.count > 0);
    count
}

impl Mentions {
    /// Whether it counts as a mention of every member.
    pub(crate) fn counts_for_all(&self) -> bool {
        match self.group {
            Some(GroupMention::All) => true,
            Some(GroupMention::Here) => self.here.is_none(),
            None => false,
        }
    }
}
