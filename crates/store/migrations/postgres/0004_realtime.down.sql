DROP TRIGGER user_changes ON users;
DROP FUNCTION user_changes();
DROP TRIGGER session_ends ON sessions;
DROP FUNCTION session_ends();
DROP TABLE revocations;
DROP FUNCTION revoke_in_turn();
ALTER TABLE users DROP COLUMN presence_visible;
