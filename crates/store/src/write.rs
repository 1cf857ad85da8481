//! The writes that the commit pipeline takes, and what becomes of each.
//!
//! A write that somebody does in a conversation names them and the least role that allows it. The domain decides what
//! that role is; the store holds them to it in the transaction that writes, so that whoever was removed or demoted a
//! moment ago does not get another word in.

use crate::{
    AddMember, AttachPreviews, BlobId, BlobRef, ClaimKey, DeleteMessage, DueScan, EditMessage, ErasedBlob,
    KeepAnswer, MarkRead, NewConversation, NewFile, NewInvite, NewIpRule, NewMessage, NewPreview,
    NewScheduled, NewSession, NewUser, ProvisionUser, ScanVerdict, Scanned, Session, SessionRotation,
    UpdateConversation,
};
use natter_protocol::{
    BlocksChange, ConversationId, Draft, Event, File, FileId, Invite, InviteId, IpRule, IpRuleId, Me,
    MeChange, Member, MemberRole, Message, MessageId, PlatformRole, ReadReceipt, ScheduledMessage,
    ScheduledMessageId, Seq, SessionId, SystemNote, Timestamp, UpdateMe, UpdateProfile, User, UserId,
    UserSummary,
};

/// Who does something in a conversation, what they must be there when it is committed, and when they do it.
#[derive(Debug, Clone)]
pub struct Act {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub actor: UserSummary,
    /// The least role that allows it.
    pub role_min: MemberRole,
    /// When.
    pub at: Timestamp,
}

/// A system message that goes into the log right behind the change that it tells of.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// Drawn by the caller.
    pub message_id: MessageId,
    /// What it says, for programs.
    pub note: SystemNote,
    /// What it says, in English.
    pub content: String,
}

/// One change. A batch of them is one transaction.
#[derive(Debug, Clone)]
pub enum Write {
    /// Appends a message to its conversation.
    SendMessage(Box<NewMessage>),
    /// Keeps what was found behind a link.
    KeepPreview(Box<NewPreview>),
    /// Shows what is behind the links of a message; nothing happens if its text is another by now.
    AttachPreviews(Box<AttachPreviews>),
    /// Changes the text of a message; only its sender can.
    EditMessage(Box<EditMessage>),
    /// Deletes a message; a second time changes nothing.
    DeleteMessage(Box<DeleteMessage>),
    /// Adds somebody's emoji to a message or takes it away; no change if it is so already.
    SetReaction {
        /// Under which.
        message_id: MessageId,
        /// Whose.
        actor: UserSummary,
        /// Which emoji.
        emoji: String,
        /// Whether it is to be there.
        on: bool,
        /// When.
        at: Timestamp,
    },
    /// Pins a message or unpins it; no change if it is so already.
    SetPin {
        /// In which conversation, and who does it.
        act: Act,
        /// Which.
        message_id: MessageId,
        /// Whether it is to be pinned.
        on: bool,
        /// What the conversation is told when it is pinned.
        announcement: Option<Announcement>,
    },
    /// Moves a read position forward.
    MarkRead(MarkRead),

    /// Creates a conversation and its log.
    CreateConversation(Box<NewConversation>),
    /// Changes what everybody sees of a conversation.
    UpdateConversation(Box<UpdateConversation>),
    /// Makes a conversation invisible to everybody; [`Write::Erase`] erases what was in it.
    DeleteConversation(Act),
    /// Changes what only one member sees of a conversation.
    UpdateMe {
        /// Which.
        conversation_id: ConversationId,
        /// Whose view.
        user_id: UserId,
        /// What is absent stays.
        update: UpdateMe,
    },
    /// Makes somebody a member; nothing changes if they are one.
    AddMember(Box<AddMember>),
    /// Ends a membership. The actor must rank above the member, or be the member. When the owner leaves, the member of
    /// the highest rank who has been there longest becomes the owner; when the last member leaves, the conversation
    /// is deleted.
    RemoveMember {
        /// In which conversation, and who does it.
        act: Act,
        /// Who goes.
        user_id: UserId,
        /// What the conversation is told.
        announcement: Announcement,
    },
    /// Changes what a member may do. The actor must rank above what the member was and will be; the owner may make
    /// somebody else the owner and becomes an admin.
    SetMemberRole {
        /// In which conversation, and who does it.
        act: Act,
        /// Whose role.
        user_id: UserId,
        /// The new role.
        role: MemberRole,
        /// What the conversation is told.
        announcement: Announcement,
    },
    /// Makes an invite link.
    CreateInvite(Box<NewInvite>),
    /// Deletes an invite link; nothing happens if there is none.
    RevokeInvite {
        /// In which conversation, and who does it.
        act: Act,
        /// Which.
        id: InviteId,
    },

    /// Keeps a draft; an empty one is forgotten.
    SaveDraft {
        /// Whose.
        user_id: UserId,
        /// What.
        draft: Box<Draft>,
    },
    /// Keeps a message that is to be sent later.
    ScheduleMessage(Box<NewScheduled>),
    /// Forgets a message that was to be sent later: it was sent, or is cancelled by its author.
    ForgetScheduled {
        /// Which.
        id: ScheduledMessageId,
        /// Whose.
        user_id: UserId,
    },
    /// Notes why a message could not be sent when its time had come.
    FailScheduled {
        /// Which.
        id: ScheduledMessageId,
        /// The code of the error.
        failure: natter_protocol::ErrorCode,
    },

    /// Keeps somebody away from somebody; nothing changes if it is so already.
    Block {
        /// Who wants it.
        blocker: UserId,
        /// Who is kept away.
        blocked: UserId,
        /// When.
        at: Timestamp,
    },
    /// Ends that; nothing happens if there is no block.
    Unblock {
        /// Who wanted it.
        blocker: UserId,
        /// Who was kept away.
        blocked: UserId,
    },

    /// Keeps a file that was uploaded.
    CreateFile(Box<NewFile>),
    /// Forgets a file that nothing holds.
    DeleteFile {
        /// Which.
        id: FileId,
        /// Whose.
        owner: UserId,
    },
    /// Takes blobs that are to be looked through. Whoever has taken one answers with [`Write::FinishScan`].
    ClaimScans {
        /// Those whose time has come.
        now: Timestamp,
        /// When somebody else may take them, should no answer come.
        until: Timestamp,
        /// How many at most.
        count_max: u32,
    },
    /// Notes what was found in a blob, and tells of it in the conversations that hold it.
    FinishScan {
        /// Which.
        blob_id: BlobId,
        /// What was found.
        verdict: ScanVerdict,
        /// When.
        at: Timestamp,
    },
    /// Erases some of the files that nothing holds, and the blobs that no file has then.
    EraseFiles {
        /// Those that were uploaded before this.
        unsent_before: Timestamp,
        /// Files to erase at most.
        rows_max: u32,
    },

    /// Creates a user.
    CreateUser(Box<NewUser>),
    /// Creates or updates the user of a host application.
    ProvisionUser(Box<ProvisionUser>),
    /// Changes how others see a user.
    UpdateProfile {
        /// Whom.
        user_id: UserId,
        /// What is absent stays; an empty picture is none.
        update: Box<UpdateProfile>,
    },
    /// Notes when users were last connected; never goes back.
    Seen(Vec<(UserId, Timestamp)>),
    /// Replaces a password.
    SetPassword {
        /// Whose.
        user_id: UserId,
        /// PHC string.
        password_hash: String,
        /// The one session of the user that goes on.
        except: Option<SessionId>,
        /// When.
        now: Timestamp,
    },
    /// Replaces a platform role.
    SetRole {
        /// Whose.
        user_id: UserId,
        /// The new role.
        role: PlatformRole,
    },
    /// Disables an account, which ends its sessions, or enables it again.
    SetDisabled {
        /// Whose.
        user_id: UserId,
        /// Whether it is to be disabled.
        disabled: bool,
        /// When.
        now: Timestamp,
    },
    /// Starts a session.
    CreateSession(Box<NewSession>),
    /// Trades a refresh token. A token that is not the newest ends the session.
    RotateSession(Box<SessionRotation>),
    /// Ends a session; nothing happens if it has ended.
    EndSession {
        /// Which.
        id: SessionId,
        /// When.
        now: Timestamp,
    },
    /// Ends all sessions of a user but one.
    EndSessions {
        /// Whose.
        user_id: UserId,
        /// Which one goes on.
        except: Option<SessionId>,
        /// When.
        now: Timestamp,
    },

    /// Makes a rule about addresses.
    CreateIpRule(Box<NewIpRule>),
    /// Deletes a rule about addresses.
    DeleteIpRule(IpRuleId),
    /// Takes an idempotency key, unless somebody has it.
    ClaimKey(Box<ClaimKey>),
    /// Keeps the answer to the request that claimed a key.
    KeepAnswer(Box<KeepAnswer>),
    /// Erases some of what nobody can see any more: deleted conversations, old idempotency keys and revocations. Answers
    /// whether there is more.
    Erase {
        /// Keys that were claimed before this are old.
        keys_before: Timestamp,
        /// Revocations from before this are known to everybody.
        revocations_before: Timestamp,
        /// Rows to erase at most, so that nobody waits long behind it.
        rows_max: u32,
    },
    /// Erases some of what was found behind links and has expired, and pictures that nothing shows any more. Answers
    /// whether there is more.
    ErasePreviews {
        /// What expires by then has expired.
        now: Timestamp,
        /// Rows to erase at most.
        rows_max: u32,
    },
}

/// What became of a [`Write`].
#[derive(Debug, Clone)]
pub enum Written {
    /// The message is in the log, or was changed, as it is now. Its reactions say nothing about `me`.
    Message(Box<Message>),
    /// The message was there already, under this id.
    MessageRepeat(MessageId),
    /// The conversation is there.
    Conversation {
        /// Under this id.
        id: ConversationId,
        /// Whether it was there before.
        existed: bool,
    },
    /// The read position is here now.
    Read {
        /// In this conversation.
        conversation_id: ConversationId,
        /// Up to here.
        last_read_seq: Seq,
    },
    /// What the member sees of the conversation now.
    Me(Me),
    /// The member, and whether they were one before.
    Member {
        /// As they are now.
        member: Box<Member>,
        /// Whether they were one before.
        existed: bool,
    },
    /// The invite link.
    Invite(Box<Invite>),
    /// What will be sent later.
    Scheduled(Box<ScheduledMessage>),
    /// The file is there.
    File {
        /// As it is now.
        file: Box<File>,
        /// Its content. Another blob than came with it: that one is not used and may go.
        blob: BlobRef,
    },
    /// These are to be looked through.
    Scans(Vec<DueScan>),
    /// What is different after a scan.
    Scanned(Box<Scanned>),
    /// Files are gone.
    FilesErased {
        /// The blobs that are gone with them.
        blobs: Vec<ErasedBlob>,
        /// Whether there is more to erase.
        more: bool,
    },
    /// The user of a host application.
    User(Box<User>),
    /// The rule.
    IpRule(Box<IpRule>),
    /// The session goes on with the next refresh token.
    SessionRotated(Box<Session>),
    /// The session has ended, now or before, or is unknown.
    SessionOver,
    /// These sessions have ended.
    SessionsEnded(Vec<SessionId>),
    /// The key belongs to this request now.
    KeyClaimed {
        /// When it was claimed for the first time; a claim that was given up keeps its time.
        since: Timestamp,
    },
    /// Somebody else has the key.
    KeyTaken(crate::KeyHolder),
    /// There is more to erase.
    More(bool),
    /// Whether there was something to do, and it was done.
    Found(bool),
    /// Done, and there is nothing to tell.
    Done,
}

/// What others must hear of once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// An entry of a conversation's log.
    Event(Event),
    /// The last entry of a conversation's log, and who was in it.
    Deleted {
        /// `conversation.deleted`
        event: Event,
        /// The members that it had.
        members: Vec<UserId>,
    },
    /// Somebody has read further. Not part of a log.
    Read(ReadReceipt),
    /// Something that only the user's own devices hear of. Not part of a log.
    Own(UserId, OwnChange),
}

/// A change of what somebody has for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnChange {
    /// What a conversation is to them.
    Me(MeChange),
    /// Whom they keep away.
    Blocks(BlocksChange),
}
