//! No statement reads a table whole.

use super::conversation::list;
use super::message::{history, log};
use super::{account, connect, conversation, file, index, message, search, statement as sql};
use crate::migration::POSTGRES;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Two thousand people and conversations, five members and twenty-five messages in each, and some of all else.
const FILL: &str = "
    CREATE FUNCTION id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
        $$ SELECT (lpad(to_hex(kind), 8, '0') || lpad(to_hex(n), 24, '0'))::uuid $$;
    INSERT INTO users (id, username, display_name, role, external_id, created_at)
        SELECT id(1, n), 'user' || n, 'User', 'user', 'host' || n, now() FROM generate_series(0, 1999) AS n;
    INSERT INTO sessions (id, user_id, refresh_hash, created_at, refreshed_at, expires_at)
        SELECT id(4, n), id(1, n), sha256(n::text::bytea), now(), now(), now() FROM generate_series(0, 1999) AS n;
    INSERT INTO conversations (id, type, name, visibility, status, created_by, created_at, updated_at, last_seq,
                               last_message_id, member_count, message_number)
        SELECT id(2, n), 'channel', 'Channel ' || n, 'public', 'active', id(1, n), now(), now(), 26,
               id(3, n * 25 + 24), 5, 25
          FROM generate_series(0, 1999) AS n;
    INSERT INTO conversation_members (conversation_id, user_id, role, joined_at, last_read_seq)
        SELECT id(2, n), id(1, (n * 7 + k * 401) % 2000), 'member', now(), 0
          FROM generate_series(0, 1999) AS n, generate_series(0, 4) AS k;
    INSERT INTO messages (id, conversation_id, seq, number, sender_id, kind, content, client_message_id, fingerprint,
                          created_at, pinned_at, deleted_at)
        SELECT id(3, n), id(2, n / 25), n % 25 + 2, n % 25 + 1, id(1, (n / 25 * 7) % 2000), 'text',
               repeat('word ', 10), n::text, n, now(), CASE WHEN n % 25 = 3 THEN now() END,
               CASE WHEN n % 25 = 4 THEN now() END
          FROM generate_series(0, 49999) AS n;
    INSERT INTO events (conversation_id, seq, type, actor_id, message_id, created_at)
        SELECT conversation_id, seq, 1, sender_id, id, created_at FROM messages;
    INSERT INTO message_reactions (message_id, user_id, emoji, created_at)
        SELECT id(3, n), id(1, n % 2000), 'x', now() FROM generate_series(0, 49999, 5) AS n;
    INSERT INTO message_mentions (message_id, conversation_id, seq, sender_id, user_id)
        SELECT id, conversation_id, seq, sender_id, id(1, (seq * 31) % 2000) FROM messages;
    INSERT INTO message_read_receipts (conversation_id, user_id, seq, read_at)
        SELECT conversation_id, user_id, 20, now() FROM conversation_members;
    INSERT INTO message_versions (message_id, version, content, created_at, replaced_at, replaced_by)
        SELECT id, 1, 'before', now(), now(), sender_id FROM messages;
    INSERT INTO drafts (user_id, conversation_id, content, updated_at)
        SELECT user_id, conversation_id, 'word', now() FROM conversation_members;
    INSERT INTO scheduled_messages (id, user_id, conversation_id, content, send_at, created_at)
        SELECT id(5, n), id(1, n), id(2, n), 'word', now() + n * interval '1 minute', now()
          FROM generate_series(0, 1999) AS n;
    INSERT INTO blobs (id, sha256, size, look, status, rejected_at, scan_at, created_at)
        SELECT id(7, n), sha256(n::text::bytea), 100, '{}', CASE WHEN n % 10 = 0 THEN 'rejected' ELSE 'ready' END,
               CASE WHEN n % 10 = 0 THEN now() END, CASE WHEN n % 10 = 1 THEN now() END, now()
          FROM generate_series(0, 1999) AS n;
    INSERT INTO files (id, owner_id, blob_id, name, media_type, created_at)
        SELECT id(8, n), id(1, n % 2000), id(7, n % 2000), 'a.jpg', 'image/jpeg', now() + n * interval '1 second'
          FROM generate_series(0, 9999) AS n;
    INSERT INTO attachments (message_id, position, file_id, conversation_id, seq, kind)
        SELECT id, 0, id(8, seq * 7), conversation_id, seq, 'image' FROM messages WHERE seq % 5 = 0;
    INSERT INTO scheduled_attachments (scheduled_id, position, file_id)
        SELECT id, 0, id(8, 1) FROM scheduled_messages;
    INSERT INTO file_usage (owner_id, bytes) SELECT id, 500 FROM users;
    INSERT INTO invites (id, conversation_id, code, created_by, created_at)
        SELECT id(6, n), id(2, n), n::text, id(1, n), now() FROM generate_series(0, 1999) AS n;
    INSERT INTO blocks (blocker_id, blocked_id, created_at)
        SELECT id(1, n), id(1, (n + 7) % 2000), now() FROM generate_series(0, 1999) AS n;
    INSERT INTO idempotency_keys (user_id, key, fingerprint, claimed_at, taken_at)
        SELECT id(1, n), 'key', sha256(n::text::bytea), now() + n * interval '1 minute',
               now() + n * interval '1 minute'
          FROM generate_series(0, 1999) AS n;
    INSERT INTO revocations (user_id, kind, created_at)
        SELECT id(1, n), 'ended', now() - n * interval '1 minute' FROM generate_series(0, 1999) AS n;
    ANALYZE";

/// Parameters, as they are written in SQL.
const VIEWER: &str = "'00000001000000000000000000000000'";
const CONVERSATION: &str = "'00000002000000000000000000000000'";
const MESSAGE: &str = "'00000003000000000000000000000005'";
const FILE: &str = "'00000008000000000000000000000007'";
const BLOB: &str = "'00000007000000000000000000000007'";
const IN_CONVERSATION: &str = "'00000001000000000000000000000000', '00000002000000000000000000000000'";
const OF_MESSAGE: &str = "'00000001000000000000000000000000', '00000003000000000000000000000005'";
const MEMBER: &str = "'00000002000000000000000000000000', '00000001000000000000000000000000'";

#[tokio::test]
async fn no_read_scans_a_table() {
    let before_all = format!("NULL, {}, 0, 51, 1", i64::MAX - 1);
    no_statement_scans_a_table(&[
        (account::USER, VIEWER.to_owned()),
        (account::USER_ENABLED, VIEWER.to_owned()),
        (account::OWN_USER, VIEWER.to_owned()),
        (account::HIDDEN_AMONG, format!("ARRAY[{VIEWER}]::uuid[]")),
        (account::REVOCATIONS, "7, 1000".to_owned()),
        (account::CREDENTIALS, "'user7'".to_owned()),
        (account::USERS_NAMED, format!("ARRAY['user7', 'user8'], ARRAY[{VIEWER}]::uuid[]")),
        (account::USERS_LIKE, format!("{VIEWER}, 'us', '', 51")),
        (account::ACQUAINTANCES, format!("{VIEWER}, ARRAY[{VIEWER}]::uuid[], '', 51")),
        (account::SESSION, "'00000004000000000000000000000000', now()".to_owned()),
        (account::SESSIONS, format!("{VIEWER}, now(), 51")),
        (account::BLOCK_STATUS, format!("{VIEWER}, {VIEWER}")),
        (account::BLOCKS, format!("{VIEWER}, '', 51")),
        (account::KEPT_APART, VIEWER.to_owned()),
        (account::APART_AMONG, format!("ARRAY[{VIEWER}]::uuid[]")),
        (list::ONE, IN_CONVERSATION.to_owned()),
        (list::AMONG, format!("{VIEWER}, ARRAY[{CONVERSATION}]::uuid[]")),
        (list::PAGE, format!("{VIEWER}, NULL, NULL, NULL, NULL, NULL, 51")),
        (list::PAGE, format!("{VIEWER}, now(), {CONVERSATION}, false, true, 'group', 51")),
        (list::PAGE_UNREAD, format!("{VIEWER}, NULL, NULL, NULL, NULL, NULL, 51")),
        (list::NAMES, format!("{VIEWER}, NULL, NULL, NULL, NULL, NULL, true")),
        (list::NAMES, format!("{VIEWER}, now(), {CONVERSATION}, false, true, 'direct', false")),
        (conversation::HEADS, VIEWER.to_owned()),
        (conversation::HEADS_AMONG, format!("{VIEWER}, ARRAY[{CONVERSATION}]::uuid[]")),
        (conversation::DIRECT, "''".to_owned()),
        (conversation::STANDING, MEMBER.to_owned()),
        (conversation::ROSTER, format!("{CONVERSATION}, NULL")),
        (conversation::ROSTER, format!("{CONVERSATION}, 7")),
        (conversation::MEMBERS, format!("{MEMBER}, '', 51")),
        (conversation::MEMBERS_AMONG, format!("{CONVERSATION}, ARRAY[{VIEWER}]::uuid[]")),
        (conversation::PUBLIC_CHANNELS, format!("{VIEWER}, 'channel', '', {CONVERSATION}, 51")),
        (conversation::IS_JOINABLE, CONVERSATION.to_owned()),
        (conversation::READ_STATE, MEMBER.to_owned()),
        (conversation::UNREAD_TOTAL, VIEWER.to_owned()),
        (conversation::INVITES, CONVERSATION.to_owned()),
        (conversation::INVITE, format!("'7', {VIEWER}, now()")),
        (message::ONE, OF_MESSAGE.to_owned()),
        (message::ONE_SEEN, OF_MESSAGE.to_owned()),
        (message::PINS, IN_CONVERSATION.to_owned()),
        (message::VERSIONS, format!("{MESSAGE}, 100")),
        (message::READ_COUNT, OF_MESSAGE.to_owned()),
        (message::RECEIPTS, format!("{OF_MESSAGE}, '', 51")),
        (message::REACTIONS, format!("{MESSAGE}, NULL, NULL, NULL, 51")),
        (message::DRAFTS, format!("{VIEWER}, NULL, NULL, 51")),
        (message::DRAFT, IN_CONVERSATION.to_owned()),
        (message::SCHEDULED, VIEWER.to_owned()),
        (message::DUE, "now(), 51".to_owned()),
        (history::SLICE, format!("{IN_CONVERSATION}, {before_all}")),
        (history::SLICE, format!("{IN_CONVERSATION}, {MESSAGE}, 0, 1, 1, 51")),
        (history::THREAD, format!("{IN_CONVERSATION}, {before_all}, {MESSAGE}")),
        (file::FILE, format!("{FILE}, {VIEWER}")),
        (file::OF_CONVERSATION[0][0], format!("{MEMBER}, NULL, 1000, 0, 51")),
        (file::OF_CONVERSATION[0][1], format!("{MEMBER}, 'image', 1000, 0, 51")),
        (file::OF_CONVERSATION[1][0], format!("{MEMBER}, NULL, 0, 0, 51")),
        (file::OF_CONVERSATION[1][1], format!("{MEMBER}, 'image', 0, 0, 51")),
        (file::REJECTED, format!("now(), {FILE}, 51, 100")),
        (file::BLOBS_KNOWN, "'{}'".to_owned()),
        (file::USAGE, VIEWER.to_owned()),
        (file::NEXT_SCAN, String::new()),
        (file::SCAN_QUEUE, String::new()),
        (log::EVENTS, format!("{VIEWER}, ARRAY[{CONVERSATION}]::uuid[], '{{0}}', '{{1000}}', 1000")),
    ])
    .await;
}

#[tokio::test]
async fn no_write_scans_a_table() {
    no_statement_scans_a_table(&[
        (sql::LOCK, "'{}'".to_owned()),
        (sql::SAVE, "'{}', '{}', '{}', '{}', '{}', '{}', '{}'".to_owned()),
        (sql::SAVE_AND_MARK, "'{}', '{}', '{}', '{}', '{}', '{}', '{}', 1, 1".to_owned()),
        (sql::TOUCHED, "'{}', '{}'".to_owned()),
        (sql::ROLE, MEMBER.to_owned()),
        (sql::MENTIONABLE, "'{}', '{}', '{}'".to_owned()),
        (sql::MEMBERS, "'{}', '{}'".to_owned()),
        (sql::BY_IDS, "'{}'".to_owned()),
        (sql::BY_KEYS, "'{}', '{}', '{}'".to_owned()),
        (sql::POSITION, format!("{MESSAGE}, {CONVERSATION}")),
        (sql::BY_KEY, format!("{MEMBER}, 'key'")),
        (sql::DELETE_MENTIONS, MESSAGE.to_owned()),
        (sql::INSERT_VERSION, format!("{MESSAGE}, now(), {VIEWER}")),
        (sql::DELETE_REACTION, format!("{MESSAGE}, {VIEWER}, 'x'")),
        (sql::DELETE_REACTIONS, MESSAGE.to_owned()),
        (sql::COUNT_PINS, CONVERSATION.to_owned()),
        (sql::SET_LAST_READ, format!("{MEMBER}, 7, now()")),
        (sql::LOCK_PEOPLE, "'{}'".to_owned()),
        (sql::COUNT_USERS, "'{}'".to_owned()),
        (sql::DELETE_CONVERSATION, format!("{CONVERSATION}, now()")),
        (sql::UPDATE_ME, format!("{MEMBER}, true, true, true")),
        (sql::DELETE_MEMBER, MEMBER.to_owned()),
        (sql::SUCCESSOR, CONVERSATION.to_owned()),
        (sql::COUNT_INVITES, format!("{CONVERSATION}, now()")),
        (sql::INVITE, "'7'".to_owned()),
        (sql::COUNT_DRAFTS, IN_CONVERSATION.to_owned()),
        (sql::DELETE_DRAFT, IN_CONVERSATION.to_owned()),
        (sql::COUNT_SCHEDULED, VIEWER.to_owned()),
        (sql::IS_BLOCKED_BY_ANY, format!("{VIEWER}, '{{}}'")),
        (sql::COUNT_BLOCKS, VIEWER.to_owned()),
        (sql::USER_OF_HOST, "'host7'".to_owned()),
        (sql::DELETE_OLD_SESSIONS, format!("{VIEWER}, now()")),
        (sql::END_SESSIONS, format!("{VIEWER}, NULL, now()")),
        (sql::KEY, format!("{VIEWER}, 'key'")),
        (sql::ERASE_KEYS, "now(), 100".to_owned()),
        (sql::ERASE_REVOCATIONS, "now(), 100".to_owned()),
        (sql::SET_SEEN, "'{}', '{}'".to_owned()),
        (sql::LOCK_FILES, format!("ARRAY[{FILE}]::uuid[], ARRAY[{MESSAGE}]::uuid[], '{{}}'")),
        (sql::LOCK_USAGE, String::new()),
        (sql::CONVERSATIONS_WITH, format!("ARRAY[{BLOB}]::uuid[]")),
        (sql::FILES, format!("ARRAY[{FILE}]::uuid[]")),
        (sql::DELETE_FILES, format!("ARRAY[{FILE}]::uuid[]")),
        (sql::FILES_NOT_HELD, "now(), 100".to_owned()),
        (sql::DETACH, MESSAGE.to_owned()),
        (sql::DISCOUNT, format!("{BLOB}, 100")),
        (sql::FORGET_UNSENT, BLOB.to_owned()),
        (sql::BLOBS, format!("ARRAY[{BLOB}]::uuid[]")),
        (sql::BLOB_OF, "sha256('1')".to_owned()),
        (sql::DELETE_UNUSED_BLOBS, format!("ARRAY[{BLOB}]::uuid[]")),
        (sql::FILES_WITH, format!("{BLOB}, 100")),
        (sql::MESSAGES_WITH, format!("{BLOB}, {MESSAGE}, 100")),
        (sql::CLAIM_SCANS, "now(), now(), 100".to_owned()),
        (sql::DROP_PREVIEW_IMAGES, MESSAGE.to_owned()),
        (sql::ERASE_MESSAGES, format!("{CONVERSATION}, 100")),
        (sql::ERASE_EVENTS, format!("{CONVERSATION}, 100")),
        (sql::ERASE_RECEIPTS, format!("{CONVERSATION}, 100")),
        (sql::ERASE_CONVERSATION, CONVERSATION.to_owned()),
    ])
    .await;
}

#[tokio::test]
async fn no_search_scans_a_table() {
    let everything = format!("'{}', '{}'", uuid::Uuid::nil(), uuid::Uuid::max());
    no_statement_scans_a_table(&[
        (search::IS_MEMBER, IN_CONVERSATION.to_owned()),
        (search::BLOCKS, format!("{everything}, NULL, NULL")),
        (search::ROWS, "'{1, 2}'".to_owned()),
        (search::TEXTS, format!("{VIEWER}, ARRAY[{MESSAGE}]::uuid[], NULL, NULL, NULL, now(), true")),
        (search::CONVERSATIONS, format!("{VIEWER}, 65")),
        (search::HITS, format!("{VIEWER}, ARRAY[{MESSAGE}]::uuid[]")),
        (index::BOUND, format!("{MESSAGE}, 100")),
        (index::EVENTS, format!("ARRAY[{CONVERSATION}]::uuid[], '{{1}}', '{{7}}'")),
        (index::MESSAGES, format!("ARRAY[{MESSAGE}]::uuid[]")),
        (index::SMALL_BLOCKS, "100".to_owned()),
        (index::ROWS, "1, 100".to_owned()),
        (index::REMOVE_ROWS, "1, 100".to_owned()),
        (index::REMOVE_BLOCKS, "'{1}'".to_owned()),
        (index::HEADS, format!("ARRAY[{CONVERSATION}]::uuid[]")),
        (index::MOVE_TAILS, format!("ARRAY[{CONVERSATION}]::uuid[], '{{7}}'")),
        (index::END_TAILS, format!("ARRAY[{CONVERSATION}]::uuid[]")),
    ])
    .await;
}

/// The logs that are not indexed to their ends are few.
#[tokio::test]
async fn what_waits_to_be_indexed_is_read_whole_and_nothing_else() {
    let database = natter_testkit::postgres::database().unwrap();
    let mut connection = filled(database.url()).await;
    let pending = format!("{VIEWER}, '{}', '{}', NULL, 100", uuid::Uuid::nil(), uuid::Uuid::max());
    for (sql, parameters) in [
        (search::PENDING, Some(pending)),
        (index::WAITING, None),
        (index::FIRST, None),
        (index::TAILS, Some(MESSAGE.to_owned())),
    ] {
        let plan = plan(&mut connection, sql, &parameters.unwrap_or_default()).await;
        let whole: Vec<&str> = plan
            .lines()
            .filter(|line| line.contains("Seq Scan on"))
            .filter(|line| !line.contains("search_tails"))
            .collect();
        assert!(whole.is_empty(), "{sql}\n{plan}");
    }
}

async fn no_statement_scans_a_table(statements: &[(&str, String)]) {
    let database = natter_testkit::postgres::database().unwrap();
    let mut connection = filled(database.url()).await;
    for (sql, parameters) in statements {
        let plan = plan(&mut connection, sql, parameters).await;
        let count = |text| plan.matches(text).count();
        // An index that is read without a condition is read whole, too.
        let scans = count("Index Scan") + count("Index Only Scan");
        assert!(scans > 0 && scans == count("Index Cond:") && count("Seq Scan") == 0, "{sql}\n{plan}");
    }
}

async fn filled(url: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    for migration in POSTGRES {
        run(&mut connection, migration.up).await;
    }
    run(&mut connection, FILL).await;
    run(&mut connection, connect::SETTINGS).await;
    connection
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

async fn plan(connection: &mut PgConnection, sql: &str, parameters: &str) -> String {
    run(connection, &format!("PREPARE explained AS {sql}")).await;
    let arguments = if parameters.is_empty() { String::new() } else { format!("({parameters})") };
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE explained {arguments}"));
    let plan: Vec<String> =
        sqlx::query_scalar(explain).persistent(false).fetch_all(&mut *connection).await.unwrap();
    run(connection, "DEALLOCATE explained").await;
    plan.join("\n")
}
