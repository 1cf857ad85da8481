//! The one way in for everything that a user changes.

use crate::{Actor, Chat, Error, Result};
use natter_protocol::{Command, Reply};
use natter_store::{Write, Written};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A command that has its place in line. Resolves once it is committed, or has failed.
///
/// Dropping it does not take the command back.
pub struct Submitted(Pin<Box<dyn Future<Output = Result<Reply>> + Send>>);

impl Submitted {
    pub(crate) fn new(reply: impl Future<Output = Result<Reply>> + Send + 'static) -> Self {
        Self(Box::pin(reply))
    }

    /// What needs no commit.
    pub(crate) fn at_once(reply: Reply) -> Self {
        Self::new(std::future::ready(Ok(reply)))
    }
}

impl Future for Submitted {
    type Output = Result<Reply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl Chat {
    /// Checks a command and puts it in line. Commands are committed in the order in which this returns, so a caller
    /// that awaits one submission before it begins the next keeps a sender's order without waiting for the disk.
    pub async fn submit(self: &Arc<Self>, actor: &Actor, command: Command) -> Result<Submitted> {
        match command {
            Command::SendMessage(send) => self.send_message(actor, send).await,
            Command::EditMessage(edit) => self.edit_message(actor, edit).await,
            Command::DeleteMessage(id) => self.delete_message(actor, id).await,
            Command::ForwardMessage(forward) => self.forward_message(actor, forward).await,
            Command::AddReaction(request) => self.set_reaction(actor, request, true).await,
            Command::RemoveReaction(request) => self.set_reaction(actor, request, false).await,
            Command::MarkRead(mark) => self.mark_read(actor, mark).await,
            Command::PinMessage(id) => self.set_pin(actor, id, true).await,
            Command::UnpinMessage(id) => self.set_pin(actor, id, false).await,
            Command::SaveDraft(save) => self.save_draft(actor, save).await,
            Command::ScheduleMessage(schedule) => self.schedule_message(actor, schedule).await,
            Command::CancelScheduledMessage(id) => self.cancel_scheduled(actor, id).await,
            Command::CreateConversation(create) => self.create_conversation(actor, create).await,
            Command::OpenDirect(name) => self.open_direct(actor, &name).await,
            Command::UpdateConversation(id, update) => self.update_conversation(actor, id, update).await,
            Command::DeleteConversation(id) => self.delete_conversation(actor, id).await,
            Command::UpdateMe(id, update) => self.update_me(actor, id, update).await,
            Command::AddMember(id, add) => self.add_member(actor, id, add).await,
            Command::UpdateMember(id, user, update) => self.update_member(actor, id, user, update).await,
            Command::RemoveMember(id, user) => self.remove_member(actor, id, user).await,
            Command::JoinConversation(id) => self.join_conversation(actor, id).await,
            Command::LeaveConversation(id) => self.leave_conversation(actor, id).await,
            Command::CreateInvite(id, create) => self.create_invite(actor, id, create).await,
            Command::RevokeInvite(id, invite) => self.revoke_invite(actor, id, invite).await,
            Command::AcceptInvite(code) => self.accept_invite(actor, code).await,
            Command::BlockUser(name) => self.block_user(actor, &name).await,
            Command::UnblockUser(name) => self.unblock_user(actor, &name).await,
            Command::UpdateProfile(update) => self.update_profile(actor, update).await,
        }
    }

    /// Does a command, to the end.
    pub async fn execute(self: &Arc<Self>, actor: &Actor, command: Command) -> Result<Reply> {
        self.submit(actor, command).await?.await
    }

    /// Puts a write in line; once it is committed, `reply` makes the answer from what became of it.
    pub(crate) async fn commit<F, R>(self: &Arc<Self>, write: Write, reply: F) -> Result<Submitted>
    where
        F: FnOnce(Arc<Self>, Written) -> R + Send + 'static,
        R: Future<Output = Result<Reply>> + Send + 'static,
    {
        let committing = self.store.queue(write).await?;
        let chat = Arc::clone(self);
        Ok(Submitted::new(async move {
            let written = committing.await?;
            reply(chat, written).await
        }))
    }
}

/// The store answered a write with what belongs to another kind of write.
pub(crate) fn unexpected(written: &Written) -> Error {
    Error::Internal(format!("the store answered {written:?}"))
}
