//! Sends, a run at a time: however many messages there are, the number of statements is the same.

use super::row::{Columns as _, to_bigint, to_time};
use super::statement as sql;
use crate::apply::heads::Heads;
use crate::commit::Outcome;
use crate::text_enum::TextEnum as _;
use crate::{Mentions, NewMessage, Notice, Refusal, Written, log};
use natter_protocol::{ConversationId, GroupMention, MessageId, Seq, SystemNote, UserId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use std::collections::{HashMap, HashSet};
use time::OffsetDateTime;
use uuid::Uuid;

/// Does a run of sends in order, in conversations that are locked; one outcome for each.
pub(super) async fn send_messages(
    transaction: &mut PgConnection,
    heads: &mut Heads,
    run: &[&NewMessage],
) -> sqlx::Result<Vec<Outcome>> {
    let mut known = Known::read(transaction, run).await?;
    let kept = kept(transaction, run).await?;
    let mut fresh = Vec::with_capacity(run.len());
    let outcomes = run
        .iter()
        .zip(&kept)
        .map(|(new, mentions)| {
            let seq = match known.place(heads, new)? {
                Place::Next { seq, number } => {
                    fresh.push(Fresh { new, mentions, seq, number });
                    seq
                }
                Place::Taken(seq) => seq,
                Place::Repeat(first) => return Ok((Written::MessageRepeat(first), Vec::new())),
            };
            let message =
                NewMessage { mentions: mentions.clone(), ..(*new).clone() }.into_message(seq, Vec::new());
            let event = log::message_new(Box::new(message.clone()));
            Ok((Written::Message(Box::new(message)), vec![Notice::Event(event)]))
        })
        .collect();
    if !fresh.is_empty() {
        insert_messages(transaction, sql::INSERT_MESSAGES, &fresh).await?;
        insert_events(transaction, &fresh).await?;
        insert_mentions(transaction, fresh.iter().flat_map(Fresh::listed)).await?;
    }
    Ok(outcomes)
}

/// A message that gets a row, and what the row says beside what was sent.
pub(super) struct Fresh<'a> {
    pub(super) new: &'a NewMessage,
    /// Those mentions that count.
    pub(super) mentions: &'a Mentions,
    pub(super) seq: Seq,
    pub(super) number: u64,
}

/// A message, where it is, who sent it, and somebody whom it mentions.
type Mention = (MessageId, ConversationId, Seq, UserId, UserId);

impl Fresh<'_> {
    fn listed(&self) -> impl Iterator<Item = Mention> {
        let named = self.mentions.named.iter();
        named
            .chain(self.mentions.here.iter().flatten())
            .map(|user| (self.new.id, self.new.conversation_id, self.seq, self.new.sender.id, *user))
    }
}

/// The mentions of each message without those that do not count.
async fn kept(transaction: &mut PgConnection, run: &[&NewMessage]) -> sqlx::Result<Vec<Mentions>> {
    let mut kept: Vec<Mentions> = run.iter().map(|new| new.mentions.clone()).collect();
    let asked: Vec<_> = run
        .iter()
        .flat_map(|new| {
            let users = new.mentions.named.iter().chain(new.mentions.here.iter().flatten());
            users.map(|user| (new.conversation_id, new.sender.id, *user))
        })
        .collect();
    let counting = mentionable(transaction, asked.into_iter()).await?;
    for (new, mentions) in run.iter().zip(&mut kept) {
        let counts = |user: &UserId| counting.contains(&(new.conversation_id, new.sender.id, *user));
        mentions.named.retain(counts);
        if let Some(here) = &mut mentions.here {
            here.retain(|user| counts(user) && !mentions.named.contains(user));
        }
    }
    Ok(kept)
}

/// Which of these people count as mentioned: each with the conversation and the sender.
pub(super) async fn mentionable(
    transaction: &mut PgConnection,
    asked: impl Iterator<Item = (ConversationId, UserId, UserId)>,
) -> sqlx::Result<HashSet<(ConversationId, UserId, UserId)>> {
    let (mut conversations, mut senders, mut users) = (Vec::new(), Vec::new(), Vec::new());
    for (conversation, sender, user) in asked {
        conversations.push(conversation.uuid());
        senders.push(sender.uuid());
        users.push(user.uuid());
    }
    if users.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = sqlx::query(sql::MENTIONABLE).bind(conversations).bind(senders).bind(users);
    let rows = statement.fetch_all(transaction).await?;
    let read = |row: &PgRow| {
        let (conversation, sender) = sender_row(row)?;
        Ok((conversation, sender, row.id("user_id", UserId::from_uuid)?))
    };
    rows.iter().map(read).collect()
}

/// Where a message goes.
enum Place {
    /// To the end of the log.
    Next { seq: Seq, number: u64 },
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
            sqlx::query(sql::MEMBERS).bind(conversations).bind(senders).fetch_all(&mut *transaction).await?;
        let members = members.iter().map(sender_row).collect::<sqlx::Result<_>>()?;

        let ids: Vec<Uuid> = run
            .iter()
            .flat_map(|new| [Some(new.id), new.reply_to, new.thread_id].into_iter().flatten())
            .map(MessageId::uuid)
            .collect();
        let by_id = sqlx::query(sql::BY_IDS).bind(ids).fetch_all(&mut *transaction).await?;
        let by_id = by_id.iter().map(stored).collect::<sqlx::Result<_>>()?;

        let keyed = || run.iter().filter(|new| new.client_message_id.is_some());
        let mut by_key = HashMap::new();
        if keyed().next().is_some() {
            let rows = sqlx::query(sql::BY_KEYS)
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
        let head = heads.heads.get_mut(&conversation).ok_or(Refusal::NotAMember)?;
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
        if !head.is_active() {
            return Err(Refusal::ConversationNotActive);
        }
        if head.blocked {
            return Err(Refusal::Blocked);
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
        let seq = head.next_seq();
        head.message_number += 1;
        head.appended(new.id, new.created_at);
        self.by_id.insert(new.id, (conversation, sender, seq));
        self.by_key.extend(key.map(|key| (key, (new.id, new.fingerprint))));
        Ok(Place::Next { seq, number: head.message_number })
    }
}

fn sender_row(row: &PgRow) -> sqlx::Result<(ConversationId, UserId)> {
    Ok((row.id("conversation_id", ConversationId::from_uuid)?, row.id("sender_id", UserId::from_uuid)?))
}

fn stored(row: &PgRow) -> sqlx::Result<(MessageId, (ConversationId, UserId, Seq))> {
    let (conversation, sender) = sender_row(row)?;
    Ok((row.id("id", MessageId::from_uuid)?, (conversation, sender, row.natural("seq")?)))
}

fn first_under_key(row: &PgRow) -> sqlx::Result<(Key, (MessageId, i64))> {
    let (conversation, sender) = sender_row(row)?;
    let key = (conversation, sender, row.try_get("client_message_id")?);
    Ok((key, (row.id("id", MessageId::from_uuid)?, row.try_get("fingerprint")?)))
}

/// A column of rows that are to be inserted.
fn column<'a, T>(fresh: &'a [Fresh<'a>], value: impl Fn(&'a Fresh<'a>) -> T) -> Vec<T> {
    fresh.iter().map(value).collect()
}

/// How many were inserted.
pub(super) async fn insert_messages(
    transaction: &mut PgConnection,
    sql: &'static str,
    fresh: &[Fresh<'_>],
) -> sqlx::Result<u64> {
    let notes: Vec<Option<String>> =
        fresh.iter().map(|row| row.new.system.as_ref().map(json).transpose()).collect::<sqlx::Result<_>>()?;
    let inserted = sqlx::query(sql)
        .bind(column(fresh, |row| row.new.id.uuid()))
        .bind(column(fresh, |row| row.new.conversation_id.uuid()))
        .bind(column(fresh, |row| to_bigint(row.seq)))
        .bind(column(fresh, |row| to_bigint(row.number)))
        .bind(column(fresh, |row| row.new.sender.id.uuid()))
        .bind(column(fresh, |row| row.new.kind.to_text()))
        .bind(column(fresh, |row| row.new.content.as_str()))
        .bind(column(fresh, |row| row.new.client_message_id.as_deref()))
        .bind(column(fresh, |row| row.new.fingerprint))
        .bind(column(fresh, |row| row.new.reply_to.map(MessageId::uuid)))
        .bind(column(fresh, |row| row.new.thread_id.map(MessageId::uuid)))
        .bind(column(fresh, |row| array(&row.mentions.named)))
        .bind(column(fresh, |row| row.mentions.group.map(GroupMention::to_text)))
        .bind(column(fresh, |row| row.mentions.counts_for_all()))
        .bind(column(fresh, |row| row.new.forwarded_from.as_ref().map(|from| from.sender.id.uuid())))
        .bind(column(fresh, |row| row.new.forwarded_from.as_ref().map(|from| to_time(from.created_at))))
        .bind(notes)
        .bind(column(fresh, |row| to_time(row.new.created_at)))
        .execute(transaction)
        .await?;
    Ok(inserted.rows_affected())
}

/// PostgreSQL cannot take apart an array of arrays, so each goes as its text.
fn array(users: &[UserId]) -> Option<String> {
    let ids: Vec<String> = users.iter().map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| format!("{{{}}}", ids.join(",")))
}

fn json(note: &SystemNote) -> sqlx::Result<String> {
    serde_json::to_string(note).map_err(|error| sqlx::Error::Encode(error.into()))
}

pub(super) async fn insert_events(transaction: &mut PgConnection, fresh: &[Fresh<'_>]) -> sqlx::Result<()> {
    let times: Vec<OffsetDateTime> = column(fresh, |row| to_time(row.new.created_at));
    sqlx::query(sql::INSERT_EVENTS)
        .bind(log::MESSAGE_NEW)
        .bind(column(fresh, |row| row.new.conversation_id.uuid()))
        .bind(column(fresh, |row| to_bigint(row.seq)))
        .bind(column(fresh, |row| row.new.sender.id.uuid()))
        .bind(column(fresh, |row| row.new.id.uuid()))
        .bind(times)
        .execute(transaction)
        .await?;
    Ok(())
}

pub(super) async fn insert_mentions(
    transaction: &mut PgConnection,
    mentions: impl Iterator<Item = Mention>,
) -> sqlx::Result<()> {
    let (mut messages, mut conversations, mut seqs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut senders, mut users) = (Vec::new(), Vec::new());
    for (message, conversation, seq, sender, user) in mentions {
        messages.push(message.uuid());
        conversations.push(conversation.uuid());
        seqs.push(to_bigint(seq));
        senders.push(sender.uuid());
        users.push(user.uuid());
    }
    if users.is_empty() {
        return Ok(());
    }
    let statement = sqlx::query(sql::INSERT_MENTIONS);
    statement
        .bind(messages)
        .bind(conversations)
        .bind(seqs)
        .bind(senders)
        .bind(users)
        .execute(transaction)
        .await?;
    Ok(())
}
