DROP TABLE file_usage;
DROP TABLE scheduled_attachments;
DROP TABLE attachments;
DROP TABLE files;
DROP TABLE blobs;
ALTER TABLE scheduled_messages DROP COLUMN kind;
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

-- What the program before this one can read.
UPDATE messages SET kind = 'text' WHERE kind = 'voice';
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
   SET sql = replace(sql, 'kind              TEXT NOT NULL,',
                          'kind              TEXT NOT NULL CHECK (kind IN (''text'', ''system'')),')
 WHERE type = 'table' AND name = 'messages';
PRAGMA writable_schema = RESET;
