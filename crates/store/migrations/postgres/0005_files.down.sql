DROP TABLE file_usage;
DROP TABLE scheduled_attachments;
DROP TABLE attachments;
DROP FUNCTION attachment_ends;
DROP FUNCTION attachment_begins;
DROP TABLE files;
DROP TABLE blobs;
ALTER TABLE scheduled_messages DROP COLUMN kind;
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

-- What the program before this one can read.
UPDATE messages SET kind = 'text' WHERE kind = 'voice';
ALTER TABLE messages ADD CONSTRAINT messages_kind_check CHECK (kind IN ('text', 'system'));
