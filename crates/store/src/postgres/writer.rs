//! The one connection of this node that writes.

use super::connect::Server;
use super::failure::{self, Kind};
use super::send::send_messages;
use super::statement as sql;
use super::transaction::{Transaction, save};
use crate::apply::apply;
use crate::apply::heads::Heads;
use crate::commit::{Backend, Failure, Outcome};
use crate::conversation::direct_key;
use crate::{Attachments, BlobId, NewMessage, StoreError, Write};
use natter_protocol::{ConversationId, ConversationKind, MessageId, UserId};
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
const NEW_WRITER: &str = "INSERT INTO writers (batch) VALUES (0) RETURNING id";
/// Those of processes that ended long ago. One that is only idle gets its row again.
const FORGET_WRITERS: &str = "DELETE FROM writers WHERE committed_at < now() - interval '30 days'";
/// Waits until a commit that is under way on another connection has ended.
const COMMITTED: &str = "
    INSERT INTO writers (id, batch) VALUES ($1, 0)
        ON CONFLICT (id) DO UPDATE SET batch = writers.batch
 RETURNING batch";

pub(super) struct Writer {
    server: Server,
    /// None after an error: what state a connection is in is then no question.
    connection: Option<PgConnection>,
    /// What the database knows this writer by, once it does.
    id: Option<i64>,
    /// The number of the batch.
    batch: i64,
}

impl Writer {
    pub(super) const fn new(server: Server, connection: PgConnection) -> Self {
        Self { server, connection: Some(connection), id: None, batch: 0 }
    }

    /// One transaction. `unheard` has its outcomes from before it asks for the commit until it has heard that it was
    /// done; what is in it at the start was left there by an attempt before.
    async fn attempt(
        &mut self,
        writes: &[Write],
        unheard: &mut Option<Vec<Outcome>>,
    ) -> sqlx::Result<Vec<Outcome>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.server.reopen().await?,
        };
        let id = self.register(&mut connection).await?;
        if unheard.is_some() && self.is_committed(&mut connection, id).await? {
            tracing::info!(writes = writes.len(), "a batch was committed unheard");
        } else {
            *unheard = None;
            let mut transaction = connection.begin_with(BEGIN).await?;
            let outcomes = self.apply(&mut transaction, id, writes).await?;
            *unheard = Some(outcomes);
            if let Err(error) = transaction.commit().await {
                if failure::rolled_back(&error) {
                    *unheard = None;
                }
                return Err(error);
            }
        }
        self.connection = Some(connection);
        Ok(unheard.take().unwrap_or_default())
    }

    async fn register(&mut self, connection: &mut PgConnection) -> sqlx::Result<i64> {
        if let Some(id) = self.id {
            return Ok(id);
        }
        sqlx::query(FORGET_WRITERS).execute(&mut *connection).await?;
        let id = sqlx::query_scalar(NEW_WRITER).fetch_one(connection).await?;
        self.id = Some(id);
        Ok(id)
    }

    async fn is_committed(&self, connection: &mut PgConnection, id: i64) -> sqlx::Result<bool> {
        let committed: i64 = sqlx::query_scalar(COMMITTED).bind(id).fetch_one(connection).await?;
        Ok(committed == self.batch)
    }

    /// Does the writes in order: sends that follow one another together, everything else singly.
    async fn apply(
        &self,
        connection: &mut PgConnection,
        id: i64,
        writes: &[Write],
    ) -> sqlx::Result<Vec<Outcome>> {
        let mut transaction = Transaction(connection);
        let mut heads = Heads::default();
        lock(&mut transaction, &mut heads, writes).await?;
        let mut outcomes = Vec::with_capacity(writes.len());
        for run in writes.chunk_by(|a, b| sent(a).is_some() && sent(b).is_some()) {
            let sends: Vec<&NewMessage> = run.iter().filter_map(sent).collect();
            if sends.is_empty() {
                for write in run {
                    outcomes.push(apply(&mut transaction, &mut heads, write).await?);
                }
            } else {
                outcomes.extend(send_messages(transaction.0, &mut heads, &sends).await?);
            }
        }
        let changed = heads.changed();
        let marked =
            if changed.is_empty() { sqlx::query(sql::MARK) } else { save(sql::SAVE_AND_MARK, &changed) };
        marked.bind(id).bind(self.batch).execute(transaction.0).await?;
        Ok(outcomes)
    }
}

impl Backend for Writer {
    /// Tries again by itself while only the server or the way to it is at fault. What an attempt has committed without
    /// our hearing of it is not done again.
    async fn commit(&mut self, writes: &[Write]) -> Result<Vec<Outcome>, Failure> {
        let deadline = Instant::now() + COMMIT_TIME_MAX;
        let mut pause = RETRY_PAUSE_MIN;
        let mut unheard = None;
        self.batch += 1;
        loop {
            let attempt = tokio::time::timeout_at(deadline, self.attempt(writes, &mut unheard)).await;
            let error = match attempt {
                Ok(Ok(outcomes)) => return Ok(outcomes),
                Ok(Err(error)) => error,
                Err(_) => sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
            };
            let kind = failure::kind(&error);
            if kind == Kind::Transient && Instant::now() + pause < deadline {
                tracing::warn!(%error, writes = writes.len(), "a batch is tried again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_PAUSE_MAX);
                continue;
            }
            return Err(match failure::classify(error) {
                error if unheard.is_some() => Failure::Shared(StoreError::OutcomeUnknown(error.to_string())),
                error @ StoreError::Broken(_) => Failure::Poisoned(error),
                error => Failure::Shared(error),
            });
        }
    }
}

/// A message that can be sent together with others; one with files is sent by itself.
fn sent(write: &Write) -> Option<&NewMessage> {
    match write {
        Write::SendMessage(new) if new.attachments.is_none() => Some(new),
        _ => None,
    }
}

/// Locks all conversations that the writes touch, then what is kept of files: at once, because the order of the locks must
/// hold over the whole transaction, and before anything is read, because a new statement sees what was committed while
/// they were waited for.
async fn lock(transaction: &mut Transaction<'_>, heads: &mut Heads, writes: &[Write]) -> sqlx::Result<()> {
    let (mut conversations, mut messages) = (BTreeSet::new(), Vec::new());
    let (mut people, mut pairs) = (Vec::new(), Vec::new());
    let (mut usage, mut blobs, mut files) = (false, Vec::new(), HeldFiles::default());
    for write in writes {
        match touched(write) {
            Touched::Conversation(id) => drop(conversations.insert(id.uuid())),
            Touched::ConversationOf(id) => messages.push(id.uuid()),
            Touched::Pair(one, other) => {
                people.extend([one.uuid(), other.uuid()]);
                pairs.push(direct_key(one, other));
            }
            Touched::Usage => usage = true,
            Touched::ConversationsWith(blob) => {
                usage = true;
                blobs.push(blob.uuid());
            }
            Touched::Nothing => {}
        }
        files.hold(write);
    }
    if !people.is_empty() {
        sqlx::query(sql::LOCK_PEOPLE).bind(people).execute(&mut *transaction.0).await?;
    }
    if !messages.is_empty() || !pairs.is_empty() {
        let statement = sqlx::query_scalar::<_, Uuid>(sql::TOUCHED).bind(messages).bind(pairs);
        conversations.extend(statement.fetch_all(&mut *transaction.0).await?);
    }
    if !blobs.is_empty() {
        let statement = sqlx::query_scalar::<_, Uuid>(sql::CONVERSATIONS_WITH).bind(blobs);
        conversations.extend(statement.fetch_all(&mut *transaction.0).await?);
    }
    if !conversations.is_empty() {
        transaction.lock(heads, conversations.into_iter().collect()).await?;
    }
    if usage {
        sqlx::query(sql::LOCK_USAGE).execute(&mut *transaction.0).await?;
    }
    files.lock(transaction).await
}

/// The files of which it changes what holds them.
#[derive(Default)]
struct HeldFiles {
    files: Vec<Uuid>,
    /// What messages hold.
    messages: Vec<Uuid>,
    /// What messages hold that are to be sent later.
    scheduled: Vec<Uuid>,
}

impl HeldFiles {
    fn hold(&mut self, write: &Write) {
        match write {
            Write::SendMessage(new) => match &new.attachments {
                Attachments::Own(ids) => self.files.extend(ids.iter().map(|id| id.uuid())),
                Attachments::Of(id) => self.messages.push(id.uuid()),
            },
            Write::DeleteMessage(delete) => self.messages.push(delete.message_id.uuid()),
            Write::ScheduleMessage(new) => self.files.extend(new.attachments.iter().map(|id| id.uuid())),
            Write::ForgetScheduled { id, .. } => self.scheduled.push(id.uuid()),
            Write::DeleteFile { id, .. } => self.files.push(id.uuid()),
            _ => {}
        }
    }

    async fn lock(self, transaction: &mut Transaction<'_>) -> sqlx::Result<()> {
        let Self { files, messages, scheduled } = self;
        if files.is_empty() && messages.is_empty() && scheduled.is_empty() {
            return Ok(());
        }
        let statement = sqlx::query(sql::LOCK_FILES).bind(files).bind(messages).bind(scheduled);
        statement.execute(&mut *transaction.0).await?;
        Ok(())
    }
}

/// Whose log a write may append to, or whose standing it relies on.
enum Touched {
    Conversation(ConversationId),
    ConversationOf(MessageId),
    /// The direct conversation of two.
    Pair(UserId, UserId),
    /// What is kept of files.
    Usage,
    /// The same, and the conversations that hold such a file.
    ConversationsWith(BlobId),
    Nothing,
}

fn touched(write: &Write) -> Touched {
    match write {
        Write::SendMessage(new) => Touched::Conversation(new.conversation_id),
        Write::EditMessage(edit) => Touched::ConversationOf(edit.message_id),
        Write::DeleteMessage(delete) => Touched::ConversationOf(delete.message_id),
        Write::AttachPreviews(attach) => Touched::ConversationOf(attach.message_id),
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
        Write::CreateConversation(new) => match (new.info.kind, new.members.as_slice()) {
            (ConversationKind::Direct, [peer]) => Touched::Pair(new.info.created_by, *peer),
            _ => Touched::Nothing,
        },
        Write::CreateFile(_)
        | Write::DeleteFile { .. }
        | Write::ClaimScans { .. }
        | Write::EraseFiles { .. } => Touched::Usage,
        Write::FinishScan { blob_id, .. } => Touched::ConversationsWith(*blob_id),
        Write::UpdateMe { .. }
        | Write::ForgetScheduled { .. }
        | Write::FailScheduled { .. }
        | Write::CreateUser(_)
        | Write::ProvisionUser(_)
        | Write::UpdateProfile { .. }
        | Write::Seen(_)
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
        | Write::KeepPreview(_)
        | Write::ErasePreviews { .. }
        | Write::Erase { .. } => Touched::Nothing,
    }
}
