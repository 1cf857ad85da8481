-- Whether others see when the user is connected, and when they last were.
ALTER TABLE users ADD COLUMN presence_visible INTEGER NOT NULL DEFAULT 1 CHECK (presence_visible IN (0, 1));

-- What open sockets must hear of, whichever process has done it: a session has ended, all of a user have, or the user is
-- not what they were. Kept for an hour; nothing is looked up by the user, so a foreign key would only cost an index.
CREATE TABLE revocations (
    -- Never used twice, so that whoever has read up to one misses none.
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    BLOB NOT NULL,
    session_id BLOB,
    kind       TEXT NOT NULL CHECK (kind IN ('ended', 'user_changed')),
    created_at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER))
) STRICT;
CREATE INDEX revocations_by_age ON revocations (created_at);

-- However a session ends, and whoever changes a user.
CREATE TRIGGER session_ends AFTER UPDATE OF ended_at ON sessions
    WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
BEGIN
    INSERT INTO revocations (user_id, session_id, kind) VALUES (NEW.user_id, NEW.id, 'ended');
END;
CREATE TRIGGER user_changes AFTER UPDATE OF display_name, avatar_url, role, disabled_at, presence_visible ON users
    WHEN OLD.display_name <> NEW.display_name
      OR OLD.avatar_url IS NOT NEW.avatar_url
      OR OLD.role <> NEW.role
      OR (OLD.disabled_at IS NULL) <> (NEW.disabled_at IS NULL)
      OR OLD.presence_visible <> NEW.presence_visible
BEGIN
    INSERT INTO revocations (user_id, kind)
    VALUES (NEW.id, iif(NEW.disabled_at IS NULL, 'user_changed', 'ended'));
END;
