-- Which kinds of messages there are is the program's to say.
ALTER TABLE messages DROP CONSTRAINT messages_kind_check;

-- Never used.
DROP TABLE files;

-- Content, once for all files that have it. It is kept under its digest and its id, and the id is never used twice: what
-- is deleted there cannot be what somebody has just put there.
CREATE TABLE blobs (
    id            uuid PRIMARY KEY,
    sha256        bytea NOT NULL CHECK (length(sha256) = 32),
    size          bigint NOT NULL CHECK (size >= 0),
    -- What can be told about it.
    look          jsonb NOT NULL,
    status        text NOT NULL CHECK (status IN ('scanning', 'ready', 'rejected')),
    -- It can be fetched although the virus scanner could not be asked yet.
    unscanned     boolean NOT NULL DEFAULT false,
    -- The virus that was found, and when.
    signature     text,
    rejected_at   timestamptz,
    -- When it is to be looked through; null if it need not be.
    scan_at       timestamptz,
    scan_attempts bigint NOT NULL DEFAULT 0,
    -- As long as there are messages that are not told what was found: those up to this one are.
    told_up_to    uuid,
    created_at    timestamptz NOT NULL
);
-- Where a virus was found the content is gone, and the next who brings the same brings it anew.
CREATE UNIQUE INDEX blobs_by_content ON blobs (sha256) WHERE status <> 'rejected';
CREATE INDEX blobs_due ON blobs (scan_at) WHERE scan_at IS NOT NULL;
CREATE INDEX blobs_rejected ON blobs (rejected_at) WHERE rejected_at IS NOT NULL;

CREATE TABLE files (
    id         uuid PRIMARY KEY,
    owner_id   uuid NOT NULL REFERENCES users (id),
    blob_id    uuid NOT NULL REFERENCES blobs (id),
    name       text NOT NULL,
    media_type text NOT NULL,
    created_at timestamptz NOT NULL,
    -- Messages, sent and to be sent, that it is attached to.
    holders    bigint NOT NULL DEFAULT 0 CHECK (holders >= 0),
    -- Nothing has held it yet.
    unsent     boolean NOT NULL DEFAULT true
);
CREATE INDEX files_by_owner ON files (owner_id, unsent);
CREATE INDEX files_by_blob ON files (blob_id);
CREATE INDEX files_not_held ON files (created_at) WHERE holders = 0;

CREATE TABLE attachments (
    message_id      uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position        bigint NOT NULL,
    file_id         uuid NOT NULL REFERENCES files (id),
    -- As of the message, with which it goes: a foreign key to the conversation would only cost an index.
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,
    -- What the file is shown as.
    kind            text NOT NULL CHECK (kind IN ('image', 'video', 'audio', 'document')),
    PRIMARY KEY (message_id, position)
);
CREATE INDEX attachments_by_file ON attachments (file_id, conversation_id);
CREATE INDEX attachments_by_seq ON attachments (conversation_id, seq, position);
CREATE INDEX attachments_by_kind ON attachments (conversation_id, kind, seq, position);

ALTER TABLE scheduled_messages ADD COLUMN kind text NOT NULL DEFAULT 'text';
CREATE TABLE scheduled_attachments (
    scheduled_id uuid NOT NULL REFERENCES scheduled_messages (id) ON DELETE CASCADE,
    position     bigint NOT NULL,
    file_id      uuid NOT NULL REFERENCES files (id),
    PRIMARY KEY (scheduled_id, position)
);
CREATE INDEX scheduled_attachments_by_file ON scheduled_attachments (file_id);

-- However something comes to hold a file, and however it ends.
CREATE FUNCTION attachment_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE files SET holders = holders + 1, unsent = false WHERE id = NEW.file_id;
    RETURN NULL;
END
$$;
CREATE FUNCTION attachment_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE files SET holders = holders - 1 WHERE id = OLD.file_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER attachment_begins AFTER INSERT ON attachments
    FOR EACH ROW EXECUTE FUNCTION attachment_begins();
CREATE TRIGGER attachment_ends AFTER DELETE ON attachments
    FOR EACH ROW EXECUTE FUNCTION attachment_ends();
CREATE TRIGGER scheduled_attachment_begins AFTER INSERT ON scheduled_attachments
    FOR EACH ROW EXECUTE FUNCTION attachment_begins();
CREATE TRIGGER scheduled_attachment_ends AFTER DELETE ON scheduled_attachments
    FOR EACH ROW EXECUTE FUNCTION attachment_ends();

-- Bytes of each user's files and, under the id that is all zeros, of all content. Whoever changes anything about files but
-- what holds them locks that row first, so that nodes take turns.
CREATE TABLE file_usage (
    owner_id uuid PRIMARY KEY,
    bytes    bigint NOT NULL
);
INSERT INTO file_usage (owner_id, bytes) VALUES ('00000000-0000-0000-0000-000000000000', 0);
