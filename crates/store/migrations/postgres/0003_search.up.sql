-- Logs that are not indexed up to their heads: a search looks at what is past `after_seq` message by message.
CREATE TABLE search_tails (
    conversation_id uuid PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
    after_seq       bigint NOT NULL
);

-- However a log grows, its tail begins at the head that was indexed.
CREATE FUNCTION search_tail_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_tails (conversation_id, after_seq) VALUES (NEW.id, OLD.last_seq) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER search_tail_begins AFTER UPDATE OF last_seq ON conversations
    FOR EACH ROW WHEN (NEW.last_seq <> OLD.last_seq) EXECUTE FUNCTION search_tail_begins();

INSERT INTO search_tails (conversation_id, after_seq) SELECT id, 0 FROM conversations WHERE last_seq > 0;

-- The index of some thousand messages each. A block is written once; what it says of messages that have changed since
-- does no harm.
CREATE TABLE search_blocks (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    messages   bigint NOT NULL,
    shard_bits integer NOT NULL,
    oldest     uuid NOT NULL,
    newest     uuid NOT NULL,
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL
);
CREATE INDEX search_blocks_by_newest ON search_blocks (newest);
CREATE INDEX search_blocks_by_size ON search_blocks (messages);

-- The number of the block, shifted by 16 bits, and the place in it.
CREATE TABLE search_rows (
    key     bigint PRIMARY KEY,
    content bytea NOT NULL
);
