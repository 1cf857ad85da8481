//! Bare inserts; see [`crate::bench`].

use super::failure;
use crate::open::OpenError;
use crate::text_enum::TextEnum as _;
use crate::{NewMessage, Result, log};
use natter_protocol::{ConversationId, MessageId, Seq};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::HashMap;
use std::path::Path;

pub(crate) const DESCRIPTION: &str = "One thread, one connection, prepared statements. Each transaction inserts a batch \
     of rows into messages and as many into events, in the schema of natter with its indexes and foreign keys, \
     updates the head of each conversation in it once, and commits with journal_mode=WAL and synchronous=FULL. It \
     checks nothing and answers nobody.";

const INDEX_BYTES: &str =
    "SELECT sum(pgsize) FROM dbstat WHERE name IN ('search_rows', 'search_blocks', 'search_tails')";
const INSERT_MESSAGE: &str = "
    INSERT INTO messages (id, conversation_id, seq, sender_id, kind, content, client_message_id, fingerprint, reply_to,
                          thread_id, created_at, number)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?3)";
const INSERT_EVENT: &str = "
    INSERT INTO events (conversation_id, seq, type, actor_id, message_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const UPDATE_HEAD: &str = "UPDATE conversations SET last_seq = ?2, message_number = ?2, last_message_id = ?3, updated_at = ?4 WHERE id = ?1";

pub(crate) struct Bare(Connection);

impl Bare {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        super::connect(path).map(Self)
    }

    pub(crate) fn insert(&mut self, batch: &[(NewMessage, Seq)]) -> Result<()> {
        self.run(batch).map_err(failure::classify)
    }

    fn run(&mut self, batch: &[(NewMessage, Seq)]) -> rusqlite::Result<()> {
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut insert_message = transaction.prepare_cached(INSERT_MESSAGE)?;
            let mut insert_event = transaction.prepare_cached(INSERT_EVENT)?;
            let mut heads: HashMap<ConversationId, (&NewMessage, Seq)> = HashMap::new();
            for (new, seq) in batch {
                let (id, conversation, sender) =
                    (new.id.uuid(), new.conversation_id.uuid(), new.sender.id.uuid());
                insert_message.execute((
                    id,
                    conversation,
                    seq,
                    sender,
                    new.kind.to_text(),
                    &new.content,
                    &new.client_message_id,
                    new.fingerprint,
                    new.reply_to.map(MessageId::uuid),
                    new.thread_id.map(MessageId::uuid),
                    new.created_at.millis(),
                ))?;
                let time = new.created_at.millis();
                insert_event.execute((conversation, seq, log::MESSAGE_NEW, sender, id, time))?;
                heads.insert(new.conversation_id, (new, *seq));
            }
            let mut update_head = transaction.prepare_cached(UPDATE_HEAD)?;
            for (conversation, (new, seq)) in heads {
                update_head.execute((conversation.uuid(), seq, new.id.uuid(), new.created_at.millis()))?;
            }
        }
        transaction.commit()
    }
}

/// Bytes of the pages that the search index uses.
pub(crate) fn index_bytes(path: &Path) -> Result<u64, OpenError> {
    let connection = super::connect(path)?;
    connection
        .query_row(INDEX_BYTES, [], |row| row.get(0))
        .map_err(|error| OpenError::Store(failure::classify(error)))
}
