//! No list query reads a table whole.

use super::{account, conversation, message};
use crate::migration::SQLITE;
use rusqlite::Connection;

/// Subqueries, which are as small as a page.
const SMALL: [&str; 3] = ["page", "r", "CONSTANT ROW"];

#[test]
fn no_read_scans_a_table() {
    let connection = Connection::open_in_memory().unwrap();
    for migration in SQLITE {
        connection.execute_batch(migration.up).unwrap();
    }
    let reads = [
        account::USER,
        account::CREDENTIALS,
        account::USER_NAMED,
        account::SESSION,
        &*conversation::ONE,
        &*conversation::FIRST_PAGE,
        &*conversation::NEXT_PAGE,
        conversation::ROSTER_HEAD,
        conversation::ROSTER_MEMBERS,
        conversation::IS_MEMBER,
        &*message::ONE,
        &*message::BEFORE,
        &*message::AFTER,
        &*message::EVENTS,
        message::ANCHOR,
    ];
    for sql in reads {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan: Vec<String> =
            explain.raw_query().mapped(|row| row.get(3)).collect::<rusqlite::Result<_>>().unwrap();
        assert!(plan.iter().any(|step| step.starts_with("SEARCH")), "{sql}\n{plan:#?}");
        for scanned in plan.iter().filter_map(|step| step.strip_prefix("SCAN ")) {
            assert!(SMALL.contains(&scanned), "SCAN {scanned}:\n{sql}\n{plan:#?}");
        }
    }
}
