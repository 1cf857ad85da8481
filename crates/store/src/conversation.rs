//! Conversations, as the store takes and gives them.

mod name;

pub(crate) use name::NamePart;

use crate::{Act, Announcement, Result};
use async_trait::async_trait;
use natter_protocol::{
    Conversation, ConversationId, ConversationInfo, ConversationKind, ConversationStatus, Invite,
    InvitePreview, Member, MemberRole, PublicChannel, ReadState, Seq, SyncHead, Timestamp, UnreadTotal,
    UserId, UserSummary, Visibility,
};

/// What is read about conversations and who is in them.
#[async_trait]
pub trait Conversations {
    /// A conversation that the viewer is a member of.
    async fn conversation(&self, id: ConversationId, viewer: UserId) -> Result<Option<Conversation>>;

    /// The viewer's conversations that a filter lets through, newest activity first, from after the given position.
    async fn conversations(
        &self,
        viewer: UserId,
        filter: ListFilter,
        after: Option<ListPosition>,
        limit: u32,
    ) -> Result<Vec<Conversation>>;

    /// The newest position of each of the viewer's conversations, or of those of the given ones that are among them; in
    /// no order.
    async fn heads(&self, viewer: UserId, of: Option<&[ConversationId]>) -> Result<Vec<SyncHead>>;

    /// The direct conversation of two users.
    async fn direct(&self, one: UserId, other: UserId) -> Result<Option<ConversationId>>;

    /// What a member may do, and with what.
    async fn standing(&self, id: ConversationId, viewer: UserId) -> Result<Option<Standing>>;

    /// Who was in a conversation at a position of its log, or is at its head. At a position it is asked before an event is
    /// told to anybody, and waits for no other reads.
    async fn roster(&self, id: ConversationId, at: Option<Seq>) -> Result<Option<Roster>>;

    /// The members of a conversation that the viewer is in, by username, from after the given username; none if they
    /// are not.
    async fn members(
        &self,
        id: ConversationId,
        viewer: UserId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Option<Vec<Member>>>;

    /// Which of the given users are members.
    async fn members_among(&self, id: ConversationId, users: &[UserId]) -> Result<Vec<UserId>>;

    /// Public channels whose name contains this, folded to lower case, by name and id, from after the given one.
    async fn public_channels(
        &self,
        viewer: UserId,
        query: &str,
        after: Option<(&str, ConversationId)>,
        limit: u32,
    ) -> Result<Vec<PublicChannel>>;

    /// Whether it is a public channel that can be joined.
    async fn is_joinable(&self, id: ConversationId) -> Result<bool>;

    /// How far the viewer has read; none if they are not a member.
    async fn read_state(&self, id: ConversationId, viewer: UserId) -> Result<Option<ReadState>>;

    /// How much is unread over all of the viewer's conversations: what is muted or archived counts only where it mentions
    /// them.
    async fn unread_total(&self, viewer: UserId) -> Result<UnreadTotal>;

    /// The invite links of a conversation, oldest first, also those that are not good any more.
    async fn invites(&self, id: ConversationId) -> Result<Vec<Invite>>;

    /// What a good invite link leads to.
    async fn invite(&self, code: &str, viewer: UserId, now: Timestamp) -> Result<Option<InvitePreview>>;
}

/// A conversation to be created.
#[derive(Debug, Clone)]
pub struct NewConversation {
    /// What everybody in it will see. `created_by` becomes its owner.
    pub info: ConversationInfo,
    /// Who is in it besides `created_by`, each once. Exactly one for a direct conversation.
    pub members: Vec<UserId>,
}

impl NewConversation {
    /// The key that makes a direct conversation the only one of its pair.
    pub fn direct_key(&self) -> Option<[u8; 32]> {
        let [peer] = self.members.as_slice() else { return None };
        (self.info.kind == ConversationKind::Direct).then(|| direct_key(self.info.created_by, *peer))
    }
}

/// Both user ids of a direct conversation, the smaller first.
pub(crate) fn direct_key(one: UserId, other: UserId) -> [u8; 32] {
    let mut pair = [one, other];
    pair.sort_unstable();
    let mut key = [0; 32];
    key[..16].copy_from_slice(pair[0].uuid().as_bytes());
    key[16..].copy_from_slice(pair[1].uuid().as_bytes());
    key
}

/// Where a page of the conversation list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPosition {
    /// `updatedAt` of the last conversation on the page.
    pub updated_at: Timestamp,
    /// Its id, which decides between equal times.
    pub id: ConversationId,
}

/// Who is in a conversation, as of one position of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The members, in no order.
    pub members: Vec<UserId>,
    /// The head of the log in the same snapshot.
    pub last_seq: Seq,
}

/// A change of what everybody sees of a conversation. What is absent stays; what is the same changes nothing.
#[derive(Debug, Clone)]
pub struct UpdateConversation {
    /// Which, and who does it.
    pub act: Act,
    /// Its name.
    pub name: Option<String>,
    /// Its topic, or none any more.
    pub topic: Option<Option<String>>,
    /// Who can find and join it.
    pub visibility: Option<Visibility>,
    /// Whether it takes messages.
    pub status: Option<ConversationStatus>,
    /// Whether what is behind links is shown.
    pub link_previews: Option<bool>,
    /// What the conversation is told of each change that takes place.
    pub announcements: Vec<Announcement>,
}

/// Somebody who is to be a member.
#[derive(Debug, Clone)]
pub struct AddMember {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who comes in. Must not have a block with whoever adds them.
    pub user_id: UserId,
    /// As what.
    pub role: MemberRole,
    /// By which right.
    pub by: Entry,
    /// When.
    pub at: Timestamp,
    /// What the conversation is told.
    pub announcement: Announcement,
}

/// By which right somebody comes into a conversation.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A member brings them in, who must have at least this role and rank no lower than what they give.
    Added {
        /// Who.
        actor: UserSummary,
        /// The least role that allows it.
        role_min: MemberRole,
    },
    /// They come by themselves; the conversation must be a public channel.
    Joined {
        /// They themselves.
        actor: UserSummary,
    },
    /// They come by an invite link, which must be good.
    Invited {
        /// They themselves.
        actor: UserSummary,
        /// The code of the link; it decides about the conversation.
        code: String,
    },
}

/// A link to be made.
#[derive(Debug, Clone)]
pub struct NewInvite {
    /// Where it leads, and who makes it.
    pub act: Act,
    /// The link.
    pub invite: Invite,
}

/// What the domain must know of a conversation to decide what somebody may do in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What kind of conversation it is.
    pub kind: ConversationKind,
    /// Who can find and join it.
    pub visibility: Visibility,
    /// Whether it takes messages.
    pub status: ConversationStatus,
    /// Whether it is a direct conversation with a block between the two.
    pub blocked: bool,
    /// What the user may do.
    pub role: MemberRole,
    /// How many people are in it.
    pub member_count: u64,
    /// How far the user has read.
    pub last_read_seq: Seq,
}

/// Which of a user's conversations are wanted. What is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Archived by the user, or not.
    pub archived: Option<bool>,
    /// Pinned by the user, or not.
    pub pinned: Option<bool>,
    /// Of this kind.
    pub kind: Option<ConversationKind>,
    /// With something unread.
    pub unread: bool,
    /// With this in the name, or in a name of the other person in a direct one. Case and accents do not matter, as in a
    /// search for messages.
    pub name: Option<String>,
}
