-- Times are milliseconds since 1970-01-01T00:00:00Z. Ids are the 16 bytes of a UUIDv7.

CREATE TABLE installation (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id            BLOB PRIMARY KEY CHECK (length(id) = 16),
    username      TEXT NOT NULL UNIQUE,
    display_name  TEXT NOT NULL,
    email         TEXT,
    avatar_url    TEXT,
    role          TEXT NOT NULL CHECK (role IN ('user', 'moderator', 'admin')),
    password_hash TEXT,
    created_at    INTEGER NOT NULL,
    last_seen_at  INTEGER
) STRICT;

CREATE TABLE sessions (
    id           BLOB PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the one refresh token that is still good.
    refresh_hash BLOB NOT NULL CHECK (length(refresh_hash) = 32),
    created_at   INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE conversations (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),
    type            TEXT NOT NULL CHECK (type IN ('direct', 'group', 'channel')),
    name            TEXT,
    topic           TEXT,
    visibility      TEXT NOT NULL CHECK (visibility IN ('public', 'private')),
    status          TEXT NOT NULL CHECK (status IN ('active', 'archived', 'closed')),
    -- Both user ids of a direct conversation, the smaller first: one conversation a pair.
    direct_key      BLOB UNIQUE CHECK (length(direct_key) = 32),
    created_by      BLOB NOT NULL REFERENCES users (id),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    -- The head of the event log, written by the commit pipeline and nobody else.
    last_seq        INTEGER NOT NULL CHECK (last_seq >= 0),
    last_message_id BLOB,
    member_count    INTEGER NOT NULL
) STRICT;

CREATE TABLE conversation_members (
    conversation_id BLOB NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            TEXT NOT NULL CHECK (role IN ('member', 'moderator', 'admin', 'owner')),
    joined_at       INTEGER NOT NULL,
    last_read_seq   INTEGER NOT NULL,
    muted           INTEGER NOT NULL DEFAULT 0 CHECK (muted IN (0, 1)),
    pinned          INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1)),
    PRIMARY KEY (conversation_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_members_by_user ON conversation_members (user_id, conversation_id);

CREATE TABLE messages (
    id                BLOB PRIMARY KEY CHECK (length(id) = 16),
    conversation_id   BLOB NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq               INTEGER NOT NULL,
    sender_id         BLOB NOT NULL REFERENCES users (id),
    kind              TEXT NOT NULL CHECK (kind IN ('text', 'system')),
    content           TEXT NOT NULL,
    client_message_id TEXT,
    -- Tells a repeat of a clientMessageId from another message under the same one, also after an edit.
    fingerprint       INTEGER NOT NULL,
    reply_to          BLOB REFERENCES messages (id),
    thread_id         BLOB REFERENCES messages (id),
    created_at        INTEGER NOT NULL,
    edited_at         INTEGER,
    deleted_at        INTEGER
) STRICT;
CREATE UNIQUE INDEX messages_by_seq ON messages (conversation_id, seq);
-- Kept for as long as the row, so that a repeat is recognised for ever.
CREATE UNIQUE INDEX messages_by_client_message_id ON messages (conversation_id, sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX messages_by_reply ON messages (reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX messages_by_thread ON messages (thread_id, seq) WHERE thread_id IS NOT NULL;

CREATE TABLE message_reactions (
    message_id BLOB NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    emoji      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, emoji, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_reactions_by_user ON message_reactions (user_id);

-- Each step of a member's read position: who had read a message, and when, is the first step at or past it.
CREATE TABLE message_read_receipts (
    conversation_id BLOB NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL,
    read_at         INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_read_receipts_by_user ON message_read_receipts (user_id);

CREATE TABLE files (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),
    owner_id    BLOB NOT NULL REFERENCES users (id),
    message_id  BLOB REFERENCES messages (id) ON DELETE SET NULL,
    name        TEXT NOT NULL,
    media_type  TEXT NOT NULL,
    size        INTEGER NOT NULL CHECK (size >= 0),
    status      TEXT NOT NULL CHECK (status IN ('scanning', 'ready', 'rejected')),
    width       INTEGER,
    height      INTEGER,
    duration_ms INTEGER,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX files_by_owner ON files (owner_id);
CREATE INDEX files_by_message ON files (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE blocks (
    blocker_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX blocks_by_blocked ON blocks (blocked_id, blocker_id);

-- The one log of each conversation. It points at messages instead of copying them, so that what is edited or
-- erased there is edited or erased for whoever replays it.
CREATE TABLE events (
    conversation_id BLOB NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq             INTEGER NOT NULL,
    -- 1 message.new, 2 conversation.created
    type            INTEGER NOT NULL,
    actor_id        BLOB NOT NULL REFERENCES users (id),
    -- Written together with its message, so a foreign key would only cost an index.
    message_id      BLOB,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, seq)
) STRICT, WITHOUT ROWID;

-- The one definition of "unread": messages of others, past the read position, not deleted.
CREATE VIEW unread_message_counts AS
SELECT m.conversation_id,
       m.user_id,
       (SELECT count(*)
          FROM messages AS unread
         WHERE unread.conversation_id = m.conversation_id
           AND unread.seq > m.last_read_seq
           AND unread.sender_id <> m.user_id
           AND unread.deleted_at IS NULL) AS unread_count
  FROM conversation_members AS m;

CREATE VIEW conversation_list_view AS
SELECT m.user_id,
       m.role,
       m.last_read_seq,
       m.muted,
       m.pinned,
       u.unread_count,
       c.id,
       c.type,
       c.name,
       c.topic,
       c.visibility,
       c.status,
       c.created_by,
       c.created_at,
       c.updated_at,
       c.last_seq,
       c.last_message_id,
       c.member_count,
       (SELECT p.display_name
          FROM conversation_members AS pm
          JOIN users AS p ON p.id = pm.user_id
         WHERE c.type = 'direct'
           AND pm.conversation_id = c.id
           AND pm.user_id <> m.user_id) AS peer_name
  FROM conversation_members AS m
  JOIN conversations AS c ON c.id = m.conversation_id
  JOIN unread_message_counts AS u ON u.conversation_id = m.conversation_id AND u.user_id = m.user_id;
