DROP TRIGGER user_changes;
DROP TRIGGER session_ends;
DROP TABLE revocations;
ALTER TABLE users DROP COLUMN presence_visible;
