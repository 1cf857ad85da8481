//! No statement reads a table whole.

use super::conversation::list;
use super::message::{history, log};
use super::rows::statement as write;
use super::{account, conversation, file, index, message, readers, search};
use crate::migration::SQLITE;
use rusqlite::Connection;

/// What may be read whole: subqueries as small as a page, as the list of a user's conversations, as the files with one
/// content, or as what the caller passes; and what is deleted.
const SMALL: [&str; 14] = [
    "newest",
    "listed",
    "owned",
    "sorted",
    "page",
    "replies",
    "r",
    "counted",
    "CONSTANT ROW",
    "json_each VIRTUAL TABLE INDEX 1:",
    "part VIRTUAL TABLE INDEX 1:",
    "asked",
    "conversations USING INDEX conversations_deleted",
    "tail",
];

#[test]
fn no_statement_scans_a_table() {
    let connection = Connection::open_in_memory().unwrap();
    readers::add_fold(&connection).unwrap();
    for migration in SQLITE {
        connection.execute_batch(migration.up).unwrap();
    }
    for sql in reads().into_iter().chain(writes()) {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan: Vec<String> =
            explain.raw_query().mapped(|row| row.get(3)).collect::<rusqlite::Result<_>>().unwrap();
        let searches = plan.iter().any(|step| step.starts_with("SEARCH"));
        assert!(searches || sql == write::NEXT_DELETED, "{sql}\n{plan:#?}");
        for scanned in plan.iter().filter_map(|step| step.strip_prefix("SCAN ")) {
            assert!(SMALL.contains(&scanned), "SCAN {scanned}:\n{sql}\n{plan:#?}");
        }
    }
}

fn reads() -> Vec<&'static str> {
    vec![
        &account::USER,
        &account::USER_ENABLED,
        &account::OWN_USER,
        account::HIDDEN_AMONG,
        &account::USER_NAMED,
        &account::USERS_LIKE,
        &account::ACQUAINTANCES,
        &account::CREDENTIALS,
        &account::SESSION,
        account::SESSIONS,
        account::REVOCATIONS,
        account::LAST_REVOCATION,
        account::HAS_BLOCKED,
        account::BLOCKS,
        account::KEPT_APART,
        account::APART_AMONG,
        &list::ONE,
        &list::AMONG,
        &list::PAGE,
        list::NAMES,
        conversation::HEADS,
        conversation::HEADS_AMONG,
        conversation::DIRECT,
        conversation::STANDING,
        conversation::HEAD,
        conversation::MEMBER_IDS,
        conversation::COMINGS_AND_GOINGS,
        &conversation::MEMBERS[0],
        &conversation::MEMBERS[1],
        conversation::IS_MEMBER,
        conversation::PUBLIC_CHANNELS,
        conversation::IS_JOINABLE,
        conversation::READ_STATE,
        conversation::UNREAD_TOTAL,
        conversation::INVITES,
        conversation::INVITE,
        &message::ONE,
        &message::ONE_SEEN,
        &message::PINS,
        message::POSITION,
        message::VERSIONS,
        &message::RECEIPTS,
        &message::READ_COUNT,
        message::REACTIONS,
        message::DRAFTS,
        message::DRAFT,
        message::SCHEDULED,
        message::DUE,
        &history::BEFORE,
        &history::AFTER,
        &history::THREAD_BEFORE,
        &history::THREAD_AFTER,
        &log::EVENTS,
        &log::REPLAY,
        file::FILE,
        &file::OF_CONVERSATION[0][0],
        &file::OF_CONVERSATION[0][1],
        &file::OF_CONVERSATION[1][0],
        &file::OF_CONVERSATION[1][1],
        &file::REJECTED,
        file::BLOBS_KNOWN,
        file::USAGE,
        file::NEXT_SCAN,
        file::SCAN_QUEUE,
        search::PENDING,
        search::BLOCKS,
        search::ROW,
        search::TEXT,
        search::CONVERSATIONS,
        index::WAITING,
        index::FIRST,
        index::BOUND,
        index::TAILS,
        index::TAIL,
        index::MESSAGE,
        index::SMALL_BLOCKS,
        index::ROWS,
    ]
}

fn writes() -> Vec<&'static str> {
    let mut writes: Vec<&'static str> = vec![
        &write::HEAD,
        write::ROLE,
        write::MENTIONABLE,
        write::BY_KEY,
        write::DELETE_MENTIONS,
        write::INSERT_VERSION,
        write::UPDATE_CONTENT,
        write::ERASE_CONTENT,
        write::DELETE_REACTION,
        write::DELETE_REACTIONS,
        write::SET_PINNED,
        write::COUNT_PINS,
        write::LAST_READ,
        write::SET_LAST_READ,
        write::IS_USER,
        write::UPDATE_CONVERSATION,
        write::DELETE_CONVERSATION,
        write::DELETE_MEMBERS,
        write::DELETE_DRAFTS,
        write::UPDATE_ME,
        write::JOINED_AT,
        write::SET_MEMBER_ROLE,
        write::DELETE_MEMBER,
        write::SUCCESSOR,
        write::COUNT_INVITES,
        write::DELETE_INVITE,
        write::INVITE,
        write::USE_INVITE,
        write::COUNT_DRAFTS,
        write::DELETE_DRAFT,
        write::COUNT_SCHEDULED,
        write::DELETE_SCHEDULED,
        write::FAIL_SCHEDULED,
        write::IS_BLOCKED,
        write::COUNT_BLOCKS,
        write::DELETE_BLOCK,
        &write::USER_OF_HOST,
        write::UPDATE_PROFILE,
        write::SET_SEEN,
        write::SET_PASSWORD,
        write::SET_ROLE,
        write::SET_DISABLED,
        write::DELETE_OLD_SESSIONS,
        write::ROTATE_SESSION,
        write::END_SESSION,
        write::END_SESSIONS,
        write::DELETE_IP_RULE,
        write::KEY,
        write::PUT_ANSWER,
        write::DELETE_KEY,
        write::ERASE_KEYS,
        write::ERASE_REVOCATIONS,
        write::FILE,
        write::DELETE_FILE,
        write::FILES_NOT_HELD,
        write::DETACH,
        write::DISCOUNT,
        write::FORGET_UNSENT,
        &write::BLOB,
        &write::BLOB_OF,
        write::UPDATE_BLOB,
        write::DELETE_UNUSED_BLOB,
        write::FILES_WITH,
        write::MESSAGES_WITH,
        write::CLAIM_SCANS,
        write::DROP_PREVIEW_IMAGES,
        write::NEXT_DELETED,
        write::ERASE_CONVERSATION,
    ];
    writes.extend(write::ERASE_CONTENTS);
    writes
}
