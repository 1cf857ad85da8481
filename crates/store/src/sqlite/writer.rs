//! The one connection that writes.

use super::{account, conversation, failure, message, row};
use crate::commit::{Backend, Failure, Outcome};
use crate::text_enum::TextEnum as _;
use crate::{NewMessage, Refusal, Write, Written, log};
use natter_protocol::{ConversationId, ConversationStatus, MessageId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

pub(super) struct Writer(Connection);

impl Writer {
    pub(super) const fn new(connection: Connection) -> Self {
        Self(connection)
    }

    fn run(&mut self, writes: &[Write]) -> rusqlite::Result<Vec<Outcome>> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut heads = Heads::default();
        let outcomes =
            writes.iter().map(|write| apply(&transaction, &mut heads, write)).collect::<Result<_, _>>()?;
        heads.save(&transaction)?;
        transaction.commit()?;
        Ok(outcomes)
    }
}

impl Backend for Writer {
    async fn commit(&mut self, writes: &[Write]) -> Result<Vec<Outcome>, Failure> {
        self.run(writes).map_err(failure::in_batch)
    }
}

fn apply(transaction: &Transaction<'_>, heads: &mut Heads, write: &Write) -> rusqlite::Result<Outcome> {
    if !matches!(write, Write::SendMessage(_)) {
        // It may change who is a member.
        heads.members.clear();
    }
    match write {
        Write::SendMessage(new) => send_message(transaction, heads, new),
        Write::CreateConversation(new) => conversation::create(transaction, new),
        Write::CreateUser(user) => account::create_user(transaction, user),
        Write::SetPassword { user_id, password_hash, now } => {
            account::set_password(transaction, *user_id, password_hash, *now)
        }
        Write::SetRole { user_id, role } => account::set_role(transaction, *user_id, *role),
        Write::CreateSession(session) => account::create_session(transaction, session),
        Write::RotateSession(rotation) => account::rotate_session(transaction, rotation),
        Write::EndSession { id, now } => account::end_session(transaction, *id, *now),
    }
}

fn send_message(
    transaction: &Transaction<'_>,
    heads: &mut Heads,
    new: &NewMessage,
) -> rusqlite::Result<Outcome> {
    if !heads.is_member(transaction, new.conversation_id, new.sender.id)? {
        return Ok(Err(Refusal::NotAMember));
    }
    let head = heads.get(transaction, new.conversation_id)?;
    if let Some(refusal) = refusal(transaction, head, new)? {
        // What is refused now may have been taken before: a repeat answers with the first result.
        return Ok(find_repeat(transaction, new)?.unwrap_or(Err(refusal)));
    }
    let mut seq = head.last_seq + 1;
    if insert_message(transaction, new, seq)? {
        head.append(new, seq);
    } else if let Some(repeat) = find_repeat(transaction, new)? {
        return Ok(repeat);
    } else {
        // The id is there: this very write was done before. Or it is another conversation's, which is an error.
        seq = transaction
            .prepare_cached(message::ANCHOR)?
            .query_row((new.id.uuid(), new.conversation_id.uuid()), |row| row.get(0))?;
    }
    let message = Box::new(new.clone().into_message(seq));
    let event = log::message_new(message.clone());
    Ok(Ok((Written::Message(message), Some(event))))
}

/// Why the conversation does not take a message that was not sent before.
fn refusal(
    transaction: &Transaction<'_>,
    head: &Head,
    new: &NewMessage,
) -> rusqlite::Result<Option<Refusal>> {
    if head.status != ConversationStatus::Active {
        return Ok(Some(Refusal::ConversationNotActive));
    }
    for (reference, refusal) in
        [(new.reply_to, Refusal::ReplyUnknown), (new.thread_id, Refusal::ThreadUnknown)]
    {
        if let Some(id) = reference
            && !transaction
                .prepare_cached(message::ANCHOR)?
                .exists((id.uuid(), new.conversation_id.uuid()))?
        {
            return Ok(Some(refusal));
        }
    }
    Ok(None)
}

fn find_repeat(transaction: &Transaction<'_>, new: &NewMessage) -> rusqlite::Result<Option<Outcome>> {
    let Some(key) = &new.client_message_id else { return Ok(None) };
    let first: Option<(Uuid, i64)> = transaction
        .prepare_cached(
            "SELECT id, fingerprint FROM messages
              WHERE conversation_id = ?1 AND sender_id = ?2 AND client_message_id = ?3",
        )?
        .query_row((new.conversation_id.uuid(), new.sender.id.uuid(), key), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(first.map(|(id, fingerprint)| {
        if fingerprint == new.fingerprint {
            Ok((Written::MessageRepeat(MessageId::from_uuid(id)), None))
        } else {
            Err(Refusal::ClientMessageIdConflict)
        }
    }))
}

/// Answers whether it was not there yet, under its id or its key: looking beforehand would search the same index twice.
fn insert_message(transaction: &Transaction<'_>, new: &NewMessage, seq: Seq) -> rusqlite::Result<bool> {
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO messages (id, conversation_id, seq, sender_id, kind, content, client_message_id, fingerprint,
                                   reply_to, thread_id, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO NOTHING
             ON CONFLICT (conversation_id, sender_id, client_message_id) WHERE client_message_id IS NOT NULL DO NOTHING",
        )?
        .execute((
            new.id.uuid(),
            new.conversation_id.uuid(),
            seq,
            new.sender.id.uuid(),
            new.kind.to_text(),
            &new.content,
            &new.client_message_id,
            new.fingerprint,
            new.reply_to.map(MessageId::uuid),
            new.thread_id.map(MessageId::uuid),
            new.created_at.millis(),
        ))?;
    if inserted == 0 {
        return Ok(false);
    }
    transaction
        .prepare_cached(
            "INSERT INTO events (conversation_id, seq, type, actor_id, message_id, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            new.conversation_id.uuid(),
            seq,
            log::MESSAGE_NEW,
            new.sender.id.uuid(),
            new.id.uuid(),
            new.created_at.millis(),
        ))?;
    Ok(true)
}

/// The heads of the logs that a transaction appends to: read once, written once, however many messages came between.
#[derive(Default)]
struct Heads {
    logs: HashMap<ConversationId, Head>,
    /// Who was found to be a member of what.
    members: HashSet<(ConversationId, UserId)>,
}

struct Head {
    last_seq: Seq,
    status: ConversationStatus,
    /// What the transaction has appended last, and the latest time of all that it appended.
    appended: Option<(MessageId, Timestamp)>,
}

impl Head {
    fn append(&mut self, new: &NewMessage, seq: Seq) {
        let latest = self.appended.map_or(new.created_at, |(_, time)| time.max(new.created_at));
        self.appended = Some((new.id, latest));
        self.last_seq = seq;
    }
}

impl Heads {
    /// Looked up once for all that somebody sends in a row.
    fn is_member(
        &mut self,
        transaction: &Transaction<'_>,
        conversation: ConversationId,
        user: UserId,
    ) -> rusqlite::Result<bool> {
        if self.members.contains(&(conversation, user)) {
            return Ok(true);
        }
        let member = conversation::is_member(transaction, conversation, user)?;
        if member {
            self.members.insert((conversation, user));
        }
        Ok(member)
    }

    fn get(&mut self, transaction: &Transaction<'_>, id: ConversationId) -> rusqlite::Result<&mut Head> {
        use std::collections::hash_map::Entry;
        match self.logs.entry(id) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let head = transaction
                    .prepare_cached("SELECT last_seq, status FROM conversations WHERE id = ?1")?
                    .query_row([id.uuid()], |row| {
                        Ok(Head { last_seq: row.get(0)?, status: row::text(row, 1)?, appended: None })
                    })?;
                Ok(entry.insert(head))
            }
        }
    }

    fn save(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut update = transaction.prepare_cached(
            "UPDATE conversations SET last_seq = ?2, last_message_id = ?3, updated_at = max(updated_at, ?4) WHERE id = ?1",
        )?;
        for (id, head) in self.logs {
            if let Some((message, time)) = head.appended {
                update.execute((id.uuid(), head.last_seq, message.uuid(), time.millis()))?;
            }
        }
        Ok(())
    }
}
