//! The statements that write, and those that a write asks before it does.

use crate::sqlite::conversation::INFO_COLUMNS;
use crate::sqlite::file::{BLOB_COLUMNS, file_json};
use crate::sqlite::row::USER_COLUMNS;
use std::sync::LazyLock;

pub(in crate::sqlite) static HEAD: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {INFO_COLUMNS}, c.last_seq, c.message_number, c.member_count, c.blocked
           FROM conversations AS c WHERE c.id = ?1 AND c.deleted_at IS NULL"
    )
});
pub(super) const INSERT_EVENT: &str = "
    INSERT INTO events (conversation_id, seq, type, actor_id, message_id, subject_id, detail, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

pub(in crate::sqlite) const ROLE: &str =
    "SELECT role FROM conversation_members WHERE conversation_id = ?1 AND user_id = ?2";
pub(in crate::sqlite) const MENTIONABLE: &str = "
    SELECT 1 FROM conversation_members
     WHERE conversation_id = ?1 AND user_id = ?3 AND user_id <> ?2
       AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker_id = ?2 AND blocked_id = ?3)
       AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker_id = ?3 AND blocked_id = ?2)";

/// Leaves a message alone that is there under the same id or key.
pub(super) const INSERT_MESSAGE: &str = "
    INSERT INTO messages (id, conversation_id, seq, sender_id, kind, content, client_message_id, fingerprint, reply_to,
                          thread_id, created_at, number, mentions, group_mention, mentions_all, system,
                          forwarded_sender_id, forwarded_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
    ON CONFLICT (id) DO NOTHING
    ON CONFLICT (conversation_id, sender_id, client_message_id) WHERE client_message_id IS NOT NULL DO NOTHING";
pub(in crate::sqlite) const BY_KEY: &str = "
    SELECT id, fingerprint FROM messages WHERE conversation_id = ?1 AND sender_id = ?2 AND client_message_id = ?3";
pub(super) const INSERT_MENTION: &str = "
    INSERT INTO message_mentions (user_id, conversation_id, seq, message_id, sender_id) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(in crate::sqlite) const DELETE_MENTIONS: &str = "DELETE FROM message_mentions WHERE message_id = ?1";
pub(in crate::sqlite) const INSERT_VERSION: &str = "
    INSERT INTO message_versions (message_id, version, content, created_at, replaced_at, replaced_by)
    SELECT id, 1 + (SELECT coalesce(max(version), 0) FROM message_versions WHERE message_id = ?1), content,
           coalesce(edited_at, created_at), ?2, ?3
      FROM messages WHERE id = ?1";
pub(in crate::sqlite) const UPDATE_CONTENT: &str = "
    UPDATE messages SET content = ?2, mentions = ?3, group_mention = ?4, mentions_all = ?5, edited_at = ?6 WHERE id = ?1";
pub(in crate::sqlite) const ERASE_CONTENT: &str = "
    UPDATE messages
       SET content = '', mentions = NULL, group_mention = NULL, mentions_all = 0, forwarded_sender_id = NULL,
           forwarded_at = NULL, pinned_at = NULL, link_previews = NULL, deleted_at = ?2
     WHERE id = ?1";
pub(super) const INSERT_REACTION: &str = "
    INSERT INTO message_reactions (message_id, user_id, emoji, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
pub(in crate::sqlite) const DELETE_REACTION: &str =
    "DELETE FROM message_reactions WHERE message_id = ?1 AND emoji = ?3 AND user_id = ?2";
pub(in crate::sqlite) const DELETE_REACTIONS: &str = "DELETE FROM message_reactions WHERE message_id = ?1";
pub(in crate::sqlite) const SET_PINNED: &str = "UPDATE messages SET pinned_at = ?2 WHERE id = ?1";
pub(in crate::sqlite) const COUNT_PINS: &str =
    "SELECT count(*) FROM messages WHERE conversation_id = ?1 AND pinned_at IS NOT NULL";

pub(in crate::sqlite) const LAST_READ: &str =
    "SELECT last_read_seq FROM conversation_members WHERE conversation_id = ?1 AND user_id = ?2";
pub(in crate::sqlite) const SET_LAST_READ: &str =
    "UPDATE conversation_members SET last_read_seq = ?3 WHERE conversation_id = ?1 AND user_id = ?2";
pub(super) const INSERT_RECEIPT: &str = "
    INSERT INTO message_read_receipts (conversation_id, user_id, seq, read_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO NOTHING";

pub(in crate::sqlite) const IS_USER: &str = "SELECT 1 FROM users WHERE id = ?1";
pub(super) const IS_ENABLED: &str = "SELECT 1 FROM users WHERE id = ?1 AND disabled_at IS NULL";
/// Leaves a conversation alone that is there under the same id or for the same two.
pub(super) const INSERT_CONVERSATION: &str = "
    INSERT INTO conversations (id, type, name, topic, visibility, status, direct_key, created_by, created_at, updated_at,
                               last_seq, member_count)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)
    ON CONFLICT DO NOTHING";
pub(in crate::sqlite) const UPDATE_CONVERSATION: &str = "UPDATE conversations SET name = ?2, topic = ?3, visibility = ?4, status = ?5, link_previews = ?6 WHERE id = ?1";
pub(in crate::sqlite) const DELETE_CONVERSATION: &str =
    "UPDATE conversations SET direct_key = NULL, deleted_at = ?2 WHERE id = ?1";
pub(in crate::sqlite) const DELETE_MEMBERS: &str =
    "DELETE FROM conversation_members WHERE conversation_id = ?1 RETURNING user_id";
pub(in crate::sqlite) const DELETE_DRAFTS: &str = "DELETE FROM drafts WHERE conversation_id = ?1";
pub(in crate::sqlite) const UPDATE_ME: &str = "
    UPDATE conversation_members
       SET muted = coalesce(?3, muted), pinned = coalesce(?4, pinned), archived = coalesce(?5, archived)
     WHERE conversation_id = ?1 AND user_id = ?2
    RETURNING role, last_read_seq, muted, pinned, archived";
pub(super) const INSERT_MEMBER: &str = "
    INSERT INTO conversation_members (conversation_id, user_id, role, last_read_seq, joined_at)
    VALUES (?1, ?2, ?3, ?4, ?5)";
pub(in crate::sqlite) const JOINED_AT: &str =
    "SELECT joined_at FROM conversation_members WHERE conversation_id = ?1 AND user_id = ?2";
pub(in crate::sqlite) const SET_MEMBER_ROLE: &str =
    "UPDATE conversation_members SET role = ?3 WHERE conversation_id = ?1 AND user_id = ?2";
pub(in crate::sqlite) const DELETE_MEMBER: &str =
    "DELETE FROM conversation_members WHERE conversation_id = ?1 AND user_id = ?2";
pub(in crate::sqlite) const SUCCESSOR: &str = "
    SELECT m.user_id FROM conversation_members AS m JOIN users AS u ON u.id = m.user_id
     WHERE m.conversation_id = ?1
     ORDER BY u.disabled_at IS NOT NULL,
              CASE m.role WHEN 'owner' THEN 0 WHEN 'admin' THEN 1 WHEN 'moderator' THEN 2 ELSE 3 END,
              m.joined_at, m.user_id
     LIMIT 1";

pub(in crate::sqlite) const COUNT_INVITES: &str = "
    SELECT count(*) FROM invites
     WHERE conversation_id = ?1
       AND (expires_at IS NULL OR expires_at > ?2)
       AND (uses_max IS NULL OR uses < uses_max)";
pub(super) const INSERT_INVITE: &str = "
    INSERT INTO invites (id, conversation_id, code, created_by, created_at, expires_at, uses_max, uses)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING";
pub(in crate::sqlite) const DELETE_INVITE: &str =
    "DELETE FROM invites WHERE id = ?1 AND conversation_id = ?2";
pub(in crate::sqlite) const INVITE: &str =
    "SELECT id, conversation_id, expires_at, uses_max, uses FROM invites WHERE code = ?1";
pub(in crate::sqlite) const USE_INVITE: &str = "UPDATE invites SET uses = uses + 1 WHERE id = ?1";

pub(in crate::sqlite) const COUNT_DRAFTS: &str =
    "SELECT count(*) FROM drafts WHERE user_id = ?1 AND conversation_id <> ?2";
pub(super) const PUT_DRAFT: &str = "
    INSERT INTO drafts (user_id, conversation_id, content, reply_to, updated_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (user_id, conversation_id) DO UPDATE
       SET content = excluded.content, reply_to = excluded.reply_to, updated_at = excluded.updated_at";
pub(in crate::sqlite) const DELETE_DRAFT: &str =
    "DELETE FROM drafts WHERE user_id = ?1 AND conversation_id = ?2";
pub(in crate::sqlite) const COUNT_SCHEDULED: &str =
    "SELECT count(*) FROM scheduled_messages WHERE user_id = ?1";
pub(super) const INSERT_SCHEDULED: &str = "
    INSERT INTO scheduled_messages (id, user_id, conversation_id, content, reply_to, thread_id, send_at, created_at, kind)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING";
pub(in crate::sqlite) const DELETE_SCHEDULED: &str =
    "DELETE FROM scheduled_messages WHERE id = ?1 AND user_id = ?2";
pub(in crate::sqlite) const FAIL_SCHEDULED: &str = "UPDATE scheduled_messages SET failure = ?2 WHERE id = ?1";

pub(in crate::sqlite) const IS_BLOCKED: &str = "
    SELECT 1 FROM blocks WHERE blocker_id = ?1 AND blocked_id = ?2
     UNION ALL
    SELECT 1 FROM blocks WHERE blocker_id = ?2 AND blocked_id = ?1";
pub(in crate::sqlite) const COUNT_BLOCKS: &str = "SELECT count(*) FROM blocks WHERE blocker_id = ?1";
pub(super) const INSERT_BLOCK: &str =
    "INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
pub(in crate::sqlite) const DELETE_BLOCK: &str =
    "DELETE FROM blocks WHERE blocker_id = ?1 AND blocked_id = ?2";

pub(super) const INSERT_USER: &str = "
    INSERT INTO users (id, username, display_name, email, role, password_hash, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
pub(in crate::sqlite) static USER_OF_HOST: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {USER_COLUMNS} FROM users AS u WHERE u.external_id = ?1"));
pub(super) const INSERT_USER_OF_HOST: &str = "
    INSERT INTO users (id, username, display_name, role, external_id, created_at)
    VALUES (?1, ?2, ?2, 'user', ?3, ?4) ON CONFLICT DO NOTHING";
/// An empty picture is none.
pub(in crate::sqlite) const UPDATE_PROFILE: &str = "
    UPDATE users
       SET display_name = coalesce(?2, display_name), avatar_url = nullif(coalesce(?3, avatar_url), ''),
           presence_visible = coalesce(?4, presence_visible), link_previews = coalesce(?5, link_previews)
     WHERE id = ?1";
pub(in crate::sqlite) const SET_SEEN: &str =
    "UPDATE users SET last_seen_at = max(coalesce(last_seen_at, ?2), ?2) WHERE id = ?1";
pub(in crate::sqlite) const SET_PASSWORD: &str = "UPDATE users SET password_hash = ?2 WHERE id = ?1";
pub(in crate::sqlite) const SET_ROLE: &str = "UPDATE users SET role = ?2 WHERE id = ?1";
pub(in crate::sqlite) const SET_DISABLED: &str = "UPDATE users SET disabled_at = ?2 WHERE id = ?1";

pub(in crate::sqlite) const DELETE_OLD_SESSIONS: &str =
    "DELETE FROM sessions WHERE user_id = ?1 AND (ended_at IS NOT NULL OR expires_at <= ?2)";
pub(super) const INSERT_SESSION: &str = "
    INSERT INTO sessions (id, user_id, refresh_hash, created_at, refreshed_at, expires_at)
    SELECT ?1, id, ?3, ?4, ?4, ?5 FROM users WHERE id = ?2 ON CONFLICT DO NOTHING";
/// The next token is there if the same was done before, not long ago.
pub(in crate::sqlite) const ROTATE_SESSION: &str = "
    UPDATE sessions
       SET refresh_hash = ?3, refreshed_at = iif(refresh_hash = ?2, ?4, refreshed_at), expires_at = ?5
     WHERE id = ?1 AND (refresh_hash = ?2 OR refresh_hash = ?3 AND refreshed_at >= ?6)";
pub(in crate::sqlite) const END_SESSION: &str =
    "UPDATE sessions SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL";
pub(in crate::sqlite) const END_SESSIONS: &str = "
    UPDATE sessions SET ended_at = ?3 WHERE user_id = ?1 AND id IS NOT ?2 AND ended_at IS NULL
    RETURNING id";

pub(super) const COUNT_IP_RULES: &str = "SELECT count(*) FROM ip_rules";
pub(super) const INSERT_IP_RULE: &str = "
    INSERT INTO ip_rules (id, cidr, action, note, created_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO NOTHING";
pub(in crate::sqlite) const DELETE_IP_RULE: &str = "DELETE FROM ip_rules WHERE id = ?1";
pub(super) const INSERT_KEY: &str = "
    INSERT INTO idempotency_keys (user_id, key, fingerprint, claimed_at, taken_at) VALUES (?1, ?2, ?3, ?4, ?4)
        ON CONFLICT DO NOTHING";
pub(in crate::sqlite) const KEY: &str = "
    SELECT fingerprint, status, body, claimed_at, taken_at FROM idempotency_keys WHERE user_id = ?1 AND key = ?2";
pub(in crate::sqlite) const RETAKE_KEY: &str =
    "UPDATE idempotency_keys SET taken_at = ?3 WHERE user_id = ?1 AND key = ?2";
pub(in crate::sqlite) const PUT_ANSWER: &str =
    "UPDATE idempotency_keys SET status = ?3, body = ?4 WHERE user_id = ?1 AND key = ?2";
pub(in crate::sqlite) const DELETE_KEY: &str = "DELETE FROM idempotency_keys WHERE user_id = ?1 AND key = ?2";
pub(in crate::sqlite) const ERASE_KEYS: &str = "
    DELETE FROM idempotency_keys
     WHERE (user_id, key) IN (SELECT user_id, key FROM idempotency_keys WHERE claimed_at < ?1 LIMIT ?2)";
pub(in crate::sqlite) const ERASE_REVOCATIONS: &str = "
    DELETE FROM revocations WHERE id IN (SELECT id FROM revocations WHERE created_at < ?1 LIMIT ?2)";

pub(in crate::sqlite) const FILE: &str = concat!(
    "SELECT ",
    file_json!(),
    ", b.id, b.sha256, u.id, u.username, u.display_name, u.avatar_url, x.holders
       FROM files AS x JOIN blobs AS b ON b.id = x.blob_id JOIN users AS u ON u.id = x.owner_id
      WHERE x.id = ?1"
);
pub(super) const INSERT_FILE: &str = "
    INSERT INTO files (id, owner_id, blob_id, name, media_type, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(in crate::sqlite) const DELETE_FILE: &str = "DELETE FROM files WHERE id = ?1 RETURNING owner_id, blob_id";
pub(in crate::sqlite) const FILES_NOT_HELD: &str =
    "SELECT id FROM files WHERE holders = 0 AND created_at < ?1 ORDER BY created_at LIMIT ?2";
pub(super) const ATTACH: &str = "
    INSERT INTO attachments (message_id, position, file_id, conversation_id, seq, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(in crate::sqlite) const DETACH: &str = "DELETE FROM attachments WHERE message_id = ?1";
pub(super) const ATTACH_SCHEDULED: &str = "
    INSERT INTO scheduled_attachments (scheduled_id, position, file_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
pub(super) const ADD_USAGE: &str = "
    INSERT INTO file_usage (owner_id, bytes) VALUES (?1, ?2)
    ON CONFLICT (owner_id) DO UPDATE SET bytes = bytes + excluded.bytes";
pub(in crate::sqlite) const DISCOUNT: &str = "
    UPDATE file_usage
       SET bytes = bytes - ?2 * owned.files
      FROM (SELECT owner_id, count(*) AS files FROM files WHERE blob_id = ?1 GROUP BY owner_id) AS owned
     WHERE file_usage.owner_id = owned.owner_id";
pub(in crate::sqlite) const FORGET_UNSENT: &str = "UPDATE files SET unsent = 0 WHERE blob_id = ?1";
pub(in crate::sqlite) static BLOB: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {BLOB_COLUMNS} FROM blobs AS b WHERE b.id = ?1"));
pub(in crate::sqlite) static BLOB_OF: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {BLOB_COLUMNS} FROM blobs AS b WHERE b.sha256 = ?1 AND b.status <> 'rejected'")
});
pub(super) const INSERT_BLOB: &str = "
    INSERT INTO blobs (id, sha256, size, look, status, scan_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(in crate::sqlite) const UPDATE_BLOB: &str = "
    UPDATE blobs
       SET status = ?2, unscanned = ?3, signature = ?4, rejected_at = ?5, scan_at = ?6, scan_attempts = ?7, told_up_to = ?8
     WHERE id = ?1";
pub(in crate::sqlite) const DELETE_UNUSED_BLOB: &str =
    "DELETE FROM blobs WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM files WHERE blob_id = blobs.id)";
pub(in crate::sqlite) const FILES_WITH: &str = "SELECT id FROM files WHERE blob_id = ?1 ORDER BY id LIMIT ?2";
pub(in crate::sqlite) const MESSAGES_WITH: &str = "
    SELECT a.message_id, a.conversation_id, a.file_id
      FROM files AS x
      JOIN attachments AS a ON a.file_id = x.id
      JOIN conversations AS c ON c.id = a.conversation_id
     WHERE x.blob_id = ?1 AND a.message_id > ?2 AND c.deleted_at IS NULL
     ORDER BY a.message_id, a.position LIMIT ?3";
pub(in crate::sqlite) const CLAIM_SCANS: &str = "
    UPDATE blobs SET scan_at = ?2
     WHERE id IN (SELECT id FROM blobs WHERE scan_at <= ?1 ORDER BY scan_at LIMIT ?3)
    RETURNING id, sha256, size, scan_attempts, signature";

pub(in crate::sqlite) const NEXT_DELETED: &str =
    "SELECT id FROM conversations WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT 1";
/// What fills a conversation, each a number of rows at a time. Messages from the newest back, because an answer must
/// not outlive what it answers.
pub(in crate::sqlite) const ERASE_CONTENTS: [&str; 3] = [
    "DELETE FROM messages
      WHERE id IN (SELECT id FROM messages WHERE conversation_id = ?1 ORDER BY seq DESC LIMIT ?2)",
    "DELETE FROM events
      WHERE conversation_id = ?1
        AND seq IN (SELECT seq FROM events WHERE conversation_id = ?1 ORDER BY seq LIMIT ?2)",
    "DELETE FROM message_read_receipts
      WHERE conversation_id = ?1
        AND (user_id, seq) IN (SELECT user_id, seq FROM message_read_receipts WHERE conversation_id = ?1 LIMIT ?2)",
];
pub(in crate::sqlite) const ERASE_CONVERSATION: &str = "DELETE FROM conversations WHERE id = ?1";

/// A message that shows it may be on its way while it expires: whoever brought it knows its id.
pub(super) const INSERT_PREVIEW_IMAGE: &str = "
    INSERT INTO preview_images (id, media_type, content, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
pub(super) const PUT_PREVIEW: &str = "
    INSERT INTO link_previews (url, preview, image_id, expires_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (url) DO UPDATE
        SET preview = excluded.preview, image_id = excluded.image_id, expires_at = excluded.expires_at";
pub(in crate::sqlite) const SET_PREVIEWS: &str = "UPDATE messages SET link_previews = ?2 WHERE id = ?1";
pub(in crate::sqlite) const DROP_PREVIEW_IMAGES: &str =
    "DELETE FROM message_preview_images WHERE message_id = ?1";
/// A picture that was erased meanwhile is not there to be held.
pub(super) const HOLD_PREVIEW_IMAGE: &str = "
    INSERT INTO message_preview_images (message_id, image_id)
    SELECT ?1, id FROM preview_images WHERE id = ?2
    ON CONFLICT DO NOTHING";
pub(in crate::sqlite) const ERASE_PREVIEWS: &str = "
    DELETE FROM link_previews
     WHERE url IN (SELECT url FROM link_previews WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)";
pub(in crate::sqlite) const ERASE_PREVIEW_IMAGES: &str = "
    DELETE FROM preview_images
     WHERE id IN (SELECT i.id
                    FROM preview_images AS i
                   WHERE i.created_at < ?1
                     AND NOT EXISTS (SELECT 1 FROM message_preview_images WHERE image_id = i.id)
                     AND NOT EXISTS (SELECT 1 FROM link_previews WHERE image_id = i.id)
                   LIMIT ?2)";
