DROP VIEW conversation_list_view;
DROP VIEW unread_message_counts;

-- Names are compared byte by byte, whatever the database's own order is: pages that follow the order of names are the
-- same everywhere.
ALTER TABLE users ALTER COLUMN username TYPE text COLLATE "C";
ALTER TABLE conversations ALTER COLUMN name TYPE text COLLATE "C";

ALTER TABLE users ADD COLUMN disabled_at timestamptz;
-- Who the user is to the host application: issuer and subject of its tokens.
ALTER TABLE users ADD COLUMN external_id text;
CREATE UNIQUE INDEX users_by_external_id ON users (external_id) WHERE external_id IS NOT NULL;

-- Messages that people wrote: the number of the newest one.
ALTER TABLE conversations ADD COLUMN message_number bigint NOT NULL DEFAULT 0;
-- One of the two in a direct conversation has blocked the other; kept here, so that a send need not look.
ALTER TABLE conversations ADD COLUMN blocked boolean NOT NULL DEFAULT false;
-- Nobody sees it any more; what was in it is erased little by little.
ALTER TABLE conversations ADD COLUMN deleted_at timestamptz;
CREATE INDEX conversations_deleted ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;
-- For a list of thousands of conversations, which are found one by one: a third faster than in the primary key's tree.
CREATE INDEX conversations_by_id ON conversations USING hash (id);
CREATE INDEX conversations_public ON conversations (name, id)
    WHERE visibility = 'public' AND deleted_at IS NULL;

ALTER TABLE conversation_members ADD COLUMN archived boolean NOT NULL DEFAULT false;
-- All that the list of a user's conversations must know before it looks at the conversations themselves.
DROP INDEX conversation_members_by_user;
CREATE INDEX conversation_members_by_user ON conversation_members (user_id, conversation_id)
    INCLUDE (archived, pinned);

-- How many messages that people wrote there are up to this one: counting what is unread is a subtraction.
ALTER TABLE messages ADD COLUMN number bigint NOT NULL DEFAULT 0;
-- Those who are mentioned by name.
ALTER TABLE messages ADD COLUMN mentions uuid[];
ALTER TABLE messages ADD COLUMN group_mention text CHECK (group_mention IN ('here', 'all'));
-- It counts as a mention of every member.
ALTER TABLE messages ADD COLUMN mentions_all boolean NOT NULL DEFAULT false;
-- JSON of what a system message says.
ALTER TABLE messages ADD COLUMN system text;
ALTER TABLE messages ADD COLUMN forwarded_sender_id uuid REFERENCES users (id);
ALTER TABLE messages ADD COLUMN forwarded_at timestamptz;
ALTER TABLE messages ADD COLUMN pinned_at timestamptz;

UPDATE messages
   SET number = counted.number
  FROM (SELECT id, count(*) FILTER (WHERE kind <> 'system') OVER (PARTITION BY conversation_id ORDER BY seq) AS number
          FROM messages) AS counted
 WHERE counted.id = messages.id;
UPDATE conversations
   SET message_number = (SELECT count(*) FROM messages WHERE conversation_id = conversations.id AND kind <> 'system');
UPDATE conversations
   SET blocked = true
 WHERE type = 'direct'
   AND EXISTS (SELECT 1
                 FROM blocks AS b
                 JOIN conversation_members AS one ON one.user_id = b.blocker_id
                 JOIN conversation_members AS other ON other.user_id = b.blocked_id
                WHERE one.conversation_id = conversations.id AND other.conversation_id = conversations.id);

CREATE INDEX messages_by_sender ON messages (conversation_id, sender_id, seq) WHERE kind <> 'system';
CREATE INDEX messages_deleted ON messages (conversation_id, seq) WHERE deleted_at IS NOT NULL;
CREATE INDEX messages_to_all ON messages (conversation_id, seq) WHERE mentions_all;
CREATE INDEX messages_pinned ON messages (conversation_id, pinned_at) WHERE pinned_at IS NOT NULL;
CREATE INDEX messages_by_forwarded_sender ON messages (forwarded_sender_id) WHERE forwarded_sender_id IS NOT NULL;

-- Whom a message mentions, by name or by @here: for counting what somebody has not read. It goes with its message, so
-- a foreign key to the conversation would only cost an index.
CREATE TABLE message_mentions (
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,
    message_id      uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    sender_id       uuid NOT NULL,
    PRIMARY KEY (user_id, conversation_id, seq)
);
CREATE INDEX message_mentions_by_message ON message_mentions (message_id);

-- What a message said before it was edited or deleted.
CREATE TABLE message_versions (
    message_id  uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    version     bigint NOT NULL,
    content     text NOT NULL,
    created_at  timestamptz NOT NULL,
    replaced_at timestamptz NOT NULL,
    replaced_by uuid NOT NULL REFERENCES users (id),
    PRIMARY KEY (message_id, version)
);

CREATE TABLE drafts (
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    content         text NOT NULL,
    reply_to        uuid REFERENCES messages (id) ON DELETE SET NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (user_id, conversation_id)
);
CREATE INDEX drafts_by_conversation ON drafts (conversation_id);
CREATE INDEX drafts_by_reply ON drafts (reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE scheduled_messages (
    id              uuid PRIMARY KEY,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    content         text NOT NULL,
    reply_to        uuid REFERENCES messages (id) ON DELETE SET NULL,
    thread_id       uuid REFERENCES messages (id) ON DELETE SET NULL,
    send_at         timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    -- The code of the error that kept it from being sent.
    failure         text
);
CREATE INDEX scheduled_messages_due ON scheduled_messages (send_at) WHERE failure IS NULL;
CREATE INDEX scheduled_messages_by_user ON scheduled_messages (user_id, send_at, id);
CREATE INDEX scheduled_messages_by_conversation ON scheduled_messages (conversation_id);
CREATE INDEX scheduled_messages_by_reply ON scheduled_messages (reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX scheduled_messages_by_thread ON scheduled_messages (thread_id) WHERE thread_id IS NOT NULL;

CREATE TABLE invites (
    id              uuid PRIMARY KEY,
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    code            text NOT NULL UNIQUE,
    created_by      uuid NOT NULL REFERENCES users (id),
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz,
    uses_max        bigint,
    uses            bigint NOT NULL DEFAULT 0
);
CREATE INDEX invites_by_conversation ON invites (conversation_id, created_at);

CREATE TABLE ip_rules (
    id         uuid PRIMARY KEY,
    cidr       text NOT NULL,
    action     text NOT NULL CHECK (action IN ('allow', 'block')),
    note       text,
    created_by uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL
);

-- The first answer to each request that carried an Idempotency-Key.
CREATE TABLE idempotency_keys (
    user_id     uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key         text NOT NULL,
    -- SHA-256 of the request.
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
    claimed_at  timestamptz NOT NULL,
    -- When the request began that has it now: one that was given up is taken over under its first time.
    taken_at    timestamptz NOT NULL,
    -- The answer, once there is one.
    status      bigint,
    body        bytea,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (claimed_at);

-- Beside the message: whom an event is about, and a word about it, such as an emoji.
ALTER TABLE events ADD COLUMN subject_id uuid;
ALTER TABLE events ADD COLUMN detail text;
-- Entries that were there without them, because the schema had gone back, tell only that something changed.
UPDATE events SET type = 7 WHERE type IN (5, 6, 9, 10, 11);
-- Who came and went: what a reader of the log must know to tell who was in it at a position.
CREATE INDEX events_of_members ON events (conversation_id, seq) WHERE type IN (9, 10);

-- Which of its batches each writer has committed last: whoever loses the connection during a commit asks here.
CREATE TABLE writers (
    id           bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    batch        bigint NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT now()
);

-- The one definition of "unread": messages that others wrote past the read position, neither deleted nor written by
-- somebody whom the reader has blocked. What is numbered is all that people wrote; the rest is taken away from that.
-- A mention counts under the same conditions, whether by name, by @here, or by @all.
CREATE VIEW unread_message_counts AS
SELECT m.conversation_id,
       m.user_id,
       m.last_read_seq,
       m.muted,
       -- Most conversations are read up to the end: there is nothing to count then.
       CASE WHEN c.last_seq <= m.last_read_seq THEN 0 ELSE
       c.message_number
         - coalesce((SELECT r.number
                       FROM messages AS r
                      WHERE r.conversation_id = m.conversation_id AND r.seq <= m.last_read_seq
                      ORDER BY r.seq DESC LIMIT 1), 0)
         - (SELECT count(*)
              FROM messages AS own
             WHERE own.conversation_id = m.conversation_id
               AND own.sender_id = m.user_id
               AND own.seq > m.last_read_seq
               AND own.kind <> 'system')
         - (SELECT count(*)
              FROM messages AS d
             WHERE d.conversation_id = m.conversation_id
               AND d.seq > m.last_read_seq
               AND d.deleted_at IS NOT NULL
               AND d.kind <> 'system'
               AND d.sender_id <> m.user_id
               AND NOT EXISTS (SELECT FROM blocks
                                WHERE blocker_id = m.user_id AND blocked_id = d.sender_id))
         -- Person by person: not by going through all that is unread.
         - coalesce((SELECT sum((SELECT count(*)
                                   FROM messages AS x
                                  WHERE x.conversation_id = m.conversation_id
                                    AND x.sender_id = b.blocked_id
                                    AND x.seq > m.last_read_seq
                                    AND x.kind <> 'system'))
                       FROM blocks AS b
                      WHERE b.blocker_id = m.user_id), 0)::bigint
       END AS unread_count,
       CASE WHEN c.last_seq <= m.last_read_seq THEN 0 ELSE
       (SELECT count(*)
          FROM message_mentions AS mm
         WHERE mm.user_id = m.user_id
           AND mm.conversation_id = m.conversation_id
           AND mm.seq > m.last_read_seq
           AND NOT EXISTS (SELECT FROM blocks
                            WHERE blocker_id = m.user_id AND blocked_id = mm.sender_id))
         + (SELECT count(*)
              FROM messages AS a
             WHERE a.conversation_id = m.conversation_id
               AND a.seq > m.last_read_seq
               AND a.mentions_all
               AND a.deleted_at IS NULL
               AND a.sender_id <> m.user_id
               AND NOT EXISTS (SELECT FROM blocks
                                WHERE blocker_id = m.user_id AND blocked_id = a.sender_id)
               AND NOT EXISTS (SELECT FROM message_mentions
                                WHERE user_id = m.user_id
                                  AND conversation_id = m.conversation_id
                                  AND seq = a.seq))
       END AS mention_count
  FROM conversation_members AS m
  JOIN conversations AS c ON c.id = m.conversation_id;

CREATE VIEW conversation_list_view AS
SELECT m.user_id,
       m.role,
       m.last_read_seq,
       m.muted,
       m.pinned,
       m.archived,
       u.unread_count,
       u.mention_count,
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
       (SELECT pm.user_id
          FROM conversation_members AS pm
         WHERE c.type = 'direct'
           AND pm.conversation_id = c.id
           AND pm.user_id <> m.user_id) AS peer_id
  FROM conversation_members AS m
  JOIN conversations AS c ON c.id = m.conversation_id
  JOIN unread_message_counts AS u ON u.conversation_id = m.conversation_id AND u.user_id = m.user_id;
