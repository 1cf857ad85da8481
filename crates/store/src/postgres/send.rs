//! Sends, a run at a time: however many messages there are, the number of statements is the same.

use super::row::{Columns as _, to_bigint, to_time};
use crate::commit::Outcome;
use crate::text_enum::TextEnum as _;
use crate::{NewMessage, Refusal, Written, log};
use natter_protocol::{ConversationId, ConversationStatus, Event, MessageId, Seq, Timestamp, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use std::collections::{BTreeSet, HashMap, HashSet};
use time::OffsetDateTime;
use uuid::Uuid;

// In the order of the ids, so that nodes that lock the same conversations wait for one another instead of forming a
// circle. Not FOR UPDATE: nobody deletes the key, so what refers to a conversation need not wait.
pub(super) const LOCK: &str = "
    SELECT id, status, last_seq FROM conversations WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
pub(super) const SAVE: &str = "
    UPDATE conversations AS c
       SET last_seq = new.last_seq, last_message_id = new.last_message_id,
           updated_at = greatest(c.updated_at, new.updated_at)
      FROM UNNEST($1::uuid[], $2::bigint[], $3::uuid[], $4::timestamptz[])
           AS new (id, last_seq, last_message_id, updated_at)
     WHERE c.id = new.id";
pub(super) const MEMBERS: &str = "
    SELECT m.conversation_id, m.user_id
      FROM UNNEST($1::uuid[], $2::uuid[]) AS asked (conversation_id, user_id)
      JOIN conversation_members AS m
           ON m.conversation_id = asked.conversation_id AND m.user_id = asked.user_id";
pub(super) const BY_ID: &str = "SELECT id, conversation_id, sender_id, seq FROM messages WHERE id = ANY($1)";
pub(super) const BY_KEY: &str = "
    SELECT m.conversation_id, m.sender_id, m.client_message_id, m.id, m.fingerprint
      FROM UNNEST($1::uuid[], $2::uuid[], $3::text[]) AS asked (conversation_id, sender_id, client_message_id)
      JOIN messages AS m
           ON m.conversation_id = asked.conversation_id AND m.sender_id = asked.sender_id
              AND m.client_message_id = asked.client_message_id AND m.client_message_id IS NOT NULL";
const INSERT_MESSAGES: &str = "
    INSERT INTO messages (id, conversation_id, seq, sender_id, kind, content, client_message_id, fingerprint,
                          reply_to, thread_id, created_at)
    SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                         $8::bigint[], $9::uuid[], $10::uuid[], $11::timestamptz[])";
const INSERT_EVENTS: &str = "
    INSERT INTO events (conversation_id, seq, type, actor_id, message_id, created_at)
    SELECT conversation_id, seq, $1, actor_id, message_id, created_at
      FROM UNNEST($2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::timestamptz[])
           AS new (conversation_id, seq, actor_id, message_id, created_at)";

/// The heads of the logs that a transaction appends to: locked and read once, written once.
#[derive(Default)]
pub(super) struct Heads(HashMap<ConversationId, Head>);

struct Head {
    status: ConversationStatus,
    last_seq: Seq,
    /// What the transaction has appended last, and the latest time of all that it appended.
    appended: Option<(MessageId, Timestamp)>,
}

impl Head {
    fn append(&mut self, new: &NewMessage) -> Seq {
        let latest = self.appended.map_or(new.created_at, |(_, time)| time.max(new.created_at));
        self.appended = Some((new.id, latest));
        self.last_seq += 1;
        self.last_seq
    }
}

impl Heads {
    /// Locks the conversations that are not locked yet. Those that do not exist are left out.
    pub(super) async fn lock(
        &mut self,
        transaction: &mut PgConnection,
        conversations: impl Iterator<Item = ConversationId>,
    ) -> sqlx::Result<()> {
        let missing: BTreeSet<Uuid> =
            conversations.filter(|id| !self.0.contains_key(id)).map(ConversationId::uuid).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<Uuid> = missing.into_iter().collect();
        for row in sqlx::query(LOCK).bind(missing).fetch_all(transaction).await? {
            let head =
                Head { status: row.text("status")?, last_seq: row.natural("last_seq")?, appended: None };
            self.0.insert(row.id("id", ConversationId::from_uuid)?, head);
        }
        Ok(())
    }

    pub(super) async fn save(self, transaction: &mut PgConnection) -> sqlx::Result<()> {
        let (mut ids, mut seqs, mut messages, mut times) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, head) in self.0 {
            if let Some((message, time)) = head.appended {
                ids.push(id.uuid());
                seqs.push(to_bigint(head.last_seq));
                messages.push(message.uuid());
                times.push(to_time(time));
            }
        }
        if !ids.is_empty() {
            sqlx::query(SAVE).bind(ids).bind(seqs).bind(messages).bind(times).execute(transaction).await?;
        }
        Ok(())
    }
}

/// Does a run of sends in order; one outcome for each.
pub(super) async fn send_messages(
    transaction: &mut PgConnection,
    heads: &mut Heads,
    run: &[&NewMessage],
) -> sqlx::Result<Vec<Outcome>> {
    heads.lock(transaction, run.iter().map(|new| new.conversation_id)).await?;
    // A new statement sees what was committed while the locks were waited for.
    let mut known = Known::read(transaction, run).await?;
    let mut fresh = Vec::with_capacity(run.len());
    let outcomes = run
        .iter()
        .map(|new| {
            Ok(match known.place(heads, new)? {
                Place::Next(seq) => {
                    fresh.push((*new, to_bigint(seq)));
                    at(new, seq)
                }
                Place::Taken(seq) => at(new, seq),
                Place::Repeat(first) => (Written::MessageRepeat(first), None),
            })
        })
        .collect();
    insert(transaction, &fresh).await?;
    Ok(outcomes)
}

fn at(new: &NewMessage, seq: Seq) -> (Written, Option<Event>) {
    let message = Box::new(new.clone().into_message(seq));
    (Written::Message(message.clone()), Some(log::message_new(message)))
}

/// Where a message goes.
enum Place {
    /// To the end of the log.
    Next(Seq),
    /// It is there: an attempt whose commit went unheard has put it there.
    Taken(Seq),
    /// The same was sent before, as this message.
    Repeat(MessageId),
}

/// A sender's key in a conversation.
type Key = (ConversationId, UserId, String);

/// What the database and the run itself know about the messages of a run.
struct Known {
    members: HashSet<(ConversationId, UserId)>,
    /// The messages of the run that are there already, and those that it refers to.
    by_id: HashMap<MessageId, (ConversationId, UserId, Seq)>,
    /// The first message under each key, and its fingerprint.
    by_key: HashMap<Key, (MessageId, i64)>,
}

impl Known {
    async fn read(transaction: &mut PgConnection, run: &[&NewMessage]) -> sqlx::Result<Self> {
        let pairs: HashSet<_> =
            run.iter().map(|new| (new.conversation_id.uuid(), new.sender.id.uuid())).collect();
        let (conversations, senders): (Vec<Uuid>, Vec<Uuid>) = pairs.into_iter().unzip();
        let members =
            sqlx::query(MEMBERS).bind(conversations).bind(senders).fetch_all(&mut *transaction).await?;
        let members = members.iter().map(pair).collect::<sqlx::Result<_>>()?;

        let ids: Vec<Uuid> = run
            .iter()
            .flat_map(|new| [Some(new.id), new.reply_to, new.thread_id].into_iter().flatten())
            .map(MessageId::uuid)
            .collect();
        let by_id = sqlx::query(BY_ID).bind(ids).fetch_all(&mut *transaction).await?;
        let by_id = by_id.iter().map(stored).collect::<sqlx::Result<_>>()?;

        let keyed = || run.iter().filter(|new| new.client_message_id.is_some());
        let mut by_key = HashMap::new();
        if keyed().next().is_some() {
            let rows = sqlx::query(BY_KEY)
                .bind(keyed().map(|new| new.conversation_id.uuid()).collect::<Vec<_>>())
                .bind(keyed().map(|new| new.sender.id.uuid()).collect::<Vec<_>>())
                .bind(keyed().filter_map(|new| new.client_message_id.as_deref()).collect::<Vec<_>>())
                .fetch_all(transaction)
                .await?;
            by_key = rows.iter().map(first_under_key).collect::<sqlx::Result<_>>()?;
        }
        Ok(Self { members, by_id, by_key })
    }

    /// Finds the place of the next message of the run, and takes it.
    fn place(&mut self, heads: &mut Heads, new: &NewMessage) -> Result<Place, Refusal> {
        let (conversation, sender) = (new.conversation_id, new.sender.id);
        if let Some((there, by, seq)) = self.by_id.get(&new.id)
            && (*there, *by) == (conversation, sender)
        {
            return Ok(Place::Taken(*seq));
        }
        let head = heads.0.get_mut(&conversation).ok_or(Refusal::NotAMember)?;
        if !self.members.contains(&(conversation, sender)) {
            return Err(Refusal::NotAMember);
        }
        let key = new.client_message_id.clone().map(|key| (conversation, sender, key));
        // Before anything that may have changed since the first attempt: a repeat answers with the first result.
        match key.as_ref().and_then(|key| self.by_key.get(key)) {
            Some((first, fingerprint)) if *fingerprint == new.fingerprint => {
                return Ok(Place::Repeat(*first));
            }
            Some(_) => return Err(Refusal::ClientMessageIdConflict),
            None => {}
        }
        if head.status != ConversationStatus::Active {
            return Err(Refusal::ConversationNotActive);
        }
        for (reference, refusal) in
            [(new.reply_to, Refusal::ReplyUnknown), (new.thread_id, Refusal::ThreadUnknown)]
        {
            if let Some(id) = reference
                && self.by_id.get(&id).is_none_or(|(there, ..)| *there != conversation)
            {
                return Err(refusal);
            }
        }
        let seq = head.append(new);
        self.by_id.insert(new.id, (conversation, sender, seq));
        self.by_key.extend(key.map(|key| (key, (new.id, new.fingerprint))));
        Ok(Place::Next(seq))
    }
}

fn pair(row: &PgRow) -> sqlx::Result<(ConversationId, UserId)> {
    Ok((row.id("conversation_id", ConversationId::from_uuid)?, row.id("user_id", UserId::from_uuid)?))
}

fn stored(row: &PgRow) -> sqlx::Result<(MessageId, (ConversationId, UserId, Seq))> {
    let conversation = row.id("conversation_id", ConversationId::from_uuid)?;
    let sender = row.id("sender_id", UserId::from_uuid)?;
    Ok((row.id("id", MessageId::from_uuid)?, (conversation, sender, row.natural("seq")?)))
}

fn first_under_key(row: &PgRow) -> sqlx::Result<(Key, (MessageId, i64))> {
    let conversation = row.id("conversation_id", ConversationId::from_uuid)?;
    let sender = row.id("sender_id", UserId::from_uuid)?;
    let key = (conversation, sender, row.try_get("client_message_id")?);
    Ok((key, (row.id("id", MessageId::from_uuid)?, row.try_get("fingerprint")?)))
}

pub(super) async fn insert(transaction: &mut PgConnection, fresh: &[(&NewMessage, i64)]) -> sqlx::Result<()> {
    if fresh.is_empty() {
        return Ok(());
    }
    let messages = || fresh.iter().map(|(new, _)| *new);
    let ids: Vec<Uuid> = messages().map(|new| new.id.uuid()).collect();
    let conversations: Vec<Uuid> = messages().map(|new| new.conversation_id.uuid()).collect();
    let seqs: Vec<i64> = fresh.iter().map(|(_, seq)| *seq).collect();
    let senders: Vec<Uuid> = messages().map(|new| new.sender.id.uuid()).collect();
    let times: Vec<OffsetDateTime> = messages().map(|new| to_time(new.created_at)).collect();
    sqlx::query(INSERT_MESSAGES)
        .bind(&ids)
        .bind(&conversations)
        .bind(&seqs)
        .bind(&senders)
        .bind(messages().map(|new| new.kind.to_text()).collect::<Vec<_>>())
        .bind(messages().map(|new| new.content.as_str()).collect::<Vec<_>>())
        .bind(messages().map(|new| new.client_message_id.as_deref()).collect::<Vec<_>>())
        .bind(messages().map(|new| new.fingerprint).collect::<Vec<_>>())
        .bind(messages().map(|new| new.reply_to.map(MessageId::uuid)).collect::<Vec<_>>())
        .bind(messages().map(|new| new.thread_id.map(MessageId::uuid)).collect::<Vec<_>>())
        .bind(&times)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(INSERT_EVENTS)
        .bind(log::MESSAGE_NEW)
        .bind(conversations)
        .bind(seqs)
        .bind(senders)
        .bind(ids)
        .bind(times)
        .execute(transaction)
        .await?;
    Ok(())
}
