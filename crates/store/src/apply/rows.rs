//! What a database can do inside a transaction: one statement each, without rules.

use super::heads::Head;
use crate::file::BlobRow;
use crate::{
    BlobId, BlobRef, ClaimKey, DueScan, Entry, KeyHolder, Mentions, NewConversation, NewFile, NewMessage,
    NewPreview, NewSession, NewUser, ProvisionUser, Session, Usage,
};
use natter_protocol::{
    ConversationId, ConversationInfo, Draft, ErrorCode, File, FileId, Invite, InviteId, IpAction, IpRule,
    IpRuleId, LinkPreview, Me, MemberRole, Message, MessageId, PlatformRole, ScheduledMessage,
    ScheduledMessageId, Seq, SessionId, Timestamp, UpdateMe, UpdateProfile, User, UserId, UserSummary,
};
use std::future::Future;
use uuid::Uuid;

/// Why a write ends early.
#[derive(Debug)]
pub(crate) enum Stop<E> {
    /// The state of the database forbids it. Nothing was changed for this write.
    Refused(crate::Refusal),
    /// The database failed.
    Failed(E),
}

impl<E> From<crate::Refusal> for Stop<E> {
    fn from(refusal: crate::Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What comes of a step.
pub(crate) type Step<T, E> = Result<T, Stop<E>>;

/// An entry for a conversation's log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewEvent<'a> {
    pub(crate) conversation_id: ConversationId,
    pub(crate) seq: Seq,
    /// One of the constants in `log`.
    pub(crate) kind: i16,
    pub(crate) actor_id: UserId,
    pub(crate) message_id: Option<MessageId>,
    pub(crate) subject_id: Option<UserId>,
    pub(crate) detail: Option<&'a str>,
    pub(crate) created_at: Timestamp,
}

/// An invite link, as far as letting somebody in needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InviteRow {
    pub(crate) id: InviteId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) uses_max: Option<u32>,
    pub(crate) uses: u32,
}

/// Who has an idempotency key, and since when.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    pub(crate) holder: KeyHolder,
    pub(crate) claimed_at: Timestamp,
    /// When the request began that has it now.
    pub(crate) taken_at: Timestamp,
}

/// A file, as the rules need it.
#[derive(Debug, Clone)]
pub(crate) struct FileRow {
    pub(crate) file: File,
    pub(crate) blob: BlobRef,
    pub(crate) owner: UserSummary,
    /// Messages, sent and to be sent, that it is attached to.
    pub(crate) holders: u64,
}

/// A message that holds a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) message: MessageId,
    pub(crate) conversation: ConversationId,
    pub(crate) file: FileId,
}

/// A database in which a transaction is under way.
pub(crate) trait Database {
    /// How this database fails.
    type Error: Send;
}

/// All statements of one transaction.
pub(crate) trait Rows:
    ConversationRows + MemberRows + MessageRows + FileRows + PreviewRows + PersonalRows + AccountRows + ServerRows
{
}

impl<T> Rows for T where
    T: ConversationRows
        + MemberRows
        + MessageRows
        + FileRows
        + PreviewRows
        + PersonalRows
        + AccountRows
        + ServerRows
{
}

/// Declares a trait of asynchronous functions whose futures can be sent to another thread.
macro_rules! rows {
    (
        $(#[$about:meta])* $Rows:ident:
        $( $(#[$doc:meta])* fn $name:ident($($argument:ident: $Type:ty),* $(,)?) $(-> $Answer:ty)?; )*
    ) => {
        $(#[$about])*
        pub(crate) trait $Rows: Database {
            $(
                $(#[$doc])*
                fn $name(&mut self, $($argument: $Type),*)
                    -> impl Future<Output = Step<rows!(@answer $($Answer)?), Self::Error>> + Send;
            )*
        }
    };
    (@answer) => { () };
    (@answer $Answer:ty) => { $Answer };
}

rows! {
    /// Conversations and their logs.
    ConversationRows:

    /// A conversation that is not deleted, kept from changing until the transaction ends.
    fn head(id: ConversationId) -> Option<Head>;
    /// Writes heads that have changed: `last_seq`, `message_number`, `member_count`, `blocked`, `last_message_id` if
    /// there is a new one, and `updated_at` if it is later.
    fn save_heads(heads: &[(ConversationId, &Head)]);
    /// Appends to a log.
    fn insert_event(event: NewEvent<'_>);
    /// The direct conversation of two users, unless it is deleted.
    fn direct(one: UserId, other: UserId) -> Option<ConversationId>;
    /// How many of these users exist and are not disabled; each is named once.
    fn count_users(users: &[UserId]) -> u64;
    /// Inserts a conversation with an empty log and these members, unless it is there under its id or direct key.
    fn insert_conversation(new: &NewConversation, members: &[(UserId, MemberRole)]) -> bool;
    /// Writes name, topic, visibility and status.
    fn update_conversation(info: &ConversationInfo);
    /// Takes all members and the direct key from a conversation and notes when it was deleted. Who was in it.
    fn delete_conversation(id: ConversationId, at: Timestamp) -> Vec<UserId>;
    /// Changes what a member sees; none if they are no member.
    fn update_me(id: ConversationId, user: UserId, update: &UpdateMe) -> Option<Me>;
    /// Deletes messages with their events, and then the conversations themselves, of what was deleted; at most so many
    /// rows. How many there were.
    fn erase_conversations(rows_max: u32) -> u64;
}

rows! {
    /// Members, how far they have read, and the links that let somebody in.
    MemberRows:

    /// What a member may do.
    fn role(id: ConversationId, user: UserId) -> Option<MemberRole>;
    /// How far a member has read.
    fn last_read(id: ConversationId, user: UserId) -> Option<Seq>;
    /// Moves the read position, and keeps the step as a receipt.
    fn set_last_read(id: ConversationId, user: UserId, seq: Seq, at: Timestamp);
    /// Inserts a member.
    fn insert_member(id: ConversationId, user: UserId, role: MemberRole, last_read: Seq, at: Timestamp);
    /// Since when somebody is a member.
    fn joined_at(id: ConversationId, user: UserId) -> Option<Timestamp>;
    /// Replaces a role.
    fn set_member_role(id: ConversationId, user: UserId, role: MemberRole);
    /// Removes a member, and their draft there.
    fn delete_member(id: ConversationId, user: UserId);
    /// The member of the highest role, of these whoever has been there longest, of these the smallest id. Who is disabled
    /// comes last.
    fn successor(id: ConversationId) -> Option<UserId>;
    /// Invite links that are good at this time.
    fn count_invites(id: ConversationId, now: Timestamp) -> u64;
    /// Inserts a link, unless it is there.
    fn insert_invite(invite: &Invite);
    /// Whether it was there.
    fn delete_invite(id: InviteId, conversation: ConversationId) -> bool;
    /// The link with this code.
    fn invite(code: &str) -> Option<InviteRow>;
    /// Counts one more use.
    fn use_invite(id: InviteId);
}

rows! {
    /// Messages and what belongs to them.
    MessageRows:

    /// Those of the users who are members and have no block with this one, in either direction, and are not this one.
    fn mentionable(id: ConversationId, by: UserId, users: &[UserId]) -> Vec<UserId>;
    /// A message whole; its reactions say nothing about `me`.
    fn message(id: MessageId) -> Option<Message>;
    /// The position of a message in this conversation.
    fn position(id: MessageId, conversation: ConversationId) -> Option<Seq>;
    /// Inserts a message, unless one is there under its id or its sender's key. Does not insert mentions.
    fn insert_message(new: &NewMessage, seq: Seq, number: u64) -> bool;
    /// The message under a sender's key, and its fingerprint.
    fn by_key(id: ConversationId, sender: UserId, key: &str) -> Option<(MessageId, i64)>;
    /// Lists those who are mentioned, for counting.
    fn insert_mentions(id: MessageId, conversation: ConversationId, seq: Seq, sender: UserId, users: &[UserId]);
    /// Forgets who was mentioned.
    fn delete_mentions(id: MessageId);
    /// Keeps the text that a message has now as one of its versions.
    fn insert_version(id: MessageId, replaced_at: Timestamp, replaced_by: UserId);
    /// Replaces text and mentions.
    fn update_content(id: MessageId, content: &str, mentions: &Mentions, edited_at: Timestamp);
    /// Takes everything from a message but its place: text, mentions, origin, pin.
    fn erase_content(id: MessageId, deleted_at: Timestamp);
    /// Whether it was not there yet.
    fn insert_reaction(id: MessageId, user: UserId, emoji: &str, at: Timestamp) -> bool;
    /// Whether it was there.
    fn delete_reaction(id: MessageId, user: UserId, emoji: &str) -> bool;
    /// Forgets all reactions to a message.
    fn delete_reactions(id: MessageId);
    /// Pins or unpins.
    fn set_pinned(id: MessageId, at: Option<Timestamp>);
    /// How many messages are pinned.
    fn count_pins(id: ConversationId) -> u64;
}

rows! {
    /// Files, their content, and what holds them.
    FileRows:

    /// Those of these files that exist, in any order.
    fn files(ids: &[FileId]) -> Vec<FileRow>;
    /// Inserts a file.
    fn insert_file(new: &NewFile, blob: BlobId);
    /// Deletes files. Whose they were, and what was in them.
    fn delete_files(ids: &[FileId]) -> Vec<(UserId, BlobId)>;
    /// Files that nothing holds and that were uploaded before this, the oldest first.
    fn files_not_held(before: Timestamp, limit: u32) -> Vec<FileId>;
    /// Attaches files to a message.
    fn attach(message: MessageId, conversation: ConversationId, seq: Seq, files: &[File]);
    /// Takes all files from a message.
    fn detach(message: MessageId);
    /// Attaches files to a message that is to be sent later, unless it has them.
    fn attach_scheduled(message: ScheduledMessageId, files: &[File]);
    /// How much is kept.
    fn usage(owner: UserId) -> Usage;
    /// Adds to the bytes of a user's files, or to those of all content.
    fn add_usage(owner: Option<UserId>, bytes: i64);
    /// Takes the files of a blob from the bytes of their owners, and from what they have not sent.
    fn discount(blob: &BlobRow);
    /// The blobs among these that exist, in any order.
    fn blobs(ids: &[BlobId]) -> Vec<BlobRow>;
    /// The blob with this content that is kept.
    fn blob_of(sha256: [u8; 32]) -> Option<BlobRow>;
    /// Inserts a blob.
    fn insert_blob(blob: &BlobRow, at: Timestamp);
    /// Writes what changes about a blob.
    fn update_blob(blob: &BlobRow);
    /// Deletes those of these blobs that no file has. Which it were.
    fn delete_unused_blobs(ids: &[BlobId]) -> Vec<BlobId>;
    /// Some of the files with this content.
    fn files_with(blob: BlobId, limit: u32) -> Vec<FileId>;
    /// The messages that hold a file with this content, from after the given one, each once for each of its files that
    /// has it; but none of a conversation that is deleted.
    fn messages_with(blob: BlobId, after: MessageId, limit: u32) -> Vec<Held>;
    /// Takes blobs that are to be looked through, those that wait longest first.
    fn claim_scans(now: Timestamp, until: Timestamp, count_max: u32) -> Vec<DueScan>;
}

rows! {
    /// What only one user sees: drafts, scheduled messages, whom they have blocked.
    PersonalRows:

    /// How many drafts a user has in other conversations.
    fn count_drafts(user: UserId, besides: ConversationId) -> u64;
    /// Keeps a draft in place of the one before.
    fn put_draft(user: UserId, draft: &Draft);
    /// Forgets a draft.
    fn delete_draft(user: UserId, id: ConversationId);
    /// How many messages of a user wait for their time or have failed.
    fn count_scheduled(user: UserId) -> u64;
    /// Inserts a scheduled message, unless it is there.
    fn insert_scheduled(author: UserId, scheduled: &ScheduledMessage);
    /// Whether it was there.
    fn delete_scheduled(id: ScheduledMessageId, author: UserId) -> bool;
    /// Whether it was there.
    fn fail_scheduled(id: ScheduledMessageId, failure: ErrorCode) -> bool;
    /// Whether there is a block between two users, in either direction.
    fn is_blocked(one: UserId, other: UserId) -> bool;
    /// Whether there is a block between this user and any of the others, in either direction.
    fn is_blocked_by_any(user: UserId, others: &[UserId]) -> bool;
    /// Whether one has blocked the other.
    fn has_blocked(blocker: UserId, other: UserId) -> bool;
    /// How many users this one has blocked.
    fn count_blocks(blocker: UserId) -> u64;
    /// Whether it was not there yet.
    fn insert_block(blocker: UserId, blocked: UserId, at: Timestamp) -> bool;
    /// Whether it was there.
    fn delete_block(blocker: UserId, blocked: UserId) -> bool;
}

rows! {
    /// Users and their sessions.
    AccountRows:

    /// A user.
    fn user(id: UserId) -> Option<User>;
    /// Inserts a user, unless the username is taken or the user is there. Whether it was inserted.
    fn insert_user(user: &NewUser) -> bool;
    /// The user of a host application.
    fn user_of_host(external_id: &str) -> Option<User>;
    /// Inserts the user of a host application under this name, unless it is taken or the user is there.
    fn insert_user_of_host(user: &ProvisionUser, username: &str) -> bool;
    /// Changes how others see a user. Whether there is such a user.
    fn update_profile(id: UserId, update: &UpdateProfile) -> bool;
    /// Notes when users were last connected, unless a later time is known.
    fn set_seen(seen: &[(UserId, Timestamp)]);
    /// Whether there is such a user.
    fn set_password(id: UserId, hash: &str) -> bool;
    /// Whether there is such a user.
    fn set_role(id: UserId, role: PlatformRole) -> bool;
    /// Whether there is such a user.
    fn set_disabled(id: UserId, at: Option<Timestamp>) -> bool;
    /// Deletes the sessions of a user that have ended or expired: otherwise they would gather for ever.
    fn delete_old_sessions(user: UserId, now: Timestamp);
    /// Inserts a session, if its user exists and the session is not there. Whether the user exists.
    fn insert_session(session: &NewSession) -> bool;
    /// A session that has neither ended nor expired and whose user is not disabled.
    fn session(id: SessionId, now: Timestamp) -> Option<Session>;
    /// Replaces the hash of the refresh token, if it is still this one, or the next already. Whether it was.
    fn rotate_session(rotation: &crate::SessionRotation) -> bool;
    /// Ends a session, if it has not ended.
    fn end_session(id: SessionId, now: Timestamp);
    /// Ends the sessions of a user but one. Which have ended now.
    fn end_sessions(user: UserId, except: Option<SessionId>, now: Timestamp) -> Vec<SessionId>;
    /// Deletes revocations from before this, at most so many. How many there were.
    fn erase_revocations(before: Timestamp, rows_max: u32) -> u64;
}

rows! {
    /// What belongs to no conversation and no account: rules about addresses, and answers to requests with a key.
    ServerRows:

    /// How many rules about addresses there are.
    fn count_ip_rules() -> u64;
    /// The rule that does the same with the same addresses.
    fn ip_rule(cidr: &str, action: IpAction) -> Option<IpRule>;
    /// Inserts a rule, unless it is there.
    fn insert_ip_rule(rule: &IpRule);
    /// Whether it was there.
    fn delete_ip_rule(id: IpRuleId) -> bool;
    /// Claims a key, unless somebody has it. Whether nobody had.
    fn insert_key(claim: &ClaimKey) -> bool;
    /// Who has a key.
    fn key(user: UserId, key: &str) -> Option<KeyRow>;
    /// Takes a key over that was given up.
    fn retake_key(claim: &ClaimKey);
    /// Keeps an answer.
    fn put_answer(user: UserId, key: &str, status: u16, body: &[u8]);
    /// Forgets a key.
    fn delete_key(user: UserId, key: &str);
    /// Deletes keys that were claimed before this, at most so many. How many there were.
    fn erase_keys(before: Timestamp, rows_max: u32) -> u64;
}

rows! {
    /// Previews of links.
    PreviewRows:

    /// Keeps what was found behind a link, in place of what was found before, and its picture.
    fn put_preview(new: &NewPreview);
    /// Replaces what a message shows of its links, and which pictures it holds with that.
    fn set_previews(id: MessageId, previews: &[LinkPreview], images: &[Uuid]);
    /// Deletes what has expired, and pictures that nothing shows since a while, at most so many rows. How many there were.
    fn erase_previews(now: Timestamp, rows_max: u32) -> u64;
}

impl Entry {
    /// Who does it: the one who brings somebody in, or who comes by themselves.
    pub(crate) const fn actor(&self) -> &natter_protocol::UserSummary {
        match self {
            Self::Added { actor, .. } | Self::Joined { actor } | Self::Invited { actor, .. } => actor,
        }
    }
}
