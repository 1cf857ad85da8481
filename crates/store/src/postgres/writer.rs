//! The one connection of this node that writes.

use super::connect::Server;
use super::failure::{self, Kind};
use super::send::send_messages;
use super::statement as sql;
use super::transaction::Transaction;
use crate::apply::heads::Heads;
use crate::commit::{Backend, Failure, Outcome};
use crate::conversation::direct_key;
use crate::{NewMessage, StoreError, Write};
use natter_protocol::{ConversationId, MessageId, UserId};
use sqlx::{Connection as _, PgConnection};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Until a batch is given up while the server cannot be reached, such as during its restart.
const COMMIT_TIME_MAX: Duration = Duration::from_secs(10);
/// Between the first two attempts; doubles with each.
const RETRY_PAUSE_MIN: Duration = Duration::from_millis(20);
/// Between any two attempts.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(1);

// Read committed, whatever the server's default is: what is read after the locks must see what was committed before.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

pub(super) struct Writer {
    server: Server,
    /// None after an error: what state a connection is in is then no question.
    connection: Option<PgConnection>,
}

impl Writer {
    pub(super) const fn new(server: Server, connection: PgConnection) -> Self {
        Self { server, connection: Some(connection) }
    }

    /// One transaction. Sets `committing` before it asks for the commit.
    async fn attempt(&mut self, writes: &[Write], committing: &mut bool) -> sqlx::Result<Vec<Outcome>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.server.reopen().await?,
        };
        let mut transaction = connection.begin_with(BEGIN).await?;
        let outcomes = apply(&mut transaction, writes).await?;
        *committing = true;
        transaction.commit().await?;
        self.connection = Some(connection);
        Ok(outcomes)
    }
}

impl Backend for Writer {
    /// Tries again by itself while only the server or the way to it is at fault. A write that an attempt has
    /// committed without our hearing of it recognises itself in the next one.
    async fn commit(&mut self, writes: &[Write]) -> Result<Vec<Outcome>, Failure> {
        let deadline = Instant::now() + COMMIT_TIME_MAX;
        let mut pause = RETRY_PAUSE_MIN;
        let mut in_doubt = false;
        loop {
            let mut committing = false;
            let attempt = tokio::time::timeout_at(deadline, self.attempt(writes, &mut committing)).await;
            let error = match attempt {
                Ok(Ok(outcomes)) => return Ok(outcomes),
                Ok(Err(error)) => error,
                Err(_) => sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
            };
            in_doubt |= committing && !failure::rolled_back(&error);
            let kind = failure::kind(&error);
            if kind == Kind::Transient && Instant::now() + pause < deadline {
                tracing::warn!(%error, writes = writes.len(), "a batch is tried again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_PAUSE_MAX);
                continue;
            }
            return Err(match failure::classify(error) {
                error @ StoreError::Broken(_) => Failure::Poisoned(error),
                error if in_doubt => Failure::Shared(StoreError::OutcomeUnknown(error.to_string())),
                error => Failure::Shared(error),
            });
        }
    }
}

/// Does the writes in order: sends that follow one another together, everything else singly.
async fn apply(connection: &mut PgConnection, writes: &[Write]) -> sqlx::Result<Vec<Outcome>> {
    let mut transaction = Transaction(connection);
    let mut heads = Heads::default();
    lock(&mut transaction, &mut heads, writes).await?;
    let mut outcomes = Vec::with_capacity(writes.len());
    for run in writes.chunk_by(|a, b| sent(a).is_some() && sent(b).is_some()) {
        let sends: Vec<&NewMessage> = run.iter().filter_map(sent).collect();
        if sends.is_empty() {
            for write in run {
                outcomes.push(crate::apply::apply(&mut transaction, &mut heads, write).await?);
            }
        } else {
            outcomes.extend(send_messages(transaction.0, &mut heads, &sends).await?);
        }
    }
    transaction.save(&heads.changed()).await?;
    Ok(outcomes)
}

fn sent(write: &Write) -> Option<&NewMessage> {
    match write {
        Write::SendMessage(new) => Some(new),
        _ => None,
    }
}

/// Locks all conversations that the writes touch: at once, because the order of the locks must hold over the whole
/// transaction, and before anything is read, because a new statement sees what was committed while they were waited
/// for.
async fn lock(transaction: &mut Transaction<'_>, heads: &mut Heads, writes: &[Write]) -> sqlx::Result<()> {
    let (mut conversations, mut messages, mut pairs) = (BTreeSet::new(), Vec::new(), Vec::new());
    for write in writes {
        match touched(write) {
            Touched::Conversation(id) => drop(conversations.insert(id.uuid())),
            Touched::ConversationOf(id) => messages.push(id.uuid()),
            Touched::Pair(one, other) => pairs.push(direct_key(one, other)),
            Touched::Nothing => {}
        }
    }
    if !messages.is_empty() || !pairs.is_empty() {
        let statement = sqlx::query_scalar::<_, Uuid>(sql::TOUCHED).bind(messages).bind(pairs);
        conversations.extend(statement.fetch_all(&mut *transaction.0).await?);
    }
    if conversations.is_empty() {
        return Ok(());
    }
    transaction.lock(heads, conversations.into_iter().collect()).await
}

/// Whose log a write may append to, or whose standing it relies on.
enum Touched {
    Conversation(ConversationId),
    ConversationOf(MessageId),
    /// The direct conversation of two.
    Pair(UserId, UserId),
    Nothing,
}

fn touched(write: &Write) -> Touched {
    match write {
        Write::SendMessage(new) => Touched::Conversation(new.conversation_id),
        Write::EditMessage(edit) => Touched::ConversationOf(edit.message_id),
        Write::DeleteMessage(delete) => Touched::ConversationOf(delete.message_id),
        Write::SetReaction { message_id, .. } => Touched::ConversationOf(*message_id),
        Write::MarkRead(mark) => Touched::Conversation(mark.conversation_id),
        Write::UpdateConversation(update) => Touched::Conversation(update.act.conversation_id),
        Write::SetPin { act, .. }
        | Write::DeleteConversation(act)
        | Write::RemoveMember { act, .. }
        | Write::SetMemberRole { act, .. }
        | Write::RevokeInvite { act, .. } => Touched::Conversation(act.conversation_id),
        Write::AddMember(add) => Touched::Conversation(add.conversation_id),
        Write::CreateInvite(new) => Touched::Conversation(new.act.conversation_id),
        Write::ScheduleMessage(new) => Touched::Conversation(new.scheduled.conversation_id),
        Write::SaveDraft { draft, .. } => Touched::Conversation(draft.conversation_id),
        Write::Block { blocker, blocked, .. } | Write::Unblock { blocker, blocked } => {
            Touched::Pair(*blocker, *blocked)
        }
        Write::CreateConversation(_)
        | Write::UpdateMe { .. }
        | Write::ForgetScheduled { .. }
        | Write::FailScheduled { .. }
        | Write::CreateUser(_)
        | Write::ProvisionUser(_)
        | Write::UpdateProfile { .. }
        | Write::SetPassword { .. }
        | Write::SetRole { .. }
        | Write::SetDisabled { .. }
        | Write::CreateSession(_)
        | Write::RotateSession(_)
        | Write::EndSession { .. }
        | Write::EndSessions { .. }
        | Write::CreateIpRule(_)
        | Write::DeleteIpRule(_)
        | Write::ClaimKey(_)
        | Write::KeepAnswer(_)
        | Write::Erase { .. } => Touched::Nothing,
    }
}
