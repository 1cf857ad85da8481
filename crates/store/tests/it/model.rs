//! What writes mean, told a second time and as simply as can be: no tables, no counters, nothing kept that can be
//! counted. The store is held to this.

mod conversations;
mod files;

use natter_protocol::{
    ConversationId, ConversationInfo, ConversationKind, ConversationStatus, FileId, GroupMention, MemberRole,
    MessageId, Seq, Timestamp, UserId,
};
use natter_store::{
    Act, Anchor, Announcement, DeleteMessage, EditMessage, MarkRead, Mentions, NewMessage, Refusal, Write,
};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use files::Uploaded;

/// Whoever wants it, and whom they keep away.
pub(crate) type Blocks = BTreeSet<(UserId, UserId)>;

/// People who keep others away, and conversations; those that are deleted stay here.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) blocks: Blocks,
    pub(crate) chats: Vec<Chat>,
    pub(crate) files: Vec<Uploaded>,
}

pub(crate) struct Chat {
    pub(crate) info: ConversationInfo,
    /// Who was in it from the start.
    founders: BTreeSet<UserId>,
    pub(crate) members: BTreeMap<UserId, Membership>,
    pub(crate) messages: Vec<Sent>,
    pub(crate) log: Vec<Entry>,
    pub(crate) deleted: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) role: MemberRole,
    pub(crate) joined_at: Timestamp,
    pub(crate) last_read: Seq,
    pub(crate) muted: bool,
    pub(crate) pinned: bool,
    pub(crate) archived: bool,
}

pub(crate) struct Sent {
    pub(crate) id: MessageId,
    pub(crate) seq: Seq,
    pub(crate) sender: UserId,
    pub(crate) system: bool,
    pub(crate) content: String,
    /// The key, and what was sent under it; an edit does not change that.
    key: Option<(String, String)>,
    pub(crate) thread: Option<MessageId>,
    pub(crate) meant: Meant,
    pub(crate) edited: bool,
    pub(crate) deleted: bool,
    pub(crate) pinned_at: Option<Timestamp>,
    pub(crate) files: Vec<FileId>,
    /// In the order of time.
    pub(crate) reactions: Vec<(String, UserId)>,
}

/// Whom a message mentions.
#[derive(Default)]
pub(crate) struct Meant {
    pub(crate) named: Vec<UserId>,
    here: Vec<UserId>,
    everybody: bool,
}

/// An entry of a log: its type, the message and the person that it is about, and the emoji.
pub(crate) type Entry = (&'static str, Option<MessageId>, Option<UserId>, Option<String>);

/// What becomes of a write, as far as it can be foretold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Done,
    /// The conversation of the same two.
    Existed(ConversationId),
    /// A message at this position.
    Message(Seq),
    Repeat(MessageId),
    Read(Seq),
    Refused(Refusal),
}

impl Chat {
    /// The definition of what is unread: messages of others past the read position that are neither deleted, nor
    /// written by the system, nor by somebody whom the reader has blocked. How many, and how many of them mention the
    /// reader.
    pub(crate) fn unread(&self, reader: UserId, blocks: &Blocks) -> (u64, u64) {
        let last_read = self.members[&reader].last_read;
        let unread = self.messages.iter().filter(|message| {
            message.seq > last_read
                && message.sender != reader
                && !message.deleted
                && !message.system
                && !blocks.contains(&(reader, message.sender))
        });
        unread.fold((0, 0), |(count, mentions), message| {
            (count + 1, mentions + u64::from(message.meant.includes(reader)))
        })
    }

    /// Who was in it once the log went up to this position.
    pub(crate) fn roster(&self, at: Seq) -> BTreeSet<UserId> {
        let mut members = self.founders.clone();
        for ((kind, _, user, _), _) in self.log.iter().zip(0..at) {
            match (*kind, user) {
                ("member.joined", Some(user)) => drop(members.insert(*user)),
                ("member.left", Some(user)) => drop(members.remove(user)),
                _ => {}
            }
        }
        members
    }

    pub(crate) fn head(&self) -> Seq {
        self.log.len() as Seq
    }

    fn role(&self, user: UserId) -> Option<MemberRole> {
        self.members.get(&user).map(|member| member.role)
    }

    fn require(&self, act: &Act) -> Result<MemberRole, Refusal> {
        let role = self.role(act.actor.id).ok_or(Refusal::NotAMember)?;
        if role < act.role_min { Err(Refusal::RoleTooLow) } else { Ok(role) }
    }

    fn require_active(&self) -> Result<(), Refusal> {
        if self.info.status == ConversationStatus::Active {
            Ok(())
        } else {
            Err(Refusal::ConversationNotActive)
        }
    }

    /// It is active, and if it is between two, neither has blocked the other.
    fn require_open(&self, blocks: &Blocks) -> Result<(), Refusal> {
        self.require_active()?;
        let two: Vec<UserId> = self.members.keys().copied().collect();
        match two.as_slice() {
            [one, other] if self.info.kind == ConversationKind::Direct && apart(blocks, *one, *other) => {
                Err(Refusal::Blocked)
            }
            _ => Ok(()),
        }
    }

    fn append(&mut self, entry: Entry) -> Seq {
        self.log.push(entry);
        self.head()
    }

    fn announce(&mut self, actor: UserId, at: Timestamp, announcement: &Announcement) {
        let id = announcement.message_id;
        let seq = self.append(("message.new", Some(id), None, None));
        self.info.updated_at = self.info.updated_at.max(at);
        self.messages.push(Sent { system: true, ..Sent::new(id, seq, actor, &announcement.content) });
    }

    fn leave(&mut self, actor: UserId, at: Timestamp, user: UserId, announcement: &Announcement) {
        let was_owner = self.role(user) == Some(MemberRole::Owner);
        self.members.remove(&user);
        self.append(("member.left", None, Some(user), None));
        self.announce(actor, at, announcement);
        // Of the highest rank, whoever has been there longest; of these the smallest id.
        let heir = self
            .members
            .iter()
            .min_by_key(|(id, member)| (std::cmp::Reverse(member.role), member.joined_at, **id));
        if let (true, Some(heir)) = (was_owner, heir.map(|(id, _)| *id)) {
            self.give(heir, MemberRole::Owner);
        }
    }

    fn give(&mut self, user: UserId, role: MemberRole) {
        if let Some(member) = self.members.get_mut(&user) {
            member.role = role;
        }
        self.append(("member.updated", None, Some(user), None));
    }
}

impl Sent {
    fn new(id: MessageId, seq: Seq, sender: UserId, content: &str) -> Self {
        Self {
            id,
            seq,
            sender,
            system: false,
            content: content.to_owned(),
            key: None,
            thread: None,
            meant: Meant::default(),
            edited: false,
            deleted: false,
            pinned_at: None,
            files: Vec::new(),
            reactions: Vec::new(),
        }
    }
}

impl Meant {
    /// Those who are mentioned and count.
    fn new(mentions: &Mentions, counts: impl Fn(&UserId) -> bool) -> Self {
        Self {
            named: mentions.named.iter().copied().filter(&counts).collect(),
            here: mentions.here.iter().flatten().copied().filter(&counts).collect(),
            everybody: match mentions.group {
                Some(GroupMention::All) => true,
                Some(GroupMention::Here) => mentions.here.is_none(),
                None => false,
            },
        }
    }

    fn includes(&self, user: UserId) -> bool {
        self.everybody || self.named.contains(&user) || self.here.contains(&user)
    }
}

/// Whether either has blocked the other.
fn apart(blocks: &Blocks, one: UserId, other: UserId) -> bool {
    blocks.contains(&(one, other)) || blocks.contains(&(other, one))
}

impl Model {
    /// Does a write, or finds out why not.
    pub(crate) fn apply(&mut self, write: &Write) -> Expected {
        let result = match write {
            Write::SendMessage(new) => self.send(new),
            Write::EditMessage(edit) => self.edit(edit),
            Write::DeleteMessage(delete) => self.delete(delete),
            Write::SetReaction { message_id, actor, emoji, on, .. } => {
                self.react(*message_id, actor.id, emoji, *on)
            }
            Write::SetPin { act, message_id, on, announcement } => {
                self.pin(act, *message_id, *on, announcement.as_ref())
            }
            Write::MarkRead(mark) => self.read(mark),
            Write::CreateConversation(new) => Ok(self.create(new)),
            Write::UpdateConversation(update) => self.update(update),
            Write::DeleteConversation(act) => self.delete_conversation(act),
            Write::UpdateMe { conversation_id, user_id, update } => {
                self.chat(*conversation_id).and_then(|chat| {
                    let me = chat.members.get_mut(user_id).ok_or(Refusal::NotAMember)?;
                    me.muted = update.muted.unwrap_or(me.muted);
                    me.pinned = update.pinned.unwrap_or(me.pinned);
                    me.archived = update.archived.unwrap_or(me.archived);
                    Ok(Expected::Done)
                })
            }
            Write::AddMember(add) => self.enter(add),
            Write::FinishScan { blob_id, verdict, .. } => Ok(self.finish_scan(*blob_id, verdict)),
            Write::RemoveMember { act, user_id, announcement } => self.remove(act, *user_id, announcement),
            Write::SetMemberRole { act, user_id, role, announcement } => {
                self.set_role(act, *user_id, *role, announcement)
            }
            Write::Block { blocker, blocked, .. } => {
                self.blocks.insert((*blocker, *blocked));
                Ok(Expected::Done)
            }
            Write::Unblock { blocker, blocked } => {
                self.blocks.remove(&(*blocker, *blocked));
                Ok(Expected::Done)
            }
            other => panic!("the model does not know {other:?}"),
        };
        result.unwrap_or_else(Expected::Refused)
    }

    /// Who sent a message, also where nobody sees it any more.
    pub(crate) fn sender(&self, id: MessageId) -> Option<UserId> {
        let message = |chat: &Chat| chat.messages.iter().find(|message| message.id == id).map(|m| m.sender);
        self.chats.iter().find_map(message)
    }

    pub(crate) fn members(&self, id: ConversationId) -> Vec<UserId> {
        let chat = self.chats.iter().find(|chat| chat.info.id == id && !chat.deleted);
        chat.map(|chat| chat.members.keys().copied().collect()).unwrap_or_default()
    }

    pub(crate) fn owner(&self, id: ConversationId) -> Option<UserId> {
        let chat = self.chats.iter().find(|chat| chat.info.id == id)?;
        let owner = chat.members.iter().find(|(_, member)| member.role == MemberRole::Owner);
        owner.map(|(user, _)| *user)
    }

    /// Between two, where nobody comes or goes.
    pub(crate) fn is_direct(&self, id: ConversationId) -> bool {
        let direct = |chat: &Chat| chat.info.id == id && chat.info.kind == ConversationKind::Direct;
        self.chats.iter().any(direct)
    }

    fn chat(&mut self, id: ConversationId) -> Result<&mut Chat, Refusal> {
        self.chats.iter_mut().find(|chat| chat.info.id == id && !chat.deleted).ok_or(Refusal::NotAMember)
    }

    /// The place of a message, and of its conversation, that somebody may see.
    fn find(&self, id: MessageId, viewer: UserId) -> Result<(usize, usize), Refusal> {
        let place = self.chats.iter().enumerate().find_map(|(at, chat)| {
            let seen = !chat.deleted && chat.members.contains_key(&viewer);
            let message = chat.messages.iter().position(|message| message.id == id)?;
            seen.then_some((at, message))
        });
        place.ok_or(Refusal::MessageUnknown)
    }

    fn send(&mut self, new: &NewMessage) -> Result<Expected, Refusal> {
        let blocks = self.blocks.clone();
        let files = self.files_of(new.sender.id, &new.attachments);
        let chat = self.chat(new.conversation_id)?;
        let sender = new.sender.id;
        chat.role(sender).ok_or(Refusal::NotAMember)?;
        let key = new.client_message_id.clone().map(|key| (key, new.content.clone()));
        let first = chat.messages.iter().find_map(|message| match (&message.key, &key) {
            (Some(first), Some(key)) if message.sender == sender && first.0 == key.0 => {
                Some((message.id, first.1 == key.1))
            }
            _ => None,
        });
        match first {
            Some((id, true)) => return Ok(Expected::Repeat(id)),
            Some((_, false)) => return Err(Refusal::ClientMessageIdConflict),
            None => {}
        }
        chat.require_open(&blocks)?;
        let here =
            |id: Option<MessageId>| id.is_none_or(|id| chat.messages.iter().any(|message| message.id == id));
        if !here(new.reply_to) {
            return Err(Refusal::ReplyUnknown);
        }
        if !here(new.thread_id) {
            return Err(Refusal::ThreadUnknown);
        }
        let files = files?;
        let seq = chat.append(("message.new", Some(new.id), None, None));
        let mut message =
            Sent { key, files, thread: new.thread_id, ..Sent::new(new.id, seq, sender, &new.content) };
        message.meant = Meant::new(&new.mentions, |user| {
            chat.members.contains_key(user) && *user != sender && !apart(&blocks, sender, *user)
        });
        chat.messages.push(message);
        chat.info.updated_at = chat.info.updated_at.max(new.created_at);
        Ok(Expected::Message(seq))
    }

    fn edit(&mut self, edit: &EditMessage) -> Result<Expected, Refusal> {
        let actor = edit.actor.id;
        let (at, place) = self.find(edit.message_id, actor)?;
        let (blocks, chat) = (&self.blocks, &mut self.chats[at]);
        let message = &chat.messages[place];
        let seq = message.seq;
        if message.deleted {
            return Err(Refusal::MessageUnknown);
        }
        if message.system || message.sender != actor {
            return Err(Refusal::NotTheSender);
        }
        if message.content == edit.content {
            return Ok(Expected::Message(seq));
        }
        chat.require_open(blocks)?;
        chat.append(("message.updated", Some(edit.message_id), None, None));
        let (members, message) = (&chat.members, &mut chat.messages[place]);
        message.content.clone_from(&edit.content);
        message.edited = true;
        message.meant = Meant::new(&edit.mentions, |user| {
            members.contains_key(user) && *user != actor && !apart(blocks, actor, *user)
        });
        Ok(Expected::Message(seq))
    }

    fn delete(&mut self, delete: &DeleteMessage) -> Result<Expected, Refusal> {
        let actor = delete.act.actor.id;
        let (at, place) = self.find(delete.message_id, actor)?;
        let chat = &mut self.chats[at];
        let message = &chat.messages[place];
        let seq = message.seq;
        if message.system {
            return Err(Refusal::NotTheSender);
        }
        if message.sender != actor && chat.role(actor) < Some(delete.act.role_min) {
            return Err(Refusal::RoleTooLow);
        }
        if message.deleted {
            return Ok(Expected::Message(seq));
        }
        chat.append(("message.deleted", Some(delete.message_id), None, None));
        let Sent { id, sender, key, thread, edited, .. } = chat.messages.remove(place);
        let tombstone = Sent { key, thread, edited, deleted: true, ..Sent::new(id, seq, sender, "") };
        chat.messages.insert(place, tombstone);
        Ok(Expected::Message(seq))
    }

    fn react(&mut self, id: MessageId, actor: UserId, emoji: &str, on: bool) -> Result<Expected, Refusal> {
        let (at, place) = self.find(id, actor)?;
        let chat = &mut self.chats[at];
        if chat.messages[place].deleted {
            return Err(Refusal::MessageUnknown);
        }
        chat.require_open(&self.blocks)?;
        let seq = chat.messages[place].seq;
        let reaction = (emoji.to_owned(), actor);
        if chat.messages[place].reactions.contains(&reaction) == on {
            return Ok(Expected::Message(seq));
        }
        let kind = if on { "reaction.added" } else { "reaction.removed" };
        chat.append((kind, Some(id), Some(actor), Some(emoji.to_owned())));
        let reactions = &mut chat.messages[place].reactions;
        if on {
            reactions.push(reaction);
        } else {
            reactions.retain(|there| *there != reaction);
        }
        Ok(Expected::Message(seq))
    }

    fn pin(
        &mut self,
        act: &Act,
        id: MessageId,
        on: bool,
        announcement: Option<&Announcement>,
    ) -> Result<Expected, Refusal> {
        self.chat(act.conversation_id)?.require(act)?;
        let (at, place) = self.find(id, act.actor.id)?;
        let chat = &mut self.chats[at];
        let message = &chat.messages[place];
        let seq = message.seq;
        if chat.info.id != act.conversation_id || message.deleted || message.system {
            return Err(Refusal::MessageUnknown);
        }
        if message.pinned_at.is_some() == on {
            return Ok(Expected::Message(seq));
        }
        chat.require_open(&self.blocks)?;
        chat.messages[place].pinned_at = on.then_some(act.at);
        chat.append(("message.updated", Some(id), None, None));
        if let Some(announcement) = announcement.filter(|_| on) {
            chat.announce(act.actor.id, act.at, announcement);
        }
        Ok(Expected::Message(seq))
    }

    fn read(&mut self, mark: &MarkRead) -> Result<Expected, Refusal> {
        let chat = self.chat(mark.conversation_id)?;
        let head = chat.head();
        let place = match mark.up_to {
            None => Some(head),
            Some(Anchor::Seq(seq)) => Some(seq.min(head)),
            Some(Anchor::Message(id)) => {
                chat.messages.iter().find(|message| message.id == id).map(|message| message.seq)
            }
        };
        let member = chat.members.get_mut(&mark.user_id).ok_or(Refusal::NotAMember)?;
        member.last_read = member.last_read.max(place.ok_or(Refusal::AnchorUnknown)?);
        Ok(Expected::Read(member.last_read))
    }
}

impl Membership {
    const fn new(role: MemberRole, joined_at: Timestamp, last_read: Seq) -> Self {
        Self { role, joined_at, last_read, muted: false, pinned: false, archived: false }
    }
}
