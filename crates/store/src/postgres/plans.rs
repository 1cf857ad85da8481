//! No statement reads a table whole.

use super::{account, connect, conversation, message, send};
use crate::migration::POSTGRES;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Two thousand people and conversations, five members and twenty-five messages in each.
const FILL: &str = "
    CREATE FUNCTION id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
        $$ SELECT (lpad(to_hex(kind), 8, '0') || lpad(to_hex(n), 24, '0'))::uuid $$;
    INSERT INTO users (id, username, display_name, role, created_at)
        SELECT id(1, n), 'user' || n, 'User', 'user', now() FROM generate_series(0, 1999) AS n;
    INSERT INTO sessions (id, user_id, refresh_hash, created_at, refreshed_at, expires_at)
        SELECT id(4, n), id(1, n), sha256(n::text::bytea), now(), now(), now() FROM generate_series(0, 1999) AS n;
    INSERT INTO conversations (id, type, visibility, status, created_by, created_at, updated_at, last_seq,
                               last_message_id, member_count)
        SELECT id(2, n), 'group', 'private', 'active', id(1, n), now(), now(), 26, id(3, n * 25 + 24), 5
          FROM generate_series(0, 1999) AS n;
    INSERT INTO conversation_members (conversation_id, user_id, role, joined_at, last_read_seq)
        SELECT id(2, n), id(1, (n * 7 + k * 401) % 2000), 'member', now(), 0
          FROM generate_series(0, 1999) AS n, generate_series(0, 4) AS k;
    INSERT INTO messages (id, conversation_id, seq, sender_id, kind, content, client_message_id, fingerprint, created_at)
        SELECT id(3, n), id(2, n / 25), n % 25 + 2, id(1, (n / 25 * 7) % 2000), 'text', repeat('word ', 10), n::text, n, now()
          FROM generate_series(0, 49999) AS n;
    INSERT INTO events (conversation_id, seq, type, actor_id, message_id, created_at)
        SELECT conversation_id, seq, 1, sender_id, id, created_at FROM messages;
    INSERT INTO message_reactions (message_id, user_id, emoji, created_at)
        SELECT id(3, n), id(1, n % 2000), 'x', now() FROM generate_series(0, 49999, 5) AS n;
    ANALYZE";

/// Viewer, conversation, message, and the rest of the parameters, as they are written in SQL.
const VIEWER: &str = "'00000001000000000000000000000000'";
const CONVERSATION: &str = "'00000002000000000000000000000000'";
const MESSAGE: &str = "'00000003000000000000000000000005'";

#[tokio::test]
async fn no_statement_scans_a_table() {
    let database = natter_testkit::postgres::database().unwrap();
    let mut connection = filled(database.url()).await;
    let member = [VIEWER, CONVERSATION].join(", ");
    let statements = [
        (account::USER, VIEWER.to_owned()),
        (account::CREDENTIALS, "'user7'".to_owned()),
        (account::USERS_NAMED, format!("ARRAY['user7', 'user8'], ARRAY[{VIEWER}]::uuid[]")),
        (account::SESSION, "'00000004000000000000000000000000', now()".to_owned()),
        (conversation::ONE, member.clone()),
        (conversation::LIST, format!("{VIEWER}, NULL, NULL, 51")),
        (conversation::LIST, format!("{VIEWER}, now(), {CONVERSATION}, 51")),
        (conversation::ROSTER, CONVERSATION.to_owned()),
        (message::ONE, format!("{VIEWER}, {MESSAGE}")),
        (message::SLICE, format!("{member}, NULL, {}, 0, 51, 1", i64::MAX - 1)),
        (message::SLICE, format!("{member}, {MESSAGE}, 0, 1, 1, 51")),
        (message::EVENTS, format!("{member}, 0, 1000")),
        (send::LOCK, "'{}'".to_owned()),
        (send::MEMBERS, "'{}', '{}'".to_owned()),
        (send::BY_ID, "'{}'".to_owned()),
        (send::BY_KEY, "'{}', '{}', '{}'".to_owned()),
        (send::SAVE, "'{}', '{}', '{}', '{}'".to_owned()),
    ];
    for (sql, parameters) in &statements {
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
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE explained ({parameters})"));
    let plan: Vec<String> =
        sqlx::query_scalar(explain).persistent(false).fetch_all(&mut *connection).await.unwrap();
    run(connection, "DEALLOCATE explained").await;
    plan.join("\n")
}
