//! What each write does, once for both databases.
//!
//! Invariant: a write refuses before it changes anything. A batch is one transaction without savepoints, so what a
//! refused write had changed before its refusal would be committed with the others.

mod account;
mod conversation;
mod file;
pub(crate) mod heads;
mod member;
mod message;
mod personal;
mod preview;
pub(crate) mod rows;

use crate::commit::Outcome;
use crate::log::{self, Stamp};
use crate::{
    Act, Announcement, Attachments, Mentions, NewMessage, Notice, OwnChange, Refusal, Write, Written,
};
use heads::{Head, Heads};
use natter_protocol::{
    ConversationId, Event, MemberRole, MessageId, MessageKind, Timestamp, UserId, UserSummary,
};
use rows::{NewEvent, Rows, Step, Stop};

/// Does one write. What others must hear of is told only after the commit.
pub(crate) async fn apply<R: Rows>(
    rows: &mut R,
    heads: &mut Heads,
    write: &Write,
) -> Result<Outcome, R::Error> {
    let mut work = Work { rows, heads, notices: Vec::new() };
    match work.write(write).await {
        Ok(written) => Ok(Ok((written, work.notices))),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// One write on its way.
struct Work<'a, R> {
    rows: &'a mut R,
    heads: &'a mut Heads,
    notices: Vec<Notice>,
}

impl<R: Rows> Work<'_, R> {
    async fn write(&mut self, write: &Write) -> Step<Written, R::Error> {
        match write {
            Write::SendMessage(new) => self.send_message(new).await,
            Write::KeepPreview(new) => {
                self.rows.put_preview(new).await?;
                Ok(Written::Done)
            }
            Write::AttachPreviews(attach) => self.attach_previews(attach).await,
            Write::EditMessage(edit) => self.edit_message(edit).await,
            Write::DeleteMessage(delete) => self.delete_message(delete).await,
            Write::SetReaction { message_id, actor, emoji, on, at } => {
                self.set_reaction(*message_id, actor, emoji, *on, *at).await
            }
            Write::SetPin { act, message_id, on, announcement } => {
                self.set_pin(act, *message_id, *on, announcement.as_ref()).await
            }
            Write::MarkRead(mark) => self.mark_read(mark).await,
            Write::CreateConversation(new) => self.create_conversation(new).await,
            Write::UpdateConversation(update) => self.update_conversation(update).await,
            Write::DeleteConversation(act) => self.delete_conversation(act).await,
            Write::UpdateMe { conversation_id, user_id, update } => {
                self.update_me(*conversation_id, *user_id, update).await
            }
            Write::AddMember(add) => self.add_member(add).await,
            Write::RemoveMember { act, user_id, announcement } => {
                self.remove_member(act, *user_id, announcement).await
            }
            Write::SetMemberRole { act, user_id, role, announcement } => {
                self.set_member_role(act, *user_id, *role, announcement).await
            }
            Write::CreateInvite(new) => self.create_invite(new).await,
            Write::RevokeInvite { act, id } => self.revoke_invite(act, *id).await,
            Write::SaveDraft { user_id, draft } => self.save_draft(*user_id, draft).await,
            Write::ScheduleMessage(new) => self.schedule_message(new).await,
            Write::ForgetScheduled { id, user_id } => {
                Ok(Written::Found(self.rows.delete_scheduled(*id, *user_id).await?))
            }
            Write::FailScheduled { id, failure } => {
                Ok(Written::Found(self.rows.fail_scheduled(*id, *failure).await?))
            }
            Write::Block { blocker, blocked, at } => self.block(*blocker, *blocked, *at).await,
            Write::Unblock { blocker, blocked } => self.unblock(*blocker, *blocked).await,
            Write::CreateFile(new) => self.create_file(new).await,
            Write::DeleteFile { id, owner } => self.delete_file(*id, *owner).await,
            Write::ClaimScans { now, until, count_max } => {
                Ok(Written::Scans(self.rows.claim_scans(*now, *until, *count_max).await?))
            }
            Write::FinishScan { blob_id, verdict, at } => self.finish_scan(*blob_id, verdict, *at).await,
            Write::EraseFiles { unsent_before, rows_max } => {
                self.erase_files(*unsent_before, *rows_max).await
            }
            account => self.write_account(account).await,
        }
    }

    /// The head of a log, as the batch has left it.
    async fn head(&mut self, id: ConversationId) -> Step<&mut Head, R::Error> {
        if !self.heads.heads.contains_key(&id) {
            let head = self.rows.head(id).await?.ok_or(Refusal::NotAMember)?;
            self.heads.heads.insert(id, head);
        }
        Ok(self.heads.heads.get_mut(&id).ok_or(Refusal::NotAMember)?)
    }

    /// Looked up once for all that somebody does in a row.
    async fn role(&mut self, id: ConversationId, user: UserId) -> Step<Option<MemberRole>, R::Error> {
        if let Some(role) = self.heads.roles.get(&(id, user)) {
            return Ok(Some(*role));
        }
        let role = self.rows.role(id, user).await?;
        if let Some(role) = role {
            self.heads.roles.insert((id, user), role);
        }
        Ok(role)
    }

    /// The actor's role, which must be high enough.
    async fn require(&mut self, act: &Act) -> Step<MemberRole, R::Error> {
        let role = self.role(act.conversation_id, act.actor.id).await?.ok_or(Refusal::NotAMember)?;
        if role < act.role_min { Err(Refusal::RoleTooLow.into()) } else { Ok(role) }
    }

    async fn require_active(&mut self, id: ConversationId) -> Step<(), R::Error> {
        if self.head(id).await?.is_active() { Ok(()) } else { Err(Refusal::ConversationNotActive.into()) }
    }

    /// Takes the next position of a log and writes the entry. Whoever calls this tells of it as well.
    async fn append(
        &mut self,
        conversation_id: ConversationId,
        entry: Entry<'_>,
        actor: UserId,
        at: Timestamp,
    ) -> Step<Stamp, R::Error> {
        let seq = self.head(conversation_id).await?.next_seq();
        self.rows
            .insert_event(NewEvent {
                conversation_id,
                seq,
                kind: entry.kind,
                actor_id: actor,
                message_id: entry.message,
                subject_id: entry.subject,
                detail: entry.detail,
                created_at: at,
            })
            .await?;
        Ok(Stamp { conversation_id, seq, actor_id: actor, at })
    }

    fn tell(&mut self, event: Event) {
        self.notices.push(Notice::Event(event));
    }

    /// Tells somebody's own devices.
    fn tell_own(&mut self, user: UserId, change: OwnChange) {
        self.notices.push(Notice::Own(user, change));
    }

    /// Appends a system message.
    async fn announce(
        &mut self,
        conversation_id: ConversationId,
        actor: &UserSummary,
        at: Timestamp,
        announcement: &Announcement,
    ) -> Step<(), R::Error> {
        let new = NewMessage {
            id: announcement.message_id,
            conversation_id,
            sender: actor.clone(),
            kind: MessageKind::System,
            content: announcement.content.clone(),
            client_message_id: None,
            fingerprint: 0,
            reply_to: None,
            thread_id: None,
            mentions: Mentions::default(),
            forwarded_from: None,
            system: Some(announcement.note.clone()),
            attachments: Attachments::default(),
            created_at: at,
        };
        let number = self.head(conversation_id).await?.message_number;
        let entry = Entry { message: Some(new.id), ..Entry::of(log::MESSAGE_NEW) };
        let Stamp { seq, .. } = self.append(conversation_id, entry, actor.id, at).await?;
        self.rows.insert_message(&new, seq, number).await?;
        self.head(conversation_id).await?.appended(new.id, at);
        self.tell(log::message_new(Box::new(new.into_message(seq, Vec::new()))));
        Ok(())
    }
}

/// What an entry of the log is about.
#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    kind: i16,
    message: Option<MessageId>,
    subject: Option<UserId>,
    detail: Option<&'a str>,
}

impl Entry<'_> {
    const fn of(kind: i16) -> Self {
        Self { kind, message: None, subject: None, detail: None }
    }
}
