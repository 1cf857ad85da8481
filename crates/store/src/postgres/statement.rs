//! The statements of the writes, by what they are about.

use super::conversation::info_columns;
use super::file::{blob_columns, file_json};
use super::row::user_columns;

// In the order of the ids, so that nodes that lock the same conversations wait for one another instead of forming a
// circle. Not FOR UPDATE: nobody deletes the key, so what refers to a conversation need not wait.
pub(super) const LOCK: &str = concat!(
    "SELECT ",
    info_columns!(),
    ", c.last_seq, c.message_number, c.member_count, c.blocked
      FROM conversations AS c
     WHERE c.id = ANY($1) AND c.deleted_at IS NULL
     ORDER BY c.id FOR NO KEY UPDATE"
);
macro_rules! save {
    () => {
        "UPDATE conversations AS c
            SET last_seq = new.last_seq, message_number = new.message_number, member_count = new.member_count,
                blocked = new.blocked, last_message_id = coalesce(new.last_message_id, c.last_message_id),
                updated_at = greatest(c.updated_at, new.updated_at)
           FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[], $6::uuid[],
                       $7::timestamptz[])
                AS new (id, last_seq, message_number, member_count, blocked, last_message_id, updated_at)
          WHERE c.id = new.id"
    };
}
macro_rules! mark {
    ($writer:literal, $batch:literal) => {
        concat!(
            "INSERT INTO writers (id, batch) VALUES (",
            $writer,
            ", ",
            $batch,
            ") ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, committed_at = now()"
        )
    };
}
pub(super) const SAVE: &str = save!();
/// Notes that a batch is committed.
pub(super) const MARK: &str = mark!("$1", "$2");
pub(super) const SAVE_AND_MARK: &str = concat!("WITH marked AS (", mark!("$8", "$9"), ") ", save!());
/// Whoever blocks one of two and whoever starts a conversation of the two take turns: neither would see what the other
/// has not committed yet.
pub(super) const LOCK_PEOPLE: &str = "SELECT FROM users WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";
/// The conversations of these messages, and of these pairs.
pub(super) const TOUCHED: &str = "
    SELECT conversation_id AS id FROM messages WHERE id = ANY($1)
     UNION ALL
    SELECT id FROM conversations WHERE direct_key = ANY($2)";
pub(super) const INSERT_EVENT: &str = "
    INSERT INTO events (conversation_id, seq, type, actor_id, message_id, subject_id, detail, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub(super) const ROLE: &str =
    "SELECT role FROM conversation_members WHERE conversation_id = $1 AND user_id = $2";
/// Who counts as mentioned: members, but not the sender, and nobody who has a block with the sender.
pub(super) const MENTIONABLE: &str = "
    SELECT asked.conversation_id, asked.sender_id, asked.user_id
      FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[]) AS asked (conversation_id, sender_id, user_id)
      JOIN conversation_members AS m
           ON m.conversation_id = asked.conversation_id AND m.user_id = asked.user_id
     WHERE asked.user_id <> asked.sender_id
       AND NOT EXISTS (SELECT FROM blocks WHERE blocker_id = asked.sender_id AND blocked_id = asked.user_id)
       AND NOT EXISTS (SELECT FROM blocks WHERE blocker_id = asked.user_id AND blocked_id = asked.sender_id)";

macro_rules! insert_messages {
    () => {
        "INSERT INTO messages (id, conversation_id, seq, number, sender_id, kind, content, client_message_id, fingerprint,
                               reply_to, thread_id, mentions, group_mention, mentions_all, forwarded_sender_id,
                               forwarded_at, system, created_at)
         SELECT id, conversation_id, seq, number, sender_id, kind, content, client_message_id, fingerprint, reply_to,
                thread_id, mentions::uuid[], group_mention, mentions_all, forwarded_sender_id, forwarded_at, system,
                created_at
           FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::text[],
                       $8::text[], $9::bigint[], $10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::boolean[],
                       $15::uuid[], $16::timestamptz[], $17::text[], $18::timestamptz[])
                AS new (id, conversation_id, seq, number, sender_id, kind, content, client_message_id, fingerprint,
                        reply_to, thread_id, mentions, group_mention, mentions_all, forwarded_sender_id, forwarded_at,
                        system, created_at)"
    };
}
pub(super) const INSERT_MESSAGES: &str = insert_messages!();
pub(super) const INSERT_MESSAGES_UNLESS_THERE: &str = concat!(insert_messages!(), " ON CONFLICT DO NOTHING");
pub(super) const INSERT_EVENTS: &str = "
    INSERT INTO events (conversation_id, seq, type, actor_id, message_id, created_at)
    SELECT conversation_id, seq, $1, actor_id, message_id, created_at
      FROM UNNEST($2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::timestamptz[])
           AS new (conversation_id, seq, actor_id, message_id, created_at)";
/// Which of these pairs are memberships.
pub(super) const MEMBERS: &str = "
    SELECT m.conversation_id, m.user_id AS sender_id
      FROM UNNEST($1::uuid[], $2::uuid[]) AS asked (conversation_id, sender_id)
      JOIN conversation_members AS m
           ON m.conversation_id = asked.conversation_id AND m.user_id = asked.sender_id";
pub(super) const BY_IDS: &str = "SELECT id, conversation_id, sender_id, seq FROM messages WHERE id = ANY($1)";
pub(super) const BY_KEYS: &str = "
    SELECT m.conversation_id, m.sender_id, m.client_message_id, m.id, m.fingerprint
      FROM UNNEST($1::uuid[], $2::uuid[], $3::text[]) AS asked (conversation_id, sender_id, client_message_id)
      JOIN messages AS m
           ON m.conversation_id = asked.conversation_id AND m.sender_id = asked.sender_id
              AND m.client_message_id = asked.client_message_id AND m.client_message_id IS NOT NULL";
pub(super) const POSITION: &str = "SELECT seq FROM messages WHERE id = $1 AND conversation_id = $2";
pub(super) const BY_KEY: &str = "
    SELECT id, fingerprint FROM messages
     WHERE conversation_id = $1 AND sender_id = $2 AND client_message_id = $3";
pub(super) const INSERT_MENTIONS: &str = "
    INSERT INTO message_mentions (message_id, conversation_id, seq, sender_id, user_id)
    SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[])
        ON CONFLICT DO NOTHING";
pub(super) const DELETE_MENTIONS: &str = "DELETE FROM message_mentions WHERE message_id = $1";
pub(super) const INSERT_VERSION: &str = "
    INSERT INTO message_versions (message_id, version, content, created_at, replaced_at, replaced_by)
    SELECT m.id, (SELECT coalesce(max(version), 0) + 1 FROM message_versions WHERE message_id = m.id), m.content,
           coalesce(m.edited_at, m.created_at), $2, $3
      FROM messages AS m WHERE m.id = $1";
pub(super) const UPDATE_CONTENT: &str = "
    UPDATE messages SET content = $2, mentions = $3, group_mention = $4, mentions_all = $5, edited_at = $6
     WHERE id = $1";
pub(super) const ERASE_CONTENT: &str = "
    UPDATE messages
       SET content = '', mentions = NULL, group_mention = NULL, mentions_all = false, forwarded_sender_id = NULL,
           forwarded_at = NULL, pinned_at = NULL, link_previews = NULL, deleted_at = $2
     WHERE id = $1";
pub(super) const INSERT_REACTION: &str = "
    INSERT INTO message_reactions (message_id, user_id, emoji, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
pub(super) const DELETE_REACTION: &str =
    "DELETE FROM message_reactions WHERE message_id = $1 AND user_id = $2 AND emoji = $3";
pub(super) const DELETE_REACTIONS: &str = "DELETE FROM message_reactions WHERE message_id = $1";
pub(super) const SET_PINNED: &str = "UPDATE messages SET pinned_at = $2 WHERE id = $1";
pub(super) const COUNT_PINS: &str =
    "SELECT count(*) FROM messages WHERE conversation_id = $1 AND pinned_at IS NOT NULL";

pub(super) const LAST_READ: &str =
    "SELECT last_read_seq FROM conversation_members WHERE conversation_id = $1 AND user_id = $2";
pub(super) const SET_LAST_READ: &str = "
    WITH step AS (
        INSERT INTO message_read_receipts (conversation_id, user_id, seq, read_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING)
    UPDATE conversation_members SET last_read_seq = $3 WHERE conversation_id = $1 AND user_id = $2";

pub(super) const COUNT_USERS: &str = "SELECT count(*) FROM users WHERE id = ANY($1) AND disabled_at IS NULL";
pub(super) const INSERT_CONVERSATION: &str = "
    INSERT INTO conversations (id, type, name, topic, visibility, status, direct_key, created_by, created_at,
                               updated_at, last_seq, member_count)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11) ON CONFLICT DO NOTHING";
pub(super) const INSERT_MEMBERS: &str = "
    INSERT INTO conversation_members (conversation_id, user_id, role, joined_at, last_read_seq)
    SELECT $1, user_id, role, $4, $5 FROM UNNEST($2::uuid[], $3::text[]) AS new (user_id, role)";
pub(super) const UPDATE_CONVERSATION: &str = "
    UPDATE conversations SET name = $2, topic = $3, visibility = $4, status = $5, link_previews = $6 WHERE id = $1";
pub(super) const DELETE_CONVERSATION: &str = "
    WITH deleted AS (UPDATE conversations SET deleted_at = $2, direct_key = NULL WHERE id = $1),
         unsent AS (DELETE FROM drafts WHERE conversation_id = $1)
    DELETE FROM conversation_members WHERE conversation_id = $1 RETURNING user_id";
pub(super) const UPDATE_ME: &str = "
    UPDATE conversation_members
       SET muted = coalesce($3, muted), pinned = coalesce($4, pinned), archived = coalesce($5, archived)
     WHERE conversation_id = $1 AND user_id = $2
 RETURNING role, last_read_seq, muted, pinned, archived";
pub(super) const JOINED_AT: &str =
    "SELECT joined_at FROM conversation_members WHERE conversation_id = $1 AND user_id = $2";
pub(super) const SET_MEMBER_ROLE: &str =
    "UPDATE conversation_members SET role = $3 WHERE conversation_id = $1 AND user_id = $2";
pub(super) const DELETE_MEMBER: &str = "
    WITH draft AS (DELETE FROM drafts WHERE conversation_id = $1 AND user_id = $2)
    DELETE FROM conversation_members WHERE conversation_id = $1 AND user_id = $2";
pub(super) const SUCCESSOR: &str = "
    SELECT m.user_id FROM conversation_members AS m JOIN users AS u ON u.id = m.user_id
     WHERE m.conversation_id = $1
     ORDER BY u.disabled_at IS NOT NULL, array_position(ARRAY['owner', 'admin', 'moderator', 'member'], m.role),
              m.joined_at, m.user_id
     LIMIT 1";

pub(super) const COUNT_INVITES: &str = "
    SELECT count(*) FROM invites
     WHERE conversation_id = $1 AND (expires_at IS NULL OR expires_at > $2) AND (uses_max IS NULL OR uses < uses_max)";
pub(super) const INSERT_INVITE: &str = "
    INSERT INTO invites (id, conversation_id, code, created_by, created_at, expires_at, uses_max, uses)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
pub(super) const DELETE_INVITE: &str = "DELETE FROM invites WHERE id = $1 AND conversation_id = $2";
pub(super) const INVITE: &str =
    "SELECT id, conversation_id, expires_at, uses_max, uses FROM invites WHERE code = $1";
pub(super) const USE_INVITE: &str = "UPDATE invites SET uses = uses + 1 WHERE id = $1";

pub(super) const COUNT_DRAFTS: &str =
    "SELECT count(*) FROM drafts WHERE user_id = $1 AND conversation_id <> $2";
pub(super) const PUT_DRAFT: &str = "
    INSERT INTO drafts (user_id, conversation_id, content, reply_to, updated_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (user_id, conversation_id)
        DO UPDATE SET content = excluded.content, reply_to = excluded.reply_to, updated_at = excluded.updated_at";
pub(super) const DELETE_DRAFT: &str = "DELETE FROM drafts WHERE user_id = $1 AND conversation_id = $2";
pub(super) const COUNT_SCHEDULED: &str = "SELECT count(*) FROM scheduled_messages WHERE user_id = $1";
pub(super) const INSERT_SCHEDULED: &str = "
    INSERT INTO scheduled_messages (id, user_id, conversation_id, content, reply_to, thread_id, send_at, created_at,
                                    kind)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
pub(super) const DELETE_SCHEDULED: &str = "DELETE FROM scheduled_messages WHERE id = $1 AND user_id = $2";
pub(super) const FAIL_SCHEDULED: &str = "UPDATE scheduled_messages SET failure = $2 WHERE id = $1";

pub(super) const HAS_BLOCKED: &str =
    "SELECT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = $2)";
pub(super) const IS_BLOCKED_BY_ANY: &str = "
    SELECT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = ANY($2))
        OR EXISTS (SELECT FROM blocks WHERE blocked_id = $1 AND blocker_id = ANY($2))";
pub(super) const COUNT_BLOCKS: &str = "SELECT count(*) FROM blocks WHERE blocker_id = $1";
pub(super) const INSERT_BLOCK: &str =
    "INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
pub(super) const DELETE_BLOCK: &str = "DELETE FROM blocks WHERE blocker_id = $1 AND blocked_id = $2";

pub(super) const INSERT_USER: &str = "
    INSERT INTO users (id, username, display_name, email, role, password_hash, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
pub(super) const USER_OF_HOST: &str =
    concat!("SELECT ", user_columns!(), " FROM users AS u WHERE u.external_id = $1");
pub(super) const INSERT_USER_OF_HOST: &str = "
    INSERT INTO users (id, username, display_name, role, external_id, created_at)
    VALUES ($1, $2, $2, 'user', $3, $4) ON CONFLICT DO NOTHING";
pub(super) const UPDATE_PROFILE: &str = "
    UPDATE users
       SET display_name = coalesce($2, display_name), avatar_url = nullif(coalesce($3, avatar_url), ''),
           presence_visible = coalesce($4, presence_visible), link_previews = coalesce($5, link_previews)
     WHERE id = $1";
/// In the order of the ids, because other nodes may do the same.
pub(super) const SET_SEEN: &str = "
    WITH seen AS (
        SELECT u.id, max(new.at) AS at
          FROM UNNEST($1::uuid[], $2::timestamptz[]) AS new (id, at) JOIN users AS u ON u.id = new.id
         GROUP BY u.id),
    locked AS (SELECT id FROM users WHERE id IN (SELECT id FROM seen) ORDER BY id FOR NO KEY UPDATE)
    UPDATE users AS u SET last_seen_at = greatest(u.last_seen_at, seen.at)
      FROM locked JOIN seen ON seen.id = locked.id WHERE u.id = locked.id";
pub(super) const SET_PASSWORD: &str = "UPDATE users SET password_hash = $2 WHERE id = $1";
pub(super) const SET_ROLE: &str = "UPDATE users SET role = $2 WHERE id = $1";
pub(super) const SET_DISABLED: &str = "UPDATE users SET disabled_at = $2 WHERE id = $1";

pub(super) const DELETE_OLD_SESSIONS: &str =
    "DELETE FROM sessions WHERE user_id = $1 AND (ended_at IS NOT NULL OR expires_at <= $2)";
pub(super) const INSERT_SESSION: &str = "
    WITH inserted AS (
        INSERT INTO sessions (id, user_id, refresh_hash, created_at, refreshed_at, expires_at)
        SELECT $1, id, $3, $4, $4, $5 FROM users WHERE id = $2 ON CONFLICT DO NOTHING)
    SELECT EXISTS (SELECT FROM users WHERE id = $2)";
/// The next token is there if the same was done before, not long ago.
pub(super) const ROTATE_SESSION: &str = "
    UPDATE sessions
       SET refresh_hash = $3, expires_at = $5,
           refreshed_at = CASE refresh_hash WHEN $2 THEN $4 ELSE refreshed_at END
     WHERE id = $1 AND (refresh_hash = $2 OR refresh_hash = $3 AND refreshed_at >= $6)";
pub(super) const END_SESSION: &str = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
pub(super) const END_SESSIONS: &str = "
    UPDATE sessions SET ended_at = $3
     WHERE user_id = $1 AND ended_at IS NULL AND ($2::uuid IS NULL OR id <> $2)
 RETURNING id";

pub(super) const COUNT_IP_RULES: &str = "SELECT count(*) FROM ip_rules";
pub(super) const INSERT_IP_RULE: &str = "
    INSERT INTO ip_rules (id, cidr, action, note, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING";
pub(super) const DELETE_IP_RULE: &str = "DELETE FROM ip_rules WHERE id = $1";
pub(super) const INSERT_KEY: &str = "
    INSERT INTO idempotency_keys (user_id, key, fingerprint, claimed_at, taken_at) VALUES ($1, $2, $3, $4, $4)
        ON CONFLICT DO NOTHING";
/// Locked, so that of two who find it given up only one gets it.
pub(super) const KEY: &str = "
    SELECT fingerprint, claimed_at, taken_at, status, body
      FROM idempotency_keys WHERE user_id = $1 AND key = $2 FOR UPDATE";
pub(super) const RETAKE_KEY: &str =
    "UPDATE idempotency_keys SET taken_at = $3 WHERE user_id = $1 AND key = $2";
pub(super) const PUT_ANSWER: &str =
    "UPDATE idempotency_keys SET status = $3, body = $4 WHERE user_id = $1 AND key = $2";
pub(super) const DELETE_KEY: &str = "DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2";
/// What another node erases at the same time is left to it.
pub(super) const ERASE_KEYS: &str = "
    DELETE FROM idempotency_keys
     WHERE (user_id, key) IN (SELECT user_id, key FROM idempotency_keys
                               WHERE claimed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
/// What another node erases at the same time is left to it.
pub(super) const ERASE_REVOCATIONS: &str = "
    DELETE FROM revocations
     WHERE id IN (SELECT id FROM revocations WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// In the order of the ids, because other nodes may do the same: those that are named, and those that these messages, sent
/// and to be sent, hold.
pub(super) const LOCK_FILES: &str = "
    SELECT FROM files
     WHERE id IN (SELECT UNNEST($1::uuid[])
                   UNION
                  SELECT file_id FROM attachments WHERE message_id = ANY($2)
                   UNION
                  SELECT file_id FROM scheduled_attachments WHERE scheduled_id = ANY($3))
     ORDER BY id FOR NO KEY UPDATE";
/// Whoever changes what is kept of files takes turns.
pub(super) const LOCK_USAGE: &str =
    "SELECT FROM file_usage WHERE owner_id = '00000000-0000-0000-0000-000000000000' FOR UPDATE";
/// The conversations with messages that hold a file with this content.
pub(super) const CONVERSATIONS_WITH: &str = "
    SELECT DISTINCT a.conversation_id
      FROM files AS x JOIN attachments AS a ON a.file_id = x.id
     WHERE x.blob_id = ANY($1)";
pub(super) const FILES: &str = concat!(
    "SELECT ",
    file_json!(),
    " AS file, b.id AS b_id, b.sha256 AS b_sha256, x.holders, ",
    user_columns!(),
    " FROM files AS x JOIN blobs AS b ON b.id = x.blob_id JOIN users AS u ON u.id = x.owner_id
     WHERE x.id = ANY($1)"
);
pub(super) const INSERT_FILE: &str = "
    INSERT INTO files (id, owner_id, blob_id, name, media_type, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const DELETE_FILES: &str = "DELETE FROM files WHERE id = ANY($1) RETURNING owner_id, blob_id";
/// What a message comes to hold at the same time is left alone.
pub(super) const FILES_NOT_HELD: &str = "
    SELECT id FROM files
     WHERE holders = 0 AND created_at < $1
     ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED";
pub(super) const ATTACH: &str = "
    INSERT INTO attachments (message_id, position, file_id, conversation_id, seq, kind)
    SELECT $1, place - 1, file_id, $2, $3, kind
      FROM UNNEST($4::uuid[], $5::text[]) WITH ORDINALITY AS new (file_id, kind, place)";
pub(super) const DETACH: &str = "DELETE FROM attachments WHERE message_id = $1";
pub(super) const ATTACH_SCHEDULED: &str = "
    INSERT INTO scheduled_attachments (scheduled_id, position, file_id)
    SELECT $1, place - 1, file_id FROM UNNEST($2::uuid[]) WITH ORDINALITY AS new (file_id, place)
        ON CONFLICT DO NOTHING";
pub(super) const ADD_USAGE: &str = "
    INSERT INTO file_usage AS u (owner_id, bytes) VALUES ($1, $2)
        ON CONFLICT (owner_id) DO UPDATE SET bytes = u.bytes + excluded.bytes";
pub(super) const DISCOUNT: &str = "
    UPDATE file_usage AS u
       SET bytes = u.bytes - $2 * owned.files
      FROM (SELECT owner_id, count(*)::bigint AS files FROM files WHERE blob_id = $1 GROUP BY owner_id) AS owned
     WHERE u.owner_id = owned.owner_id";
pub(super) const FORGET_UNSENT: &str = "UPDATE files SET unsent = false WHERE blob_id = $1";
pub(super) const BLOBS: &str = concat!("SELECT ", blob_columns!(), " FROM blobs AS b WHERE b.id = ANY($1)");
pub(super) const BLOB_OF: &str =
    concat!("SELECT ", blob_columns!(), " FROM blobs AS b WHERE b.sha256 = $1 AND b.status <> 'rejected'");
pub(super) const INSERT_BLOB: &str = "
    INSERT INTO blobs (id, sha256, size, look, status, scan_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(super) const UPDATE_BLOB: &str = "
    UPDATE blobs
       SET status = $2, unscanned = $3, signature = $4, rejected_at = $5, scan_at = $6, scan_attempts = $7, told_up_to = $8
     WHERE id = $1";
pub(super) const DELETE_UNUSED_BLOBS: &str = "
    DELETE FROM blobs
     WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM files WHERE blob_id = blobs.id) RETURNING id";
pub(super) const FILES_WITH: &str = "SELECT id FROM files WHERE blob_id = $1 ORDER BY id LIMIT $2";
pub(super) const MESSAGES_WITH: &str = "
    SELECT a.message_id, a.conversation_id, a.file_id
      FROM files AS x
      JOIN attachments AS a ON a.file_id = x.id
      JOIN conversations AS c ON c.id = a.conversation_id
     WHERE x.blob_id = $1 AND a.message_id > $2 AND c.deleted_at IS NULL
     ORDER BY a.message_id, a.position LIMIT $3";
pub(super) const CLAIM_SCANS: &str = "
    UPDATE blobs SET scan_at = $2
     WHERE id IN (SELECT id FROM blobs WHERE scan_at <= $1 ORDER BY scan_at LIMIT $3)
 RETURNING id AS b_id, sha256 AS b_sha256, size, scan_attempts, signature";

pub(super) const DELETED_CONVERSATION: &str = "
    SELECT id FROM conversations WHERE deleted_at IS NOT NULL
     ORDER BY deleted_at, id LIMIT 1 FOR UPDATE SKIP LOCKED";
/// From the newest on, because a message refers to older ones.
pub(super) const ERASE_MESSAGES: &str = "
    DELETE FROM messages
     WHERE id IN (SELECT id FROM messages WHERE conversation_id = $1 ORDER BY seq DESC LIMIT $2)";
pub(super) const ERASE_EVENTS: &str = "
    DELETE FROM events
     WHERE conversation_id = $1
       AND seq IN (SELECT seq FROM events WHERE conversation_id = $1 ORDER BY seq DESC LIMIT $2)";
pub(super) const ERASE_RECEIPTS: &str = "
    DELETE FROM message_read_receipts
     WHERE conversation_id = $1
       AND (user_id, seq) IN (SELECT user_id, seq FROM message_read_receipts WHERE conversation_id = $1 LIMIT $2)";
pub(super) const ERASE_CONVERSATION: &str = "DELETE FROM conversations WHERE id = $1";

pub(super) const INSERT_PREVIEW_IMAGE: &str = "
    INSERT INTO preview_images (id, media_type, content, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
pub(super) const PUT_PREVIEW: &str = "
    INSERT INTO link_previews (url, preview, image_id, expires_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (url) DO UPDATE
        SET preview = excluded.preview, image_id = excluded.image_id, expires_at = excluded.expires_at";
pub(super) const SET_PREVIEWS: &str = "UPDATE messages SET link_previews = $2 WHERE id = $1";
pub(super) const DROP_PREVIEW_IMAGES: &str = "DELETE FROM message_preview_images WHERE message_id = $1";
/// A picture that was erased meanwhile is not there to be held; one that is must not be erased now.
pub(super) const HOLD_PREVIEW_IMAGES: &str = "
    INSERT INTO message_preview_images (message_id, image_id)
    SELECT $1, id FROM preview_images WHERE id = ANY($2) ORDER BY id FOR KEY SHARE
    ON CONFLICT DO NOTHING";
pub(super) const ERASE_PREVIEWS: &str = "
    DELETE FROM link_previews
     WHERE url IN (SELECT url FROM link_previews
                    WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
pub(super) const ERASE_PREVIEW_IMAGES: &str = "
    DELETE FROM preview_images
     WHERE id IN (SELECT i.id
                    FROM preview_images AS i
                   WHERE i.created_at < $1
                     AND NOT EXISTS (SELECT FROM message_preview_images WHERE image_id = i.id)
                     AND NOT EXISTS (SELECT FROM link_previews WHERE image_id = i.id)
                   LIMIT $2 FOR UPDATE SKIP LOCKED)";
