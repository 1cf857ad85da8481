-- Which kinds of messages there are is the program's to say. Taking a CHECK away changes nothing of what is in the file,
-- so the definition is all that is changed (https://www.sqlite.org/lang_altertable.html, section 7): to make the table
-- anew would copy every message.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
   SET sql = replace(sql, ' CHECK (kind IN (''text'', ''system''))', '')
 WHERE type = 'table' AND name = 'messages';
PRAGMA writable_schema = RESET;

-- Never used.
DROP TABLE files;

-- Content, once for all files that have it. It is kept under its digest and its id, and the id is never used twice: what
-- is deleted there cannot be what somebody has just put there.
CREATE TABLE blobs (
    id            BLOB PRIMARY KEY CHECK (length(id) = 16),
    sha256        BLOB NOT NULL CHECK (length(sha256) = 32),
    size          INTEGER NOT NULL CHECK (size >= 0),
    -- JSON of what can be told about it.
    look          TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('scanning', 'ready', 'rejected')),
    -- It can be fetched although the virus scanner could not be asked yet.
    unscanned     INTEGER NOT NULL DEFAULT 0 CHECK (unscanned IN (0, 1)),
    -- The virus that was found, and when.
    signature     TEXT,
    rejected_at   INTEGER,
    -- When it is to be looked through; null if it need not be.
    scan_at       INTEGER,
    scan_attempts INTEGER NOT NULL DEFAULT 0,
    -- As long as there are messages that are not told what was found: those up to this one are.
    told_up_to    BLOB,
    created_at    INTEGER NOT NULL
) STRICT;
-- Where a virus was found the content is gone, and the next who brings the same brings it anew.
CREATE UNIQUE INDEX blobs_by_content ON blobs (sha256) WHERE status <> 'rejected';
CREATE INDEX blobs_due ON blobs (scan_at) WHERE scan_at IS NOT NULL;
CREATE INDEX blobs_rejected ON blobs (rejected_at) WHERE rejected_at IS NOT NULL;

CREATE TABLE files (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    owner_id   BLOB NOT NULL REFERENCES users (id),
    blob_id    BLOB NOT NULL REFERENCES blobs (id),
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Messages, sent and to be sent, that it is attached to.
    holders    INTEGER NOT NULL DEFAULT 0 CHECK (holders >= 0),
    -- Nothing has held it yet.
    unsent     INTEGER NOT NULL DEFAULT 1 CHECK (unsent IN (0, 1))
) STRICT;
CREATE INDEX files_by_owner ON files (owner_id, unsent);
CREATE INDEX files_by_blob ON files (blob_id);
CREATE INDEX files_not_held ON files (created_at) WHERE holders = 0;

CREATE TABLE attachments (
    message_id      BLOB NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position        INTEGER NOT NULL,
    file_id         BLOB NOT NULL REFERENCES files (id),
    -- As of the message, with which it goes: a foreign key to the conversation would only cost an index.
    conversation_id BLOB NOT NULL,
    seq             INTEGER NOT NULL,
    -- What the file is shown as.
    kind            TEXT NOT NULL CHECK (kind IN ('image', 'video', 'audio', 'document')),
    PRIMARY KEY (message_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachments_by_file ON attachments (file_id, conversation_id);
CREATE INDEX attachments_by_seq ON attachments (conversation_id, seq, position);
CREATE INDEX attachments_by_kind ON attachments (conversation_id, kind, seq, position);

ALTER TABLE scheduled_messages ADD COLUMN kind TEXT NOT NULL DEFAULT 'text';
CREATE TABLE scheduled_attachments (
    scheduled_id BLOB NOT NULL REFERENCES scheduled_messages (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    file_id      BLOB NOT NULL REFERENCES files (id),
    PRIMARY KEY (scheduled_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX scheduled_attachments_by_file ON scheduled_attachments (file_id);

-- However something comes to hold a file, and however it ends.
CREATE TRIGGER attachment_begins AFTER INSERT ON attachments
BEGIN
    UPDATE files SET holders = holders + 1, unsent = 0 WHERE id = NEW.file_id;
END;
CREATE TRIGGER attachment_ends AFTER DELETE ON attachments
BEGIN
    UPDATE files SET holders = holders - 1 WHERE id = OLD.file_id;
END;
CREATE TRIGGER scheduled_attachment_begins AFTER INSERT ON scheduled_attachments
BEGIN
    UPDATE files SET holders = holders + 1, unsent = 0 WHERE id = NEW.file_id;
END;
CREATE TRIGGER scheduled_attachment_ends AFTER DELETE ON scheduled_attachments
BEGIN
    UPDATE files SET holders = holders - 1 WHERE id = OLD.file_id;
END;

-- Bytes of each user's files and, under the id that is all zeros, of all content.
CREATE TABLE file_usage (
    owner_id BLOB PRIMARY KEY CHECK (length(owner_id) = 16),
    bytes    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO file_usage (owner_id, bytes) VALUES (zeroblob(16), 0);
