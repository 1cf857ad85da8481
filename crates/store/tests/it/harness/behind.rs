//! A way into a database past the store: what only a test may do.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// How tables begin that a test makes for itself, and the one in which the pipeline counts its batches.
const NOT_DUMPED: [&str; 2] = ["fault_", "writers"];

/// Every row of every table, as text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Dump(BTreeSet<String>);

impl Dump {
    /// What is there only before, and what only after.
    pub(crate) fn changes(&self, after: &Self) -> Vec<String> {
        let gone = self.0.difference(&after.0).map(|row| format!("- {row}"));
        let new = after.0.difference(&self.0).map(|row| format!("+ {row}"));
        gone.chain(new).collect()
    }
}

/// A connection of its own.
pub(crate) enum Behind {
    Sqlite(rusqlite::Connection),
    Postgres(PgConnection),
}

impl Behind {
    pub(crate) fn sqlite(file: &Path) -> Self {
        let connection = rusqlite::Connection::open(file).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        Self::Sqlite(connection)
    }

    pub(crate) async fn postgres(url: &str) -> Self {
        let mut connection = PgConnection::connect(url).await.unwrap();
        // Compiling the long queries of a test takes longer than running them.
        sqlx::raw_sql("SET jit = off").execute(&mut connection).await.unwrap();
        Self::Postgres(connection)
    }

    pub(crate) async fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql).unwrap(),
            Self::Postgres(connection) => {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
            }
        }
    }

    /// The first column of what a query answers, which must be text.
    pub(crate) async fn rows(&mut self, sql: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get(0)).unwrap();
                rows.collect::<rusqlite::Result<_>>().unwrap()
            }
            Self::Postgres(connection) => {
                let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Waits until no transaction is open: PostgreSQL ends that of a lost connection when it notices.
    pub(crate) async fn settle(&mut self) {
        if let Self::Sqlite(_) = self {
            return;
        }
        let open = "SELECT pid::text FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.rows(open).await.is_empty() {
            assert!(Instant::now() < deadline, "a transaction stays open");
        }
    }

    /// The tables, without those that a full-text index keeps for itself.
    pub(crate) async fn tables(&mut self) -> Vec<String> {
        self.rows(match self {
            Self::Sqlite(_) => {
                "SELECT name FROM pragma_table_list
                  WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY 1"
            }
            Self::Postgres(_) => {
                "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            }
        })
        .await
    }

    pub(crate) async fn columns(&mut self, table: &str) -> Vec<String> {
        let (table_column, from) = match self {
            Self::Sqlite(_) => ("name", format!("pragma_table_info('{table}')")),
            Self::Postgres(_) => (
                "column_name::text",
                format!(
                    "information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
                ),
            ),
        };
        self.rows(&format!("SELECT {table_column} FROM {from}")).await
    }

    /// Everything that is in the tables of the store.
    pub(crate) async fn dump(&mut self) -> Dump {
        let mut rows = Vec::new();
        for table in self.tables().await {
            if NOT_DUMPED.iter().any(|prefix| table.starts_with(prefix)) {
                continue;
            }
            let row = if let Self::Postgres(_) = self {
                format!("{table}::text")
            } else {
                let columns = self.columns(&table).await;
                let quoted: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
                quoted.join(" || ', ' || ")
            };
            rows.push(format!("SELECT '{table}: ' || {row} FROM {table}"));
        }
        Dump(self.rows(&rows.join(" UNION ALL ")).await.into_iter().collect())
    }

    /// Every row of every table, but when each migration was applied.
    pub(crate) async fn rows_of_all(&mut self) -> BTreeSet<String> {
        let mut rows = self.dump().await.0;
        rows.retain(|row| !row.starts_with("schema_migrations:"));
        rows
    }

    /// What tables, indexes and triggers there are, and how they are defined.
    pub(crate) async fn schema(&mut self) -> BTreeSet<String> {
        let definitions: &[&str] = match self {
            Self::Sqlite(_) => &["SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"],
            Self::Postgres(_) => &[
                "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
                        || coalesce(' ' || column_default, '')
                   FROM information_schema.columns WHERE table_schema = 'public'",
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
                "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid)
                   FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
                "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
                "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
            ],
        };
        let mut schema = BTreeSet::new();
        for definition in definitions {
            schema.extend(self.rows(definition).await);
        }
        schema
    }

    /// Nothing refers to what is not there.
    pub(crate) async fn foreign_keys(&mut self) {
        if let Self::Sqlite(_) = self {
            assert_eq!(self.rows("SELECT \"table\" FROM pragma_foreign_key_check").await, [""; 0]);
            assert_eq!(self.rows("SELECT integrity_check FROM pragma_integrity_check").await, ["ok"]);
        }
    }

    /// What must hold in any database, whatever was done to it.
    pub(crate) async fn check(&mut self) {
        for (rule, violations) in RULES {
            let counted = self.rows(&format!("SELECT CAST(count(*) AS text) FROM {violations}")).await;
            assert_eq!(counted, ["0"], "broken: {rule}");
        }
    }
}

/// A sentence, and the rows that break it. What is deleted is erased bit by bit, so little is said about that.
const RULES: [(&str, &str); 21] = [
    (
        "positions of a log go from 1 to last_seq without gaps",
        "conversations AS c
          WHERE deleted_at IS NULL
            AND (last_seq <> (SELECT count(*) FROM events WHERE conversation_id = c.id)
                 OR last_seq <> (SELECT max(seq) FROM events WHERE conversation_id = c.id)
                 OR 1 <> (SELECT min(seq) FROM events WHERE conversation_id = c.id))",
    ),
    (
        "every log begins with conversation.created, which comes once",
        "events WHERE (type = 2) <> (seq = 1)",
    ),
    (
        "each message is where its message.new is",
        "messages AS m
          WHERE NOT EXISTS (SELECT 1 FROM events
                             WHERE conversation_id = m.conversation_id AND seq = m.seq
                               AND type = 1 AND message_id = m.id)",
    ),
    (
        "each entry about a message names one of the same conversation",
        "events AS e
          WHERE type IN (1, 3, 4, 5, 6)
            AND NOT EXISTS (SELECT 1 FROM messages WHERE id = e.message_id AND conversation_id = e.conversation_id)
            AND (SELECT deleted_at FROM conversations WHERE id = e.conversation_id) IS NULL",
    ),
    (
        "an entry about a member names one, an entry about a reaction an emoji, and no other does",
        "events WHERE (type IN (9, 10, 11)) <> (subject_id IS NOT NULL) OR (type IN (5, 6)) <> (detail IS NOT NULL)",
    ),
    (
        "a message's number is how many people wrote up to it",
        "messages AS m
          WHERE number <> (SELECT count(*) FROM messages AS o
                            WHERE o.conversation_id = m.conversation_id AND o.seq <= m.seq AND o.kind <> 'system')
            AND (SELECT deleted_at FROM conversations WHERE id = m.conversation_id) IS NULL",
    ),
    (
        "message_number is how many people wrote",
        "conversations AS c
          WHERE deleted_at IS NULL
            AND message_number <> (SELECT count(*) FROM messages WHERE conversation_id = c.id AND kind <> 'system')",
    ),
    (
        "last_message_id is the newest message",
        "conversations AS c
          WHERE deleted_at IS NULL
            AND last_message_id IS DISTINCT FROM (SELECT id FROM messages
                                                   WHERE conversation_id = c.id ORDER BY seq DESC LIMIT 1)",
    ),
    (
        "member_count is how many members there are",
        "conversations AS c
          WHERE member_count <> (SELECT count(*) FROM conversation_members WHERE conversation_id = c.id)",
    ),
    (
        "a group or channel has one owner, and a direct conversation none",
        "conversations AS c
          WHERE deleted_at IS NULL
            AND (CASE type WHEN 'direct' THEN 0 ELSE 1 END)
                <> (SELECT count(*) FROM conversation_members WHERE conversation_id = c.id AND role = 'owner')",
    ),
    (
        "nobody is in what is deleted, and it is in nobody's way",
        "conversations AS c WHERE deleted_at IS NOT NULL AND (member_count > 0 OR direct_key IS NOT NULL)",
    ),
    (
        "nobody has read further than the log goes",
        "conversation_members AS m JOIN conversations AS c ON c.id = m.conversation_id WHERE last_read_seq > last_seq",
    ),
    (
        "nothing is left of a deleted message but its place and what moderators may see",
        "messages AS m
          WHERE deleted_at IS NOT NULL
            AND (content <> '' OR pinned_at IS NOT NULL OR group_mention IS NOT NULL OR mentions IS NOT NULL
                 OR forwarded_at IS NOT NULL
                 OR EXISTS (SELECT 1 FROM message_reactions WHERE message_id = m.id)
                 OR EXISTS (SELECT 1 FROM message_mentions WHERE message_id = m.id)
                 OR EXISTS (SELECT 1 FROM attachments WHERE message_id = m.id))",
    ),
    (
        "what is listed of a mention is as in its message",
        "message_mentions AS l JOIN messages AS m ON m.id = l.message_id
          WHERE l.conversation_id <> m.conversation_id OR l.seq <> m.seq OR l.sender_id <> m.sender_id
             OR l.user_id = m.sender_id",
    ),
    (
        "a file knows how many messages hold it, sent and to be sent",
        "files AS x
          WHERE holders <> (SELECT count(*) FROM attachments WHERE file_id = x.id)
                           + (SELECT count(*) FROM scheduled_attachments WHERE file_id = x.id)",
    ),
    ("what is held was sent", "files WHERE holders > 0 AND unsent"),
    (
        "an attachment is where its message is",
        "attachments AS a JOIN messages AS m ON m.id = a.message_id
          WHERE a.conversation_id <> m.conversation_id OR a.seq <> m.seq",
    ),
    ("what no file has is not kept", "blobs AS b WHERE NOT EXISTS (SELECT 1 FROM files WHERE blob_id = b.id)"),
    (
        "the room that somebody's files take is the bytes in them",
        "users AS u
          WHERE coalesce((SELECT bytes FROM file_usage WHERE owner_id = u.id), 0)
                <> (SELECT coalesce(sum(b.size), 0) FROM files AS x JOIN blobs AS b ON b.id = x.blob_id
                     WHERE x.owner_id = u.id AND b.status <> 'rejected')",
    ),
    (
        "the room that all content takes is the bytes in it",
        "file_usage
          WHERE owner_id NOT IN (SELECT id FROM users)
            AND bytes <> (SELECT coalesce(sum(size), 0) FROM blobs WHERE status <> 'rejected')",
    ),
    (
        "a direct conversation is marked exactly while there is a block between the two",
        "conversations AS c
          WHERE deleted_at IS NULL
            AND (CASE WHEN c.blocked THEN 1 ELSE 0 END)
                <> (CASE WHEN c.type = 'direct'
                          AND EXISTS (SELECT 1 FROM blocks AS b
                                        JOIN conversation_members AS x
                                          ON x.conversation_id = c.id AND x.user_id = b.blocker_id
                                        JOIN conversation_members AS y
                                          ON y.conversation_id = c.id AND y.user_id = b.blocked_id)
                    THEN 1 ELSE 0 END)",
    ),
];
