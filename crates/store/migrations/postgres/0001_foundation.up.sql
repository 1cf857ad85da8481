-- Ids are UUIDv7, drawn by the program: PostgreSQL 15 to 17 cannot.

CREATE TABLE installation (
    key   text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    username      text NOT NULL UNIQUE,
    display_name  text NOT NULL,
    email         text,
    avatar_url    text,
    role          text NOT NULL CHECK (role IN ('user', 'moderator', 'admin')),
    password_hash text,
    created_at    timestamptz NOT NULL,
    last_seen_at  timestamptz
);

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the one refresh token that is still good.
    refresh_hash bytea NOT NULL CHECK (length(refresh_hash) = 32),
    created_at   timestamptz NOT NULL,
    refreshed_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE conversations (
    id              uuid PRIMARY KEY,
    type            text NOT NULL CHECK (type IN ('direct', 'group', 'channel')),
    name            text,
    topic           text,
    visibility      text NOT NULL CHECK (visibility IN ('public', 'private')),
    status          text NOT NULL CHECK (status IN ('active', 'archived', 'closed')),
    -- Both user ids of a direct conversation, the smaller first: one conversation a pair.
    direct_key      bytea UNIQUE CHECK (length(direct_key) = 32),
    created_by      uuid NOT NULL REFERENCES users (id),
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    -- The head of the event log, written by the commit pipeline and nobody else.
    last_seq        bigint NOT NULL CHECK (last_seq >= 0),
    last_message_id uuid,
    member_count    bigint NOT NULL
);

CREATE TABLE conversation_members (
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            text NOT NULL CHECK (role IN ('member', 'moderator', 'admin', 'owner')),
    joined_at       timestamptz NOT NULL,
    last_read_seq   bigint NOT NULL,
    muted           boolean NOT NULL DEFAULT false,
    pinned          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX conversation_members_by_user ON conversation_members (user_id, conversation_id);

CREATE TABLE messages (
    id                uuid PRIMARY KEY,
    conversation_id   uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq               bigint NOT NULL,
    sender_id         uuid NOT NULL REFERENCES users (id),
    kind              text NOT NULL CHECK (kind IN ('text', 'system')),
    content           text NOT NULL,
    client_message_id text,
    -- Tells a repeat of a clientMessageId from another message under the same one, also after an edit.
    fingerprint       bigint NOT NULL,
    reply_to          uuid REFERENCES messages (id),
    thread_id         uuid REFERENCES messages (id),
    created_at        timestamptz NOT NULL,
    edited_at         timestamptz,
    deleted_at        timestamptz
);
CREATE UNIQUE INDEX messages_by_seq ON messages (conversation_id, seq);
-- Kept for as long as the row, so that a repeat is recognised for ever.
CREATE UNIQUE INDEX messages_by_client_message_id ON messages (conversation_id, sender_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX messages_by_reply ON messages (reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX messages_by_thread ON messages (thread_id, seq) WHERE thread_id IS NOT NULL;

CREATE TABLE message_reactions (
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    emoji      text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, emoji, user_id)
);
CREATE INDEX message_reactions_by_user ON message_reactions (user_id);

-- Each step of a member's read position: who had read a message, and when, is the first step at or past it.
CREATE TABLE message_read_receipts (
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seq             bigint NOT NULL,
    read_at         timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, user_id, seq)
);
CREATE INDEX message_read_receipts_by_user ON message_read_receipts (user_id);

CREATE TABLE files (
    id          uuid PRIMARY KEY,
    owner_id    uuid NOT NULL REFERENCES users (id),
    message_id  uuid REFERENCES messages (id) ON DELETE SET NULL,
    name        text NOT NULL,
    media_type  text NOT NULL,
    size        bigint NOT NULL CHECK (size >= 0),
    status      text NOT NULL CHECK (status IN ('scanning', 'ready', 'rejected')),
    width       bigint,
    height      bigint,
    duration_ms bigint,
    created_at  timestamptz NOT NULL
);
CREATE INDEX files_by_owner ON files (owner_id);
CREATE INDEX files_by_message ON files (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE blocks (
    blocker_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_by_blocked ON blocks (blocked_id, blocker_id);

-- The one log of each conversation. It points at messages instead of copying them, so that what is edited or
-- erased there is edited or erased for whoever replays it.
CREATE TABLE events (
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq             bigint NOT NULL,
    -- 1 message.new, 2 conversation.created
    type            smallint NOT NULL,
    actor_id        uuid NOT NULL REFERENCES users (id),
    -- Written together with its message, so a foreign key would only cost an index.
    message_id      uuid,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);

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
