-- Whether others see when the user is connected, and when they last were.
ALTER TABLE users ADD COLUMN presence_visible boolean NOT NULL DEFAULT true;

-- What open sockets must hear of, whichever process has done it: a session has ended, all of a user have, or the user is
-- not what they were. Kept for an hour; nothing is looked up by the user, so a foreign key would only cost an index.
CREATE TABLE revocations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    uuid NOT NULL,
    session_id uuid,
    kind       text NOT NULL CHECK (kind IN ('ended', 'user_changed')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX revocations_by_age ON revocations (created_at);

-- Whoever has taken an id commits before another takes the next: who has read up to one misses none.
CREATE FUNCTION revoke_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock('revocations'::regclass::oid::bigint);
    RETURN NULL;
END
$$;
CREATE TRIGGER revoke_in_turn BEFORE INSERT ON revocations
    FOR EACH STATEMENT EXECUTE FUNCTION revoke_in_turn();

-- However a session ends, and whoever changes a user.
CREATE FUNCTION session_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO revocations (user_id, session_id, kind) VALUES (NEW.user_id, NEW.id, 'ended');
    RETURN NULL;
END
$$;
CREATE TRIGGER session_ends AFTER UPDATE OF ended_at ON sessions
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION session_ends();

CREATE FUNCTION user_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO revocations (user_id, kind)
    VALUES (NEW.id, CASE WHEN NEW.disabled_at IS NULL THEN 'user_changed' ELSE 'ended' END);
    RETURN NULL;
END
$$;
CREATE TRIGGER user_changes AFTER UPDATE OF display_name, avatar_url, role, disabled_at, presence_visible ON users
    FOR EACH ROW WHEN (
        (OLD.display_name, OLD.avatar_url, OLD.role, OLD.disabled_at IS NULL, OLD.presence_visible)
        IS DISTINCT FROM
        (NEW.display_name, NEW.avatar_url, NEW.role, NEW.disabled_at IS NULL, NEW.presence_visible))
    EXECUTE FUNCTION user_changes();
