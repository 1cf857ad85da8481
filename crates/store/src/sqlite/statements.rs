//! How often the database is asked: as often for a hundred conversations as for one.

use super::Sqlite;
use super::checkpoint::Checkpoints;
use super::readers::Readers;
use super::writer::Writer;
use crate::commit::{Backend as _, pipeline};
use crate::migration::SQLITE;
use crate::{
    Attachments, Conversations as _, ListFilter, ListPosition, Mentions, Messages as _, NewMessage, Range,
    Write, Written,
};
use natter_protocol::{ConversationId, MessageId, MessageKind, Timestamp, UserId, UserSummary};
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, Transaction};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Alice is in 5,000 conversations, each with one message of bob's.
const CROWD: &str = "
    INSERT INTO users (id, username, display_name, role, created_at)
    VALUES (zeroblob(16), 'alice', '', 'user', 0), (randomblob(16), 'bob', '', 'user', 0);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO conversations (id, type, name, visibility, status, created_by, created_at, updated_at, last_seq,
                               member_count, message_number)
    SELECT randomblob(16), 'group', 'copy', 'private', 'active', b.id, 0, i, 2, 2, 1
      FROM n, users AS b WHERE b.username = 'bob';
    INSERT INTO conversation_members (conversation_id, user_id, role, joined_at, last_read_seq)
    SELECT c.id, u.id, 'member', 0, 0 FROM conversations AS c, users AS u;
    INSERT INTO messages (id, conversation_id, seq, sender_id, kind, content, fingerprint, created_at, number)
    SELECT randomblob(16), id, 2, created_by, 'text', 'hello', 0, 0, 1 FROM conversations;
    INSERT INTO events (conversation_id, seq, type, actor_id, message_id, created_at)
    SELECT conversation_id, seq, 1, sender_id, id, created_at FROM messages;
    INSERT INTO events (conversation_id, seq, type, actor_id, subject_id, created_at)
    SELECT conversation_id, 1, 9, sender_id, sender_id, created_at FROM messages;
    UPDATE conversations SET last_message_id = m.id FROM messages AS m WHERE m.conversation_id = conversations.id";

static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

#[expect(clippy::needless_pass_by_value, reason = "made for trace_v2")]
fn count(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(_, sql) = event
        && !sql.starts_with("BEGIN")
        && !sql.starts_with("ROLLBACK")
    {
        STATEMENTS.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_page_takes_as_many_statements_as_an_entry() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("natter.db");
    let connection = Connection::open(&path).unwrap();
    for migration in SQLITE {
        connection.execute_batch(migration.up).unwrap();
    }
    connection.execute_batch(CROWD).unwrap();
    let readers = Arc::new(Readers::open(&path, 1).unwrap());
    let trace = |reader: &Transaction<'_>| {
        reader.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(count));
        Ok(())
    };
    readers.read(trace).await.unwrap();
    let (queue, _pipeline, _committed) = pipeline();
    let writer = Arc::new(Mutex::new(connection));
    let store = Sqlite {
        queue,
        lookout: Arc::clone(&readers),
        readers,
        writer,
        indexing: Mutex::new(()),
        searching: crate::search::turns(1),
        epoch: String::new(),
        path,
    };

    let alice = UserId::from_uuid(Uuid::nil());
    in_one_statement(&store, alice).await;
    let after = ListPosition {
        updated_at: Timestamp::from_millis(3_000),
        id: ConversationId::from_uuid(Uuid::nil()),
    };
    let unread = ListFilter { unread: true, archived: Some(false), ..ListFilter::default() };
    let named = ListFilter { name: Some("CÔP".to_owned()), ..unread.clone() };
    for filter in [ListFilter::default(), unread, named] {
        for after in [None, Some(after)] {
            for limit in [1, 50, 100] {
                STATEMENTS.store(0, Ordering::SeqCst);
                let page = store.conversations(alice, filter.clone(), after, limit).await.unwrap();
                assert_eq!(page.len(), limit as usize);
                let statements = STATEMENTS.load(Ordering::SeqCst);
                assert!((1..=2).contains(&statements), "{statements} statements for {limit} of {filter:?}");
            }
        }
    }
}

/// What somebody asks for who was away: where the logs are, and what is new in as many of them as there are.
async fn in_one_statement(store: &Sqlite, alice: UserId) {
    STATEMENTS.store(0, Ordering::SeqCst);
    let heads = store.heads(alice, None).await.unwrap();
    let ids: Vec<ConversationId> = heads.iter().map(|head| head.id).collect();
    assert_eq!(store.heads(alice, Some(&ids)).await.unwrap().len(), 5_000);
    assert_eq!(STATEMENTS.load(Ordering::SeqCst), 2);
    for count in [1, 500] {
        STATEMENTS.store(0, Ordering::SeqCst);
        let range =
            |conversation_id: &ConversationId| Range { conversation_id: *conversation_id, after: 0, upto: 2 };
        let ranges: Vec<Range> = ids.iter().take(count).map(range).collect();
        assert_eq!(store.replay(alice, &ranges).await.unwrap().len(), 2 * count);
        assert_eq!(STATEMENTS.load(Ordering::SeqCst), 1, "for {count} parts of logs");
    }
}

static SENT: StdMutex<Vec<String>> = StdMutex::new(Vec::new());

#[expect(clippy::needless_pass_by_value, reason = "made for trace_v2")]
fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(_, sql) = event {
        SENT.lock().unwrap().push(sql.to_owned());
    }
}

/// Most messages have no files, and pay nothing for those that have.
#[tokio::test]
async fn a_message_without_files_asks_nothing_about_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("natter.db");
    let connection = Connection::open(&path).unwrap();
    for migration in SQLITE {
        connection.execute_batch(migration.up).unwrap();
    }
    connection.execute_batch(CROWD).unwrap();
    let id = connection.query_row("SELECT id FROM conversations LIMIT 1", [], |row| row.get(0)).unwrap();
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
    let new = NewMessage {
        id: MessageId::from_uuid(Uuid::max()),
        conversation_id: ConversationId::from_uuid(id),
        sender: UserSummary {
            id: UserId::from_uuid(Uuid::nil()),
            username: "alice".to_owned(),
            display_name: String::new(),
            avatar_url: None,
        },
        kind: MessageKind::Text,
        content: "hello".to_owned(),
        client_message_id: Some("key".to_owned()),
        fingerprint: 0,
        reply_to: None,
        thread_id: None,
        mentions: Mentions::default(),
        forwarded_from: None,
        system: None,
        attachments: Attachments::default(),
        created_at: Timestamp::from_millis(0),
    };
    let checkpoints = Checkpoints::start(Connection::open(&path).unwrap()).unwrap();
    let mut writer = Writer::new(Arc::new(Mutex::new(connection)), checkpoints);
    let outcomes = writer.commit(&[Write::SendMessage(Box::new(new))]).await.unwrap();
    assert!(matches!(&outcomes[0], Ok((Written::Message(_), _))), "{outcomes:?}");
    let sent = SENT.lock().unwrap();
    // Begin, role, head, message, event, head, commit; and what triggers do about the search.
    let statements: Vec<&String> = sent.iter().filter(|sql| !sql.starts_with("--")).collect();
    assert_eq!(statements.len(), 7, "{statements:#?}");
    assert!(!sent.iter().any(|sql| sql.contains("files") || sql.contains("attachments")), "{sent:#?}");
}
