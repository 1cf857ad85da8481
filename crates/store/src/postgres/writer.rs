//! The one connection of this node that writes.

use super::connect::Server;
use super::failure::{self, Kind};
use super::send::{Heads, send_messages};
use super::{account, conversation};
use crate::commit::{Backend, Failure, Outcome};
use crate::{NewMessage, StoreError, Write};
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;
use tokio::time::Instant;

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
async fn apply(transaction: &mut PgConnection, writes: &[Write]) -> sqlx::Result<Vec<Outcome>> {
    let mut heads = Heads::default();
    // All at once, because the order of the locks must hold over the whole transaction.
    heads.lock(transaction, writes.iter().filter_map(sent).map(|new| new.conversation_id)).await?;
    let mut outcomes = Vec::with_capacity(writes.len());
    for run in writes.chunk_by(|a, b| sent(a).is_some() && sent(b).is_some()) {
        outcomes.extend(apply_run(transaction, &mut heads, run).await?);
    }
    heads.save(transaction).await?;
    Ok(outcomes)
}

fn sent(write: &Write) -> Option<&NewMessage> {
    match write {
        Write::SendMessage(new) => Some(new),
        _ => None,
    }
}

/// A run is either several sends or one write of any kind.
async fn apply_run(
    transaction: &mut PgConnection,
    heads: &mut Heads,
    run: &[Write],
) -> sqlx::Result<Vec<Outcome>> {
    let Some(first) = run.first() else { return Ok(Vec::new()) };
    let outcome = match first {
        Write::SendMessage(_) => {
            let sends: Vec<&NewMessage> = run.iter().filter_map(sent).collect();
            return send_messages(transaction, heads, &sends).await;
        }
        Write::CreateConversation(new) => conversation::create(transaction, new).await,
        Write::CreateUser(user) => account::create_user(transaction, user).await,
        Write::SetPassword { user_id, password_hash, now } => {
            account::set_password(transaction, *user_id, password_hash, *now).await
        }
        Write::SetRole { user_id, role } => account::set_role(transaction, *user_id, *role).await,
        Write::CreateSession(session) => account::create_session(transaction, session).await,
        Write::RotateSession(rotation) => account::rotate_session(transaction, rotation).await,
        Write::EndSession { id, now } => account::end_session(transaction, *id, *now).await,
    };
    Ok(vec![outcome?])
}
