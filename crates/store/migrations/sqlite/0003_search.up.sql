-- Logs that are not indexed up to their heads: a search looks at what is past `after_seq` message by message.
CREATE TABLE search_tails (
    conversation_id BLOB PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    after_seq       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- However a log grows, its tail begins at the head that was indexed.
CREATE TRIGGER search_tail_begins AFTER UPDATE OF last_seq ON conversations WHEN NEW.last_seq <> OLD.last_seq
BEGIN
    INSERT INTO search_tails (conversation_id, after_seq) VALUES (NEW.id, OLD.last_seq) ON CONFLICT DO NOTHING;
END;

INSERT INTO search_tails (conversation_id, after_seq) SELECT id, 0 FROM conversations WHERE last_seq > 0;

-- The index of some thousand messages each. A block is written once; what it says of messages that have changed since
-- does no harm.
CREATE TABLE search_blocks (
    id         INTEGER PRIMARY KEY,
    messages   INTEGER NOT NULL,
    shard_bits INTEGER NOT NULL,
    oldest     BLOB NOT NULL CHECK (length(oldest) = 16),
    newest     BLOB NOT NULL CHECK (length(newest) = 16),
    first_at   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX search_blocks_by_newest ON search_blocks (newest);
CREATE INDEX search_blocks_by_size ON search_blocks (messages);

-- The number of the block, shifted by 16 bits, and the place in it.
CREATE TABLE search_rows (
    key     INTEGER PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;
