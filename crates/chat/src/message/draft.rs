//! Drafts and scheduled messages: what is not sent yet

use super::send;
use crate::execute::{Submitted, unexpected};
use crate::text::Check;
use crate::{Actor, Chat, Error, Result};
use natter_protocol::{
    Command, ConversationId, Draft, MessageDraft, Page, Reply, SaveDraft, ScheduleMessage, ScheduledMessage,
    ScheduledMessageId, SendMessage, Timestamp, limits,
};
use natter_store::{DueMessage, NewScheduled, Write, Written};
use std::sync::Arc;
use uuid::Uuid;

impl Chat {
    /// The actor's draft in a conversation.
    pub async fn draft(&self, actor: &Actor, id: ConversationId) -> Result<Draft> {
        self.store.draft(actor.id(), id).await?.ok_or(Error::NotFound("draft"))
    }

    /// A page of the actor's drafts, newest first.
    pub async fn drafts(&self, actor: &Actor, cursor: Option<&str>, limit: u32) -> Result<Page<Draft>> {
        let list = format!("drafts/{}", actor.id());
        let after = cursor.map(|cursor| position(&self.cursors.open(&list, cursor)?)).transpose()?;
        let drafts = self.store.drafts(actor.id(), after, limit + 1).await?;
        Ok(self.page(&list, drafts, limit, |draft| {
            let mut position = draft.updated_at.millis().to_be_bytes().to_vec();
            position.extend_from_slice(draft.conversation_id.uuid().as_bytes());
            position
        }))
    }

    /// What the actor wants to be sent later, and what could not be sent, by time.
    pub async fn scheduled(&self, actor: &Actor) -> Result<Vec<ScheduledMessage>> {
        Ok(self.store.scheduled(actor.id()).await?)
    }

    pub(crate) async fn save_draft(self: &Arc<Self>, actor: &Actor, save: SaveDraft) -> Result<Submitted> {
        let mut check = Check::default();
        let content = check.text("content", &save.content, limits::MESSAGE_CHARS_MAX);
        check.done()?;
        let draft = Box::new(Draft {
            conversation_id: save.conversation_id,
            content,
            reply_to: save.reply_to,
            updated_at: self.now(),
        });
        let kept = (!draft.content.is_empty()).then(|| draft.clone());
        let write = Write::SaveDraft { user_id: actor.id(), draft };
        self.commit(write, async move |_, written| match written {
            Written::Done => Ok(Reply::Draft(kept)),
            other => Err(unexpected(&other)),
        })
        .await
    }

    pub(crate) async fn schedule_message(
        self: &Arc<Self>,
        actor: &Actor,
        schedule: ScheduleMessage,
    ) -> Result<Submitted> {
        let content = send::validate(&schedule.draft)?;
        self.check_voice(actor, schedule.draft.kind, &schedule.draft.attachments).await?;
        let now = self.now();
        let latest = now.plus_seconds(i64::from(limits::SCHEDULE_SECONDS_MAX));
        if schedule.send_at <= now || schedule.send_at > latest {
            return Err(Error::field("sendAt", "must be in the future, at most 366 days ahead"));
        }
        let scheduled = ScheduledMessage {
            id: ScheduledMessageId::from_uuid(self.id_for(actor)),
            conversation_id: schedule.conversation_id,
            content,
            kind: schedule.draft.kind,
            attachments: Vec::new(),
            reply_to: schedule.draft.reply_to,
            thread_id: self.thread_root(actor, schedule.draft.thread_id).await?,
            send_at: schedule.send_at,
            created_at: now,
            failure: None,
        };
        let write = Write::ScheduleMessage(Box::new(NewScheduled {
            author: actor.id(),
            scheduled,
            attachments: schedule.draft.attachments,
        }));
        self.commit(write, async move |_, written| match written {
            Written::Scheduled(scheduled) => Ok(Reply::Scheduled(scheduled)),
            other => Err(unexpected(&other)),
        })
        .await
    }

    pub(crate) async fn cancel_scheduled(
        self: &Arc<Self>,
        actor: &Actor,
        id: ScheduledMessageId,
    ) -> Result<Submitted> {
        let write = Write::ForgetScheduled { id, user_id: actor.id() };
        self.commit(write, async move |_, written| match written {
            Written::Found(true) => Ok(Reply::Done),
            Written::Found(false) => Err(Error::NotFound("scheduled message")),
            other => Err(unexpected(&other)),
        })
        .await
    }

    /// Sends what is due, at most so many, and answers how many that were. A message is sent exactly once even if this
    /// is interrupted: its key is derived from the scheduled one's id.
    pub async fn send_due(self: &Arc<Self>, limit: u32) -> Result<usize> {
        let due = self.store.due(self.now(), limit).await?;
        let count = due.len();
        let mut outcome = Ok(count);
        for message in due {
            // One that cannot be sent right now does not hold up those of others.
            if let Err(error) = self.send_scheduled(message).await {
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn send_scheduled(self: &Arc<Self>, due: DueMessage) -> Result<()> {
        let DueMessage { author, scheduled } = due;
        let id = scheduled.id;
        let outcome = match self.author(author).await {
            Ok(actor) => {
                let draft = MessageDraft {
                    content: scheduled.content,
                    client_message_id: Some(format!("scheduled/{id}")),
                    reply_to: scheduled.reply_to,
                    thread_id: scheduled.thread_id,
                    attachments: scheduled.attachments.into_iter().map(|file| file.id).collect(),
                    kind: scheduled.kind,
                };
                let send = SendMessage { conversation_id: scheduled.conversation_id, draft };
                self.execute(&actor, Command::SendMessage(send)).await.map(drop)
            }
            Err(error) => Err(error),
        };
        let write = match outcome {
            Ok(()) => Write::ForgetScheduled { id, user_id: author },
            // Nothing is lost: it is due the next time, too.
            Err(error) if error.code().retriable() => return Err(error),
            Err(error) => {
                tracing::info!(%id, code = %error.code(), "a scheduled message could not be sent");
                Write::FailScheduled { id, failure: error.code() }
            }
        };
        self.store.queue(write).await?.await?;
        Ok(())
    }

    /// On whose behalf a scheduled message is sent.
    async fn author(&self, id: natter_protocol::UserId) -> Result<Actor> {
        let user = self.store.user(id).await?.ok_or(Error::NotFound("user"))?;
        Ok(Actor::on_behalf_of(user))
    }
}

fn position(bytes: &[u8]) -> Result<(Timestamp, ConversationId)> {
    let (time, id) = bytes.split_at_checked(8).ok_or(Error::InvalidCursor)?;
    let time = i64::from_be_bytes(time.try_into().map_err(|_| Error::InvalidCursor)?);
    let id = Uuid::from_slice(id).map_err(|_| Error::InvalidCursor)?;
    Ok((Timestamp::from_millis(time), ConversationId::from_uuid(id)))
}
